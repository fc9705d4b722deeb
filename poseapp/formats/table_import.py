"""From tables of keypoints to labels and predictions: what DeepLabCut and Lightning Pose share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import FormatError
from poseapp.domain.ids import FrameRef, RunId, TrackId, VideoId
from poseapp.domain.labels import LabelSet, Track
from poseapp.domain.pose import Instance, Origin, Visibility, visibility_of
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.skeleton import Keypoint, Skeleton, guess_pairs
from poseapp.domain.video import Video
from poseapp.formats.base import Imported, checked_scores, count, guessed_pairs, run_of
from poseapp.formats.hdf_table import read_hdf
from poseapp.formats.keypoint_table import Poses, RowName, arranged, read_csv
from poseapp.formats.pictures import FILM_SUFFIXES, PictureVideos, inside


@dataclass(frozen=True, slots=True)
class Hints:
    """What stands beside the tables, in a project's configuration."""

    name: str = "imported"
    bones: tuple[tuple[str, str], ...] = ()
    films: tuple[Path, ...] = ()
    """Films of the project, to be taken in without labels."""
    placeholder_names: bool = False
    """The individuals' names only tell apart the animals of one frame."""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Collected:
    """What the tables add up to while they are read one after the other."""

    skeleton: Skeleton
    tracks: dict[str, TrackId]
    instances: dict[FrameRef, list[Instance]] = field(default_factory=dict)
    unplaced: int = 0
    twice: int = 0


def read_table(path: Path) -> Poses:
    """A table of either kind of file."""
    table = read_hdf(path) if path.suffix.lower() in {".h5", ".hdf5"} else read_csv(path)
    return arranged(table, path.name)


def import_tables(files: Sequence[Path], hints: Hints) -> Imported:
    """Read tables of labels or of predictions and put them together by keypoint name.

    Raises:
        FormatError: when a file is damaged.
    """
    tables = {file: read_table(file) for file in files}
    skeleton = _skeleton(tables.values(), hints)
    pictures = PictureVideos(with_unlabelled=True)
    places = {file: _places(file, poses, pictures) for file, poses in tables.items()}
    videos = pictures.videos()
    collected = _Collected(skeleton, _tracks(tables.values(), hints))
    predictions: list[PredictionSet] = []
    for file, poses in tables.items():
        refs, films = _frames(file, poses.rows, places[file], pictures, len(videos) + 1)
        videos += films
        if poses.likelihood is None:
            _add_labels(collected, poses, refs)
        else:
            predictions += _predicted(poses, skeleton, refs, run_of(file))
    videos += _films_of(hints.films, videos)
    notes = [note for poses in tables.values() for note in poses.notes]
    notes += [
        *hints.notes,
        *pictures.missing(),
        *_what_was_met(collected),
        *guessed_pairs(skeleton),
    ]
    labels = LabelSet(
        skeleton,
        videos,
        tuple(i for found in collected.instances.values() for i in found),
        tuple(Track(number, name) for name, number in collected.tracks.items()),
    )
    return Imported(labels, tuple(predictions), tuple(dict.fromkeys(notes)))


def _skeleton(tables: Iterable[Poses], hints: Hints) -> Skeleton:
    names = tuple(dict.fromkeys(name for poses in tables for name in poses.keypoints))
    position = {name: k for k, name in enumerate(names)}
    bones = tuple((position[a], position[b]) for a, b in hints.bones if {a, b} <= position.keys())
    return Skeleton(
        hints.name,
        tuple(Keypoint(name) for name in names),
        tuple(bone for bone in bones if bone[0] != bone[1]),
        guess_pairs(names),
    )


def _tracks(tables: Iterable[Poses], hints: Hints) -> dict[str, TrackId]:
    if hints.placeholder_names:
        return {}
    names = dict.fromkeys(name for poses in tables for name in poses.individuals if name)
    return {name: TrackId(number) for number, name in enumerate(names, 1)}


def _places(file: Path, poses: Poses, pictures: PictureVideos) -> list[Path | None]:
    """Where the picture of each row is; None for rows that are called by a frame number."""
    named = [row for row in poses.rows if not isinstance(row, int)]
    if not named:
        return [None] * len(poses.rows)
    root = _root(file, named[0])
    places: list[Path | None] = []
    for row in poses.rows:
        if isinstance(row, int):
            raise FormatError(f"{file.name} calls some rows by pictures and some by numbers.")
        relative = inside("/".join(row))
        if relative is None:
            raise FormatError(
                f"{file.name} names the picture {'/'.join(row)}, which is outside of its folder. "
                "Move the pictures beside the labels and export them again."
            )
        place = file.parent / relative.name if root is None else root / relative
        pictures.add(place)
        places.append(place)
    return places


def _root(file: Path, row: tuple[str, ...]) -> Path | None:
    """The folder that the rows' paths start from; None when the pictures stand beside the table."""
    for root in (file.parent, *file.parent.parents[:4]):
        if root.joinpath(*row).is_file():
            return root
    if len(row) == 1 or (file.parent / row[-1]).is_file():
        return None
    folder = row[:-1]
    if file.parent.parts[-len(folder) :] == folder:
        return file.parent.parents[len(folder) - 1]
    return file.parent


