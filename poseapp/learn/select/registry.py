"""All selectors by name, and the one door through which frames are picked."""

from __future__ import annotations

from poseapp.domain.errors import SelectionError
from poseapp.domain.report import Report
from poseapp.domain.suggestion import Suggestion
from poseapp.learn.select.badge import Badge
from poseapp.learn.select.base import Pool, Selector
from poseapp.learn.select.doubtful_groups import DoubtfulGroups
from poseapp.learn.select.dropout_kcentre import DropoutKCentre
from poseapp.learn.select.entropy import Entropy
from poseapp.learn.select.expected_gradient import ExpectedGradient
from poseapp.learn.select.frame_agent import FrameAgent
from poseapp.learn.select.graph import CoreGraph, UncertainGraph
from poseapp.learn.select.kcentre import KCentre
from poseapp.learn.select.kmeans import KMeans
from poseapp.learn.select.learning_loss import LearningLoss, LearningLossPlus
from poseapp.learn.select.least_confidence import LeastConfidence
from poseapp.learn.select.matal import ABLATIONS, Matal, ablated
from poseapp.learn.select.multi_peak import MultiPeak
from poseapp.learn.select.random_frames import Random
from poseapp.learn.select.temporal_jump import TemporalJump
from poseapp.learn.select.thinning import thinned
from poseapp.learn.select.typiclust import TypiClust
from poseapp.learn.select.uniform import Uniform
from poseapp.learn.select.video_specific import VideoSpecific

SELECTORS: dict[str, Selector] = {
    selector.name: selector
    for selector in (
        TypiClust(),
        KCentre(),
        KMeans(),
        LeastConfidence(),
        Entropy(),
        DoubtfulGroups(),
        TemporalJump(),
        LearningLoss(),
        LearningLossPlus(),
        DropoutKCentre(),
        ExpectedGradient(),
        MultiPeak(),
        UncertainGraph(),
        CoreGraph(),
        Badge(),
        VideoSpecific(),
        Matal(),
        FrameAgent(),
        Uniform(),
        Random(),
    )
}

NOTHING_LEFT = "No frame is left to pick: all are labelled or were suggested before. Add a video."

USUAL = SELECTORS["doubtful_groups"]
"""Asked where nobody chose another: over all packs no rule is better (docs/evidence/matal.md)."""
WITHOUT_A_NET = SELECTORS["typiclust"]
"""Takes its place before the first net."""


def selector_called(name: str) -> Selector:
    """The selector of this name.

    Raises:
        SelectionError: when there is none; the message lists those there are.
    """
    if name not in SELECTORS:
        names = ", ".join(sorted(SELECTORS))
        raise SelectionError(f"There is no selector {name!r}. There are: {names}.")
    return SELECTORS[name]


def for_trials(name: str) -> Selector:
    """As `selector_called`, or MATAL lacking something, which only trials train.

    Raises:
        SelectionError: when there is none; the message lists those there are.
    """
    return ablated(name) if name in ABLATIONS else selector_called(name)


def stand_in(has_net: bool) -> Selector:
    """Who picks where the selector that was asked for cannot yet."""
    return USUAL if has_net else WITHOUT_A_NET


def propose(selector: Selector, pool: Pool, budget: int, report: Report) -> list[Suggestion]:
    """The frames to label next: near-duplicates thinned, and a stand-in where one is needed.

    Gives fewer than `budget` when fewer different frames are left; `report.note` says so.

    Raises:
        SelectionError: when no frame can be picked.
    """
    if budget < 1:
        raise SelectionError("Ask for one frame or more.")
    if not len(pool):
        raise SelectionError(NOTHING_LEFT)
    pool = thinned(pool)
    if not len(pool):
        raise SelectionError("Every frame that is left looks like a labelled one. Add a video.")
    if why := selector.not_yet(pool):
        substitute = stand_in(has_net=pool.predicted is not None)
        if selector is not USUAL:  # which nobody has to have asked for
            report.note(f"{why} Until then frames are picked by {substitute.name}.")
        selector = substitute
    if len(pool) < budget:
        report.note(f"Only {len(pool)} different frames are left.")
    return selector.pick(pool, budget, report)
