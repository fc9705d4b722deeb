"""The judge: what the estimator is worth on the frames that are kept apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from poseapp.learn.batches import Sample
from poseapp.learn.remote.board import Board
from poseapp.learn.remote.measuring import Shown, estimate, thinned
from poseapp.learn.remote.reward import PAPERS_THRESHOLD, THRESHOLDS, mean_pck
from poseapp.learn.remote.settings import Partners, Settings
from poseapp.learn.remote.state import SHARES, Numbers, performance
from poseapp.nets.pose_net import PoseNet


class Judge:
    """D_r, by which picks are rewarded, and D_s, by which an agent is told where it stands."""

    def __init__(self, board: Board, settings: Settings) -> None:
        def shown(samples: Sequence[Sample]) -> Shown | None:
            return Shown.of(thinned(samples, settings.measured)) if samples else None

        told = settings.partners is Partners.AGENT
        self._state = shown(board.state) if told else None
        self._reward = shown(board.reward)
        self._thresholds = PAPERS_THRESHOLD if settings.as_printed.one_threshold else THRESHOLDS
        keypoints = len(board.clips[0].samples[0].points)
        self.performance: Numbers = np.zeros((len(SHARES) + 1) * keypoints, np.float32)
        """B when it measured last; zeros where no agent asks."""

    @property
    def rewards(self) -> bool:
        """Whether there is anything to reward by."""
        return self._reward is not None

    def measure(self, net: PoseNet) -> float:
        """PCK on D_r, 0 where there is none, and B on D_s for the states to come."""
        net.eval()
        if self._state is not None:
            seen = estimate(net, self._state)
            self.performance = performance(seen.points, self._state.truth, seen.scores)
        if self._reward is None:
            return 0.0
        found = estimate(net, self._reward)
        return mean_pck(found.points, self._reward.truth, self._thresholds)
