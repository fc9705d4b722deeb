"""The small widgets: what they say, what a click does, and to a screen reader."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton, QWidget

from poseapp.ui import theme
from poseapp.ui.widgets.banner import Banner
from poseapp.ui.widgets.chip import Chip
from poseapp.ui.widgets.dock_header import DockHeader
from poseapp.ui.widgets.empty_state import EmptyState
from poseapp.ui.widgets.keycap import Keycap
from poseapp.ui.widgets.score_bar import ScoreBar
from poseapp.ui.widgets.segmented_progress import SegmentedProgress
from poseapp.ui.widgets.toast import Toast


def shown(qtbot, widget: QWidget) -> QWidget:
    qtbot.addWidget(widget)
    widget.show()
    return widget


def buttons_of(widget: QWidget) -> list[QPushButton]:
    QApplication.processEvents()  # a layout shows what is added to it in the next round
    return [b for b in widget.findChildren(QPushButton) if not b.isHidden()]


def test_a_chip_is_as_wide_as_its_words_and_speaks_them(qtbot):
    chip = shown(qtbot, Chip("frame 7"))
    narrow = chip.sizeHint().width()
    chip.set_text("frame 1,284", "accent")
    assert chip.sizeHint().width() > narrow
    assert chip.accessibleName() == "frame 1,284"
    assert chip.grab().toImage().pixelColor(2, 10) == theme.color("soft")


def test_a_chip_knows_its_tones():
    with pytest.raises(ValueError, match="no tone"):
        Chip("x", "purple")


def test_a_keycap_without_a_key_takes_no_room(qtbot):
    cap = shown(qtbot, Keycap(""))
    assert cap.sizeHint().width() == 0
    cap.set_text("Space")
    assert cap.sizeHint().width() > 30
    assert cap.accessibleName() == "Key Space"


def test_a_header_shows_a_count_or_words_and_holds_buttons(qtbot):
    header = shown(qtbot, DockHeader("Videos"))
    button = QToolButton()
    header.add_button(button)
    header.set_count(1200)
    assert header._detail.text() == "1,200"
    header.set_count(None)
    assert header._detail.text() == ""
    assert header.height() == theme.height("dockHeader")
    assert button.parent() is header


def test_a_score_bar_is_filled_to_its_value(qtbot):
    bar = ScoreBar("Novelty", 0.5, "curve")
    bar.resize(316, 20)
    shown(qtbot, bar)
    image = bar.grab().toImage()
    assert image.pixelColor(80 + 50, 10) == theme.color("curve")
    assert image.pixelColor(80 + 150, 10) == theme.color("track")
    assert bar.accessibleName() == "Novelty 0.50"


@pytest.mark.parametrize("value", [-1.0, 7.0])
def test_a_score_out_of_range_is_drawn_at_the_end(qtbot, value):
    bar = shown(qtbot, ScoreBar("Novelty", value))
    assert bar.accessibleName() == f"Novelty {min(max(value, 0), 1):.2f}"


def test_progress_shows_answered_current_and_coming(qtbot):
    progress = SegmentedProgress()
    progress.resize(197, 4)
    progress.set_progress(2, 5)
    shown(qtbot, progress)
    image = progress.grab().toImage()
    colours = [image.pixelColor(40 * n + 15, 2) for n in range(5)]
    wanted = [theme.color(r) for r in ("accent", "accent", "text", "track", "track")]
    assert colours == wanted
    assert progress.accessibleName() == "2 of 5 answered"


def test_progress_of_hundreds_is_one_bar(qtbot):
    progress = SegmentedProgress()
    progress.resize(200, 4)
    progress.set_progress(100, 400)
    shown(qtbot, progress)
    image = progress.grab().toImage()
    assert image.pixelColor(20, 2) == theme.color("accent")
    assert image.pixelColor(120, 2) == theme.color("track")


def test_an_empty_state_says_what_and_offers_what_to_do(qtbot):
    done: list[str] = []
    state = shown(qtbot, EmptyState())
    state.set_content("circle-check", "All 20 answered", "Round 5 is training.", "good")
    state.set_actions([("Train", lambda: done.append("a"), True), ("Look", lambda: None, False)])
    assert state.accessibleName() == "All 20 answered. Round 5 is training."
    first, second = buttons_of(state)
    assert first.property("kind") == "primary"
    assert second.property("kind") != "primary"
    first.click()
    assert done == ["a"]
    state.set_actions([])
    assert buttons_of(state) == []


def test_a_banner_offers_actions_and_can_be_closed(qtbot):
    done: list[str] = []
    banner = shown(qtbot, Banner("warning", "Read only", "It is open on lab-pc-2."))
    banner.add_action("Try again", lambda: done.append("again"))
    buttons_of(banner)[0].click()
    assert done == ["again"]
    with qtbot.waitSignal(banner.closed):
        banner.findChild(QToolButton).click()
    assert banner.grab().toImage().pixelColor(1, 1) == theme.color("warningSoft")


def test_a_banner_of_an_unknown_tone_is_refused():
    with pytest.raises(ValueError, match="no tone"):
        Banner("loud", "x")


def test_a_toast_says_one_thing_at_a_time_and_offers_its_undoing(qtbot):
    window = shown(qtbot, QWidget())
    window.resize(800, 600)
    done: list[str] = []
    toast = Toast(window)
    assert toast.isHidden()
    toast.show_message("Moved left ear")
    toast.show_message(
        "Deleted Person 2", icon="trash-2", action="Undo Ctrl Z", callback=lambda: done.append("u")
    )
    assert not toast.isHidden()
    assert toast.accessibleName() == "Deleted Person 2"
    assert abs(toast.geometry().center().x() - 400) <= 1
    assert toast.geometry().bottom() < 600 - theme.height("statusBar")
    buttons_of(toast)[0].click()
    assert done == ["u"]
    assert toast.isHidden()


def test_a_toast_goes_by_itself_but_not_under_the_mouse(qtbot):
    window = shown(qtbot, QWidget())
    toast = Toast(window)
    toast._timer.setInterval(30)
    toast.show_message("Saved")
    toast._timer.stop()
    assert not toast.isHidden()
    QApplication.sendEvent(toast, QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(toast.isHidden)


def test_everything_is_repainted_when_the_theme_changes(qtbot, qapp):
    window = shown(qtbot, Chip("frame 7"))
    dark = window.grab().toImage()
    theme.apply(qapp, "light")
    assert window.grab().toImage() != dark


def test_a_keycap_looks_like_a_key(qtbot):
    cap = shown(qtbot, Keycap("Space"))
    image = cap.grab().toImage()
    assert image.pixelColor(6, 4) == theme.color("hover")
    assert image.pixelColor(20, image.height() - 1) == theme.color("line2")
