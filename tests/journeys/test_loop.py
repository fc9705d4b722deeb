"""The whole loop in the real window: label, undo, train, accept, restart, undo, export."""

from __future__ import annotations

import json

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QRadioButton

from poseapp.app.training import Choices
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.run import RunKind, RunState

LONG_MS = 240_000
SCENE_FRAMES = 40


def press(qtbot, studio, key, modifier=Qt.KeyboardModifier.NoModifier):
    """Press a key where the focus is, as on the keyboard."""
    qtbot.keyClick(QApplication.focusWidget() or studio.window, key, modifier)


def click_point(qtbot, canvas, x, y):
    """Click a position of the picture."""
    at = canvas.view_at(x, y)
    where = QPoint(round(at.x()), round(at.y()))
    qtbot.mouseMove(canvas.viewport(), where)
    qtbot.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=where)


def button(view, kind, words):
    """The button that says this."""
    return next(b for b in view.findChildren(kind) if b.text().startswith(words))


def shown(qtbot, studio, frame):
    """Wait until a frame stands on the canvas."""
    ref = FrameRef(VideoId(1), frame)
    qtbot.waitUntil(lambda: studio.desk.label.frame.shown == ref, timeout=10_000)


def test_the_loop(qtbot, start, project, film, walker, tmp_path):
    studio = start(project)
    with qtbot.waitActive(studio.window, timeout=10_000):
        studio.window.activateWindow()
    studio.desk.label.videos.add([film])
    shown(qtbot, studio, 0)
    first = clearest_frame(walker)
    studio.desk.label.go(first.frame)
    shown(qtbot, studio, first.frame)
    label_by_clicking(qtbot, studio, walker, first)
    undo_and_redo_by_key(qtbot, studio, first)
    label_more(qtbot, studio, walker)
    train_and_predict(qtbot, studio)
    accepted = accept_a_suggestion(qtbot, studio)
    studio.window.close()

    studio = start(project)
    store = studio.desk.session.project
    assert store.labels.at(accepted.frame)[0].same_pose(accepted)
    studio.actions["undo"].trigger()
    assert store.labels.at(accepted.frame) == ()
    studio.actions["redo"].trigger()
    document = export_to_coco(qtbot, studio, tmp_path / "walk.json")
    assert len(document["annotations"]) == store.labels.count() == 10


def clearest_frame(walker):
    """The frame on which no two points hide each other."""

    def closest(frame):
        points = walker.render(frame)[1]
        apart = np.linalg.norm(points[:, None] - points[None], axis=2)
        return apart[~np.eye(len(points), dtype=bool)].min()

    return FrameRef(VideoId(1), max(range(1, SCENE_FRAMES, 4), key=closest))


def label_by_clicking(qtbot, studio, walker, frame):
    canvas = studio.desk.label.view.canvas
    canvas.setFocus()
    truth = walker.render(frame.frame)[1]
    for x, y in truth:
        click_point(qtbot, canvas, x, y)
    (made,) = studio.desk.session.project.labels.at(frame)
    far = np.linalg.norm(made.points - truth, axis=1)
    assert (far < 1.0).all()  # a click is as exact as the pixels of the screen


def undo_and_redo_by_key(qtbot, studio, frame):
    labels = studio.desk.session.project.labels
    press(qtbot, studio, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert labels.at(frame)[0].present.sum() == len(studio.desk.session.project.skeleton) - 1
    press(qtbot, studio, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert labels.at(frame)[0].present.all()


def label_more(qtbot, studio, walker):
    label = studio.desk.label
    here = label.frame.shown.frame
    press(qtbot, studio, Qt.Key.Key_D)
    shown(qtbot, studio, here + 1)
    for frame in range(4, 36, 4):
        label.go(frame)
        shown(qtbot, studio, frame)
        for k, (x, y) in enumerate(walker.render(frame)[1]):
            label.editing.place(k, float(x), float(y))


def train_and_predict(qtbot, studio):
    """A few steps; the predictions of the film come by themselves."""
    services, store = studio.desk.services, studio.desk.session.project
    studio.actions["workspace_train"].trigger()
    studio.desk.train.start(Choices(minutes=None, steps=4, batch=2))
    qtbot.waitUntil(lambda: services.training.current is None, timeout=LONG_MS)
    (run,) = store.runs.all(RunKind.TRAINING)
    assert run.state is RunState.DONE, run.message
    qtbot.waitUntil(lambda: not services.jobs.jobs, timeout=LONG_MS)
    assert len(store.predictions.of_video(VideoId(1)).frames) > 0


def accept_a_suggestion(qtbot, studio):
    """Have frames suggested; accept the first one that has a prediction by key."""
    label, store = studio.desk.label, studio.desk.session.project
    studio.actions["workspace_label"].trigger()
    studio.desk.suggest.suggest()
    qtbot.waitUntil(lambda: label.queue.current is not None, timeout=LONG_MS)
    asked = label.queue.current.frame
    shown(qtbot, studio, asked.frame)
    label.view.canvas.setFocus()
    if not label.editing.predictions:
        label.editing.add("average")
    press(qtbot, studio, Qt.Key.Key_Return)
    (accepted,) = store.labels.at(asked)
    assert label.queue.current is None or label.queue.current.frame != asked
    return accepted


def export_to_coco(qtbot, studio, out):
    """The export is read back and compared before it is there."""
    studio.actions["workspace_export"].trigger()
    view = studio.desk.export.view
    button(view, QRadioButton, "COCO").click()
    field = view.findChild(QLineEdit)
    field.clear()
    qtbot.keyClicks(field, str(out))
    export = button(view, QPushButton, "Export")
    qtbot.waitUntil(lambda: export.text() == "Export 10 frames" and export.isEnabled())
    export.click()
    qtbot.waitUntil(out.exists, timeout=30_000)
    return json.loads(out.read_text())
