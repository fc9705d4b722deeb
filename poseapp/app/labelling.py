"""Labelling: what a person does to the bodies on a frame, each verb one edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import nan
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from poseapp.app.commands import (
    AddInstance,
    Batch,
    Command,
    DeleteInstance,
    MarkEmpty,
    MoveKeypoint,
    ReplaceInstance,
    SetVisibility,
)
from poseapp.app.history import History
from poseapp.app.posing import (
    Position,
    average_pose,
    circle,
    corrected,
    middle_of_neighbours,
    not_labelled,
    once_placed,
    with_keypoint,
    with_sides_swapped,
)
from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import FrameRef, InstanceId
from poseapp.domain.pose import Instance, Origin, Visibility, visibility_of
from poseapp.domain.video import Video
from poseapp.store.project import Project

Start = Literal["average", "copy previous", "template"]
"""How a new body is posed before it is corrected."""

Owner = InstanceId | Instance
"""A label by its number, or a prediction, which an edit makes a label in the same step."""

_NEXT_VISIBILITY = {
    Visibility.VISIBLE: Visibility.OCCLUDED,
    Visibility.OCCLUDED: Visibility.ABSENT,
    Visibility.ABSENT: Visibility.VISIBLE,
}
_VISIBILITY_TEXT = {
    Visibility.VISIBLE: "Showed {}",
    Visibility.OCCLUDED: "Hid {}",
    Visibility.ABSENT: "Took {} away",
}
_AVERAGE_OF = 50
_ASIDE = 12.0
"""Pixels right and down at which a body is pasted onto its own frame."""


@dataclass(frozen=True, slots=True)
class FrameView:
    """What a frame shows: its labels, and the predictions that no label stands for."""

    labels: tuple[Instance, ...]
    predictions: tuple[Instance, ...]
    empty: bool = False
    """A person said that nobody is on the frame."""


class Labelling:
    """Every verb returns when its edit is on the disk, and can be undone."""

    def __init__(self, history: History, project: Project) -> None:
        self._history = history
        self._project = project
        self._copied: tuple[Instance, ...] = ()

    def view(self, frame: FrameRef) -> FrameView:
        """The labels and the remaining predictions of a frame; cheap."""
        labels = self._project.labels.at(frame)
        predictions = self._project.predictions.at(frame)
        if labels and predictions and self._about_one_body(predictions[0]):
            predictions = ()  # it meant the labelled body, however far off
        empty = not labels and self._project.labels.is_empty(frame)
        return FrameView(labels, not_labelled(labels, predictions), empty)

    def place_keypoint(
        self, frame: FrameRef, instance: InstanceId | None, keypoint: int, at: Position
    ) -> InstanceId:
        """Put a keypoint of an instance, or the first one of a new instance, somewhere."""
        if instance is not None:
            self.move_keypoint(instance, keypoint, at)
            return instance
        count = len(self._project.skeleton)
        nobody = Instance(frame, np.full((count, 2), np.nan), np.zeros(count, np.uint8))
        first = with_keypoint(nobody, keypoint, at, Visibility.VISIBLE)
        return self._add(first, f"Placed {self._name(keypoint)}")

    def move_keypoint(self, instance: InstanceId, keypoint: int, to: Position) -> None:
        """Put a keypoint somewhere else; one that was absent becomes visible."""
        self._history.do(MoveKeypoint(instance, keypoint, to, f"Moved {self._name(keypoint)}"))

    def set_visibility(self, owner: Owner, keypoint: int, visibility: Visibility) -> InstanceId:
        """Say whether a keypoint can be seen; one that was absent comes back where it was."""
        text = _VISIBILITY_TEXT[visibility].format(self._name(keypoint))
        if isinstance(owner, Instance):
            return self._add(self._seen(_taken_over(owner), keypoint, visibility), text)
        self._history.do(SetVisibility(owner, keypoint, visibility, text))
        return owner

    def cycle_visibility(self, owner: Owner, keypoint: int) -> InstanceId:
        """Visible, occluded, absent, and visible again."""
        now = Visibility(self._instance(owner).visibility[keypoint])
        return self.set_visibility(owner, keypoint, _NEXT_VISIBILITY[now])

    def move_instance(self, owner: Owner, dx: float, dy: float) -> InstanceId:
        """Shift all keypoints of an instance."""
        before = self._instance(owner)
        points, origin = before.points + np.array((dx, dy)), corrected(before.origin)
        return self._change(owner, replace(before, points=points, origin=origin), "Moved a body")

    def touch(
        self, prediction: Instance, keypoint: int | None = None, to: Position | None = None
    ) -> InstanceId:
        """Make a prediction a label, a keypoint of it moved; it remembers its run."""
        label = _taken_over(prediction)
        if keypoint is None or to is None:
            return self._add(label, "Took over a prediction")
        moved = with_keypoint(label, keypoint, to, once_placed(label, keypoint))
        return self._add(moved, f"Corrected {self._name(keypoint)}")

    def accept(self, prediction: Instance) -> InstanceId:
        """Make a prediction a label as it stands; it remembers its run."""
        return _made(self._history.do(acceptance(prediction)))[0]

    def accept_all(self, frame: FrameRef) -> tuple[InstanceId, ...]:
        """Make labels of all predictions of a frame that no label stands for."""
        accepted = tuple(acceptance(prediction) for prediction in self.view(frame).predictions)
        return self._all("Accepted all predictions", accepted)

    def add_instance(
        self, frame: FrameRef, how: Start = "average", at: Position | None = None
    ) -> InstanceId:
        """Add a body to be corrected, centred at `at` if given.

        Raises:
            PoseAppError: when there is no earlier label to copy.
        """
        if how == "copy previous":
            points, visibility = self._previous(frame)
        else:
            points = self._average(frame) if how == "average" else None
            if points is None:
                points = self._template(frame)
            visibility = visibility_of(points)
        if at is not None:
            points = points - np.nanmean(points, axis=0) + at
        return self._add(Instance(frame, points, visibility), "Added a body")

    def delete_instance(self, instance: InstanceId) -> None:
        """Take a body out."""
        self._history.do(DeleteInstance(instance))

    def copy(self, instances: Sequence[InstanceId]) -> None:
        """Keep bodies for `paste`."""
        self._copied = tuple(self._project.labels.get(instance) for instance in instances)

    def paste(self, frame: FrameRef) -> tuple[InstanceId, ...]:
        """Put the copied bodies on a frame; on their own frame a little aside."""
        taken = {label.track for label in self._project.labels.at(frame)}
        commands = tuple(
            AddInstance(
                Instance(
                    frame,
                    copied.points + (_ASIDE if copied.frame == frame else 0.0),
                    copied.visibility,
                    track=None if copied.track in taken else copied.track,
                )
            )
            for copied in self._copied
            if len(copied.points) == len(self._project.skeleton)
        )
        return self._all(
            "Pasted a body" if len(commands) == 1 else f"Pasted {len(commands)} bodies", commands
        )

    def swap_sides(self, owner: Owner) -> InstanceId:
        """Exchange the left and right keypoints of a body."""
        swapped = with_sides_swapped(self._instance(owner), self._project.skeleton)
        return self._change(owner, swapped, "Swapped left and right")

    def mark_empty(self, frame: FrameRef, empty: bool = True) -> None:
        """Say that nobody is on a frame, which takes its labels out, or take that back."""
        if not empty:
            self._history.do(MarkEmpty(frame, False, "Took an empty mark back"))
            return
        labels = self._project.labels.at(frame)
        deletions = tuple(DeleteInstance(label.id) for label in labels if label.id is not None)
        mark = MarkEmpty(frame)
        self._history.do(Batch(mark.text, (*deletions, mark)))

    def _add(self, instance: Instance, text: str) -> InstanceId:
        return _made(self._history.do(AddInstance(instance, text)))[0]

    def _instance(self, owner: Owner) -> Instance:
        return owner if isinstance(owner, Instance) else self._project.labels.get(owner)

    def _change(self, owner: Owner, changed: Instance, text: str) -> InstanceId:
        """Put a changed body in place of a label, or beside the prediction it was made from."""
        if isinstance(owner, Instance):
            return self._add(_taken_over(changed), text)
        self._history.do(ReplaceInstance(changed, text))
        return owner

    def _seen(self, label: Instance, keypoint: int, visibility: Visibility) -> Instance:
        """The label with one keypoint seen so; one that was absent comes amid its neighbours."""
        x, y = label.points[keypoint].tolist()
        if not label.present[keypoint]:
            around = middle_of_neighbours(label, keypoint, self._project.skeleton)
            x, y = around or self._video(label.frame).middle
        position = (x, y) if visibility else (nan, nan)
        return with_keypoint(label, keypoint, position, visibility)

    def _all(self, text: str, commands: tuple[Command, ...]) -> tuple[InstanceId, ...]:
        return _made(self._history.do(Batch(text, commands))) if commands else ()

    def _name(self, keypoint: int) -> str:
        return self._project.skeleton.keypoints[keypoint].name

    def _about_one_body(self, prediction: Instance) -> bool:
        """Whether the run of a prediction never saw two bodies at once."""
        video, run = prediction.frame.video, prediction.run
        return run is not None and self._project.predictions.one_body(run, video)

    def _previous(self, frame: FrameRef) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
        """Pose of the body that stands at the same place in the row on the last labelled frame."""
        before = self._project.labels.nearest_labelled(frame, before=True)
        if before is None:
            raise PoseAppError("No frame before this one is labelled. Add a body without copying.")
        bodies = self._project.labels.at(before)
        body = bodies[min(len(self._project.labels.at(frame)), len(bodies) - 1)]
        return body.points, body.visibility

    def _average(self, frame: FrameRef) -> NDArray[np.float64] | None:
        """Mean pose of the newest labels where those of this video are."""
        newest = [i for i in self._project.labels.newest(_AVERAGE_OF) if i.present.any()]
        if not newest:
            return None
        middles = [np.nanmean(i.points, axis=0) for i in newest if i.frame.video == frame.video]
        middle = np.mean(middles, axis=0) if middles else self._video(frame).middle
        return average_pose(newest) + middle

    def _template(self, frame: FrameRef) -> NDArray[np.float64]:
        """All keypoints on a circle amid the frame."""
        middle = self._video(frame).middle
        return circle(len(self._project.skeleton)) * min(middle) / 3 + middle

    def _video(self, frame: FrameRef) -> Video:
        return self._project.videos.get(frame.video)


def _taken_over(prediction: Instance) -> Instance:
    """A prediction as the label that a person makes of it by changing it."""
    return replace(prediction, origin=Origin.CORRECTED)


def acceptance(prediction: Instance) -> AddInstance:
    """The edit that lets a prediction stand as a label."""
    return AddInstance(replace(prediction, origin=Origin.ACCEPTED), "Accepted a prediction")


def _made(inverse: Command) -> tuple[InstanceId, ...]:
    """The numbers of the instances that a command added, read from its inverse."""
    parts = reversed(inverse.commands) if isinstance(inverse, Batch) else (inverse,)
    return tuple(part.instance for part in parts if isinstance(part, DeleteInstance))
