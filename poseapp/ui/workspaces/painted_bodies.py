"""Shows what is being edited: on the canvas, in the list of bodies and in that of keypoints."""

from __future__ import annotations

from poseapp.domain.pose import Origin, Visibility
from poseapp.domain.skeleton import Skeleton, titled
from poseapp.ui.canvas.canvas import Canvas
from poseapp.ui.canvas.markers import State, state_of
from poseapp.ui.panels.side_panel import SidePanel
from poseapp.ui.tables.keypoint_list import keypoint_mark
from poseapp.ui.tables.rows import Row
from poseapp.ui.workspaces.editing import Body, Editing
from poseapp.ui.workspaces.label import LabelWorkspace

LOW_CONFIDENCE = 0.3
_GESTURES = {
    "Placing": ("Click the points in order", "V: hidden or absent", "Backspace: one back"),
    "Correcting": ("Drag a point", "Shift: loupe", "Alt: whole body"),
    "Reviewing": ("Enter accepts", "Drag a point to correct it", "Shift: loupe"),
    "Looking": ("Look, play and export; edits are off",),
}
_MADE = {
    Origin.PERSON: "label · you",
    Origin.CORRECTED: "label · you",
    Origin.ACCEPTED: "label · accepted",
    Origin.IMPORTED: "label · imported",
}


def draw_bodies(canvas: Canvas, editing: Editing) -> None:
    """Draw the bodies of the frame, the current one marked."""
    current = editing.current
    owner = None
    if current is not None:
        label = editing.current_label
        owner = label if label is not None else current.instance
    canvas.show_instances(
        editing.labels,
        editing.predictions,
        owner,
        editing.keypoint,
        editing.moved,
        [body.title for body in editing.bodies],
    )


def show_bodies(view: LabelWorkspace, editing: Editing, skeleton: Skeleton, empty: str) -> None:
    """Draw the bodies of the frame everywhere; `empty` is what to say when there are none."""
    draw_bodies(view.canvas, editing)
    rows = [
        Row(body.who, body.title, right=made_by(body), number=str(n + 1))
        for n, body in enumerate(editing.bodies)
    ]
    view.side.bodies.show_bodies(rows, editing.who, empty)
    show_keypoints(view.side, editing, skeleton)
    mode = "Looking" if view.canvas.read_only else mode_of(editing)
    view.context.show_mode(mode, _GESTURES[mode])


def show_keypoints(side: SidePanel, editing: Editing, skeleton: Skeleton) -> None:
    """List the keypoints of the current body."""
    current = editing.current
    rows = [_keypoint(editing, current, skeleton, k) for k in range(len(skeleton))]
    side.keypoints.show_keypoints(rows, editing.keypoint, current.title if current else "")


def mode_of(editing: Editing) -> str:
    """Placing, Correcting or Reviewing."""
    if editing.placing:
        return "Placing"
    return "Correcting" if editing.current_label is not None else "Reviewing"


def made_by(body: Body) -> str:
    """Where a body comes from, in two words, or how much of it is placed."""
    if not body.is_label:
        score = body.instance.score
        return "prediction" if score is None else f"prediction · {score:.2f}"
    placed = int(body.instance.present.sum())
    total = len(body.instance.visibility)
    if body.instance.origin is Origin.PERSON and placed < total:
        return f"{placed} of {total} placed"
    return _MADE.get(body.instance.origin, "label")


def _keypoint(editing: Editing, body: Body | None, skeleton: Skeleton, k: int) -> Row:
    name = titled(skeleton.names[k])
    if body is None:
        state, right = State.ABSENT, ""
    else:
        state = state_of(body.instance, k, is_label=body.is_label, low_confidence=LOW_CONFIDENCE)
        right = _said(editing, body, k)
    tone = "text3"
    if k == editing.keypoint and editing.placing:
        right, tone = "next", "accent"
    return Row(k, name, right=right, mark=keypoint_mark(skeleton.side(k), state), tone=tone)


def _said(editing: Editing, body: Body, k: int) -> str:
    if body.is_label and k in editing.moved and body.who == editing.who:
        return "moved"
    visibility = body.instance.visibility[k]
    if visibility == Visibility.OCCLUDED:
        return "hidden"
    scores = body.instance.scores
    if scores is None or visibility == Visibility.ABSENT:
        return ""
    score = float(scores[k])
    return f"{score:.2f}".removeprefix("0")
