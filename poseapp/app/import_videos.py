"""The videos of an import: what their files hold, and which of the project's videos they are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import VideoUnreadableError
from poseapp.domain.ids import FrameRef
from poseapp.domain.report import Report
from poseapp.domain.video import Video, VideoKind
from poseapp.media.images import read_picture
from poseapp.media.probe import probe, probe_images
from poseapp.media.reader import VideoReader, open_reader

if TYPE_CHECKING:
    from poseapp.formats.base import Imported  # its readers are heavy: loaded when needed


_ALIKE = 12.0
"""Grey levels by which decoders and picture files differ at most, on average over a picture."""
_ALMOST = 0.5


@dataclass(frozen=True, slots=True)
class Home:
    """Which of the project's videos an imported one is, and where its frames are in it."""

    known: Video
    frames: Mapping[int, int] | None = None
    """The project's frame for each imported one; None where they are the same."""
    grown: bool = False
    """`known` has more pictures than the project knows: it is to be linked anew."""

    def frame(self, frame: int) -> FrameRef:
        """The project's frame."""
        return FrameRef(self.known.id, frame if self.frames is None else self.frames[frame])


def looked_at(imported: Imported, cache: Path | None, report: Report | None = None) -> Imported:
    """The import with sizes, lengths and fingerprints as the videos' files say themselves.

    Files that are missing or unreadable leave their videos as recorded. What was labelled behind
    a film's end is left out, with a note.

    Raises:
        JobCancelled: when the report stopped it.
    """
    notes: list[str] = []
    videos = []
    for n, video in enumerate(imported.labels.videos):
        if report is not None:
            report.progress(n / len(imported.labels.videos), f"Looking at {video.name}")
        videos.append(_looked_at(video, cache, notes))
    length = {video.id: video.frame_count for video in videos}

    def is_there(ref: FrameRef) -> bool:
        return ref.frame < length[ref.video]

    labels = imported.labels
    kept = tuple(i for i in labels.instances if is_there(i.frame))
    predictions = []
    for found in imported.predictions:
        inside = found.frames < length[found.video]
        predictions.append(
            found
            if inside.all()
            else replace(
                found,
                frames=found.frames[inside],
                points=found.points[inside],
                scores=found.scores[inside],
                tracks=found.tracks[inside],
            )
        )
    lost = len(labels.instances) - len(kept)
    lost += sum(map(len, imported.predictions)) - sum(map(len, predictions))
    if lost:
        notes.append(f"{lost:,} bodies on frames behind the end of their video left out.")
    return replace(
        imported,
        labels=replace(
            labels,
            videos=tuple(videos),
            instances=kept,
            empty_frames=frozenset(filter(is_there, labels.empty_frames)),
        ),
        predictions=tuple(predictions),
        suggested=tuple(filter(is_there, imported.suggested)),
        notes=(*imported.notes, *notes),
    )


def _looked_at(video: Video, cache: Path | None, notes: list[str]) -> Video:
    try:
        if video.kind is VideoKind.FILE:
            if not video.path.is_file():
                return video
            return replace(probe(video.path, cache), id=video.id)
        there = [name for name in video.images if (video.path / name).is_file()]
        if not there:
            return video
        found = probe_images(video.path, there)
    except VideoUnreadableError as why:
        notes.append(str(why))
        return video
    if len(there) == len(video.images):
        return replace(found, id=video.id)
    return replace(video, width=found.width, height=found.height)


def home_of(
    video: Video, frames: Collection[int], known: Sequence[Video], *, by_name: bool
) -> Home | None:
    """The project's video that this one is; None when the project does not have it yet.

    The same place counts most, then the same content, then the same name, if only one has it.
    Pictures that were extracted from a film of the project are its frames when their folder has
    the film's name, they its size and numbers (`labeled-data/walk/img0123.png`), and they look it.
    """
    same_place = [k for k in known if k.kind is video.kind and k.path == video.path]
    same_content = [k for k in known if k.fingerprint and k.fingerprint == video.fingerprint]
    same_name = [k for k in known if k.kind is video.kind and k.name == video.name]
    films = [k for k in known if _is_film_of(k, video)]
    candidates = same_place + same_content
    for named in (same_name, films):
        if by_name and len(named) == 1:
            candidates += named
    homes = (_home(video, frames, candidate) for candidate in candidates)
    return next((home for home in homes if home is not None), None)


def _home(video: Video, frames: Collection[int], known: Video) -> Home | None:
    if video.kind is VideoKind.FILE:
        fits = _same_size(video, known) and max(frames, default=0) < known.frame_count
        return Home(known) if fits else None
    if known.kind is VideoKind.FILE:
        numbers = {frame: _number(video.images[frame]) for frame in frames}
        fits = _same_size(video, known) and all(n < known.frame_count for n in numbers.values())
        return Home(known, numbers) if fits and _shows(known, video, numbers) else None
    place = {name: n for n, name in enumerate(known.images)}
    if all(video.images[frame] in place for frame in frames):
        return Home(known, {frame: place[video.images[frame]] for frame in frames})
    if video.path != known.path:
        return None
    new = [name for name in video.images if name not in place]
    grown = _grown(known, new)
    place = {name: n for n, name in enumerate(grown.images)}
    return Home(grown, {frame: place[video.images[frame]] for frame in frames}, grown=True)


def _grown(known: Video, new: Iterable[str]) -> Video:
    """A folder with pictures that came into it later: they are its last frames."""
    images = (*known.images, *new)
    if all((known.path / name).is_file() for name in images):
        return replace(probe_images(known.path, images), id=known.id)
    return replace(known, images=images, frame_count=len(images), fingerprint="")


def _is_film_of(known: Video, pictures: Video) -> bool:
    return (
        known.kind is VideoKind.FILE
        and pictures.kind is VideoKind.IMAGES
        and known.path.stem == pictures.path.name
        and all(re.fullmatch(r"img\d+\.\w+", name) for name in pictures.images)
    )


def _shows(film: Video, pictures: Video, numbers: Mapping[int, int]) -> bool:
    """Whether the pictures look like these very frames of the film, and not like those beside them.

    Some programs extract the frame before or after the one they name. Where the pictures or the
    film are not there, the names have to be believed.
    """
    files = {pictures.path / pictures.images[frame]: n for frame, n in numbers.items()}
    there = [(file, n) for file, n in files.items() if file.is_file()]
    if not there or not film.path.is_file():
        return True
    reader = open_reader(film, None)
    try:
        return all(_is_frame(read_picture(file), n, reader) for file, n in (there[0], there[-1]))
    except VideoUnreadableError:  # neither can be looked at
        return False
    finally:
        reader.close()


def _is_frame(picture: NDArray[np.uint8], number: int, reader: VideoReader) -> bool:
    apart = {}
    for n in (number - 1, number, number + 1):
        with suppress(VideoUnreadableError, IndexError):  # before the first or behind the last
            apart[n] = float(np.abs(reader.read(max(n, 0)).astype(float) - picture).mean())
    return apart.get(number, np.inf) <= min(_ALIKE, *(near + _ALMOST for near in apart.values()))


def _number(name: str) -> int:
    return int(re.sub(r"\D", "", Path(name).stem))


def _same_size(one: Video, other: Video) -> bool:
    sizes = np.array([[one.width, one.height], [other.width, other.height]])
    return bool((sizes == 0).any() or (sizes[0] == sizes[1]).all())
