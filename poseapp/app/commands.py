"""Commands: each edit as a frozen value that knows how to do itself and what turns it round.

They are stored in the project's journal, so a class or field that was released keeps its name.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from math import nan

from poseapp.app.changes import Changes
from poseapp.app.posing import (
    Position,
    corrected,
    middle_of_neighbours,
    once_placed,
    with_keypoint,
)
from poseapp.domain.ids import FrameRef, InstanceId, SuggestionId, TrackId, VideoId
from poseapp.domain.mesh import BodyPose, MeshTrackId
from poseapp.domain.pose import Instance, Origin, Visibility
from poseapp.domain.skeleton import Skeleton
from poseapp.domain.suggestion import Answer, Suggestion
from poseapp.domain.video import Video
from poseapp.store.codec import Tagged
from poseapp.store.project import Project

Done = tuple[Changes, "Command"]
"""What an edit touched, and the command that turns it round."""


class Command(Tagged):
    """One edit."""

    text: str
    """What was done, as the undo button says it: "Moved left ear"."""

    @abstractmethod
    def apply(self, project: Project) -> Done:
        """Do it; call it inside `project.atomic`."""


@dataclass(frozen=True)
class AddInstance(Command):
    """Store an instance; its number is kept when it has one."""

    instance: Instance
    text: str = "Added a body"

    def apply(self, project: Project) -> Done:
        number = project.labels.insert(self.instance)
        return _frame(self.instance), DeleteInstance(number, self.text)


@dataclass(frozen=True)
class DeleteInstance(Command):
    """Take an instance out."""

    instance: InstanceId
    text: str = "Deleted a body"

    def apply(self, project: Project) -> Done:
        before = project.labels.delete(self.instance)
        return _frame(before), AddInstance(before, self.text)


@dataclass(frozen=True)
class ReplaceInstance(Command):
    """Put an instance in place of the one with its number."""

    instance: Instance
    text: str = "Changed a body"

    def apply(self, project: Project) -> Done:
        before = project.labels.replace(self.instance)
        return _frame(before) | _frame(self.instance), replace(self, instance=before)


@dataclass(frozen=True)
class SetKeypoint(Command):
    """Put a keypoint into this very state."""

    instance: InstanceId
    keypoint: int
    position: Position | None
    visibility: Visibility
    origin: Origin
    """Of the whole instance."""
    text: str = "Changed a keypoint"

    def apply(self, project: Project) -> Done:
        before = project.labels.get(self.instance)
        k = self.keypoint
        after = with_keypoint(before, k, self.position or (nan, nan), self.visibility)
        project.labels.replace(replace(after, origin=self.origin))
        seen = Visibility(before.visibility[k])
        x, y = before.points[k].tolist()
        position = (x, y) if seen else None
        return _frame(before), replace(
            self, position=position, visibility=seen, origin=before.origin
        )


@dataclass(frozen=True)
class MoveKeypoint(Command):
    """Put a keypoint somewhere; one that was absent becomes visible."""

    instance: InstanceId
    keypoint: int
    to: Position
    text: str = "Moved a keypoint"

    def apply(self, project: Project) -> Done:
        before = project.labels.get(self.instance)
        return SetKeypoint(
            self.instance,
            self.keypoint,
            self.to,
            once_placed(before, self.keypoint),
            corrected(before.origin),
            self.text,
        ).apply(project)


@dataclass(frozen=True)
class SetVisibility(Command):
    """Say whether a keypoint can be seen; one that was absent comes back where it last was."""

    instance: InstanceId
    keypoint: int
    visibility: Visibility
    text: str = "Changed a visibility"

    def apply(self, project: Project) -> Done:
        before = project.labels.get(self.instance)
        position = (
            project.labels.last_position(self.instance, self.keypoint)
            or middle_of_neighbours(before, self.keypoint, project.skeleton)
            or project.videos.get(before.frame.video).middle
        )
        return SetKeypoint(
            self.instance,
            self.keypoint,
            position if self.visibility else None,
            self.visibility,
            corrected(before.origin),
            self.text,
        ).apply(project)


@dataclass(frozen=True)
class SetTrack(Command):
    """Say which individual an instance is."""

    instance: InstanceId
    track: TrackId | None
    text: str = "Changed a track"

    def apply(self, project: Project) -> Done:
        before = project.labels.get(self.instance)
        project.labels.replace(replace(before, track=self.track))
        return _frame(before), replace(self, track=before.track)


@dataclass(frozen=True)
class SetTracks(Command):
    """Say which individual these instances are, which all were one other, or none."""

    instances: tuple[InstanceId, ...]
    track: TrackId | None
    text: str = "Changed tracks"

    def apply(self, project: Project) -> Done:
        before = project.labels.get(self.instances[0]).track
        frames = project.labels.set_track(self.instances, self.track)
        return Changes(frames), replace(self, track=before)


@dataclass(frozen=True)
class MarkEmpty(Command):
    """Say that a frame shows nobody, or take that back."""

    frame: FrameRef
    empty: bool = True
    text: str = "Marked a frame as empty"

    def apply(self, project: Project) -> Done:
        before = project.labels.mark_empty(self.frame, self.empty)
        return Changes(frozenset({self.frame})), replace(self, empty=before)


@dataclass(frozen=True)
class ChangeSkeleton(Command):
    """Replace the skeleton; keypoints that keep their number or name keep their positions."""

    skeleton: Skeleton
    text: str = "Changed the skeleton"

    def apply(self, project: Project) -> Done:
        before = project.skeleton
        project.write_skeleton(self.skeleton)
        return Changes(skeleton=True), replace(self, skeleton=before)


@dataclass(frozen=True)
class AddTrack(Command):
    """Name an individual."""

    name: str
    track: TrackId | None = None
    text: str = "Added a track"

    def apply(self, project: Project) -> Done:
        number = project.labels.add_track(self.name, self.track)
        return Changes(tracks=True), RemoveTrack(number, self.text)


@dataclass(frozen=True)
class RemoveTrack(Command):
    """Forget an individual that no instance has."""

    track: TrackId
    text: str = "Removed a track"

    def apply(self, project: Project) -> Done:
        name = project.labels.remove_track(self.track)
        return Changes(tracks=True), AddTrack(name, self.track, self.text)


@dataclass(frozen=True)
class RenameTrack(Command):
    """Give an individual another name."""

    track: TrackId
    name: str
    text: str = "Renamed a track"

    def apply(self, project: Project) -> Done:
        before = project.labels.rename_track(self.track, self.name)
        return Changes(tracks=True), replace(self, name=before)


@dataclass(frozen=True)
class AddVideo(Command):
    """Bring a new video into the project."""

    video: Video
    text: str = "Added a video"

    def apply(self, project: Project) -> Done:
        number = project.videos.add(self.video)
        return Changes(videos=True), RemoveVideo(number, self.text)


@dataclass(frozen=True)
class RemoveVideo(Command):
    """Take a video out with all that belongs to it."""

    video: VideoId
    text: str = "Removed a video"

    def apply(self, project: Project) -> Done:
        project.videos.remove(self.video)
        return Changes(videos=True, suggestions=True), RestoreVideo(self.video, self.text)


@dataclass(frozen=True)
class RestoreVideo(Command):
    """Bring a removed video back with all that belonged to it."""

    video: VideoId
    text: str = "Brought a video back"

    def apply(self, project: Project) -> Done:
        project.videos.restore(self.video)
        return Changes(videos=True, suggestions=True), RemoveVideo(self.video, self.text)


@dataclass(frozen=True)
class RelinkVideo(Command):
    """Say where a video is now."""

    video: VideoId
    found: Video
    text: str = "Found a video again"

    def apply(self, project: Project) -> Done:
        before = project.videos.get(self.video)
        project.videos.relink(self.video, self.found)
        return Changes(videos=True), replace(self, found=before)


@dataclass(frozen=True)
class AddSuggestions(Command):
    """Append to the queue."""

    suggestions: tuple[Suggestion, ...]
    text: str = "Suggested frames"

    def apply(self, project: Project) -> Done:
        numbers = project.suggestions.add(self.suggestions)
        return Changes(suggestions=True), RemoveSuggestions(numbers, self.text)


@dataclass(frozen=True)
class RemoveSuggestions(Command):
    """Take suggestions back."""

    suggestions: tuple[SuggestionId, ...]
    text: str = "Took suggestions back"

    def apply(self, project: Project) -> Done:
        removed = project.suggestions.remove(self.suggestions)
        return Changes(suggestions=True), AddSuggestions(removed, self.text)


@dataclass(frozen=True)
class AnswerSuggestion(Command):
    """Note what was done with a suggestion."""

    suggestion: SuggestionId
    answer: Answer
    text: str = "Answered a suggestion"

    def apply(self, project: Project) -> Done:
        before = project.suggestions.answer(self.suggestion, self.answer)
        return Changes(suggestions=True), replace(self, answer=before)


@dataclass(frozen=True)
class SetBodyPose(Command):
    """Lay a pose over what a mesh run recovered for a frame, or take it away."""

    track: MeshTrackId
    frame: int
    pose: BodyPose | None
    text: str = "Fitted the mesh of a frame again"

    def apply(self, project: Project) -> Done:
        before = project.meshes.set_refit(self.track, self.frame, self.pose)
        video = project.meshes.get(self.track).video
        return Changes(meshes=frozenset({video})), replace(self, pose=before)


@dataclass(frozen=True)
class Batch(Command):
    """Several edits that a person sees as one."""

    text: str
    commands: tuple[Command, ...]

    def apply(self, project: Project) -> Done:
        done = [command.apply(project) for command in self.commands]
        inverses = tuple(inverse for _, inverse in reversed(done))
        return Changes.merged(changes for changes, _ in done), Batch(self.text, inverses)


def _frame(instance: Instance) -> Changes:
    return Changes(frozenset({instance.frame}))
