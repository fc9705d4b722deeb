"""Which keypoints of a skeleton are which of a body's, by name."""

from __future__ import annotations

from collections.abc import Sequence

from poseapp.domain.errors import BodyError
from poseapp.domain.human import ENOUGH_LIMB_KEYPOINTS, LIMB_KEYPOINTS
from poseapp.domain.skeleton import spoken

_ALSO_CALLED = {
    "left foot index": "left big toe",
    "right foot index": "right big toe",
    "left hand": "left wrist",
    "right hand": "right wrist",
    "left foot": "left ankle",
    "right foot": "right ankle",
    "top of head": "head top",
}


def shared_keypoints(
    names: Sequence[str], body_names: Sequence[str]
) -> tuple[list[int], list[int]]:
    """Places in `names` and, as long, in `body_names` of the keypoints that both have.

    Raises:
        BodyError: when fewer than seven of the twelve limb keypoints are among them.
    """
    places: dict[str, int] = {}
    for n, name in enumerate(names):
        word = spoken(name)
        places.setdefault(word if word in body_names else _ALSO_CALLED.get(word, word), n)
    limbs = len(places.keys() & set(LIMB_KEYPOINTS))
    if limbs < ENOUGH_LIMB_KEYPOINTS:
        raise BodyError(
            f"A body can be laid over people only, and this skeleton has {limbs} of the twelve "
            "keypoints of arms and legs. Name at least seven of them as people call them, such "
            "as left_shoulder or right_knee."
        )
    shared = [(places[name], n) for n, name in enumerate(body_names) if name in places]
    return [own for own, _ in shared], [of_body for _, of_body in shared]
