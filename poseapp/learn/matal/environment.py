"""What a team plays in: rounds of picking frames and being told what they were worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """What the agents are told before they pick."""

    state: NDArray[np.float32]
    """(9,) how labelled and unlabelled frames differ, and the share of the budget that is spent."""
    actions: NDArray[np.float32]
    """(U, F) a row for each frame that may be picked."""


class Environment(Protocol):
    """Episodes of a simulated labelling (algorithm 1, lines 3 to 10); toys have the same face."""

    def reset(
        self, chance: np.random.Generator, *, repartition: bool = True, share: float = 0.1
    ) -> Observation:
        """Begin an episode.

        Args:
            chance: decides what is labelled at first, where that is drawn.
            repartition: draw anew; else begin as the first episode did.
            share: of all frames that are labelled at first.
        """
        ...

    def step(self, rows: Sequence[int], spent: float) -> tuple[float, Observation]:
        """Label these rows of the last observation.

        Args:
            rows: at least one.
            spent: share of the budget that is spent after them.

        Returns:
            The reward and what is to be seen now; it has no actions where no frame is left.
        """
        ...
