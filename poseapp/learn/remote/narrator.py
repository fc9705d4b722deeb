"""What is told of a game while it is played: every pick, and how far the estimator got."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from poseapp.domain.report import Report
from poseapp.learn.augment import NONE
from poseapp.learn.remote.board import Board, Followed
from poseapp.learn.remote.pairing import Rows, minibatch
from poseapp.learn.remote.shown import Picked, Reconstructions
from poseapp.learn.remote.studio import Studio
from poseapp.learn.train.pose_task import measure


class Narrator:
    """Tells numbers of each pick; where the game is followed, pictures and measures too."""

    def __init__(self, board: Board, studio: Studio, followed: Followed | None) -> None:
        self._board, self._studio, self._followed = board, studio, followed

    def picked(self, pair: Rows, earned: float) -> Picked:
        """The pick of rows in words of frames."""
        number, anchor, partner = pair
        clip = self._board.clips[number]
        return Picked(clip.ref(anchor), clip.ref(partner), earned)

    def tell(
        self,
        report: Report,
        log: list[tuple[int, int, int, float]],
        best: float,
        terms: dict[str, float],
    ) -> None:
        """The newest pick of the log, with the losses of its steps."""
        *pair, earned = log[-1]
        number, anchor, partner = pair
        picked = self.picked((number, anchor, partner), earned)
        values: dict[str, float] = {
            "pick": len(log),
            "reward": picked.reward,
            "best_pck": best,
            "video": picked.labelled.video,
            "frame": picked.labelled.frame,
            "offset": picked.offset,
            **{f"loss_{name}": value for name, value in terms.items()},
        }
        if self._followed is not None:
            values["step"] = self._steps(self._followed, len(log))
            if "truth" in terms:  # of the labelled frames and, with a transformer, of drawn ones
                values["loss"] = terms["truth"] / (1 + self._studio.settings.transformer)
            report.send(self._redrawn((number, anchor, partner), len(log) - 1, picked))
        report.metrics(**values)

    def measure(self, report: Report, picks: int) -> None:
        """What the average makes of held-out frames."""
        if self._followed is None or not self._followed.held:
            return
        with torch.no_grad():
            found = measure(self._studio.average, self._followed.held, self._board.teaching)
        told = {name: value for name, value in found.items() if name != "score"}
        report.metrics(step=self._steps(self._followed, picks), **told)

    def _steps(self, followed: Followed, picks: int) -> int:
        return followed.first_step + self._studio.settings.minibatches * picks

    def _redrawn(self, pair: Rows, number: int, picked: Picked) -> Reconstructions:
        plain = replace(self._board.teaching, augmentation=NONE)
        chance = np.random.default_rng(0)
        pairs, _ = minibatch(self._board.clips, [pair], plain, chance, self._studio.device)
        pictures = (picture[0] for picture in self._studio.redrawn(pairs))
        return Reconstructions(number, picked, *pictures)