def _frames(
    file: Path,
    rows: Sequence[RowName],
    places: Sequence[Path | None],
    pictures: PictureVideos,
    free: int,
) -> tuple[list[FrameRef], tuple[Video, ...]]:
    """The frame of every row, and the film that rows with numbers belong to."""
    if not rows or isinstance(rows[0], int):
        film = _film_of(
            file, VideoId(free), max((r for r in rows if isinstance(r, int)), default=0)
        )
        return [FrameRef(film.id, row) for row in rows if isinstance(row, int)], (film,)
    return [pictures.frame(place) for place in places if place is not None], ()


def _film_of(file: Path, number: VideoId, last: int) -> Video:
    """The film that a file of predictions is about; its name starts like the film's."""
    name = file.stem.split("DLC_")[0].split("DeepCut_")[0] or file.stem
    for folder in (file.parent, file.parent / "videos", file.parent.parent / "videos"):
        for film in films_in(folder):
            if film.stem in {name, file.stem}:
                return _film(film, number, last + 1)
    return _film(file.parent / f"{name}.mp4", number, last + 1)


def _film(path: Path, number: VideoId, frames: int = 0) -> Video:
    return Video(number, path, 0, 0, frames, 0.0)


def _films_of(films: Sequence[Path], videos: Sequence[Video]) -> tuple[Video, ...]:
    known = {video.path for video in videos}
    new = [film for film in films if film not in known]
    return tuple(_film(film, VideoId(number)) for number, film in enumerate(new, len(videos) + 1))


def films_in(folder: Path) -> tuple[Path, ...]:
    """The films of a folder by name; none when there is no such folder."""
    if not folder.is_dir():
        return ()
    return tuple(sorted(p for p in folder.iterdir() if p.suffix.lower() in FILM_SUFFIXES))


def _columns(poses: Poses, skeleton: Skeleton) -> NDArray[np.intp]:
    return np.array([skeleton.index(name) for name in poses.keypoints], np.intp)


def _add_labels(collected: _Collected, poses: Poses, refs: Sequence[FrameRef]) -> None:
    columns = _columns(poses, collected.skeleton)
    visibility, unplaced = _visibility(poses)
    collected.unplaced += unplaced
    for n, ref in enumerate(refs):
        same_frame = collected.instances.setdefault(ref, [])
        before = tuple(same_frame)  # of another row or table, that says the same again
        for i, individual in enumerate(poses.individuals):
            if not visibility[n, i].any():
                continue
            seen = np.zeros(len(collected.skeleton), np.uint8)
            where = np.full((len(collected.skeleton), 2), np.nan)
            seen[columns], where[columns] = visibility[n, i], poses.points[n, i]
            track = collected.tracks.get(individual)
            new = Instance(ref, where, seen, track=track, origin=Origin.IMPORTED)
            if any(new.same_pose(known) and new.track == known.track for known in before):
                collected.twice += 1
            else:
                same_frame.append(new)


def _visibility(poses: Poses) -> tuple[NDArray[np.uint8], int]:
    """(n, i, k) of `Visibility`, and how many keypoints are marked as seen but stand nowhere."""
    placed = visibility_of(poses.points)
    if poses.visible is None:
        return placed, 0
    said = np.where(np.isnan(poses.visible), placed, poses.visible)
    if not np.isin(said, list(Visibility)).all():
        raise FormatError(
            "The column visible holds something else than 0, 1 and 2. Mend it, then import again."
        )
    here = placed != Visibility.ABSENT
    unplaced = int((~here & (said != Visibility.ABSENT)).sum())
    return np.where(here, said, Visibility.ABSENT).astype(np.uint8), unplaced


def _predicted(
    poses: Poses, skeleton: Skeleton, refs: Sequence[FrameRef], run: RunId
) -> list[PredictionSet]:
    columns = _columns(poses, skeleton)
    likelihood = poses.likelihood
    if likelihood is None:
        return []
    found = np.asarray(np.isfinite(poses.points).all(axis=-1))  # (n, i, k)
    made = []
    for video in dict.fromkeys(ref.video for ref in refs):
        mine = np.array([ref.video == video for ref in refs])
        frame_of = np.array([ref.frame for ref in refs], np.int64)
        n, i = np.nonzero(found.any(axis=-1) & mine[:, None])
        order = np.argsort(frame_of[n], kind="stable")
        n, i = n[order], i[order]
        points = np.full((len(n), len(skeleton), 2), np.nan, np.float32)
        scores = np.zeros((len(n), len(skeleton)), np.float32)
        points[:, columns] = poses.points[n, i]
        scores[:, columns] = checked_scores(np.where(found[n, i], likelihood[n, i], 0.0))
        tracks = i if any(poses.individuals) else np.full(len(n), -1)
        made.append(PredictionSet(video, run, frame_of[n], points, scores, tracks.astype(np.int64)))
    return made


def _what_was_met(collected: _Collected) -> list[str]:
    notes = []
    if collected.unplaced:
        keypoints = count(collected.unplaced, "keypoint")
        notes.append(f"{keypoints} marked as hidden or visible without a position became absent.")
    if collected.twice:
        notes.append(f"{count(collected.twice, 'label')} stood twice in the files, taken once.")
    return notes
