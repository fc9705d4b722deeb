"""Tracks: who is who through time. Every verb is one edit."""

from __future__ import annotations

from collections.abc import Mapping

from poseapp.app.commands import (
    AddTrack,
    Batch,
    Command,
    RemoveTrack,
    RenameTrack,
    SetTrack,
    SetTracks,
)
from poseapp.app.history import History
from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import FrameRef, InstanceId, TrackId
from poseapp.domain.labels import Track
from poseapp.store.project import Project


class Tracks:
    """Names individuals and says which bodies they are; names are never used twice."""

    def __init__(self, history: History, project: Project) -> None:
        self._history = history
        self._project = project

    def all(self) -> tuple[Track, ...]:
        """In the order in which they were named."""
        return self._project.labels.tracks()

    def add(self, name: str) -> TrackId:
        """Name an individual.

        Raises:
            PoseAppError: when there is no name, or another track has it.
        """
        inverse = self._history.do(AddTrack(self._free(name)))
        assert isinstance(inverse, RemoveTrack)
        return inverse.track

    def add_for(self, instance: InstanceId, name: str) -> TrackId:
        """Name the individual that a body is."""
        new = TrackId(max((track.id for track in self.all()), default=0) + 1)
        commands = (AddTrack(self._free(name), new), SetTrack(instance, new))
        self._history.do(Batch(f"Made a body {name.strip()}", commands))
        return new

    def rename(self, track: TrackId, name: str) -> None:
        """Give an individual another name.

        Raises:
            PoseAppError: when there is no name, or another track has it.
        """
        if name.strip() != self._name(track):
            self._history.do(RenameTrack(track, self._free(name)))

    def assign(self, instance: InstanceId, track: TrackId | None) -> None:
        """Say which individual a body is; another body of the frame that was it trades with it."""
        before = self._project.labels.get(instance)
        others = (other for other in self._project.labels.at(before.frame) if other.track == track)
        trades = tuple(
            SetTrack(other.id, before.track)
            for other in others
            if track is not None and other.id is not None and other.id != instance
        )
        change = SetTrack(instance, track)
        self._history.do(Batch(change.text, (*trades, change)))

    def trade(self, frame: FrameRef) -> None:
        """Let the two bodies of a frame trade who they are.

        Raises:
            PoseAppError: when there are not two labels, or neither has a track.
        """
        labels = self._project.labels.at(frame)
        if len(labels) != 2:
            raise PoseAppError("Trading takes two labelled bodies on the frame. Choose a track.")
        (one, first), (other, second) = ((label.id, label.track) for label in labels)
        if first == second or one is None or other is None:
            raise PoseAppError("Neither body has a track to trade. Give one of them a track first.")
        commands = (SetTrack(one, second), SetTrack(other, first))
        self._history.do(Batch("Traded tracks", commands))

    def delete(self, track: TrackId) -> None:
        """Forget an individual; its bodies stay, without a track."""
        text = f"Deleted the track {self._name(track)}"
        bodies = self._project.labels.of_track(track)
        self._history.do(Batch(text, (*_to(bodies, None), RemoveTrack(track))))

    def merge(self, track: TrackId, into: TrackId) -> None:
        """Let everything that is one individual be another, and forget the first.

        Raises:
            PoseAppError: when both are on one frame, so that they are two.
        """
        name, other = self._name(track), self._name(into)
        if both := self._project.labels.frames_of_both(track, into):
            where = f"frame {both[0].frame:,}" + (
                f" and {len(both) - 1:,} more" if both[1:] else ""
            )
            raise PoseAppError(
                f"{name} and {other} are both on {where}, so they are two. Change who is who "
                "there first."
            )
        bodies = self._project.labels.of_track(track)
        commands = (*_to(bodies, into), RemoveTrack(track))
        self._history.do(Batch(f"Merged {name} into {other}", commands))

    def counts(self) -> Mapping[TrackId, int]:
        """How many labels each individual has; reads all labels."""
        return self._project.labels.count_by_track()

    def _free(self, name: str) -> str:
        wanted = name.strip()
        if not wanted:
            raise PoseAppError("A track needs a name. Type one.")
        if any(track.name == wanted for track in self.all()):
            raise PoseAppError(
                f"There is a track {wanted} already. Choose another name, or merge the two."
            )
        return wanted

    def _name(self, track: TrackId) -> str:
        return next((t.name for t in self.all() if t.id == track), "")


def _to(bodies: tuple[InstanceId, ...], track: TrackId | None) -> tuple[Command, ...]:
    return (SetTracks(bodies, track),) if bodies else ()
