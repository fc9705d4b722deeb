"""Who is who, in the real window: by key and in the editor beside it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Instance, visibility_of
from tests.journeys.test_loop import press, shown

FRAME = FrameRef(VideoId(1), 0)
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def studio(qtbot, start, project, film, walker):
    """The first frame of the film with two bodies on it."""
    studio = start(project)
    studio.desk.label.videos.add([film])
    shown(qtbot, studio, 0)
    labels = studio.desk.session.project.labels
    for off in (0.0, 12.0):
        points = walker.render(0)[1] + off
        labels.insert(Instance(FRAME, points, visibility_of(points)))
    studio.desk.label.editing.show(FRAME)
    studio.actions.refresh()
    studio.desk.label.view.canvas.setFocus()
    return studio


def titles(studio):
    return [body.title for body in studio.desk.label.editing.bodies]


def test_tracks_are_given_and_traded_by_key(qtbot, studio):
    press(qtbot, studio, Qt.Key.Key_0, CONTROL)
    studio.desk.label.editing.choose_nth(1)
    press(qtbot, studio, Qt.Key.Key_0, CONTROL)
    assert titles(studio) == ["Walker 1", "Walker 2"]
    press(qtbot, studio, Qt.Key.Key_T, CONTROL)
    assert titles(studio) == ["Walker 2", "Walker 1"]
    studio.desk.label.editing.choose_nth(0)
    press(qtbot, studio, Qt.Key.Key_1, ALT)  # trades with the one that was it
    assert titles(studio) == ["Walker 1", "Walker 2"]
    press(qtbot, studio, Qt.Key.Key_Z, CONTROL)
    assert titles(studio) == ["Walker 2", "Walker 1"]


def test_tracks_are_named_merged_and_deleted_in_the_editor(qtbot, studio):
    control = studio.desk.tracks
    studio.actions["edit_tracks"].trigger()
    editor = control.editor
    assert editor.isVisible()
    assert not editor._is.isEnabled()
    editor.added.emit()
    editor.added.emit()
    qtbot.waitUntil(lambda: editor._table.rowCount() == 2)
    editor._table.item(0, 0).setText("Ann")
    editor._table.item(1, 0).setText("Ann")
    assert "There is a track Ann already" in editor._verdict.text()
    assert [track.name for track in studio.desk.session.tracks.all()] == ["Ann", "Walker 2"]
    editor._choose(0)
    editor._is.click()
    qtbot.waitUntil(lambda: editor._table.item(0, 1).text() == "1")
    assert titles(studio)[0] == "Ann"
    assert editor._body.text() == "The current body is Ann."
    studio.desk.label.editing.choose_nth(1)
    editor._choose(1)
    editor._is.click()
    (into_ann,) = editor._merge_menu.actions()
    into_ann.trigger()
    assert "both on frame 0, so they are two" in editor._verdict.text()
    editor._nobody.click()
    into_ann = editor._merge_menu.actions()[0]
    into_ann.trigger()
    assert [track.name for track in studio.desk.session.tracks.all()] == ["Ann"]
    editor._choose(0)
    editor._delete.click()
    assert studio.desk.session.tracks.all() == ()
    assert not editor._none.isHidden()
    studio.actions["undo"].trigger()
    assert titles(studio)[0] == "Ann"


def test_the_program_goes_on_where_it_was_left(qtbot, start, project, film):
    studio = start(project)
    studio.desk.label.videos.add([film])
    shown(qtbot, studio, 0)
    studio.desk.label.go(23)
    shown(qtbot, studio, 23)
    studio.actions["show_names"].trigger()
    studio.actions["show_predictions"].trigger()
    studio.window.close()

    studio = start(project)
    shown(qtbot, studio, 23)
    options = studio.desk.label.view.canvas.options
    assert (options.names, options.predictions, options.labels) == (True, False, True)
    assert studio.actions["show_names"].isChecked()
    assert not studio.actions["show_predictions"].isChecked()
    studio.desk.label.videos.remove(VideoId(1))
    studio.window.close()
    start(project)  # the video is gone: nothing is gone to, nothing fails
