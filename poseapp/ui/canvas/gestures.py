"""What a mouse press on the canvas may become, until it is let go."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QPointF

from poseapp.ui.canvas.poses import Pose

DRAG_STARTS = 3.0
"""px that the mouse must move before a press is a drag."""
GRAB_RADIUS = 10.0
"""px around a keypoint in which a press takes it."""
BODY_REACH = 6.0
"""px around a bone in which a press means the body."""


@dataclass(slots=True)
class KeypointDrag:
    """A keypoint is held."""

    pose: Pose
    keypoint: int


@dataclass(slots=True)
class BodyDrag:
    """A whole body is held, with Alt."""

    pose: Pose


@dataclass(slots=True)
class BodyPress:
    """A bone was pressed: its body will be chosen."""

    pose: Pose


@dataclass(slots=True)
class Placing:
    """The next keypoint will be placed where the mouse is let go."""

    keypoint: int


@dataclass(slots=True)
class Panning:
    """Nothing was hit: the picture is pushed about."""


Hold = KeypointDrag | BodyDrag | BodyPress | Placing | Panning


@dataclass(slots=True)
class Press:
    """A mouse button is down, here, on this; `moving` once it is a drag."""

    start: QPointF
    """Viewport px."""
    start_scene: QPointF
    hold: Hold
    moving: bool = False
    last: QPointF = field(init=False)
    """Where the mouse was when the drag was followed last."""

    def __post_init__(self) -> None:
        self.last = self.start

    def follow(self, at: QPointF) -> bool:
        """Whether the press is a drag by now."""
        if not self.moving:
            away = at - self.start
            self.moving = away.x() ** 2 + away.y() ** 2 >= DRAG_STARTS**2
        return self.moving
