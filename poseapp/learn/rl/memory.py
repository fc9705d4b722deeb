"""Memory: what an agent met, to be learnt from again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

import numpy as np

Met = TypeVar("Met")


class Memory(Generic[Met]):
    """The newest experiences, up to a number."""

    def __init__(self, most: int, kept: Iterable[Met] = ()) -> None:
        self._most = most
        self.kept: list[Met] = list(kept)[-most:]

    def keep(self, new: Met) -> None:
        self.kept = [*self.kept, new][-self._most :]

    def draw(self, count: int, chance: np.random.Generator) -> list[Met]:
        """Different ones, or all where there are fewer."""
        size = min(count, len(self.kept))
        return [self.kept[n] for n in chance.choice(len(self.kept), size, replace=False)]
