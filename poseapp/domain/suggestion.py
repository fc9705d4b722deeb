"""Suggestion: a frame that a selector picked, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from poseapp.domain.ids import FrameRef, SuggestionId


class Answer(StrEnum):
    """What the person did with a suggestion."""

    OPEN = "open"
    ACCEPTED = "accepted"
    FIXED = "fixed"
    SKIPPED = "skipped"
    """Comes back after the rest of the queue."""
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a frame was picked, in words and as a number.

    `kind` names the measure ("uncertainty", "novelty", "stands_for", "jump", …), `text` is a
    sentence for the card and `value` is in 0..1 for its bar.
    """

    kind: str
    text: str
    value: float
    keypoint: str | None = None
    """The keypoint the canvas should show, where the reason is about one."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One picked frame. `score` orders the queue, highest first, within a round."""

    frame: FrameRef
    score: float
    reasons: tuple[Reason, ...]
    selector: str
    round: int = 0
    answer: Answer = Answer.OPEN
    id: SuggestionId | None = None
