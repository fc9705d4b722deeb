"""Writing COCO keypoints: one JSON file, alone or with a folder of pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from poseapp.domain.ids import FrameRef
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance
from poseapp.formats import atomic
from poseapp.formats.base import Fitted, Pictures
from poseapp.formats.cutting import without_empty_bodies, without_pairs, without_parts
from poseapp.formats.pictures import WITHOUT_PICTURES, as_picture_folders, write_pictures

ANNOTATIONS = "annotations.json"


def fit(labels: LabelSet) -> Fitted:
    """What COCO can hold of these labels."""
    notes: list[str] = []
    labels = without_pairs(without_parts(without_empty_bodies(labels, notes), notes), notes)
    return as_picture_folders(labels, notes)


def save(fitted: Fitted, target: Path, out: Path, pictures: Pictures | None) -> tuple[str, ...]:
    """Write the JSON file alone, or a folder with it and the pictures."""
    content = json.dumps(_document(fitted.labels), ensure_ascii=False).encode()
    if not is_folder(out):
        atomic.write_bytes(target, content)
        return WITHOUT_PICTURES
    atomic.write_bytes(target / ANNOTATIONS, content)
    return write_pictures(fitted, target / "images", pictures)


def is_folder(out: Path) -> bool:
    """An export called `*.json` is the JSON file alone."""
    return out.suffix.lower() != ".json"


def _document(labels: LabelSet) -> dict[str, Any]:
    pictures = {
        ref: number for number, ref in enumerate(sorted({*labels.frames, *labels.empty_frames}), 1)
    }
    return {
        "info": {"description": f"Keypoints of {labels.skeleton.name}"},
        "licenses": [],
        "categories": [
            {
                "id": 1,
                "name": labels.skeleton.name,
                "supercategory": "",
                "keypoints": list(labels.skeleton.names),
                "skeleton": [[a + 1, b + 1] for a, b in labels.skeleton.bones],
            }
        ],
        "images": [
            _picture(labels, ref, number) | ({"empty": True} if ref in labels.empty_frames else {})
            for ref, number in pictures.items()
        ],
        "tracks": [
            {"id": track.id, "name": track.name, "category_id": 1} for track in labels.tracks
        ],
        "annotations": [
            _annotation(instance, number, pictures[instance.frame])
            for number, instance in enumerate(labels.instances, 1)
        ],
    }


def _picture(labels: LabelSet, ref: FrameRef, number: int) -> dict[str, Any]:
    video = labels.video(ref.video)
    return {
        "id": number,
        "file_name": f"images/{video.name}/{video.images[ref.frame]}",
        "width": video.width,
        "height": video.height,
    }


def _annotation(instance: Instance, number: int, picture: int) -> dict[str, Any]:
    numbers: list[float] = []
    for (x, y), seen in zip(instance.points.tolist(), instance.visibility.tolist(), strict=True):
        numbers += [x, y, seen] if seen else [0, 0, 0]
    left, top, right, bottom = instance.box() or (0.0, 0.0, 0.0, 0.0)
    width, height = right - left + 1, bottom - top + 1
    annotation = {
        "id": number,
        "image_id": picture,
        "category_id": 1,
        "iscrowd": 0,
        "bbox": [left, top, width, height],
        "area": width * height,
        "num_keypoints": int(instance.present.sum()),
        "keypoints": numbers,
    }
    return annotation | ({} if instance.track is None else {"track_id": instance.track})
