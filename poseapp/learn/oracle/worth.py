"""Is labelling worth it: what an order of labelling saved against chance, and what is to come.

The curves come from `replay`. Both orders are replayed among the same labels, so they must meet
when all of these are learnt: what was saved is read off half way there. It is all NumPy and SciPy,
and light to import.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST_FRAMES = 20
"""Labelled frames; of fewer, the half that is compared would be a handful."""
_RESAMPLES = 500
_FASTEST = 3.0
"""No learning curve falls with a greater power of the labels."""
_SLOWEST = 0.05
"""With a smaller one it is a line to the eye, and its floor could be anywhere."""
_TRIED = 24
"""Powers that are compared at once."""
_EXACT = 1e-4
"""Between which powers nobody can tell."""


@dataclass(frozen=True, slots=True, eq=False)
class Replays:
    """Held-out errors after so many labels, in each fold of a cross-validation."""

    labels: NDArray[np.intp]
    """(G,) rising; the last are all that every fold can learn from."""
    yours: Floats | None
    """(F, G) mean error in pixels in the order in which a person labelled; None where that is
    not known."""
    random: Floats
    """(F, G) the same for frames drawn by chance."""

    @property
    def known(self) -> Floats:
        """(F, G) the order that a person goes on with."""
        return self.random if self.yours is None else self.yours


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class WorthCurve:
    """Mean error in pixels after so many labels, and its 95 % interval."""

    labels: tuple[int, ...]
    error_px: tuple[float, ...]
    low_px: tuple[float, ...]
    high_px: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Saving:
    """What the order of labelling was worth."""

    labels: int
    """The first ones, that were half of those replayed."""
    random: Estimate
    """Labels that chance needs to be as good."""
    most: int
    """Labels that were replayed: chance may need more than these, but nothing tells how many."""

    @property
    def saved(self) -> Estimate:
        """Labels; below 0 where chance was the better order."""
        needed = self.random
        return Estimate(*(n - self.labels for n in (needed.value, needed.low, needed.high)))

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves out that nothing was saved, or lost."""
        return self.saved.low > 0 or self.saved.high < 0


@dataclass(frozen=True, slots=True)
class Gain:
    """What more labels promise."""

    labels: int
    """So many more."""
    share: Estimate
    """Of the error that they take away, 0..1."""
    noticed_from: float
    """A share below this is less than the measurement itself varies."""

    @property
    def noticeable(self) -> bool:
        return self.share.value >= self.noticed_from


@dataclass(frozen=True, slots=True)
class Worth:
    """All that a person sees of it; plain values that can be stored."""

    labels: int
    """Labelled frames at that time."""
    body_px: float
    """Median size of the bodies: the longer side of their box."""
    yours: WorthCurve | None
    random: WorthCurve
    saving: Saving | None
    gain: Gain
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """A learning curve: floor + span · (labels / unit)^-power."""

    floor: float
    span: float
    power: float
    unit: float

    def at(self, labels: float) -> float:
        return self.floor + self.span * (labels / self.unit) ** -self.power


def power_law(labels: Floats, errors: Floats) -> PowerLaw:
    """The power law a + b · n^-c through (G,) errors after (G,) labels, by least squares.

    Neither a nor b is below 0, so the law never rises. For a given c these two are linear least
    squares, so that c alone is searched for: over its whole range, then ever nearer to the best.
    """
    unit = float(labels[-1])
    powers = np.geomspace(_SLOWEST, _FASTEST, _TRIED)
    while True:
        floor, span, missed = _given(powers, labels / unit, errors)
        best = int(missed.argmin())
        around = powers[max(best - 1, 0)], powers[min(best + 1, _TRIED - 1)]
        if around[1] - around[0] < _EXACT:
            return PowerLaw(float(floor[best]), float(span[best]), float(powers[best]), unit)
        powers = np.linspace(*around, _TRIED)


def _given(powers: Floats, n: Floats, errors: Floats) -> tuple[Floats, Floats, Floats]:
    """(P,) floors and spans that fit best with each of (P,) powers, and the squares they miss."""
    x = n ** -powers[:, None]
    apart = x - x.mean(axis=1, keepdims=True)
    span = (apart @ errors / np.maximum((apart**2).sum(axis=1), 1e-300)).clip(0)
    floor = errors.mean() - span * x.mean(axis=1)
    without = x @ errors / (x**2).sum(axis=1)
    floor, span = np.where(floor < 0, 0.0, floor), np.where(floor < 0, without, span)
    missed = floor[:, None] + span[:, None] * x - errors
    return floor, span, (missed**2).sum(axis=1)


