"""Writing films: for the demo and for tests."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray


def write_film(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    fps: float,
    *,
    keyframe_every: int = 30,
    quality: int = 20,
) -> int:
    """Encode BGR pictures of equal, even size as H.264; returns how many there were.

    `path` appears only when the film is whole. `quality` is the constant rate factor of x264:
    smaller is better.
    """
    unfinished = path.with_name(f".{path.name}.part")
    count = 0
    try:
        with av.open(str(unfinished), "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": str(quality), "preset": "veryfast", "g": str(keyframe_every)}
            for picture in pictures:
                if count == 0:
                    stream.height, stream.width = picture.shape[:2]
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
                count += 1
            container.mux(stream.encode())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return count
