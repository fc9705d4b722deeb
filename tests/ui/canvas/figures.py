"""A small skeleton and bodies in known places."""

from __future__ import annotations

import numpy as np

from poseapp.domain.ids import FrameRef, InstanceId, VideoId
from poseapp.domain.pose import Instance, Origin, Visibility
from poseapp.domain.skeleton import Keypoint, Skeleton

REF = FrameRef(VideoId(1), 12)
NOSE, LEFT_EAR, RIGHT_EAR, TAIL = range(4)
MOUSE = Skeleton(
    "mouse",
    tuple(Keypoint(name) for name in ("nose", "left_ear", "right_ear", "tail")),
    bones=((NOSE, LEFT_EAR), (NOSE, RIGHT_EAR), (NOSE, TAIL)),
    pairs=((LEFT_EAR, RIGHT_EAR),),
)
PLACES = np.array([[160.0, 60.0], [130.0, 90.0], [190.0, 90.0], [160.0, 180.0]])


def label(
    number: int = 7, shift: tuple[float, float] = (0, 0), visibility: list[int] | None = None
) -> Instance:
    return Instance(
        REF, PLACES + shift, np.array(visibility or [2, 2, 2, 2], np.uint8), id=InstanceId(number)
    )


def prediction(
    shift: tuple[float, float] = (60, 20),
    scores: tuple[float, ...] = (0.9, 0.9, 0.2, 0.9),
    visibility: list[int] | None = None,
) -> Instance:
    return Instance(
        REF,
        PLACES + shift,
        np.array(visibility or [Visibility.VISIBLE] * 4, np.uint8),
        scores=np.array(scores, np.float32),
        score=float(np.mean(scores)),
        origin=Origin.PREDICTED,
    )
