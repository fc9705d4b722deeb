"""Which command of the shortcut table does what in the Label workspace, and what it needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from poseapp.app.session import Session
from poseapp.ui.actions import Actions
from poseapp.ui.workspaces.label_control import LabelControl

_NUDGES = {"up": (0, -1), "left": (-1, 0), "down": (0, 1), "right": (1, 0)}


def connect_label_commands(actions: Actions, label: LabelControl, session: Session) -> None:
    """Connect them all."""
    needs = Needs(label, session)
    _connect_frames(actions, label, needs)
    _connect_queue(actions, label, needs)
    _connect_points(actions, label, needs)
    _connect_bodies(actions, label, needs, session)
    _connect_view(actions, label, needs)


class Needs:
    """What commands may miss, each as one sentence."""

    def __init__(self, label: LabelControl, session: Session) -> None:
        self._label = label
        self._session = session
        self.copied = False

    def writing(self) -> str:
        if self._session.project.read_only:
            return "The project is open for reading only."
        return ""

    def video(self) -> str:
        return "" if self._label.videos.current else "Add a video first."

    def picture(self) -> str:
        return self.writing() or ("" if self._label.editing.frame else "No frame is shown.")

    def body(self) -> str:
        return self.picture() or ("" if self._label.editing.current else "Choose a body first.")

    def label(self) -> str:
        if missing := self.body():
            return missing
        return "" if self._label.editing.current_label is not None else "Choose a label first."

    def point(self) -> str:
        editing = self._label.editing
        if missing := self.body():
            return missing
        body = editing.current
        placed = body is not None and bool(body.instance.present[editing.keypoint])
        return "" if placed else "Choose a point that is placed."

    def prediction(self) -> str:
        if missing := self.picture():
            return missing
        return "" if self._label.editing.predictions else "Nothing is predicted on this frame."

    def suggestion(self) -> str:
        if missing := self.writing():
            return missing
        return "" if self._label.queue.current else "The queue is empty; suggest frames first."

    def answer(self) -> str:
        """Accepting works on a suggestion or on a prediction."""
        return self.suggestion() and self.prediction()

    def pasteable(self) -> str:
        return self.picture() or ("" if self.copied else "Copy a body first.")

    def nth(self, n: int) -> str:
        found = len(self._label.editing.bodies)
        return "" if n < found else f"There are {found} bodies on this frame."


def _connect_frames(actions: Actions, label: LabelControl, needs: Needs) -> None:
    def last() -> None:
        if label.videos.current is not None:
            label.go(label.videos.current.frame_count - 1)

    commands: dict[str, Callable[[], None]] = {
        "next_frame": partial(label.step, 1),
        "previous_frame": partial(label.step, -1),
        "first_frame": partial(label.go, 0),
        "last_frame": last,
        "forward_10": partial(label.step, 10),
        "back_10": partial(label.step, -10),
        "forward_100": partial(label.step, 100),
        "back_100": partial(label.step, -100),
        "play": label.player.toggle,
        "next_label": partial(label.go_to_label, before=False),
        "previous_label": partial(label.go_to_label, before=True),
        "go_to_frame": label.view.transport.ask_for_frame,
        "next_video": partial(label.videos.step, 1),
        "previous_video": partial(label.videos.step, -1),
    }
    for command, handler in commands.items():
        actions.connect_to(command, handler, needs.video)
    actions.connect_to("add_video", label.videos.ask_for_videos, needs.writing)
    actions.connect_to("add_pictures", label.videos.ask_for_pictures, needs.writing)


def _connect_queue(actions: Actions, label: LabelControl, needs: Needs) -> None:
    actions.connect_to("accept", label.accept, needs.answer)
    actions.connect_to("skip", label.skip, needs.suggestion)
    actions.connect_to("reject", label.queue.reject, needs.suggestion)
    actions.connect_to("previous_suggestion", label.queue.previous, needs.suggestion)
    actions.connect_to("fix", label.fix, needs.suggestion)
    actions.connect_to("accept_all", label.editing.accept_all, needs.prediction)


def _connect_points(actions: Actions, label: LabelControl, needs: Needs) -> None:
    editing = label.editing
    actions.connect_to("next_keypoint", partial(editing.step_keypoint, 1), needs.video)
    actions.connect_to("previous_keypoint", partial(editing.step_keypoint, -1), needs.video)
    actions.connect_to("cycle_visibility", editing.cycle_visibility, needs.body)
    actions.connect_to("cancel", label.cancel, needs.video)
    actions.connect_to("clear_keypoint", editing.clear_keypoint, needs.body)
    for way, (dx, dy) in _NUDGES.items():
        actions.connect_to(f"nudge_{way}", partial(editing.nudge, dx, dy), needs.point)
        fine = partial(editing.nudge, dx / 10, dy / 10)
        actions.connect_to(f"nudge_{way}_fine", fine, needs.point)


def _connect_bodies(actions: Actions, label: LabelControl, needs: Needs, session: Session) -> None:
    editing = label.editing

    def copy() -> None:
        if (body := editing.current_label) is not None:
            session.labelling.copy([body])
            needs.copied = True
            actions.refresh()

    def paste() -> None:
        if editing.frame is not None:
            for pasted in session.labelling.paste(editing.frame):
                editing.choose(pasted)

    actions.connect_to("add_instance", editing.start_body, needs.picture)
    actions.connect_to("add_instance_usual", partial(editing.add, "average"), needs.picture)
    actions.connect_to("add_instance_copy", partial(editing.add, "copy previous"), needs.picture)
    actions.connect_to("delete_instance", editing.delete, needs.label)
    actions.connect_to("next_instance", editing.next_body, needs.video)
    actions.connect_to("copy", copy, needs.label)
    actions.connect_to("paste", paste, needs.pasteable)
    actions.connect_to("swap_sides", editing.swap_sides, needs.body)
    actions.connect_to("mark_empty", editing.mark_empty, needs.picture)
    for n in range(9):
        actions.connect_to(
            f"instance_{n + 1}", partial(editing.choose_nth, n), partial(needs.nth, n)
        )


def _connect_view(actions: Actions, label: LabelControl, needs: Needs) -> None:
    view, canvas = label.view, label.view.canvas

    def switch(option: str, command: str) -> None:
        canvas.set_options(**{option: actions[command].isChecked()})
        label.read_trails()

    def heatmap() -> None:
        on = actions["show_heatmap"].isChecked()
        canvas.set_options(heatmap=on)
        label.net.set_heat(on)

    def predict() -> None:
        label.net.set_predicts(actions["predict_shown"].isChecked())

    for option in ("labels", "predictions", "names", "trails"):
        command = f"show_{option}"
        actions[command].setChecked(bool(getattr(canvas.options, option)))
        actions.connect_to(command, partial(switch, option, command), needs.video)
    actions["show_heatmap"].setChecked(canvas.options.heatmap)
    actions.connect_to("show_heatmap", heatmap, lambda: needs.video() or label.net.not_yet())
    actions["predict_shown"].setChecked(label.net.predicts)
    actions.connect_to("predict_shown", predict, needs.writing)
    actions.connect_to("fit", canvas.fit, needs.video)
    actions.connect_to("zoom_in", canvas.zoom_in, needs.video)
    actions.connect_to("zoom_out", canvas.zoom_out, needs.video)
    actions.connect_to("hide_panels", view.toggle_panels)
    actions.connect_to("reset_layout", lambda: view.place_panels(view.width()))
