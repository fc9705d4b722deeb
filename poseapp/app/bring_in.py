"""BringIn: everything that an import adds, as one edit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from poseapp.app.changes import Changes
from poseapp.app.commands import (
    AddInstance,
    AddSuggestions,
    AddTrack,
    AddVideo,
    Batch,
    ChangeSkeleton,
    Command,
    Done,
    MarkEmpty,
    RelinkVideo,
    RemoveTrack,
    RemoveVideo,
)
from poseapp.domain.ids import FrameRef, TrackId, VideoId
from poseapp.domain.labels import Track
from poseapp.domain.pose import Instance
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.run import Run
from poseapp.domain.skeleton import Skeleton
from poseapp.domain.suggestion import Suggestion
from poseapp.domain.video import Video
from poseapp.store.project import Project


@dataclass(frozen=True)
class BringIn(Command):
    """Add all that a plan holds; numbers below 0 stand for videos and tracks still to be made.

    The journal keeps its inverse, which names what was made, and never itself.
    """

    text: str = "Imported labels"
    skeleton: Skeleton | None = None
    linked: tuple[Video, ...] = ()
    videos: tuple[Video, ...] = ()
    tracks: tuple[Track, ...] = ()
    instances: tuple[Instance, ...] = ()
    empty: tuple[FrameRef, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    predictions: tuple[PredictionSet, ...] = ()
    runs: tuple[Run, ...] = ()

    def apply(self, project: Project) -> Done:
        doing = _Doing(project)
        if self.skeleton is not None:
            doing.do(ChangeSkeleton(self.skeleton))
        for video in self.linked:
            doing.do(RelinkVideo(video.id, video))
        for video in self.videos:
            doing.add_video(video)
        for track in self.tracks:
            doing.add_track(track)
        for instance in self.instances:
            doing.do(AddInstance(doing.numbered(instance)))
        for ref in self.empty:
            doing.do(MarkEmpty(doing.here(ref)))
        if self.suggestions:
            here = (replace(s, frame=doing.here(s.frame)) for s in self.suggestions)
            doing.do(AddSuggestions(tuple(here)))
        changes, inverses = doing.finished()
        return changes | self._predict(project, doing), Batch(self.text, inverses)

    def _predict(self, project: Project, doing: _Doing) -> Changes:
        """Predictions are no edit: like all of them, they stay until their run is dropped."""
        for run in self.runs:
            project.runs.add(run)
        videos = []
        for found in self.predictions:
            video = doing.here(FrameRef(found.video, 0)).video
            project.predictions.write(replace(found, video=video))
            project.predictions.complete(found.run, video)
            videos.append(video)
        return Changes(runs=bool(self.runs), predictions=frozenset(videos))


class _Doing:
    """Commands done one after the other, and the numbers of what they made."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._done: list[Done] = []
        self._videos: dict[VideoId, VideoId] = {}
        self._tracks: dict[TrackId, TrackId] = {}

    def do(self, command: Command) -> Command:
        self._done.append(command.apply(self._project))
        return self._done[-1][1]

    def add_video(self, video: Video) -> None:
        inverse = self.do(AddVideo(video))
        assert isinstance(inverse, RemoveVideo)
        self._videos[video.id] = inverse.video

    def add_track(self, track: Track) -> None:
        inverse = self.do(AddTrack(track.name))
        assert isinstance(inverse, RemoveTrack)
        self._tracks[track.id] = inverse.track

    def here(self, ref: FrameRef) -> FrameRef:
        return FrameRef(self._videos.get(ref.video, ref.video), ref.frame)

    def numbered(self, instance: Instance) -> Instance:
        track = instance.track
        if track is not None:
            track = self._tracks.get(track, track)
        return replace(instance, frame=self.here(instance.frame), track=track)

    def finished(self) -> tuple[Changes, tuple[Command, ...]]:
        """All that changed, and what turns it round."""
        inverses = tuple(inverse for _, inverse in reversed(self._done))
        return Changes.merged(changes for changes, _ in self._done), inverses
