"""BodyMotion refuses arrays that do not fit together, and finds its frames."""

from dataclasses import replace

import numpy as np
import pytest

from poseapp.domain.body_motion import BodyMotion


def _motion(frames=(3, 4, 9)) -> BodyMotion:
    count = len(frames)
    rotations = np.arange(count * 6, dtype=float).reshape(count, 2, 3)
    translation = np.arange(count * 3, dtype=float).reshape(count, 3)
    return BodyMotion(
        "tiny",
        (64, 48),
        80.0,
        np.array(frames),
        rotations,
        np.zeros(4),
        translation,
        np.arange(count, dtype=float),
    )


@pytest.mark.parametrize(("frame", "place"), [(3, 0), (9, 2), (5, None), (10, None)])
def test_a_frame_is_found_or_is_a_gap(frame, place):
    assert _motion().place(frame) == place


def test_a_part_keeps_what_belongs_together():
    part = _motion().part(np.array([True, False, True]))
    assert part.frames.tolist() == [3, 9]
    assert part.rotations[1, 0].tolist() == [12, 13, 14]
    assert part.translation[1].tolist() == [6, 7, 8]
    assert part.error_px is not None
    assert part.error_px.tolist() == [0, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": np.array([3, 3, 9])},
        {"translation": np.zeros((2, 3))},
        {"rotations": np.zeros((3, 2, 4))},
        {"error_px": np.zeros(2)},
        {"focal_px": 0.0},
        {"shape": np.zeros((3, 4))},
    ],
)
def test_what_does_not_fit_together_is_refused(wrong):
    with pytest.raises(ValueError, match="BodyMotion"):
        replace(_motion(), **wrong)
