"""The keyboard alone: where keys belong to the canvas, and where to the field that is typed in."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from poseapp.app.commands import AddSuggestions
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.suggestion import Reason, Suggestion
from tests.journeys.test_loop import press, shown


def suggest(studio, *frames):
    reason = (Reason("stands_for", "Stands for 4 frames.", 0.5),)
    studio.desk.session.history.do(
        AddSuggestions(
            tuple(
                Suggestion(FrameRef(VideoId(1), frame), 1 - n / 10, reason, "uniform", 1)
                for n, frame in enumerate(frames)
            )
        )
    )


def test_keys_do_what_the_table_says(qtbot, start, project, film):
    studio = start(project)
    with qtbot.waitActive(studio.window, timeout=10_000):
        studio.window.activateWindow()
    label = studio.desk.label
    label.videos.add([film])
    shown(qtbot, studio, 0)
    label.view.canvas.setFocus()

    press(qtbot, studio, Qt.Key.Key_End)
    shown(qtbot, studio, 39)
    press(qtbot, studio, Qt.Key.Key_A)
    shown(qtbot, studio, 38)

    press(qtbot, studio, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    field = QApplication.focusWidget()
    qtbot.keyClicks(field, "12")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    shown(qtbot, studio, 12)
    assert label.view.canvas.hasFocus()

    suggest(studio, 20, 8)
    press(qtbot, studio, Qt.Key.Key_Space)
    shown(qtbot, studio, 20)
    press(qtbot, studio, Qt.Key.Key_Space)
    shown(qtbot, studio, 8)
    press(qtbot, studio, Qt.Key.Key_X)
    shown(qtbot, studio, 20)

    press(qtbot, studio, Qt.Key.Key_Tab)
    assert not label.view.queue.isVisible()
    press(qtbot, studio, Qt.Key.Key_Tab)
    assert label.view.queue.isVisible()

    press(qtbot, studio, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert studio.window.page is studio.desk.train.view


def test_a_missing_video_is_found_again(qtbot, start, project, film, tmp_path):
    copy = tmp_path / "walk.mp4"
    copy.write_bytes(film.read_bytes())
    studio = start(project)
    studio.desk.label.videos.add([copy])
    shown(qtbot, studio, 0)
    studio.close_project()
    moved = tmp_path / "elsewhere" / "walk.mp4"
    moved.parent.mkdir()
    copy.rename(moved)

    studio.open_project(project)
    label = studio.desk.label
    qtbot.waitUntil(lambda: label.view._instead.isVisible(), timeout=10_000)
    (video,) = label.videos.videos
    assert label.videos.missing == {video.id}
    label.videos.relink_to(video, moved)
    shown(qtbot, studio, 0)
    assert label.view.canvas.isVisible()


def test_undo_goes_to_where_it_changes_something(qtbot, start, project, film):
    studio = start(project)
    label = studio.desk.label
    label.videos.add([film])
    shown(qtbot, studio, 0)
    label.go(7)
    shown(qtbot, studio, 7)
    label.editing.place(0, 10.0, 10.0)
    label.go(30)
    shown(qtbot, studio, 30)
    studio.actions["undo"].trigger()
    shown(qtbot, studio, 7)
    assert label.editing.bodies == ()
