"""How well labels agree with themselves: mirror_mouse shows each point twice, on one x axis.

    python -m tests.evidence.label_noise

A view from above and one from below stand over each other in every picture, so the x of a point in
one view tells its x in the other, but for perspective and for where the annotator clicked. What is
left after the best fit bounds what any estimator can reach on these labels.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from tests.benchmarks.bench_useful_net import load_stills
from tests.evidence.pages import publish
from tests.evidence.places import PAGES

RAYLEIGH = {"median_px": np.sqrt(2 * np.log(2)), "p95_px": np.sqrt(2 * np.log(20))}
"""Length of a 2-D error whose coordinates have a standard deviation of one: its percentiles."""


def disagreement(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    """x below less what the best linear fit says from x above and both y; (N,) px."""
    given = np.column_stack([above, below[:, 1], np.ones(len(above))])
    fit = least_squares(lambda w: given @ w - below[:, 0], [1.0, 0.0, 0.0, 0.0], loss="soft_l1")
    return below[:, 0] - given @ fit.x


def noise() -> dict[str, Any]:
    """For each point that both views show: the spread of one label's coordinate, upper bounds."""
    labels, _, _ = load_stills("mirror_mouse")
    names, points = labels.skeleton.names, labels.points()
    above, below, whose = [], [], []
    for k, name in enumerate(names):
        other = name.replace("_top", "_bot")
        if other != name and other in names:
            pair = np.hstack([points[:, k], points[:, names.index(other)]])
            pair = pair[np.isfinite(pair).all(axis=1)]
            above.append(pair[:, :2])
            below.append(pair[:, 2:])
            whose += [name.removesuffix("_top")] * len(pair)
    left = disagreement(np.concatenate(above), np.concatenate(below))
    who = np.array(whose)
    return {name: _spread(left[who == name]) for name in dict.fromkeys(whose)} | {
        "all": _spread(left)
    }


def _spread(left: NDArray[np.float64]) -> dict[str, float]:
    """The difference of two labels has twice the variance of one; medians forgive outliers."""
    typical = float(np.median(np.abs(left)))
    sigma = typical / 0.6745 / np.sqrt(2)
    floor = {key: float(sigma * factor) for key, factor in RAYLEIGH.items()}
    return {"pairs": len(left), "difference_px": typical, "sigma_px": float(sigma)} | floor


def page(found: dict[str, Any], command: str) -> str:
    """The words and the table."""
    lines = [
        "# How well the labels of mirror_mouse agree with themselves",
        "",
        "Each picture shows the mouse from above and from below on one x axis. The x of a point "
        "in one view is predicted from the other view by one linear fit over all points; the "
        "median of what is left gives the spread of a single label (σ: two labels' variances add "
        "up, a normal distribution is assumed). The last columns are the 2-D errors that a "
        "perfect estimator would be charged with because of that spread alone. Perspective that "
        "the fit misses is counted as spread, so these are upper bounds.",
        "",
        "| point | pairs | difference, median px | σ px | median px | 95 % px |",
        "|---|---|---|---|---|---|",
    ]
    keys = ("difference_px", "sigma_px", "median_px", "p95_px")
    for name, row in found.items():
        lines.append(
            f"| {name} | {row['pairs']} | {' | '.join(f'{row[key]:.2f}' for key in keys)} |"
        )
    return "\n".join([*lines, "", f"Made by `{command}`.", ""])


def main() -> None:
    """Write the page and its twin."""
    command = "python -m tests.evidence.label_noise"
    found = noise()
    document = {"command": command, "labels": found}
    publish(PAGES / "label_noise.json", document, page(found, command))
    sys.stdout.write(page(found, command))


if __name__ == "__main__":
    main()
