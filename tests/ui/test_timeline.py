"""Going to frames, zooming and panning on the timeline, and what it paints."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from poseapp.domain.suggestion import Answer
from poseapp.ui import theme
from poseapp.ui.ruler import ruler_step
from poseapp.ui.timeline import Timeline
from tests.ui.canvas.hand import MIDDLE, SHIFT, Hand

LEFT, WIDTH = 112, 1000
RULER_Y, SUGGESTIONS_Y, LABELS_Y, CURVE_Y = 10, 32, 52, 80


@pytest.fixture
def timeline(qtbot):
    """One pixel for one frame: 1,001 frames on 1,000 px."""
    made = Timeline()
    qtbot.addWidget(made)
    made.resize(LEFT + WIDTH + 16, made.sizeHint().height())
    made.set_video(1001, 25.0)
    made.show()
    qtbot.waitExposed(made)
    return made


@pytest.fixture
def hand(timeline):
    return Hand(timeline)


@pytest.fixture
def heard(timeline):
    said: list[tuple] = []
    for name in ("seek_requested", "scrubbing", "scrub_finished", "range_selected"):
        getattr(timeline, name).connect(lambda *v, name=name: said.append((name, *v)))
    return said


def test_a_click_asks_for_the_frame_under_it(hand, heard):
    hand.click(LEFT + 420, CURVE_Y)
    assert heard == [("seek_requested", 420)]


def test_a_click_beside_a_suggestion_asks_for_its_frame(timeline, hand, heard):
    timeline.set_suggestions([415], [Answer.OPEN])
    hand.click(LEFT + 419, SUGGESTIONS_Y)
    hand.click(LEFT + 419, CURVE_Y)
    assert heard == [("seek_requested", 415), ("seek_requested", 419)]


def test_a_drag_scrubs_and_says_when_it_ends(hand, heard):
    hand.drag((LEFT + 100, CURVE_Y), (LEFT + 300, CURVE_Y))
    assert heard == [
        ("seek_requested", 100),
        ("scrubbing", 200),
        ("scrubbing", 300),
        ("scrub_finished", 300),
    ]


def test_scrubbing_stops_at_the_ends(hand, heard):
    hand.drag((LEFT + 900, CURVE_Y), (LEFT + 2000, CURVE_Y))
    assert heard[-1] == ("scrub_finished", 1000)


def test_the_number_of_the_playhead_can_be_dragged(timeline, hand, heard):
    timeline.set_position(500)
    hand.drag((LEFT + 500, RULER_Y), (LEFT + 520, RULER_Y))
    assert heard == [("scrubbing", 510), ("scrubbing", 520), ("scrub_finished", 520)]


def test_shift_and_drag_select_a_range(hand, heard):
    hand.modifiers = SHIFT
    hand.drag((LEFT + 300, CURVE_Y), (LEFT + 200, CURVE_Y))
    assert heard == [("range_selected", 200, 300)]


def test_the_wheel_zooms_around_the_cursor(timeline, hand):
    hand.wheel(LEFT + 250, CURVE_Y, 3)
    first, last = timeline.visible_frames
    assert last - first == pytest.approx(1000 / 1.25**3)
    assert first + (last - first) * 0.25 == pytest.approx(250)


def test_zooming_ends_at_a_few_frames_and_at_the_whole_video(timeline, hand):
    hand.wheel(LEFT + 250, CURVE_Y, 100)
    assert np.diff(timeline.visible_frames)[0] == pytest.approx(20)
    hand.wheel(LEFT + 250, CURVE_Y, -100)
    assert timeline.visible_frames == (0, 1000)


def test_the_ruler_is_dragged_to_pan_once_zoomed_in(timeline, hand, heard):
    hand.wheel(LEFT + 500, CURVE_Y, 3)
    first, last = timeline.visible_frames
    hand.drag((LEFT + 500, RULER_Y), (LEFT + 400, RULER_Y))
    moved = timeline.visible_frames[0] - first
    assert moved == pytest.approx(100 * (last - first) / WIDTH)
    assert heard == []


def test_the_middle_button_and_shift_with_the_wheel_pan_too(timeline, hand):
    hand.wheel(LEFT + 500, CURVE_Y, 3)
    first, _last = timeline.visible_frames
    hand.drag((LEFT + 500, CURVE_Y), (LEFT + 450, CURVE_Y), MIDDLE)
    second, _last = timeline.visible_frames
    hand.modifiers = SHIFT
    hand.wheel(LEFT + 500, CURVE_Y, -1)
    third, _last = timeline.visible_frames
    assert first < second < third


def test_the_playhead_is_brought_into_view(timeline, hand):
    hand.wheel(LEFT, CURVE_Y, 8)
    assert timeline.visible_frames[1] < 400
    timeline.set_position(900)
    first, last = timeline.visible_frames
    assert first < 900 < last


def test_another_video_starts_anew(timeline, hand):
    timeline.set_labels([5, 6])
    hand.wheel(LEFT, CURVE_Y, 8)
    timeline.set_video(50, 10.0)
    assert timeline.visible_frames == (0, 49)
    assert timeline._lanes.labels.is_empty()


@pytest.mark.parametrize("frames", [0, 1, 2])
def test_the_shortest_videos_are_painted(timeline, hand, frames, heard):
    timeline.set_video(frames, 0.0)
    timeline.grab()
    hand.click(LEFT + 10, CURVE_Y)
    hand.wheel(LEFT + 10, CURVE_Y, 4)
    timeline.grab()
    assert len(heard) == min(frames, 1)


def test_marks_and_curve_stand_over_their_frames(timeline):
    timeline.set_labels([200])
    timeline.set_suggestions([400, 600], [Answer.OPEN, Answer.ACCEPTED])
    timeline.set_confidence(np.arange(1001), np.full(1001, 0.5))
    image = timeline.grab().toImage()
    assert image.pixelColor(LEFT + 200, LABELS_Y) == theme.color("text")
    assert image.pixelColor(LEFT + 210, LABELS_Y) == theme.color("window")
    assert image.pixelColor(LEFT + 400, SUGGESTIONS_Y) == theme.color("accent")
    assert image.pixelColor(LEFT + 600, SUGGESTIONS_Y) != theme.color("accent")
    column = [image.pixelColor(LEFT + 700, y) for y in range(64, 100)]
    assert any(abs(c.green() - theme.color("curve").green()) < 40 for c in column)


def test_tracks_are_bars_in_their_rows(timeline):
    timeline.set_tracks([("a", 100, 300), ("b", 200, 400), ("a", 600, 603)])
    image = timeline.grab().toImage()
    top, bottom = 24 + 20 + 20 + 40 + 3, 24 + 20 + 20 + 40 + 11
    assert image.pixelColor(LEFT + 150, top) == theme.color("control")
    assert image.pixelColor(LEFT + 350, bottom) == theme.color("line2")
    assert image.pixelColor(LEFT + 350, top) == theme.color("window")
    assert image.pixelColor(LEFT + 601, top) == theme.color("control")


def test_a_tool_tip_says_what_is_under_the_cursor(timeline, qtbot):
    timeline.set_tracks([("Mouse 1", 100, 300)])
    at = QPoint(LEFT + 200, 24 + 20 + 20 + 40 + 4)
    tip = QHelpEvent(QEvent.Type.ToolTip, at, timeline.mapToGlobal(at))
    QApplication.sendEvent(timeline, tip)
    qtbot.waitUntil(lambda: QToolTip.text() == "Mouse 1")
    QToolTip.hideText()


def test_zooming_by_command_keeps_the_playhead_where_it_is(timeline):
    timeline.set_position(250)
    timeline.zoom_in()
    first, last = timeline.visible_frames
    assert (250 - first) / (last - first) == pytest.approx(0.25)
    timeline.zoom_out()
    assert timeline.visible_frames == pytest.approx((0, 1000))


def test_only_the_playhead_is_painted_anew_when_it_moves(timeline):
    timeline.grab()
    lanes = timeline._static
    timeline.set_position(300)
    image = timeline.grab().toImage()
    assert timeline._static is lanes
    assert image.pixelColor(LEFT + 300, CURVE_Y) == theme.color("text")
    timeline.set_labels([4])
    timeline.grab()
    assert timeline._static is not lanes


def test_the_compact_timeline_is_lower_and_shares_a_lane(timeline):
    full = timeline.sizeHint().height()
    timeline.set_compact(True)
    assert timeline.sizeHint().height() == full - theme.height("lane")
    timeline.set_labels([200])
    timeline.set_suggestions([400], [Answer.OPEN])
    image = timeline.grab().toImage()
    assert image.pixelColor(LEFT + 200, SUGGESTIONS_Y) == theme.color("text")
    assert image.pixelColor(LEFT + 400, SUGGESTIONS_Y) == theme.color("accent")


def test_a_change_of_theme_repaints(timeline, qapp):
    dark = timeline.grab().toImage()
    theme.apply(qapp, "light")
    assert timeline.grab().toImage() != dark
    theme.apply(qapp, "dark")
    assert timeline.grab().toImage() == dark


def test_the_frame_is_spoken(timeline):
    timeline.set_position(500)
    assert timeline.accessibleName() == "Timeline"
    assert timeline.accessibleDescription() == "frame 500 of 1,001, 20.00 seconds"


@pytest.mark.parametrize(
    ("frames", "step"), [(0.3, 1), (1, 1), (1.2, 2), (3, 5), (72, 100), (400, 500), (7000, 10000)]
)
def test_the_ruler_counts_in_round_numbers(frames, step):
    assert ruler_step(frames) == step


def test_nothing_is_left_when_a_timeline_is_thrown_away(qapp):
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    before = len(qapp.topLevelWidgets())
    made = Timeline()
    made.show()
    made.close()
    made.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert len(qapp.topLevelWidgets()) == before
