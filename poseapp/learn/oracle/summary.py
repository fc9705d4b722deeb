"""What a table of courses says: areas under the curves, their uncertainty, and who beats chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseapp.learn.oracle.course import Course

BASELINE = "random"
_RESAMPLES = 5000


def summarise(courses: Sequence[Course]) -> dict[str, Any]:
    """Means over the seeds with 95 % intervals, by selector, and differences from chance by seed.

    An area is divided by the span of labels: it is the mean error, or PCK, over the course.
    """
    names = list(dict.fromkeys(course.selector for course in courses))
    by_seed = {name: {c.seed: c for c in courses if c.selector == name} for name in names}
    chance = by_seed.get(BASELINE, {})
    return {name: _of_one(by_seed[name], chance) for name in names}


def area(labels: Sequence[float], values: Sequence[float]) -> float:
    """Mean height of the curve through these points."""
    if len(labels) == 1:
        return float(values[0])
    return float(np.trapezoid(values, labels) / (labels[-1] - labels[0]))


def _of_one(own: dict[int, Course], chance: dict[int, Course]) -> dict[str, Any]:
    courses = list(own.values())
    result: dict[str, Any] = {
        "seeds": len(courses),
        "final_error_px": interval([c.error_px[-1] for c in courses]),
        "final_pck": interval([c.pck[-1] for c in courses]),
        "area_error_px": interval([area(c.labels, c.error_px) for c in courses]),
        "area_pck": interval([area(c.labels, c.pck) for c in courses]),
    }
    if pairs := [(own[seed], chance[seed]) for seed in own if seed in chance]:
        error = [area(a.labels, a.error_px) - area(b.labels, b.error_px) for a, b in pairs]
        pck = [area(a.labels, a.pck) - area(b.labels, b.pck) for a, b in pairs]
        result["against_random"] = {
            "area_error_px": interval(error) | {"wilcoxon_p": wilcoxon_p(error)},
            "area_pck": interval(pck) | {"wilcoxon_p": wilcoxon_p(pck)},
            "labels_to_its_final_error": labels_to_reach(courses, list(chance.values())),
        }
    return result


def interval(values: Sequence[float]) -> dict[str, float]:
    """The mean and its 95 % interval by resampling the seeds."""
    array = np.array(values)
    drawn = np.random.default_rng(0).choice(array, (_RESAMPLES, len(array))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {"mean": float(array.mean()), "low": float(low), "high": float(high)}


def wilcoxon_p(differences: Sequence[float]) -> float:
    """Two-sided signed-rank test that pairs do not differ; with 5 pairs never under 0.0625."""
    from scipy.stats import wilcoxon

    nonzero = [d for d in differences if d]
    return float(np.asarray(wilcoxon(nonzero))[1]) if nonzero else 1.0


def labels_to_reach(courses: Sequence[Course], chance: Sequence[Course]) -> float | None:
    """With how many labels the mean error falls to where chance ends; None when it never does."""
    goal = np.mean([course.error_px[-1] for course in chance])
    labels = np.array(courses[0].labels, float)
    error: NDArray[np.float64] = np.mean([course.error_px for course in courses], axis=0)
    reached = np.flatnonzero(error <= goal)
    if not len(reached):
        return None
    at = int(reached[0])
    if at == 0:
        return float(labels[0])
    part = (error[at - 1] - goal) / (error[at - 1] - error[at])
    return float(labels[at - 1] + part * (labels[at] - labels[at - 1]))
