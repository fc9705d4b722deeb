"""The picture of a table of courses: error and PCK against labels, a line a selector."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from poseapp.learn.oracle.course import Course
from poseapp.learn.oracle.summary import BASELINE

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7A5C00")
"""Okabe and Ito's, told apart by colour-blind eyes; chance is black and dashed."""
_MARKS = "osD^vPX"


def draw(courses: Sequence[Course], out: Path) -> None:
    """Write a PNG: means over the seeds, with a band of one standard error."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    axes = figure.subplots(1, 2)
    measures = (("error_px", "Mean error in pixels"), ("pck", "PCK at 0.2 of the box"))
    for plot, (measure, title) in zip(axes, measures, strict=True):
        names = sorted({c.selector for c in courses}, key=lambda name: (name != BASELINE, name))
        for n, name in enumerate(names):
            own = [course for course in courses if course.selector == name]
            values = np.array([getattr(course, measure) for course in own])
            middle = values.mean(axis=0)
            error = values.std(axis=0, ddof=1) / np.sqrt(len(own)) if len(own) > 1 else 0 * middle
            chance = name == BASELINE
            colour = "black" if chance else _COLOURS[(n - 1) % len(_COLOURS)]
            plot.plot(
                own[0].labels,
                middle,
                color=colour,
                linestyle="--" if chance else "-",
                marker="" if chance else _MARKS[(n - 1) % len(_MARKS)],
                markersize=4,
                linewidth=1.6,
                label=name,
            )
            plot.fill_between(
                own[0].labels, middle - error, middle + error, color=colour, alpha=0.12, linewidth=0
            )
        plot.set_xlabel("Labelled frames")
        plot.set_title(title, loc="left", fontsize=11)
        plot.grid(alpha=0.25)
        plot.spines[["top", "right"]].set_visible(False)
    axes[0].legend(frameon=False, fontsize=9)
    counts = sorted(set(Counter(course.selector for course in courses).values()))
    seeds = " or ".join(str(count) for count in counts)
    figure.suptitle(f"{courses[0].dataset}: {seeds} seeds", fontsize=12)
    figure.savefig(out, dpi=130)
