"""The pictures inside SLEAP packages, taken out into a folder where they can be read as a video."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from poseapp.formats import atomic
from poseapp.formats.base import Imported, PackedPictures, reading
from poseapp.formats.hdf import attribute, text
from poseapp.formats.pictures import encoded

_NORMAL_COLOURS_SINCE = 1.4


def unpack(imported: Imported, folder: Path) -> Imported:
    """Write the packed pictures of every video to `folder/<video>/`, whole or not at all.

    A folder that holds pictures of these names already, from an import before, is left as it is.

    Raises:
        FormatError: when the package is damaged.
        ExportError: when the disk is full or cannot be written.
    """
    if not imported.packed:
        return imported
    videos = {video.id: video for video in imported.labels.videos}
    for packed in imported.packed:
        video = videos[packed.video]
        place = _place(folder / video.path.name, packed.names)
        if not place.exists():
            with atomic.taking_place_of(place) as (new,):
                for name, content in _contents(packed):
                    atomic.write_bytes(new / name, content)
        videos[video.id] = replace(video, path=place)
    labels = replace(imported.labels, videos=tuple(videos.values()))
    return replace(imported, labels=labels, packed=())


def _place(folder: Path, names: tuple[str, ...]) -> Path:
    """The folder, or one beside it where it holds something else."""
    place, number = folder, 2
    while place.exists() and not all((place / name).is_file() for name in names):
        place = folder.with_name(f"{folder.name}_{number}")
        number += 1
    return place


def _contents(packed: PackedPictures) -> list[tuple[str, bytes]]:
    with reading(packed.file, "a SLEAP package"), h5py.File(packed.file, "r") as file:
        dataset: Any = file[packed.dataset]
        kind = text(attribute(dataset, "format")) if "format" in dataset.attrs else "png"
        swapped = _is_swapped(file, dataset)
        return [(name, _picture(dataset[n], kind, swapped)) for n, name in enumerate(packed.names)]


def _is_swapped(file: h5py.File, dataset: Any) -> bool:
    """Whether red and blue stand in each other's place, as older programs packed them."""
    if "channel_order" in dataset.attrs:
        return text(attribute(dataset, "channel_order")) == "BGR"
    return float(attribute(file["metadata"], "format_id")) < _NORMAL_COLOURS_SINCE


def _picture(stored: NDArray, kind: str, swapped: bool) -> bytes:
    """The bytes of a picture file in normal colours; raw pixels are stored as RGB."""
    import cv2

    if kind == "hdf5":
        pixels = np.asarray(stored, np.uint8).squeeze()
        return encoded(pixels[..., ::-1] if pixels.ndim == 3 else pixels)
    content = np.asarray(stored).astype(np.int8, casting="unsafe").view(np.uint8)
    if not swapped:
        return content.tobytes()
    pixels = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    if pixels is None:
        raise ValueError("a picture that is none")
    if pixels.ndim == 2:
        return content.tobytes()
    return encoded(pixels[..., ::-1], ".jpg" if kind in {"jpg", "jpeg"} else ".png")
