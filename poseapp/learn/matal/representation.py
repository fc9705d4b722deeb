"""From frames to what agents see: state and actions, by measures frozen for a training phase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from poseapp.learn.matal import kcs
from poseapp.learn.matal.anatomy import SPACES, Anatomy
from poseapp.learn.matal.environment import Observation
from poseapp.learn.matal.looks import Looks
from poseapp.learn.matal.mmd import median_distance, mmd, thinned
from poseapp.learn.matal.settings import Ablation, Describing
from poseapp.learn.matal.similarity import even_edges, histograms, nearest, quantile_edges

Floats = NDArray[np.float64]

STATE = 2 + SPACES
"""Numbers of a state: discrepancies of looks and of poses, and the budget."""

DOUBTS = 2
"""Numbers that tell how unsure the estimator is of a frame."""


def width_of_actions(describing: Describing) -> int:
    """Numbers of an action."""
    wider = 1 + DOUBTS if describing.wider else 0
    return SPACES + SPACES * describing.bins + describing.appearance + wider


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """U unlabelled and L labelled frames, as a pose estimator sees them now."""

    looks: NDArray
    """(U, D) pooled features."""
    poses: NDArray
    """(U, K, 2) estimated, pixels."""
    labelled_looks: NDArray
    """(L, D)"""
    labelled_poses: NDArray
    """(L, K, 2) estimated too: the state compares like with like."""
    truth: NDArray
    """(B, K, 2) the labels themselves, of all bodies: novelty is measured against these."""
    spent: float
    """Share of the budget, 0..1."""
    doubts: NDArray | None = None
    """(U, `DOUBTS`) of each frame, the larger the less sure; None where nothing is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """How U frames resemble the labels and each other, by space."""

    to_labels: Floats
    """(U, 7) greatest cosines, s in the paper."""
    to_others: Floats
    """(U, 7, bins) histograms of cosines, d in the paper."""
    seen: Floats
    """(U, 7) share of the space's values that are not imputed."""
    body: Floats
    """(U, D) products of the whole body, filled where they are missing."""


