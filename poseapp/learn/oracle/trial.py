"""A trial: one selector asks the simulated annotator, round by round, and a net learns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from poseapp.domain.errors import SelectionError
from poseapp.domain.ids import FrameRef
from poseapp.domain.report import Report
from poseapp.domain.suggestion import Suggestion
from poseapp.learn.oracle.annotator import Annotator
from poseapp.learn.oracle.beliefs import beliefs, insides, skill
from poseapp.learn.oracle.estimator import Estimator
from poseapp.learn.oracle.rehearsal import prepared
from poseapp.learn.oracle.scores import Scores, score
from poseapp.learn.oracle.settings import Schedule
from poseapp.learn.select.base import Pool, Predicted, Selector
from poseapp.learn.select.probed import Probed
from poseapp.learn.select.registry import propose


@dataclass(frozen=True, slots=True)
class Turn:
    """How good the net was with so many labels, and what was asked for next."""

    labels: int
    scores: Scores
    picked: tuple[Suggestion, ...]


def run(
    selector: Selector,
    annotator: Annotator,
    estimator: Estimator,
    schedule: Schedule,
    seed: int,
    report: Report,
) -> list[Turn]:
    """The course of one selector with one seed.

    First labels and first weights depend on the seed alone, so that selectors can be compared
    pair by pair.

    Raises:
        SelectionError: when the pool is too small for the schedule.
    """
    if schedule.total > len(annotator.pool):
        raise SelectionError(
            f"{schedule.total} frames are to be labelled, but only {len(annotator.pool)} are "
            "there to ask for. Choose fewer rounds, smaller batches, or label more frames."
        )
    labelled = _first_labels(annotator, schedule, seed)
    truth = annotator.bodies(annotator.held_out)
    turns: list[Turn] = []
    skilled = 0.0
    for turn in range(schedule.rounds + 1):
        report.progress(turn / (schedule.rounds + 1), f"{len(labelled)} labels")
        net = estimator.fit(labelled, seed)
        scores = score(net.guess(annotator.held_out).points, truth, annotator.labels.skeleton)
        picked: list[Suggestion] = []
        if turn < schedule.rounds:
            selector = prepared(selector, annotator, estimator, labelled, seed, report)
            predicted = beliefs(annotator, net) if selector.needs_net else None
            probed = (
                insides(annotator, net, labelled, selector.asks, skilled) if selector.asks else None
            )
            pool = _pool(annotator, estimator, labelled, predicted, probed, 1000 * seed + turn + 1)
            picked = propose(selector, pool, schedule.batch, report)
            if len(picked) < schedule.batch:
                raise SelectionError(
                    f"After {len(labelled)} labels only {len(picked)} frames that look different "
                    "are left. Choose fewer rounds or smaller batches."
                )
            if selector.asks:
                skilled = skill(annotator, net, sorted(s.frame for s in picked))
        turns.append(Turn(len(labelled), scores, tuple(picked)))
        labelled = sorted([*labelled, *(suggestion.frame for suggestion in picked)])
    return turns


def _first_labels(annotator: Annotator, schedule: Schedule, seed: int) -> list[FrameRef]:
    chance = np.random.default_rng(seed)
    rows = chance.choice(len(annotator.pool), schedule.initial, replace=False)
    return sorted(annotator.pool[row] for row in rows)


def _pool(
    annotator: Annotator,
    estimator: Estimator,
    labelled: list[FrameRef],
    predicted: Predicted | None,
    probed: Probed | None,
    seed: int,
) -> Pool:
    known = set(labelled)
    rows = np.array([n for n, ref in enumerate(annotator.pool) if ref not in known])
    candidates = tuple(annotator.pool[row] for row in rows)
    return Pool(
        annotator.labels.skeleton,
        candidates,
        estimator.features(candidates),
        np.ones(len(candidates), np.int64),
        tuple(labelled),
        estimator.features(labelled),
        seed,
        predicted.rows(rows) if predicted else None,
        probed.rows(rows) if probed else None,
        predicted.rows(np.setdiff1d(np.arange(len(annotator.pool)), rows)) if predicted else None,
        annotator.bodies(labelled),
    )
