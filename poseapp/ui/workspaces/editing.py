"""Which body and keypoint are current, and what every gesture on them does to the labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, Signal

from poseapp.app.labelling import Labelling, Owner, Start
from poseapp.domain.ids import FrameRef, InstanceId
from poseapp.domain.pose import Instance, Visibility
from poseapp.domain.skeleton import Skeleton

Who = InstanceId | int
"""A label by its number in the project; a prediction by -1 - its place on the frame."""


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """One body on the frame that is shown."""

    who: Who
    instance: Instance
    is_label: bool
    title: str


class Editing(QObject):
    """Turns gestures into the person's verbs; edits always mean the frame that is shown."""

    changed = Signal()
    """The bodies, the current one or the current keypoint are others now."""
    said = Signal(str)
    """A sentence worth a toast; it can be undone."""

    def __init__(
        self,
        labelling: Labelling,
        skeleton: Callable[[], Skeleton],
        track_names: Callable[[], dict[int, str]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._labelling = labelling
        self._skeleton = skeleton
        self._track_names = track_names
        self.frame: FrameRef | None = None
        self.bodies: tuple[Body, ...] = ()
        self.who: Who | None = None
        self.keypoint = 0
        self._starting = False
        """Whether the next click begins a new body."""
        self._moved: dict[InstanceId, dict[int, tuple[float, float]]] = {}

    # -- what is there -----------------------------------------------------------------------

    @property
    def current(self) -> Body | None:
        return next((body for body in self.bodies if body.who == self.who), None)

    @property
    def current_label(self) -> InstanceId | None:
        """The number of the current body when it is a label."""
        body = self.current
        return body.instance.id if body is not None and body.is_label else None

    @property
    def labels(self) -> tuple[Instance, ...]:
        return tuple(body.instance for body in self.bodies if body.is_label)

    @property
    def predictions(self) -> tuple[Instance, ...]:
        return tuple(body.instance for body in self.bodies if not body.is_label)

    @property
    def moved(self) -> dict[int, tuple[float, float]]:
        """Where those keypoints of the current body were that have been moved since."""
        label = self.current_label
        return self._moved.get(label, {}) if label is not None else {}

    @property
    def placing(self) -> bool:
        """Whether a click puts the current keypoint where it is not yet."""
        body = self.current
        return body is None or not bool(body.instance.present[self.keypoint])

    def show(self, frame: FrameRef) -> None:
        """Work on this frame; its first body is current."""
        self.frame, self.who, self._starting = frame, None, False
        self._read()
        if self.bodies:
            self.who = self.bodies[0].who
        elif self.keypoint:
            self.keypoint = 0
        self.changed.emit()

    def refresh(self) -> None:
        """Read the bodies again after the project changed."""
        if self.frame is None:
            return
        place = next((n for n, body in enumerate(self.bodies) if body.who == self.who), 0)
        before = self.current
        self._read()
        self.keypoint = min(self.keypoint, len(self._skeleton()) - 1)
        self._follow_lost_point(before)
        if self.current is None and not self._starting:
            self.who = self.bodies[min(place, len(self.bodies) - 1)].who if self.bodies else None
        self.changed.emit()

    def leave(self) -> None:
        """No frame is shown."""
        self.frame, self.bodies, self.who = None, (), None
        self.changed.emit()

    # -- choosing ----------------------------------------------------------------------------

    def choose(self, who: Who) -> None:
        self.who, self._starting = who, False
        self.changed.emit()

    def choose_owner(self, owner: Owner, keypoint: int | None = None) -> None:
        """Choose a body as the canvas names it, and one of its keypoints."""
        if body := self._body_of(owner):
            self.keypoint = self.keypoint if keypoint is None else keypoint
            self.choose(body.who)

    def choose_nth(self, n: int) -> None:
        if n < len(self.bodies):
            self.choose(self.bodies[n].who)

    def next_body(self) -> None:
        if self.bodies:
            here = next((n for n, body in enumerate(self.bodies) if body.who == self.who), -1)
            self.choose(self.bodies[(here + 1) % len(self.bodies)].who)

    def choose_keypoint(self, k: int) -> None:
        self.keypoint = k
        self.changed.emit()

    def step_keypoint(self, by: int) -> None:
        self.choose_keypoint((self.keypoint + by) % len(self._skeleton()))

    # -- points ------------------------------------------------------------------------------

    def place(self, k: int, x: float, y: float) -> None:
        """Put a keypoint of the current body, or the first one of a new body, and go on."""
        if self.frame is None:
            return
        body = self.current
        self.keypoint = k
        if body is not None and not body.is_label:
            self.who = self._labelling.touch(body.instance, k, (x, y))
        else:
            self.who = self._labelling.place_keypoint(self.frame, self.current_label, k, (x, y))
        self._starting = False
        self._advance()

    def move(self, who: InstanceId, k: int, x: float, y: float) -> None:
        body = self._body_of(who)
        self.who, self.keypoint = who, k
        self._labelling.move_keypoint(who, k, (x, y))
        self._mark_moved(who, k, body)

    def touch(self, prediction: Instance, k: int, x: float, y: float) -> None:
        """Correct a keypoint of a prediction, which makes it a label."""
        body = self._body_of(prediction)
        self.keypoint = k
        who = self.who = self._labelling.touch(prediction, k, (x, y))
        self._mark_moved(who, k, body)

    def nudge(self, dx: float, dy: float) -> None:
        """Move the current keypoint by parts of a pixel."""
        body = self.current
        if body is None or not body.instance.present[self.keypoint]:
            return
        x, y = body.instance.points[self.keypoint] + np.array([dx, dy])
        if body.is_label and body.instance.id is not None:
            self.move(body.instance.id, self.keypoint, float(x), float(y))
        else:
            self.touch(body.instance, self.keypoint, float(x), float(y))

    def cycle_visibility(self, owner: Owner | None = None, k: int | None = None) -> None:
        """Visible, hidden, absent and round again; without arguments the current keypoint."""
        body = self.current if owner is None else self._body_of(owner)
        if body is None:
            return
        self.keypoint = self.keypoint if k is None else k
        self._work_on(self._labelling.cycle_visibility(_owner(body), self.keypoint))

    def clear_keypoint(self) -> None:
        """Take the current point away; where it is not placed yet, the one before it."""
        body = self.current
        if body is None:
            return
        if not body.instance.present[self.keypoint] and self.keypoint > 0:
            self.keypoint -= 1
        if body.instance.present[self.keypoint]:
            absent = Visibility.ABSENT
            self._work_on(self._labelling.set_visibility(_owner(body), self.keypoint, absent))
        else:
            self.changed.emit()

    # -- bodies ------------------------------------------------------------------------------

    def move_body(self, owner: Owner, dx: float, dy: float) -> None:
        if body := self._body_of(owner):
            self._work_on(self._labelling.move_instance(_owner(body), dx, dy))

    def accept(self, prediction: Instance) -> None:
        """Let a prediction stand as it is."""
        self._work_on(self._labelling.accept(prediction))

    def accept_current(self) -> None:
        body = self.current
        if body is not None and not body.is_label:
            self.accept(body.instance)

    def accept_all(self) -> None:
        if self.frame is not None:
            number = len(self.predictions)
            self._labelling.accept_all(self.frame)
            self.said.emit(
                f"Accepted {number} predictions" if number != 1 else "Accepted 1 prediction"
            )

    def start_body(self) -> None:
        """Let the next click place the first point of a new body."""
        self.who, self.keypoint, self._starting = None, 0, True
        self.changed.emit()

    def add(self, how: Start) -> None:
        """Add a whole body to be corrected."""
        if self.frame is not None:
            self.who = self._labelling.add_instance(self.frame, how)
            self._starting = False
            self.refresh()

    def cancel(self) -> None:
        """Begin no new body after all."""
        if self._starting:
            self.who = self.bodies[0].who if self.bodies else None
            self._starting = False
            self.changed.emit()

    def delete(self) -> None:
        body = self.current
        if body is not None and self.current_label is not None:
            self._labelling.delete_instance(self.current_label)
            self.said.emit(f"Deleted {body.title}")

    def swap_sides(self) -> None:
        body = self.current
        if body is not None:
            self._work_on(self._labelling.swap_sides(_owner(body)))
            self.said.emit(f"Swapped left and right of {body.title}")

    def mark_empty(self) -> None:
        if self.frame is not None:
            self._labelling.mark_empty(self.frame)
            self.said.emit("Marked as a frame with nobody on it")

    # -- inside ------------------------------------------------------------------------------

    def _follow_lost_point(self, before: Body | None) -> None:
        """Go back to the point that was taken away, so that it can be placed again at once."""
        if before is None:
            return
        now = self.current
        if now is None:
            self.keypoint = 0 if not self.bodies else self.keypoint
        elif len(now.instance.present) == len(before.instance.present):
            lost = np.flatnonzero(before.instance.present & ~now.instance.present)
            self.keypoint = int(lost[0]) if lost.size else self.keypoint

    def _work_on(self, who: InstanceId) -> None:
        """Stay with the body of an edit, which may have made a label of a prediction."""
        if who != self.who:
            self.choose(who)

    def _body_of(self, owner: Owner) -> Body | None:
        for body in self.bodies:
            if body.instance is owner or (body.is_label and body.instance.id == owner):
                return body
        return None

    def _mark_moved(self, who: InstanceId, k: int, before: Body | None) -> None:
        """Remember where a keypoint was before it was moved for the first time."""
        places = self._moved.setdefault(who, {})
        if before is not None and k not in places and before.instance.present[k]:
            x, y = before.instance.points[k].tolist()
            places[k] = (x, y)
        self.changed.emit()

    def _advance(self) -> None:
        """Go to the next keypoint that is not placed yet, if there is one."""
        body = self.current
        if body is not None:
            absent = np.flatnonzero(~body.instance.present)
            later = absent[absent > self.keypoint]
            if absent.size:
                self.keypoint = int(later[0] if later.size else absent[0])
        self.changed.emit()

    def _read(self) -> None:
        if self.frame is None:
            return
        view = self._labelling.view(self.frame)
        names = self._track_names()
        noun = noun_of(self._skeleton())
        bodies = []
        for n, label in enumerate(view.labels):
            title = names.get(int(label.track or -1)) or f"{noun} {n + 1}"
            bodies.append(Body(label.id if label.id is not None else n, label, True, title))
        for n, prediction in enumerate(view.predictions):
            title = f"{noun} {len(view.labels) + n + 1}"
            bodies.append(Body(-1 - n, prediction, False, title))
        self.bodies = tuple(bodies)


def _owner(body: Body) -> Owner:
    number = body.instance.id
    return number if body.is_label and number is not None else body.instance


def noun_of(skeleton: Skeleton) -> str:
    """What one body is called: the first word of the skeleton's name."""
    word = skeleton.name.replace("-", "_").replace(" ", "_").split("_")[0]
    return word.capitalize() if word.isalpha() and word.casefold() != "skeleton" else "Body"
