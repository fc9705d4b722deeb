"""Human skeletons: which keypoints of a skeleton are which points of a person or a hand."""

from __future__ import annotations

from poseapp.domain.skeleton import Skeleton, spoken

LIMB_KEYPOINTS = tuple(
    f"{side} {joint}"
    for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
)
"""The twelve canonical keypoints of meshes and of their errors."""

ENOUGH_LIMB_KEYPOINTS = 7

HAND_KEYPOINTS = (
    "wrist",
    *(
        f"{finger} {joint}"
        for finger in ("thumb", "index", "middle", "ring", "little")
        for joint in range(1, 5)
    ),
)
"""Of one hand: joints count from the palm to the tip."""
_ENOUGH_OF_A_HAND = 7


def places_of(skeleton: Skeleton) -> dict[str, int]:
    """Keypoints by how their names are spoken: `l_wrist` is the "left wrist"."""
    return {spoken(name): k for k, name in reversed(list(enumerate(skeleton.names)))}


def is_human(skeleton: Skeleton) -> bool:
    """Whether seven of the twelve limb keypoints are there under their usual names."""
    return len(places_of(skeleton).keys() & set(LIMB_KEYPOINTS)) >= ENOUGH_LIMB_KEYPOINTS


def is_hand(skeleton: Skeleton) -> bool:
    """Whether seven of the 21 keypoints of a hand are there under their usual names."""
    return len(places_of(skeleton).keys() & set(HAND_KEYPOINTS)) >= _ENOUGH_OF_A_HAND
