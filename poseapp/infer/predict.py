"""A trained net, ready to say where the keypoints of pictures are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.infer.heat import heat
from poseapp.infer.session import Net
from poseapp.nets.card import Card
from poseapp.nets.pipeline import Bodies, estimate


class Predictor:
    """Loads once, predicts often."""

    def __init__(self, card: Card, pose: Net, centroid: Net | None) -> None:
        self.card = card
        self._pose = pose
        self._centroid = centroid

    @classmethod
    def load(cls, folder: Path, *, device: str = "auto", threads: int | None = None) -> Predictor:
        """The net in a run's folder.

        Raises:
            InferenceError: when its card or a net is missing or damaged.
        """
        card = Card.read(folder)
        pose = Net(folder / card.pose.file, device=device, threads=threads)
        if card.centroid is None:
            return cls(card, pose, None)
        return cls(card, pose, Net(folder / card.centroid.file, device=device, threads=threads))

    @property
    def device(self) -> str:
        """What it really computes on, in words."""
        return self._pose.device

    @property
    def batch(self) -> int:
        """Pictures at once: few on a CPU, which gains nothing by more and reports more often."""
        return 32 if self.device.startswith("GPU") else 4

    def predict(self, pictures: Sequence[NDArray[np.uint8]]) -> list[Bodies]:
        """The bodies in each BGR picture; pictures may differ in size."""
        return estimate(pictures, self.card, self._pose, self._centroid)

    def heat(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Where keypoints may be in a BGR picture: see `heat.heat`."""
        (bodies,) = self.predict([picture])
        return heat(bodies, self.card.pose, (picture.shape[1], picture.shape[0]))

    def film(self) -> Predictor:
        """What looks at the frames of one film in order: each for itself."""
        return self


def digest(folder: Path) -> str:
    """Says whether two run folders hold the same net."""
    sha = hashlib.sha256()
    for file in sorted(folder.glob("*.onnx")):
        sha.update(file.read_bytes())
    return sha.hexdigest()[:16]
