"""The probe: asks a net's insides what selectors want to know, batch by batch."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.learn.select.aspects import MEASURES, Look, Reference, confidence, loss
from poseapp.learn.select.probed import OF_CANDIDATES, OF_LABELS, Aspect, Probed
from poseapp.nets.heads import Head


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """B bodies as a net's trunk sees them, in the order of frames."""

    maps: Sequence[Tensor]
    frames: NDArray[np.intp]
    """(B,) the row of each body's frame."""
    previous: NDArray[np.intp] | None = None
    """(B,) which body it was just before, counted over all glances; -1 where that is unknown."""
    labelled: NDArray[np.float64] | None = None
    """(B, K, 2) input pixels where a person put the keypoints, NaN where absent."""
    poses: NDArray[np.float64] | None = None
    """(B, K, 2) the same in pixels of the picture."""


def probe(
    head: Head,
    aspects: Collection[Aspect],
    labelled: Iterable[Glance],
    labelled_frames: int,
    candidates: Iterable[Glance],
    candidate_frames: int,
    skill: float,
) -> Probed:
    """What a selector asks of these frames; the labelled ones are looked at first.

    Args:
        head: of the net.
        aspects: that are asked.
        labelled: bodies with what a person said of them.
        labelled_frames: rows for them.
        candidates: bodies as the net finds them.
        candidate_frames: rows for them.
        skill: as in `Probed`.
    """
    against = {Aspect.EMBEDDING, Aspect.HEATMAPS} if Aspect.EXPECTED_GRADIENT in aspects else set()
    taught = _Probe(head, {*aspects, *against} - OF_CANDIDATES)
    told = taught.see_all(labelled, labelled_frames)
    reference = Reference.of(told, head) if against else None
    told = {aspect: rows for aspect, rows in told.items() if aspect in aspects}
    asked = _Probe(head, set(aspects) - OF_LABELS, reference)
    return Probed(asked.see_all(candidates, candidate_frames), told, skill)


class _Probe:
    """Sees glance after glance, then tells all aspects of all frames."""

    def __init__(
        self, head: Head, aspects: Collection[Aspect], reference: Reference | None = None
    ) -> None:
        self._head = head.eval()
        self._aspects = aspects
        self._reference = reference
        self._measured: dict[Aspect, list[NDArray]] = {aspect: [] for aspect in aspects}
        self._frames: list[NDArray[np.intp]] = []
        self._confidence: list[NDArray[np.float32]] = []
        self._changes = _Changes()

    def see_all(self, glances: Iterable[Glance], frames: int) -> dict[Aspect, NDArray]:
        """Every aspect with one row a frame, NaN where no body was seen."""
        for glance in glances:
            self._see(glance)
        return self._told(frames)

    def _see(self, glance: Glance) -> None:
        with torch.inference_mode():
            look = Look.at(self._head, glance.maps)
            for aspect in self._aspects:
                if aspect is not Aspect.CONTINUITY:
                    self._measured[aspect].append(self._measure(aspect, look, glance))
            if Aspect.CONTINUITY in self._aspects and glance.previous is not None:
                self._changes.see(look.heatmaps, glance.previous)
            self._frames.append(glance.frames)
            self._confidence.append(confidence(look.heatmaps).mean(dim=1).cpu().numpy())

    def _measure(self, aspect: Aspect, look: Look, glance: Glance) -> NDArray:
        if aspect is Aspect.POSE and glance.poses is not None:
            return glance.poses
        if aspect is Aspect.LOSS and glance.labelled is not None:
            return loss(look, glance.labelled).cpu().numpy()
        if aspect is Aspect.EXPECTED_GRADIENT and self._reference is not None:
            return self._reference.gradients(look).numpy()
        return MEASURES[aspect](look).cpu().numpy()

    def _told(self, frames: int) -> dict[Aspect, NDArray]:
        if not self._frames:
            return {aspect: np.full((frames, 1), np.nan) for aspect in self._aspects}
        doubted = self._doubted(frames)
        seen = doubted >= 0
        told: dict[Aspect, NDArray] = {}
        for aspect in self._aspects:
            rows = (
                self._changes.continuity()
                if aspect is Aspect.CONTINUITY
                else np.concatenate(self._measured[aspect])
            )
            told[aspect] = np.full((frames, *rows.shape[1:]), np.nan, rows.dtype)
            told[aspect][seen] = rows[doubted[seen]]
        return told

    def _doubted(self, frames: int) -> NDArray[np.intp]:
        """(frames,) the number of the body the net believes the least, -1 where it saw none."""
        of, sure = np.concatenate(self._frames), np.concatenate(self._confidence)
        doubted = np.full(frames, -1)
        for body in np.argsort(-sure, kind="stable"):
            doubted[of[body]] = body
        return doubted


class _Changes:
    """How much each body's heatmaps change from one frame to the next."""

    def __init__(self) -> None:
        self._change: list[float] = []
        self._next: dict[int, int] = {}
        self._recent: deque[tuple[int, Tensor]] = deque(maxlen=256)

    def see(self, heatmaps: Tensor, previous: NDArray[np.intp]) -> None:
        for before, now in zip(previous, heatmaps, strict=True):
            number = len(self._change)
            earlier = next((m for n, m in reversed(self._recent) if n == before), None)
            if earlier is None:
                self._change.append(np.nan)
            else:
                self._change.append(float((now - earlier).abs().sum()) / len(now))
                self._next[int(before)] = number
            self._recent.append((number, now))

    def continuity(self) -> NDArray[np.float64]:
        """(M,) change to the frame before plus that to the one after; twice the one that is known.

        Taketsugu and Ukita, "Active transfer learning for efficient video-specific human pose
        estimation", 2024: temporal heatmap continuity.
        """
        before = np.array(self._change)
        after = np.full(len(before), np.nan)
        for number, following in self._next.items():
            after[number] = before[following]
        both = before + after
        one = 2 * np.where(np.isnan(before), after, before)
        return np.where(np.isnan(both), one, both)