@dataclass(frozen=True, slots=True, eq=False)
class Representation:
    """Kernel widths, bin edges and the projection of looks, fixed on the labels of D_init."""

    anatomy: Anatomy
    describing: Describing
    looks: Looks
    look_width: float
    widths: Floats
    """(7,) of the kernels, by space."""
    edges: Floats
    """(7, bins - 1) of the histograms, by space."""

    @classmethod
    def of(
        cls, anatomy: Anatomy, describing: Describing, truth: NDArray, looks: NDArray
    ) -> Representation:
        """Fix all measures on (B, K, 2) labelled poses and (N, D) looks of labelled frames."""
        spaces = kcs.spaces(truth, anatomy, orientation=describing.orientation)
        filled = [kcs.imputed(space, kcs.mean_of(space)) for space in spaces]
        by_quantile = [quantile_edges(space, describing.bins) for space in filled]
        even = [even_edges(describing.bins)] * SPACES
        projected = Looks.of(looks, describing.appearance)
        return cls(
            anatomy,
            describing,
            projected,
            median_distance(projected(looks)),
            np.array([median_distance(space) for space in filled]),
            np.array(by_quantile if describing.quantile_bins else even),
        )

    def observe(self, frames: Frames, ablation: Ablation) -> tuple[Observation, Likeness]:
        """The state and an action for each unlabelled frame (section 3.1)."""
        orientation = self.describing.orientation
        truth = kcs.spaces(frames.truth, self.anatomy, orientation=orientation)
        means = [kcs.mean_of(space) for space in truth]
        raw = kcs.spaces(frames.poses, self.anatomy, orientation=orientation)
        poses = [kcs.imputed(*pair) for pair in zip(raw, means, strict=True)]
        labelled = kcs.spaces(frames.labelled_poses, self.anatomy, orientation=orientation)
        known = [kcs.imputed(*pair) for pair in zip(truth, means, strict=True)]
        estimated = [kcs.imputed(*pair) for pair in zip(labelled, means, strict=True)]
        likeness = Likeness(
            np.stack([nearest(*pair) for pair in zip(poses, known, strict=True)], axis=1),
            np.stack([histograms(p, p, e) for p, e in zip(poses, self.edges, strict=True)], axis=1),
            np.stack([kcs.seen(space) for space in raw], axis=1),
            poses[0],
        )
        looks = self.looks(frames.looks)
        state = self._state(looks, self.looks(frames.labelled_looks), poses, estimated)
        state = np.array([*state, frames.spent]) * _state_mask(ablation)
        actions = self._actions(likeness, looks, ablation)
        if self.describing.wider:
            wider = self._wider(looks, self.looks(frames.labelled_looks), frames.doubts)
            actions = np.concatenate([actions, wider], axis=1)
        return Observation(state.astype(np.float32), actions.astype(np.float32)), likeness

    def _state(
        self, looks: Floats, labelled_looks: Floats, poses: list[Floats], labelled: list[Floats]
    ) -> list[float]:
        apart = mmd(thinned(labelled_looks), thinned(looks), self.look_width)
        by_space = [
            mmd(thinned(p), thinned(q), width)
            for p, q, width in zip(labelled, poses, self.widths, strict=True)
        ]
        return [apart, *by_space]

    def _actions(self, likeness: Likeness, looks: Floats, ablation: Ablation) -> Floats:
        """(U, 7 + 7 bins + appearance) as in the paper."""
        near, shares = likeness.to_labels, likeness.to_others
        if self.describing.balanced:
            near, shares = among_others(digits(near)), _balanced(shares)
            looks = looks * _weight(looks.shape[1])
        return np.concatenate(
            [
                near * ablation.action_similarity,
                shares.reshape(len(shares), -1) * ablation.action_histograms,
                looks * ablation.action_appearance,
            ],
            axis=1,
        )

    def _wider(self, looks: Floats, labelled: Floats, doubts: NDArray | None) -> Floats:
        """(U, 1 + `DOUBTS`) distance to the nearest label's look, and the doubts."""
        rows = len(looks)
        unlike = cdist(looks, labelled).min(axis=1) if len(labelled) else np.zeros(rows)
        unsure = np.zeros((rows, DOUBTS)) if doubts is None else np.nan_to_num(doubts)
        return among_others(np.column_stack([unlike, unsure]))


def doubts(scores: NDArray, second_ratio: NDArray) -> Floats:
    """(N, `DOUBTS`) how little the estimator trusts its keypoints, and how high second peaks are.

    Both (N, K), as in `select.base.Predicted`.
    """
    return np.column_stack([1 - scores.mean(axis=1), second_ratio.mean(axis=1)])


def among_others(columns: Floats) -> Floats:
    """Each column about its mean in units of its spread, within ±3; 0 where all are alike.

    So a number means the same in any project: how a frame stands out from those that are left.
    """
    spread = columns.std(axis=0)
    about = columns - columns.mean(axis=0)
    return np.divide(about, spread, out=np.zeros_like(about), where=spread > _ALIKE).clip(-3, 3)


_ALIKE = 1e-9


def digits(cosine: Floats) -> Floats:
    """-1 for a cosine of 0, -0.5 for 0.9, 0 for 0.99, … 1 for 1: where cosines of poses differ."""
    return -1 - np.log10(1 - cosine.clip(0, 1) + 1e-4) / 2


def _balanced(shares: Floats) -> Floats:
    """Histograms around 0, all seven together about as long as seven numbers of size 1."""
    bins = shares.shape[2]
    return (shares * bins - 1) / np.sqrt(bins)


def _weight(numbers: int) -> float:
    """So that these numbers of size 1 weigh as much as seven."""
    return float(np.sqrt(SPACES / numbers))


def _state_mask(ablation: Ablation) -> Floats:
    parts = [ablation.state_parts] * (SPACES - 1)
    told = [ablation.state_appearance, ablation.state_body, *parts, ablation.state_budget]
    return np.array(told, np.float64)
