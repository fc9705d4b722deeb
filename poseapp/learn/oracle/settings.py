"""The settings of a trial; light enough to be read where no net is loaded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many frames are labelled when: the same for every selector."""

    rounds: int = 6
    batch: int = 10
    """Frames a round."""
    initial: int = 10
    """Frames that are labelled by chance before the first round."""

    @property
    def total(self) -> int:
        return self.initial + self.rounds * self.batch


@dataclass(frozen=True, slots=True)
class Sight:
    """How frames are looked at."""

    long_side: int = 192
    """Of a whole frame's input, in pixels."""
    crop_side: int = 128
    """Of a crop's input, where bodies are small or several."""
    copies: int = 3
    """Changed copies of each frame that may be learnt from, beside the frame as it is."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How every head is trained, whatever the number of labels."""

    steps: int = 150
    batch: int = 8
    lr: float = 0.02
    average: float = 0.97
    """How much of the running average of weights a step keeps."""
