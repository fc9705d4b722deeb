"""A film of the swinging figure, as a reader and as labels."""

from __future__ import annotations

from pathlib import Path

from poseapp.domain.ids import FrameRef, TrackId, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.report import SilentReport
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import Video
from poseapp.learn.train.plan import Plan
from tests.learn.remote.figures import SIDE, picture, pose

SKELETON = Skeleton("arm", tuple(Keypoint(n) for n in ("shoulder", "elbow", "left_wrist")))
PLAN = Plan((SIDE, SIDE), (SIDE, SIDE), None, 1)


class Swinging(SilentReport):
    """Films 1, 2, … of one length; `cut` is the first frame of a second, darker shot."""

    def __init__(self, frames=40, videos=1, cut=None, speed=0.15):
        self.frames, self.videos, self.cut, self.speed = frames, videos, cut, speed

    def points(self, ref):
        return pose(self.speed * ref.frame + ref.video)

    def read_many(self, refs):
        for ref in refs:
            shown = picture(self.points(ref))
            late = self.cut is not None and ref.frame >= self.cut
            yield ref, (255 - shown if late else shown)

    def labels(self, frames, tracks=None, empty=()):
        """Labels of these frames of every film; `tracks` gives each its track."""
        videos = tuple(
            Video(VideoId(v), Path(f"/films/{v}.mp4"), SIDE, SIDE, self.frames, 25.0)
            for v in range(1, self.videos + 1)
        )
        refs = [FrameRef(video.id, n) for video in videos for n in frames]
        instances = tuple(
            Instance(
                ref,
                self.points(ref),
                visibility_of(self.points(ref)),
                track=None if tracks is None else TrackId(tracks),
            )
            for ref in refs
        )
        nobody = frozenset(FrameRef(video.id, n) for video in videos for n in empty)
        return LabelSet(SKELETON, videos, instances, empty_frames=nobody)
