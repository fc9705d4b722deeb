"""Lists keep their selection, repaint only what differs, and speak."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPixmap
from PySide6.QtTest import QAbstractItemModelTester

from poseapp.domain.skeleton import Side
from poseapp.ui.canvas.markers import State
from poseapp.ui.tables.delegates import RowDelegate
from poseapp.ui.tables.keypoint_list import KeypointList, keypoint_mark
from poseapp.ui.tables.rows import Row, RowList, RowModel
from poseapp.ui.tables.run_list import RunList


@pytest.fixture
def rows(qtbot):
    made = RowList(RowDelegate(40, (48, 30)), "Things")
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show()
    return made


def test_the_model_keeps_the_rules_of_models(qapp):
    model = RowModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.set_rows([Row(1, "one"), Row(2, "two")])
    model.set_rows([Row(1, "one"), Row(2, "deux")])
    model.set_rows([Row(3, "three")])
    model.set_rows([])
    assert tester.model() is model


def test_only_rows_that_differ_are_painted_again(qapp):
    model, changed = RowModel(), []
    model.set_rows([Row(1, "one"), Row(2, "two"), Row(3, "three")])
    model.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    model.set_rows([Row(1, "one"), Row(2, "deux"), Row(3, "three")])
    assert changed == [(1, 1)]


def test_a_click_says_which_row_and_leaves_the_focus(rows, qtbot):
    rows.set_rows([Row("a", "first"), Row("b", "second")], "a")
    rows.clearFocus()
    place = rows.visualRect(rows.model().index(1, 0)).center()
    with qtbot.waitSignal(rows.chosen) as chosen:
        qtbot.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == ["b"]
    assert not rows.hasFocus()


def test_showing_a_row_is_not_choosing_it(rows):
    heard = []
    rows.chosen.connect(heard.append)
    rows.set_rows([Row("a", "first"), Row("b", "second")], "b")
    rows.set_current("a")
    assert heard == []
    assert rows.currentIndex().row() == 0


def test_arrow_keys_walk_through_the_list(rows, qtbot):
    rows.set_rows([Row("a", "first"), Row("b", "second")], "a")
    with qtbot.waitSignal(rows.chosen) as chosen:
        qtbot.keyClick(rows, Qt.Key.Key_Down)
    assert chosen.args == ["b"]


def test_a_row_is_spoken_with_all_it_shows(rows):
    row = Row(1, "Right wrist unsure", "frame 1,284", bars=(("warning", 0.81),))
    rows.set_rows([row])
    text = rows.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert text == "Right wrist unsure, frame 1,284, 0.81"


def test_rows_with_everything_can_be_painted(rows):
    picture = QPixmap(64, 40)
    picture.fill(Qt.GlobalColor.red)
    rows.set_rows(
        [
            Row(1, "title " * 30, "detail", "right", "right detail", "1", picture),
            Row(2, "title", bars=(("warning", 0.0), ("curve", 2.0))),
        ]
    )
    image = rows.grab().toImage()
    red = image.pixelColor(40, 20)
    assert (red.red(), red.green()) == (255, 0)


def test_an_eye_is_not_a_choice(qtbot):
    keypoints = KeypointList()
    qtbot.addWidget(keypoints)
    keypoints.resize(240, 120)
    keypoints.show()
    mark = keypoint_mark(Side.LEFT, State.LABEL)
    keypoints.set_rows([Row(0, "Left ear", mark=mark), Row(1, "Nose", mark=mark)])
    chosen, eyes = [], []
    keypoints.chosen.connect(chosen.append)
    keypoints.eye_clicked.connect(eyes.append)
    line = keypoints.visualRect(keypoints.model().index(1, 0))
    eye = line.center()
    eye.setX(line.right() - 20)
    qtbot.mouseClick(keypoints.viewport(), Qt.MouseButton.LeftButton, pos=eye)
    qtbot.mouseClick(keypoints.viewport(), Qt.MouseButton.RightButton, pos=line.center())
    qtbot.mouseClick(keypoints.viewport(), Qt.MouseButton.LeftButton, pos=line.center())
    assert (chosen, eyes) == ([1], [1, 1])


@pytest.mark.parametrize("state", list(State))
def test_every_state_of_a_keypoint_can_be_painted(qtbot, state):
    keypoints = KeypointList()
    qtbot.addWidget(keypoints)
    keypoints.set_rows([Row(0, "Left ear", right=".97", mark=keypoint_mark(Side.LEFT, state))])
    assert not keypoints.grab().isNull()


def test_runs_are_drawn_as_a_line(qtbot):
    runs = RunList()
    qtbot.addWidget(runs)
    runs.resize(260, 200)
    marks = ("running", "used", "failed", "kept")
    runs.set_rows([Row(m, m, right="4.3", right_detail="in use", mark=m) for m in marks])
    assert not runs.grab().isNull()
