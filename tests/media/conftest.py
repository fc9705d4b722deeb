"""Test films in many codings, each made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fixtures.films import Recipe, write_numbered

COUNT = 60
_X264_OPEN = {"x264-params": "open-gop=1:bframes=3:keyint=12:min-keyint=12:scenecut=0"}
_X264_CLOSED = {"x264-params": "bframes=3:b-pyramid=normal:keyint=24:min-keyint=24:scenecut=0"}
_X265 = {"x265-params": "log-level=none:keyint=12:min-keyint=12:bframes=3:open-gop=1"}
_HIDDEN_FRAMES = {"deadline": "good", "cpu-used": "4", "auto-alt-ref": "1", "lag-in-frames": "16"}


def uneven(number: int) -> int:
    """Presentation times of a camera that drops frames."""
    return 2 * number + number * number % 7 // 3 + (40 if number > 30 else 0)


RECIPES = {
    "x264, closed GOP, B-frames as references": Recipe(options=_X264_CLOSED),
    "x264, open GOP, mp4": Recipe(options=_X264_OPEN),
    "x264, open GOP, mkv": Recipe("mkv", options=_X264_OPEN),
    "x264, open GOP, ts": Recipe("ts", options=_X264_OPEN),
    "x264, no keyframes but the first": Recipe(options={"x264-params": "keyint=1000:scenecut=0"}),
    "x264, intra refresh": Recipe(
        "ts", options={"x264-params": "intra-refresh=1:bframes=0:keyint=12"}
    ),
    "x264, bare stream without times": Recipe("h264", options=_X264_CLOSED),
    "x264, avi": Recipe("avi", options=_X264_CLOSED),
    "x264, uneven times, mp4": Recipe(options=_X264_CLOSED, times=uneven),
    "x264, uneven times, mkv": Recipe("mkv", options=_X264_CLOSED, times=uneven),
    "x264, 4:4:4": Recipe(pix_fmt="yuv444p"),
    "x265, open GOP": Recipe(codec="libx265", options=_X265),
    "vp9, hidden frames": Recipe("webm", "libvpx-vp9", _HIDDEN_FRAMES),
    "vp8": Recipe("webm", "libvpx", {"deadline": "realtime", "cpu-used": "8"}),
    "mpeg-4, avi": Recipe("avi", "mpeg4"),
    "mpeg-4, B-frames, avi": Recipe("avi", "mpeg4", b_frames=2),
    "mpeg-4, B-frames, mp4": Recipe("mp4", "mpeg4", b_frames=2),
    "mpeg-2, program stream": Recipe("mpg", "mpeg2video", b_frames=2),
    "wmv": Recipe("wmv", "wmv2"),
    "flv": Recipe("flv", "flv"),
    "motion jpeg": Recipe("avi", "mjpeg", pix_fmt="yuvj420p"),
    "raw": Recipe("avi", "rawvideo", pix_fmt="bgr24"),
    "ffv1": Recipe("mkv", "ffv1"),
    "gif": Recipe("gif", "gif", pix_fmt="rgb8"),
}


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The film of a recipe's name, with `COUNT` numbered frames."""
    folder = tmp_path_factory.mktemp("films")
    made: dict[str, Path] = {}

    def make(name: str) -> Path:
        if name not in made:
            made[name] = write_numbered(folder / f"film {len(made)}", COUNT, RECIPES[name])
        return made[name]

    return make
