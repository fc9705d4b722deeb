"""Worlds in which what a pick earns is known: hands of which some fingers are bent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.resources import files

import numpy as np

from poseapp.domain.skeleton import Skeleton
from poseapp.learn.matal.anatomy import Anatomy
from poseapp.learn.matal.environment import Observation
from poseapp.learn.matal.representation import Frames, Representation
from poseapp.learn.matal.settings import Ablation, Describing

HAND = Skeleton.from_json(
    files("poseapp.resources").joinpath("skeletons/hand.json").read_text(encoding="utf-8")
)
ANATOMY = Anatomy.of(HAND)


def hand(rng: np.random.Generator, finger: int | None, bend: float) -> np.ndarray:
    """(21, 2) an open hand at a random place, turn and size; one of five fingers is bent."""
    points = np.zeros((21, 2))
    for n in range(5):
        angle = np.pi / 2 + (n - 2) * 0.4
        for joint in range(4):
            previous = points[0] if joint == 0 else points[4 * n + joint]
            turn = bend * joint if n == finger else 0.0
            step = np.array([np.cos(angle + turn), np.sin(angle + turn)])
            points[1 + 4 * n + joint] = previous + step * (40 if joint == 0 else 15)
    points += rng.normal(0, 0.3, points.shape)
    turn = rng.uniform(0, 2 * np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return points @ rotation.T * rng.uniform(0.8, 1.2) + rng.uniform(0, 200, 2)


@dataclass
class Hands:
    """Common open hands, and `rare` ones of each kind in `bent`, none of them labelled at first.

    A round earns a point for each frame of the hidden kinds that it labels, or, with `once`, for
    each hidden kind that no label had before.
    """

    bent: tuple[int, ...]
    rare: int
    common: int = 40
    hidden: tuple[int, ...] = ()
    once: bool = False
    drifting: bool = True
    """Whether a kind's bend differs from frame to frame."""
    ablation: Ablation = field(default_factory=Ablation)
    describing: Describing = field(default_factory=Describing)

    def reset(self, chance, *, repartition=True, share=0.1):
        kinds = [-1] * self.common + [k for k in self.bent for _ in range(self.rare)]
        order = chance.permutation(len(kinds))
        self._kinds = np.array(kinds)[order]
        bends = [0.3 + 0.5 * chance.random() if self.drifting else 0.5 for _ in kinds]
        self._poses = np.stack(
            [
                hand(chance, None if kind < 0 else kind, bend)
                for kind, bend in zip(self._kinds, bends, strict=True)
            ]
        )
        self._looks = chance.normal(size=(len(kinds), 6))
        self._known = [hand(chance, None, 0.0) for _ in range(10)]
        self._known_looks = list(chance.normal(size=(10, 6)))
        self._covered: set[int] = set()
        if not hasattr(self, "representation"):
            bent = [hand(chance, k, 0.5) for k in self.bent]
            self.representation = Representation.of(
                ANATOMY, self.describing, np.stack(self._known + bent), np.stack(self._known_looks)
            )
        return self._seen(0.0)

    def step(self, rows, spent):
        kinds = [int(self._kinds[row]) for row in rows]
        wanted = [k for k in kinds if k in (self.hidden or self.bent)]
        reward = float(len(set(wanted) - self._covered) if self.once else len(wanted))
        self._covered |= set(wanted)
        self._known += [self._poses[row] for row in rows]
        self._known_looks += [self._looks[row] for row in rows]
        left = np.setdiff1d(np.arange(len(self._kinds)), rows)
        self._kinds, self._poses = self._kinds[left], self._poses[left]
        self._looks = self._looks[left]
        return reward, self._seen(spent)

    def _seen(self, spent) -> Observation:
        known, looks = np.stack(self._known), np.stack(self._known_looks)
        frames = Frames(self._looks, self._poses, looks, known, known, spent)
        return self.representation.observe(frames, self.ablation)[0]


def hidden_finger() -> Hands:
    """8 of 56 frames show a bent finger that earns, and 8 another one that does not."""
    return Hands(bent=(1, 3), rare=8, hidden=(3,))


def redundant() -> Hands:
    """Four rare kinds, each of them six times almost the same; only the first of a kind earns."""
    return Hands(bent=(0, 1, 3, 4), rare=6, once=True, drifting=False)


def earned(environment, team, settings, seeds, exploring=0.0) -> np.ndarray:
    """Returns of episodes with these seeds."""
    from poseapp.learn.matal.episode import play

    return np.array([
        play(environment, team, settings, np.random.default_rng([s, 777]), exploring).earned
        for s in seeds
    ])  # fmt: skip


__all__ = ["ANATOMY", "HAND", "Hands", "earned", "hand", "hidden_finger", "redundant", "replace"]
