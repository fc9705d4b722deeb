"""MATAL's agents: a team that learnt on the labels which batch of frames helps the net most."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import SelectionError
from poseapp.domain.report import Report
from poseapp.domain.skeleton import spoken
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.matal.anatomy import Anatomy
from poseapp.learn.matal.settings import FEWEST_LABELS, Ablation, Policy, Settings
from poseapp.learn.matal.similarity import cosines
from poseapp.learn.select.base import NEEDS_A_NET, Pool, Selector, falling_scores, suggestions
from poseapp.learn.select.spread import neighbours
from poseapp.learn.select.typiclust import groups
from poseapp.learn.select.words import counted

if TYPE_CHECKING:
    from poseapp.learn.matal.representation import Frames, Likeness
    from poseapp.learn.matal.trained import TrainedTeam

ABLATIONS: dict[str, Ablation] = {
    "matal_without_meta": Ablation(meta=False),
    "matal_without_state_appearance": Ablation(state_appearance=False),
    "matal_without_state_body": Ablation(state_body=False),
    "matal_without_state_parts": Ablation(state_parts=False),
    "matal_without_state_budget": Ablation(state_budget=False),
    "matal_without_action_similarity": Ablation(action_similarity=False),
    "matal_without_action_histograms": Ablation(action_histograms=False),
    "matal_without_action_appearance": Ablation(action_appearance=False),
    "matal_without_h": Ablation(policy=Policy.WITHOUT_H),
    "matal_one_agent_batch": Ablation(policy=Policy.ONE_AGENT_BATCH),
    "matal_one_image": Ablation(policy=Policy.ONE_IMAGE),
}
"""The comparisons of the paper's section 4.3, by the names that trials call them."""

STILL_LEARNING = "The agents are still learning from your labels."


