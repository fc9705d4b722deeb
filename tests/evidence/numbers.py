"""What courses of several selectors say when they are compared seed by seed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from poseapp.learn.oracle.course import Course
from poseapp.learn.oracle.summary import area, interval, labels_to_reach, wilcoxon_p

Table = Mapping[str, Mapping[int, Course]]
"""Courses by selector and seed."""

_RESAMPLES = 2000


def table(curves: Sequence[Mapping[str, Any]], dataset: str) -> Table:
    """The courses of one pack, as their JSON tells them."""
    found: dict[str, dict[int, Course]] = {}
    for curve in curves:
        course = Course(**{key: value for key, value in curve.items() if key != "trial"})
        if course.dataset == dataset:
            found.setdefault(course.selector, {})[course.seed] = course
    return found


def stand_ins(curves: Iterable[Mapping[str, Any]]) -> str:
    """Which selectors could not pick themselves, and who picked instead; empty for none."""
    counts: dict[str, Counter[str]] = {}
    for curve in curves:
        counts.setdefault(curve["selector"], Counter()).update(curve["picked_by"])
    told = [
        f"{other} stood in for {selector} in {times} of {sum(by.values())} rounds"
        for selector, by in counts.items()
        for other, times in by.items()
        if other != selector
    ]
    return f"{'; '.join(told)}." if told else ""


def error_area(course: Course) -> float:
    """Mean error over the whole course, in pixels."""
    return area(course.labels, course.error_px)


def paired(own: Mapping[int, Course], other: Mapping[int, Course]) -> list[tuple[Course, Course]]:
    """Both courses of each seed that both have."""
    return [(own[seed], other[seed]) for seed in sorted(own.keys() & other.keys())]


def less_error(pairs: Sequence[tuple[Course, Course]]) -> dict[str, float]:
    """By which share the first one's error is less over the course, with interval and p."""
    less = [1 - error_area(own) / error_area(other) for own, other in pairs]
    return interval(less) | {"wilcoxon_p": wilcoxon_p(less), "pairs": len(less)}


def share_of_labels(own: Sequence[Course], chance: Sequence[Course]) -> float:
    """Labels for the same error, as a share of those that chance needs.

    With fewer than chance has in the end, these over the latter; where the error never falls so
    low, the labels at the end over those with which chance comes to the same.
    """
    last = chance[0].labels[-1]
    if (reached := labels_to_reach(own, chance)) is not None:
        return reached / last
    reached = labels_to_reach(chance, own)
    return last / reached if reached is not None else 1.0  # the same end, but for rounding


def labels_needed(packs: Sequence[Sequence[tuple[Course, Course]]]) -> dict[str, float]:
    """`share_of_labels` from the pairs of each pack, as the mean over the packs.

    The 95 % interval comes from resampling the pairs of every pack.
    """
    chance = np.random.default_rng(0)

    def mean(drawn: Sequence[Sequence[tuple[Course, Course]]]) -> float:
        shares = [share_of_labels(*zip(*pairs, strict=True)) for pairs in drawn]
        return float(np.mean(shares))

    resampled = [
        mean([[pairs[n] for n in chance.integers(len(pairs), size=len(pairs))] for pairs in packs])
        for _ in range(_RESAMPLES)
    ]
    low, high = np.percentile(resampled, [2.5, 97.5])
    return {"mean": mean(packs), "low": float(low), "high": float(high)}


def best_of(courses: Table, names: Sequence[str]) -> str:
    """The selector of the least error over the course."""
    return min(names, key=lambda n: np.mean([error_area(c) for c in courses[n].values()]))
