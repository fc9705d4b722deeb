"""COCO keypoints: one JSON file that names pictures, bodies and their keypoints.

Positions are pixels counted from 0, so (0, 0) is the centre of the top-left pixel and they are
taken over as they stand. Visibility is COCO's own: 0 absent, 1 hidden with a position, 2 visible.
Boxes are areas: pixel x covers x to x + 1. A box is written as the smallest that covers the pixels
of the body's keypoints, so that its area is never 0 (similarity is measured by it); none is read.

A body's `track_id` is its track, named in the list `tracks`; `"empty": true` at a picture says that
a person looked and saw nobody. Other programs pass over both. Bones are COCO's `skeleton`, counted
from 1 (lists that hold a 0 are taken to count from 0). Body parts and left/right pairs have no
place in it; crowds and outlines have none here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from poseapp.domain.errors import FormatError
from poseapp.domain.ids import FrameRef, TrackId
from poseapp.domain.labels import LabelSet, Track
from poseapp.domain.pose import Instance, Origin, Visibility
from poseapp.domain.skeleton import Keypoint, Skeleton, guess_pairs
from poseapp.formats.base import (
    MANIFEST,
    Format,
    Imported,
    checked_points,
    count,
    guessed_pairs,
    listed,
    read_json,
    reading,
    texts,
)
from poseapp.formats.coco_export import ANNOTATIONS, fit, is_folder, save
from poseapp.formats.pictures import PictureVideos, inside

_LARGEST_SIDE = 10**6


@dataclass(frozen=True, slots=True)
class _Picture:
    path: Path
    size: tuple[int, int]
    empty: bool


@dataclass(frozen=True, slots=True)
class _Kind:
    """A category, or several with the same keypoints."""

    names: tuple[str, ...]
    keypoints: tuple[str, ...]
    bones: tuple[tuple[int, int], ...]


def read(path: Path) -> Imported:
    """Read a COCO file, or the one in a folder.

    Raises:
        FormatError: when it is no COCO file with keypoints, or a damaged one.
    """
    with reading(path, "COCO keypoints"):
        file = _file_in(path) if path.is_dir() else path
        document = read_json(file.read_bytes())
        if not isinstance(document, dict) or not {"annotations", "images"} <= document.keys():
            raise FormatError(
                f"{file.name} is no COCO file: it should hold images, annotations and categories."
            )
        return _imported(document, file)


def _file_in(folder: Path) -> Path:
    files = sorted(folder.glob("*.json"))
    files = [f for f in files if f.name == ANNOTATIONS] or [f for f in files if f.name != MANIFEST]
    if len(files) != 1:
        raise FormatError(
            f"{folder} holds {count(len(files), 'JSON file')}. Choose the file to import itself."
        )
    return files[0]


def _imported(document: Mapping[str, Any], file: Path) -> Imported:
    notes: list[str] = []
    bodies = _bodies(document, notes)
    kind, bodies = _one_kind(document, bodies, notes)
    skeleton = Skeleton(
        kind.names[0] if len(kind.names) == 1 else "animal",
        tuple(Keypoint(name) for name in kind.keypoints),
        kind.bones,
        guess_pairs(kind.keypoints),
    )
    pictures = _pictures(document, file, notes)
    folders = PictureVideos(with_unlabelled=False)
    for picture in pictures.values():
        folders.add(picture.path, picture.size)
    videos = folders.videos()
    frames = {number: folders.frame(picture.path) for number, picture in pictures.items()}
    instances = tuple(_instance(body, frames, len(skeleton)) for body in bodies)
    empty = {frames[number] for number, picture in pictures.items() if picture.empty}
    labels = LabelSet(
        skeleton,
        videos,
        instances,
        _tracks(document, instances),
        frozenset(empty - {i.frame for i in instances}),
    )
    notes += [*folders.missing(), *guessed_pairs(skeleton)]
    return Imported(labels, notes=tuple(notes))


def _bodies(document: Mapping[str, Any], notes: list[str]) -> list[Mapping[str, Any]]:
    """The annotations that have keypoints and are one body each."""
    every = list(document["annotations"])
    single = [body for body in every if not body.get("iscrowd")]
    if len(single) < len(every):
        notes.append(f"{count(len(every) - len(single), 'crowd')} left out.")
    bodies = [body for body in single if any((body.get("keypoints") or ())[2::3])]
    if len(bodies) < len(single):
        without = count(len(single) - len(bodies), "body", "bodies")
        notes.append(f"{without} without any keypoint left out.")
    if any(body.get("segmentation") for body in bodies):
        notes.append("Boxes and outlines left out: only keypoints are labelled here.")
    return bodies


def _one_kind(
    document: Mapping[str, Any], bodies: Sequence[Mapping[str, Any]], notes: list[str]
) -> tuple[_Kind, list[Mapping[str, Any]]]:
    """The keypoints that most bodies have, and these bodies; a project has one skeleton."""
    categories = {c["id"]: c for c in document.get("categories") or () if c.get("keypoints")}
    if not categories:
        raise FormatError("The COCO file has no category with keypoints, only boxes or outlines.")
    unknown = {body.get("category_id") for body in bodies} - categories.keys()
    if unknown:
        raise FormatError(f"The COCO file has no category {min(map(str, unknown))} with keypoints.")
    keypoints = {
        number: texts(category["keypoints"], "names of keypoints")
        for number, category in categories.items()
    }
    counts = Counter(keypoints[body["category_id"]] for body in bodies)
    chosen = counts.most_common(1)[0][0] if counts else next(iter(keypoints.values()))
    mine = [body for body in bodies if keypoints[body["category_id"]] == chosen]
    used = dict.fromkeys(body["category_id"] for body in mine) or {next(iter(categories)): None}
    names = tuple(str(categories[number].get("name") or "body") for number in used)
    if len(names) > 1:
        notes.append(f"{listed(names)} share their keypoints and became one skeleton.")
    if len(mine) < len(bodies):
        others = {str(categories[b["category_id"]].get("name")) for b in bodies if b not in mine}
        notes.append(
            f"{count(len(bodies) - len(mine), 'body', 'bodies')} left out, with other keypoints "
            f"than most: {listed(sorted(others))}. Import them into a project of their own."
        )
    bones = _bones(categories[next(iter(used))].get("skeleton") or (), len(chosen), notes)
    return _Kind(names, chosen, bones), mine


def _bones(
    recorded: Sequence[Any], keypoints: int, notes: list[str]
) -> tuple[tuple[int, int], ...]:
    ends = [(int(a), int(b)) for a, b in recorded]
    first = 0 if any(0 in bone for bone in ends) else 1
    bones = [(a - first, b - first) for a, b in ends]
    good = [(a, b) for a, b in bones if a != b and min(a, b) >= 0 and max(a, b) < keypoints]
    if len(good) < len(bones):
        notes.append(f"{count(len(bones) - len(good), 'bone')} left out that joined no keypoints.")
    return tuple(good)


def _pictures(document: Mapping[str, Any], file: Path, notes: list[str]) -> dict[Any, _Picture]:
    recorded = {image["id"]: image for image in document["images"]}
    if len(recorded) < len(document["images"]):
        raise FormatError("Two pictures of the COCO file have the same id. The file is damaged.")
    relative: dict[Any, PurePosixPath] = {}
    outside = 0
    for number, image in recorded.items():
        (name,) = texts([image["file_name"]], "names of pictures")
        path = inside(name)
        outside += path is None
        relative[number] = path or PurePosixPath(PurePosixPath(name.replace("\\", "/")).name)
    if outside:
        notes.append(
            f"{count(outside, 'picture')} recorded outside of the file's folder; looked for in it."
        )
    root = _root(file.absolute().parent, relative.values())
    return {
        number: _Picture(
            root / relative[number],
            (_side(image.get("width")), _side(image.get("height"))),
            image.get("empty") is True,
        )
        for number, image in recorded.items()
    }


def _root(folder: Path, names: Iterable[PurePosixPath]) -> Path:
    """The folder that the pictures' names start from."""
    for name in names:
        for root in (folder, folder / "images", folder.parent, folder.parent / "images"):
            if (root / name).is_file():
                return root
    return folder


