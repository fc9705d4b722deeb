"""Importing and exporting in the real window: looked at, mapped, with progress, stopped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QPushButton, QRadioButton

from poseapp.app.exchange import create_project_from
from poseapp.app.presets import preset
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance, Visibility
from poseapp.domain.skeleton import Keypoint
from poseapp.domain.video import Video
from poseapp.formats.registry import write
from tests.journeys.conftest import SCENE

SOON_MS = 60_000


def theirs_of(ours):
    """The skeleton of another tool: sides in front, no blanks, and one point we do not have."""
    names = []
    for name in ours.names:
        side, _, rest = name.partition(" ") if " " in name else name.partition("_")
        known = side in ("left", "right")
        names.append(f"{rest.title().replace('_', '')}_{side[0].upper()}" if known else name)
    return names


@pytest.fixture
def foreign(tmp_path, film, walker) -> Path:
    """A SLEAP file of three frames whose keypoints have other names; one is hidden."""
    ours = preset("walker")
    keypoints = (*map(Keypoint, theirs_of(ours)), Keypoint("antenna"))
    skeleton = replace(ours, keypoints=keypoints)
    bodies = []
    for frame in (3, 9, 20):
        points = np.vstack([walker.render(frame)[1], [[5.0, 6.0]]])
        seen = np.full(len(points), Visibility.VISIBLE, np.uint8)
        seen[1] = Visibility.OCCLUDED
        bodies.append(Instance(FrameRef(VideoId(1), frame), points, seen))
    video = Video(VideoId(1), film, SCENE.width, SCENE.height, SCENE.frames, SCENE.fps)
    path = tmp_path / "other.slp"
    write(LabelSet(skeleton, (video,), tuple(bodies)), path, "sleap")
    return path


def looked(qtbot, studio, path):
    """Open the import dialog on a file and wait until it shows what was found."""
    studio.import_from(path)
    dialog = studio._imports.dialog
    with qtbot.waitSignal(dialog.looked, timeout=SOON_MS):
        pass
    return dialog


def button(widget, kind, words):
    return next(b for b in widget.findChildren(kind) if b.text().startswith(words))


def test_labels_are_imported_into_a_project_with_another_skeleton(
    qtbot, start, project, foreign, walker
):
    studio = start(project)
    dialog = looked(qtbot, studio, foreign)
    ours = preset("walker")
    assert dialog.names == (*ours.names, None)  # guessed, what nothing is like is left out
    assert dialog._preview._canvas.has_picture()
    boxes = dialog.findChildren(QComboBox)
    boxes[0].setCurrentText(ours.names[1])
    go = button(dialog, QPushButton, "Import 3 frames")
    assert not go.isEnabled()
    assert "cannot both be" in go.toolTip()
    boxes[0].setCurrentText(ours.names[0])
    qtbot.mouseClick(go, Qt.MouseButton.LeftButton)
    labels = studio.desk.session.project.labels
    qtbot.waitUntil(lambda: "import" in studio.window._shown_banners, timeout=SOON_MS)
    made = labels.at(FrameRef(VideoId(1), 9))[0]
    np.testing.assert_allclose(made.points, walker.render(9)[1])
    assert made.visibility[1] == Visibility.OCCLUDED
    assert (np.delete(made.visibility, 1) == Visibility.VISIBLE).all()
    assert "import" in studio.window._shown_banners  # the antenna is said to be left out
    studio.actions["undo"].trigger()
    assert labels.count() == 0


def test_a_long_import_is_undone_and_done_again_beside_the_window(
    qtbot, start, project, film, walker, tmp_path
):
    """While it is written the window lives, and takes no other edit."""
    points = walker.render(3)[1]
    seen = np.full(len(points), Visibility.VISIBLE, np.uint8)
    herd = tuple(
        Instance(FrameRef(VideoId(1), frame), points + shift, seen)
        for frame in range(0, SCENE.frames, 2)
        for shift in range(0, 100, 4)
    )
    video = Video(VideoId(1), film, SCENE.width, SCENE.height, SCENE.frames, SCENE.fps)
    path = tmp_path / "herd.slp"
    write(LabelSet(preset("walker"), (video,), herd), path, "sleap")
    studio = start(project)
    labels = studio.desk.session.project.labels

    def left_in_peace(count):
        assert QApplication.activeModalWidget() is not None
        qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None, timeout=SOON_MS)
        assert labels.count() == count

    looked(qtbot, studio, path)
    with qtbot.waitSignal(studio._imports.read, timeout=SOON_MS):
        button(studio._imports.dialog, QPushButton, "Import").click()
    left_in_peace(len(herd))
    studio.actions["undo"].trigger()
    QApplication.activeModalWidget().reject()  # Esc ends nothing
    left_in_peace(0)
    studio.actions["redo"].trigger()
    left_in_peace(len(herd))


def test_a_new_project_is_made_with_names_that_were_typed(qtbot, start, foreign, tmp_path):
    studio = start()
    dialog = looked(qtbot, studio, foreign)
    boxes = dialog.findChildren(QComboBox)
    boxes[-1].setCurrentText("feeler")
    dialog._place.setText(str(tmp_path / "made.pose"))
    button(dialog, QPushButton, "Import 3 frames").click()
    qtbot.waitUntil(lambda: studio.desk is not None, timeout=SOON_MS)
    skeleton = studio.desk.session.project.skeleton
    assert skeleton.names[-1] == "feeler"
    assert studio.desk.session.project.labels.count() == 3


def test_what_cannot_be_read_is_said_in_the_dialog(qtbot, start, tmp_path):
    (tmp_path / "bad.slp").write_text("no")
    studio = start()
    studio.import_from(tmp_path / "bad.slp")
    dialog = studio._imports.dialog
    qtbot.waitUntil(lambda: dialog._title.text() == "This cannot be imported", timeout=SOON_MS)
    assert "bad.slp" in dialog._detail.text()
    dialog.reject()
    assert studio.window._shown_banners == {}


def test_an_export_shows_how_far_it_is_and_can_be_stopped(qtbot, start, foreign, tmp_path):
    create_project_from(foreign, tmp_path / "many.pose")
    studio = start(tmp_path / "many.pose")
    out = tmp_path / "out"
    export(qtbot, studio, out)
    qtbot.waitUntil((out / "manifest.json").exists, timeout=SOON_MS)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    view = studio.desk.export.view
    told = []
    view.show_progress = _heard(view.show_progress, told)
    export(qtbot, studio, out)
    assert studio.window.jobs._name.text() == "Exporting out"
    studio.window.jobs.stop_wanted.emit()
    qtbot.waitUntil(lambda: not studio.files.jobs, timeout=SOON_MS)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before
    assert studio.window._toast._words.text() == "Stopped; out is untouched"
    assert told[-1] is None
    assert json.loads((out / "manifest.json").read_text())["labels"]["bodies"] == 3


def export(qtbot, studio, out):
    studio.actions["workspace_export"].trigger()
    view = studio.desk.export.view
    button(view, QRadioButton, "COCO").click()
    view.set_place(str(out))
    view.place_edited.emit()
    qtbot.waitUntil(lambda: view._export.text() == "Export 3 frames", timeout=SOON_MS)
    qtbot.waitUntil(view._export.isEnabled, timeout=SOON_MS)
    view._export.click()


def _heard(show, told):
    def hear(done, doing):
        told.append(done)
        show(done, doing)

    return hear
