"""The settings of MATAL; light enough to be read where no net is loaded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

FEWEST_LABELS = 40
"""Fewer cannot be split into frames to learn from, to pick from and to be measured on."""


TEAM_FILE = "team.safetensors"
"""Holds trained agents, in their run's folder."""


class Policy(StrEnum):
    """How a batch comes about (section 4.3)."""

    TEAM = "team"
    """Agents one after the other, each told the mean of the actions before it."""
    WITHOUT_H = "team without h"
    """Agents one after the other, told nothing of each other."""
    ONE_AGENT_BATCH = "one agent, whole batch"
    """The frames that one agent values most."""
    ONE_IMAGE = "one agent, one image"
    """One agent picks one frame, then the net learns."""


@dataclass(frozen=True, slots=True)
class Ablation:
    """What may be left out to see what it is worth (section 4.3, tables 1 and 2)."""

    state_appearance: bool = True
    state_body: bool = True
    state_parts: bool = True
    state_budget: bool = True
    action_similarity: bool = True
    action_histograms: bool = True
    action_appearance: bool = True
    policy: Policy = Policy.TEAM
    meta: bool = True
    """Start from an initialisation that was learnt on other data."""


@dataclass(frozen=True, slots=True)
class Describing:
    """How frames are described to the agents."""

    bins: int = 10
    appearance: int = 128
    """Numbers that a frame's look is projected to."""
    orientation: bool = False
    """Whether a turned body is a new pose."""
    quantile_bins: bool = True
    """Bins that pairs of labelled poses fill evenly, not 10 equal ones over -1..1 (the paper's)."""
    balanced: bool = True
    """Cosines by their digits and against the other frames', kinds of equal weight; else raw."""
    wider: bool = True
    """How unlike the labels a frame looks, and two doubts of the estimator, beside its pose."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a team is made and trained; [P] marks what the paper states."""

    agents: int = 4
    """The paper has 4 (ICVL) or 40."""
    steps: int | None = 4
    """Rounds of an episode; None for as long as frames are left, as in the paper."""
    episodes: int = 40
    """From first weights by chance; from meta-learnt ones half as many do."""
    repartition: bool = True
    """Split the labels anew for every episode; the paper splits them once."""
    mask_taken: bool = True
    """No agent may pick what another one did; the paper does not say."""
    groups_a_pick: int = 1
    """Frames are picked out of so many groups for each pick, which look alike and hold no label,
    large ones first, and at most one of each; 0 to pick any frame, as in the paper."""
    compared_with: int = 2
    """Random picks that a round's gain is compared with; 0 for the gain itself, as in the paper."""
    full_updates: bool = False
    """Teach the estimator itself within an episode, as the paper does, not a quicker one."""
    updates: int = 20
    """TD steps after an episode."""
    batch: int = 16
    lr: float = 1e-3
    """The paper has 1e-4, for many more episodes."""
    discount: float = 0.9
    """[P]"""
    target_every: int = 20
    """TD steps after which the target net follows."""
    memory: int = 600
    """Rounds that are remembered."""
    first_chance: float = 0.9
    """Chance of an agent to pick at random in the first round of a training."""
    last_chance: float = 0.05
    chance_fades: float = 30.0
    """Rounds in which that chance falls to about a third."""
    describing: Describing = field(default_factory=Describing)
    ablation: Ablation = field(default_factory=Ablation)

    def adapting(self) -> Settings:
        """For a team with meta-learnt weights: half as long, fewer guesses, smaller steps."""
        return replace(
            self,
            episodes=self.episodes // 2,
            first_chance=self.first_chance / 3,
            lr=0.3 * self.lr,
        )


def due(labels: int, trained_on: int | None) -> bool:
    """Whether the team should be trained (again): at 40 labels, then each time they doubled."""
    if labels < FEWEST_LABELS:
        return False
    return trained_on is None or labels >= 2 * trained_on