def _side(pixels: Any) -> int:
    side = int(pixels or 0)
    if not 0 <= side <= _LARGEST_SIDE:
        raise FormatError(f"A picture of the COCO file is {side} pixels wide. It is damaged.")
    return side


def _instance(body: Mapping[str, Any], frames: Mapping[Any, FrameRef], keypoints: int) -> Instance:
    where = f"Annotation {body.get('id')}"
    ref = frames.get(body.get("image_id"))
    numbers = np.array(body["keypoints"], np.float64)
    if ref is None or numbers.shape != (3 * keypoints,):
        raise FormatError(f"{where} has no picture, or too few keypoints. The file is damaged.")
    x, y, seen = numbers.reshape(keypoints, 3).T
    if not np.isin(seen, list(Visibility)).all():
        raise FormatError(f"{where} has a visibility other than 0, 1 and 2. The file is damaged.")
    points = np.where(seen[:, None] > 0, np.stack([x, y], axis=1), np.nan)
    track = body.get("track_id")
    return Instance(
        ref,
        checked_points(points, where),
        seen.astype(np.uint8),
        track=None if track is None else TrackId(int(track)),
        origin=Origin.IMPORTED,
    )


def _tracks(document: Mapping[str, Any], instances: Iterable[Instance]) -> tuple[Track, ...]:
    names = {int(t["id"]): str(t.get("name") or "") for t in document.get("tracks") or ()}
    used = sorted({i.track for i in instances if i.track is not None} - names.keys())
    names |= dict.fromkeys(used, "")
    return tuple(Track(TrackId(n), name or f"track {n}") for n, name in names.items())


FORMAT = Format("COCO keypoints", read, fit, save, is_folder, ".json")
