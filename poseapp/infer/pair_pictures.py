"""What a net of pictures is shown of a film: flow or colours in the boxes of a person."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.domain.errors import VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.infer.reading import FrameReader, Picture
from poseapp.nets.motion_hmr.architecture import Architecture
from poseapp.nets.motion_hmr.clips import Clips
from poseapp.nets.motion_hmr.pictures import flow_channels, flow_crops, rgb_channels, rgb_crops


class PairPictures:
    """Windows of a film as pictures of their pairs, the `pictures` of `infer.mesh.recover`.

    Pairs beyond the end of a window are black; a damaged frame is shown as the one before it.
    """

    def __init__(self, reader: FrameReader, video: VideoId, architecture: Architecture) -> None:
        self._reader = reader
        self._video = video
        self._side = architecture.side_px
        self._flow = architecture.picture == "flow"
        self._read: dict[int, Picture] = {}
        """Frames of the window before, of which the next one has half."""

    def __call__(self, windows: NDArray[np.int64], clips: Clips) -> Tensor:
        """(B, T) frame numbers, -1 for none, and their clips → (B, T - 1, 3, S, S).

        Raises:
            VideoUnreadableError: when nothing of a window can be read.
        """
        shape = (*np.shape(clips.following)[:2], 3, self._side, self._side)
        drawn = np.zeros(shape, np.float32)
        for n, window in enumerate(windows):
            pictures = self._pictures(window[window >= 0])
            if len(pictures) > 1:
                middle, side = clips.middle[n].numpy(), float(clips.side[n])
                drawn[n, : len(pictures) - 1] = self._drawn(pictures, middle, side)
        return torch.from_numpy(drawn)

    def _drawn(
        self, pictures: list[Picture], middle: NDArray[np.floating], side: float
    ) -> NDArray[np.float32]:
        if self._flow:
            return flow_channels(flow_crops(pictures, middle, side, self._side))
        return rgb_channels(rgb_crops(pictures, middle, side, self._side))

    def _pictures(self, frames: NDArray[np.int64]) -> list[Picture]:
        """Of these frames in their order."""
        numbers = frames.tolist()
        known = {n: picture for n in numbers if (picture := self._read.get(n)) is not None}
        refs = [FrameRef(self._video, n) for n in numbers if n not in known]
        problems: list[VideoUnreadableError] = []
        for ref, picture in self._reader.read_many(refs, lambda _, why: problems.append(why)):
            known[ref.frame] = self._kept(picture)
        self._read = known
        if not known:
            raise problems[0]
        shown, last = [], known[min(known)]
        for n in numbers:
            last = known.get(n, last)
            shown.append(last)
        return shown

    def _kept(self, picture: Picture) -> Picture:
        """Flow is found in grey, a third of what is kept between windows."""
        if not self._flow:
            return picture
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