def labels_needed(labels: Floats, errors: Floats, goal: float) -> float:
    """After how many labels a falling curve through (G,) points reaches an error.

    The first number where it is there from the start, and infinity where it never gets there.
    """
    falling = _falling(errors)
    reached = np.flatnonzero(falling <= goal)
    if not len(reached):
        return float("inf")
    at = int(reached[0])
    if at == 0:
        return float(labels[0])
    part = (falling[at - 1] - goal) / (falling[at - 1] - falling[at])
    return float(labels[at - 1] + part * (labels[at] - labels[at - 1]))


def saving(replays: Replays) -> Saving | None:
    """What the order was worth by the time half of the labels were made; None without an order."""
    if replays.yours is None:
        return None
    labels, yours = replays.labels.astype(float), replays.yours
    half = int(np.abs(labels - labels[-1] / 2).argmin())

    def needed(folds: NDArray[np.intp]) -> float:
        goal = float(_falling(yours[folds].mean(axis=0))[half])
        # a curve that ends a hair above the goal is one that reaches it with all labels
        return min(labels_needed(labels, replays.random[folds].mean(axis=0), goal), labels[-1])

    return Saving(int(labels[half]), _over_folds(len(yours), needed), int(labels[-1]))


def gain(replays: Replays, now: int, more: int) -> Gain:
    """What `more` labels promise after those there are `now`, by a power law through the curve."""
    labels, errors = replays.labels.astype(float), replays.known

    def share(folds: NDArray[np.intp]) -> float:
        law = power_law(labels, errors[folds].mean(axis=0))
        before = law.at(now)
        return 1 - law.at(now + more) / before if before > 0 else 0.0

    return Gain(more, _over_folds(len(errors), share), _noticed_from(errors))


def worth(replays: Replays, now: int, more: int, body_px: float, notes: tuple[str, ...]) -> Worth:
    """Everything at once."""
    yours = None if replays.yours is None else worth_curve(replays.labels, replays.yours)
    return Worth(
        now,
        body_px,
        yours,
        worth_curve(replays.labels, replays.random),
        saving(replays),
        gain(replays, now, more),
        notes,
    )


def worth_curve(labels: NDArray[np.intp], errors: Floats) -> WorthCurve:
    """The mean over the folds of (F, G) errors, and its interval at each number of labels."""
    drawn = np.stack([errors[folds].mean(axis=0) for folds in _resampled(len(errors))])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    numbers = tuple(int(n) for n in labels)
    lines = (errors.mean(axis=0), low, high)
    return WorthCurve(numbers, *(tuple(float(v) for v in line) for line in lines))


def _falling(errors: Floats) -> Floats:
    """The nearest curve that never rises."""
    from scipy.optimize import isotonic_regression

    return np.asarray(isotonic_regression(errors, increasing=False).x, np.float64)


def _noticed_from(errors: Floats) -> float:
    """The change, as a share of the error, that these (F, G) errors can tell from none.

    Half of the 95 % interval of a change that is measured on the same held-out frames before and
    after, as a mean over the last steps of the curve.
    """
    from scipy.stats import t

    folds = len(errors)
    steps = np.diff(errors[:, -4:], axis=1)
    spread = float(steps.std(axis=0, ddof=1).mean()) / np.sqrt(folds)
    level = float(errors[:, -1].mean())
    return float(t.ppf(0.975, folds - 1) * spread / level) if level > 0 else 0.0


def _over_folds(folds: int, number: Callable[[NDArray[np.intp]], float]) -> Estimate:
    """A number that is computed of all folds, and its interval by resampling them."""
    drawn = [number(sample) for sample in _resampled(folds)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(number(np.arange(folds)), float(low), float(high))


def _resampled(folds: int) -> NDArray[np.intp]:
    """(R, F) folds drawn with replacement; the same for every number, so that these agree."""
    return np.random.default_rng(0).integers(folds, size=(_RESAMPLES, folds))