@dataclass(frozen=True, slots=True, eq=False)
class Matal(Selector):
    """Picks with a frozen team; without one it says so."""

    settings: Settings = field(default_factory=Settings)
    trained: TrainedTeam | None = None
    budget: int | None = None
    """Labels that there will be in the end; None for twice those the team was trained on."""

    name = "matal"
    about = "Agents that learn on your labels which frames, together, help the net most."
    needs_net = True
    compares_labels = True

    @classmethod
    def load(cls, folder: Path, budget: int | None = None) -> Matal:
        """With the team that was saved in a folder.

        Raises:
            TrainingError: when there is none.
        """
        from poseapp.learn.matal.trained import TrainedTeam

        trained = TrainedTeam.load(folder)
        return cls(trained.settings, trained, budget)

    @property
    def trained_on(self) -> int | None:
        """Labels that the team was trained on; None without a team."""
        return self.trained.trained_on if self.trained else None

    def not_yet(self, pool: Pool) -> str:
        try:
            Anatomy.of(pool.skeleton)
        except SelectionError as why:
            return str(why)
        if len(pool.labelled) < FEWEST_LABELS:
            return f"The agents learn from {FEWEST_LABELS} labels on; there are {_count(pool)}."
        if self.trained is None:
            return STILL_LEARNING
        if self.trained.keypoints != pool.skeleton.names:
            return "The skeleton was changed, so the agents have to learn again."
        if self.trained.representation.looks.mean.shape != pool.features.shape[1:]:
            return "Frames are described otherwise than when the agents learnt."
        if pool.predicted is None or pool.labelled_predicted is None:
            return NEEDS_A_NET
        if pool.labelled_points is None or not np.isfinite(pool.labelled_points).any():
            return "None of the labels has a keypoint to compare poses with."
        return ""

    def pick(self, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
        if self.trained is None:
            raise SelectionError(STILL_LEARNING)
        from poseapp.learn.matal.episode import pick

        report.progress(0.0, "Comparing poses with the labels")
        frames = _frames(pool, self._spent(len(pool.labelled), self.trained.trained_on))
        trained = self.trained
        seen, likeness = trained.representation.observe(frames, trained.settings.ablation)
        report.progress(0.5, "Asking the agents")
        offered, near = _offered(pool, budget, trained.settings)
        offer = replace(seen, actions=seen.actions[offered])
        rows = offered[pick(trained.team, offer, budget, near=near).rows[0].numpy()].tolist()
        parts = [part.name for part in trained.representation.anatomy.parts]
        reasons = [
            (
                novelty(likeness, row, parts, len(pool.labelled)),
                representative(likeness, row),
                teamwork(likeness, rows[: turn + 1], len(trained.team.agents)),
            )
            for turn, row in enumerate(rows)
        ]
        return suggestions(pool, rows, falling_scores(len(rows)), reasons, self.name)

    def _spent(self, labels: int, trained_on: int) -> float:
        """Share of the labels to come that were given, as in an episode from 0 to 1."""
        coming = trained_on if self.budget is None else self.budget - trained_on
        return float(np.clip((labels - trained_on) / max(coming, 1), 0, 1))


def ablated(name: str) -> Matal:
    """MATAL without one of its parts; it learns like the whole and picks under its own name."""
    kind = type(name, (Matal,), {"__slots__": (), "name": name})
    return kind(Settings(ablation=ABLATIONS[name]))


def _offered(
    pool: Pool, budget: int, settings: Settings
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Rows that agents choose from, and which of these are so alike that one is enough."""
    wanted = min(settings.groups_a_pick * budget, len(pool))
    found = groups(pool, wanted) if wanted else []
    number = np.repeat(np.arange(len(found)), [len(group) for group in found])
    if len(number) < budget:
        return np.arange(len(pool)), neighbours(pool, budget)
    return np.concatenate(found), number[:, None] == number


def _count(pool: Pool) -> str:
    return counted(len(pool.labelled), "labelled frame") if pool.labelled else "none"


def _frames(pool: Pool, spent: float) -> Frames:
    from poseapp.learn.matal.representation import Frames, doubts

    if pool.labelled_predicted is None or pool.labelled_points is None:
        raise SelectionError(NEEDS_A_NET)
    beliefs = pool.beliefs()
    return Frames(
        pool.features,
        beliefs.points,
        pool.labelled_features,
        pool.labelled_predicted.points,
        pool.labelled_points,
        spent,
        doubts(beliefs.scores, beliefs.second_ratio),
    )


def novelty(likeness: Likeness, row: int, parts: list[str], labels: int) -> Reason:
    """Which part of the body is posed unlike the labels; its value is the share it surpasses."""
    near = likeness.to_labels[:, : len(parts)]
    newer = (near > near[row]).mean(axis=0)
    known = likeness.seen[row, : len(parts)] > 0
    first = 1 if len(parts) > 1 and known[1:].any() else 0
    part = first + int(np.where(known, newer, -1.0)[first:].argmax())
    share, cosine = float(newer[part]), near[row, part]
    name = spoken(parts[part])
    if not known.any():
        return Reason("novelty", "The net does not find the body here.", 0.0)
    alike = f"its nearest of {counted(labels, 'label')} is {cosine:.2f} alike, 1 being the same"
    if share < _UNUSUAL:
        return Reason("novelty", f"A pose like those labelled. Of the {name}, {alike}.", share)
    newer_than = f"Newer than in {100 * share:.0f} % of the frames"
    text = f"New pose of the {name}. {newer_than}: {alike}."
    return Reason("novelty", text, share)


_UNUSUAL = 0.5
"""Shares below this are not called new."""


def representative(likeness: Likeness, row: int) -> Reason:
    """How many of the other frames hold the body alike: the last fifth of the histogram."""
    shares = likeness.to_others[row, 0]
    share = float(shares[-max(1, len(shares) // 5) :].sum())
    text = f"Its pose resembles {100 * share:.0f} % of the frames that are left."
    return Reason("representative", text, min(share, 1.0))


def teamwork(likeness: Likeness, rows: list[int], agents: int) -> Reason:
    """Whose pick the last of these rows is, and how it differs from those before it."""
    turn = len(rows) - 1
    who = f"Agent {1 + turn % agents} of {agents}"
    if not turn:
        return Reason("team", f"{who} picks first.", 1.0)
    poses: NDArray[np.float64] = likeness.body[rows]
    alike = float(cosines(poses[-1:], poses[:-1]).max())
    before = counted(turn, "frame")
    text = f"{who}, told of the {before} before it; the nearest of these is {alike:.2f} alike."
    return Reason("team", text, float(np.clip(1 - alike, 0, 1)))
