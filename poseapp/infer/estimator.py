"""What finds bodies in pictures: a trained net, or one that came with the program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from poseapp.infer.people.people import KINDS, People
from poseapp.infer.predict import Predictor
from poseapp.nets.card import Card
from poseapp.nets.pipeline import Bodies


class Looks(Protocol):
    """Looks at pictures."""

    def predict(self, pictures: Sequence[NDArray[np.uint8]]) -> list[Bodies]:
        """The bodies in each BGR picture; pictures may differ in size."""
        ...


class Estimator(Looks, Protocol):
    """Loads once, predicts often; pictures that follow each other are better shown to `film`."""

    card: Card

    @property
    def device(self) -> str:
        """What it really computes on, in words."""
        ...

    @property
    def batch(self) -> int:
        """How many pictures to show at once."""
        ...

    def film(self) -> Looks:
        """What looks at the frames of one film in order, and may remember those before."""
        ...

    def heat(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Where keypoints may be in a BGR picture: see `heat.heat`."""
        ...


def load_estimator(folder: Path, *, device: str = "auto", threads: int | None = None) -> Estimator:
    """The net in a run's folder.

    Raises:
        InferenceError: when its card or a net is missing or damaged.
    """
    if Card.read(folder).net in KINDS:
        return People.load(folder, device=device, threads=threads)
    return Predictor.load(folder, device=device, threads=threads)
