"""Gestures on the canvas and the signals they become; what is drawn for each state."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QKeyEvent
from PySide6.QtWidgets import QApplication

from poseapp.domain.ids import InstanceId
from poseapp.ui import theme
from poseapp.ui.canvas.canvas import Canvas
from poseapp.ui.canvas.foreground import Disagreement
from poseapp.ui.canvas.gesture_view import Mode
from tests.ui.canvas.figures import (
    LEFT_EAR,
    MOUSE,
    NOSE,
    PLACES,
    RIGHT_EAR,
    TAIL,
    label,
    prediction,
)
from tests.ui.canvas.hand import ALT, MIDDLE, RIGHT, SHIFT, Hand

GREY = 120
SEVEN = InstanceId(7)


@pytest.fixture
def canvas(qapp, qtbot):
    """640×480 px that show a picture of 320×240: two screen pixels for one of the picture."""
    theme.apply(qapp, "dark")
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(640, 480)
    made.show()
    qtbot.waitExposed(made)
    made.set_skeleton(MOUSE)
    made.set_picture(np.full((240, 320, 3), GREY, np.uint8))
    return made


@pytest.fixture
def hand(canvas):
    return Hand(canvas.viewport())


def leave(canvas: Canvas) -> None:
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))


class Heard:
    """Every signal of a canvas, in order."""

    def __init__(self, canvas: Canvas) -> None:
        self.said: list[tuple] = []
        for name in (
            "keypoint_placed",
            "keypoint_moved",
            "prediction_touched",
            "prediction_accepted",
            "visibility_cycled",
            "body_moved",
            "instance_selected",
            "keypoint_selected",
        ):
            getattr(canvas, name).connect(self._ear(name))

    def _ear(self, name):
        return lambda *values: self.said.append((name, *values))


@pytest.fixture
def heard(canvas):
    return Heard(canvas)


def seen_at(canvas: Canvas, x: float, y: float) -> tuple[float, float]:
    at = canvas.view_at(x, y)
    return at.x(), at.y()


def place_of(canvas: Canvas, keypoint: int, shift=(0, 0)) -> tuple[float, float]:
    return seen_at(canvas, *(PLACES[keypoint] + shift))


def grabbed(canvas: Canvas) -> QImage:
    return canvas.viewport().grab().toImage()


def colour_at(image: QImage, at: tuple[float, float], dx: int = 0, dy: int = 0) -> QColor:
    return image.pixelColor(int(at[0]) + dx, int(at[1]) + dy)


def near(one: QColor, other: QColor, tolerance: int = 12) -> bool:
    return all(
        abs(a - b) <= tolerance for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True)
    )


# -- coordinates -------------------------------------------------------------------------------


def test_the_fitted_picture_fills_the_view_and_counts_from_pixel_centres(canvas):
    assert canvas.zoom_percent == pytest.approx(200)
    assert seen_at(canvas, -0.5, -0.5) == pytest.approx((0, 0), abs=1)
    assert canvas.scene_at(QPointF(321, 241)).x() == pytest.approx(160, abs=0.5)


def test_the_cursor_is_told_in_pixels_of_the_picture(canvas, hand, qtbot):
    with qtbot.waitSignal(canvas.hovered) as told:
        hand.move(*seen_at(canvas, 100.25, 50.5))
    assert told.args == pytest.approx([100.25, 50.5], abs=0.01)


def test_leaving_says_that_the_cursor_is_nowhere(canvas, qtbot):
    with qtbot.waitSignal(canvas.hovered) as told:
        leave(canvas)
    assert np.isnan(told.args).all()


# -- keypoints ---------------------------------------------------------------------------------


def test_a_click_on_a_keypoint_selects_it(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, NOSE)
    hand.click(*place_of(canvas, TAIL))
    assert heard.said == [("keypoint_selected", SEVEN, TAIL)]


def test_a_drag_moves_the_keypoint_by_what_the_mouse_moved(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, NOSE)
    x, y = place_of(canvas, TAIL)
    hand.drag((x + 4, y), (x + 24, y - 10))
    ((name, owner, keypoint, to_x, to_y),) = heard.said
    assert (name, owner, keypoint) == ("keypoint_moved", SEVEN, TAIL)
    assert (to_x, to_y) == pytest.approx((170, 175))


def test_less_than_three_pixels_is_a_click_and_no_drag(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, NOSE)
    x, y = place_of(canvas, TAIL)
    hand.drag((x, y), (x + 2, y + 2))
    assert heard.said == [("keypoint_selected", SEVEN, TAIL)]


def test_a_keypoint_cannot_be_dragged_off_the_picture(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, NOSE)
    hand.drag(place_of(canvas, NOSE), (-500, 30))
    assert heard.said[0][3] == -0.5


def test_a_press_within_ten_pixels_takes_the_nearest_point_and_farther_none(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, TAIL)
    x, y = place_of(canvas, LEFT_EAR)
    hand.click(x - 9, y)
    assert heard.said == [("keypoint_selected", SEVEN, LEFT_EAR)]
    hand.click(x - 11, y + 3)
    assert len(heard.said) == 1


def test_the_selected_point_wins_a_tie(canvas, hand, heard):
    over = label(8)
    for chosen in (NOSE, TAIL):
        points = PLACES.copy()
        points[NOSE] = points[TAIL] + (0.2, 0)
        stacked = type(over)(over.frame, points, over.visibility, id=over.id)
        canvas.show_instances([stacked], [], InstanceId(8), chosen)
        hand.click(*place_of(canvas, TAIL))
        assert heard.said[-1] == ("keypoint_selected", InstanceId(8), chosen)


def test_the_current_body_wins_over_one_that_lies_on_it(canvas, hand, heard):
    canvas.show_instances([label(7), label(9)], [], InstanceId(9), NOSE)
    hand.click(*place_of(canvas, TAIL))
    assert heard.said == [("keypoint_selected", InstanceId(9), TAIL)]


def test_the_right_button_cycles_the_visibility(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, NOSE)
    hand.click(*place_of(canvas, LEFT_EAR), RIGHT)
    assert heard.said == [("visibility_cycled", SEVEN, LEFT_EAR)]


def test_an_absent_keypoint_cannot_be_hit(canvas, hand, heard):
    canvas.show_instances([label(visibility=[2, 2, 2, 0])], [], SEVEN, NOSE)
    hand.click(*place_of(canvas, TAIL))
    assert heard.said == []


# -- placing -----------------------------------------------------------------------------------


def test_a_click_places_the_selected_keypoint_that_is_absent(canvas, hand, heard):
    canvas.show_instances([label(visibility=[2, 2, 2, 0])], [], SEVEN, TAIL)
    assert canvas.mode is Mode.PLACING
    hand.click(*seen_at(canvas, 40, 200))
    ((name, keypoint, x, y),) = heard.said
    assert (name, keypoint) == ("keypoint_placed", TAIL)
    assert (x, y) == pytest.approx((40, 200))


def test_the_first_click_on_an_empty_frame_places_the_first_keypoint(canvas, hand, heard):
    canvas.show_instances([], [], None, NOSE)
    hand.click(*seen_at(canvas, 40, 200))
    assert heard.said[0][:2] == ("keypoint_placed", NOSE)


def test_two_quick_clicks_place_two_points(canvas, hand, heard):
    canvas.show_instances([], [], None, NOSE)
    hand.double_click(*seen_at(canvas, 40, 200))
    assert [said[0] for said in heard.said] == ["keypoint_placed", "keypoint_placed"]
    assert canvas.zoom_percent == pytest.approx(200)


def test_a_point_is_placed_where_the_button_is_let_go(canvas, hand, heard):
    canvas.show_instances([], [], None, NOSE)
    hand.drag(seen_at(canvas, 40, 200), seen_at(canvas, 50, 190))
    assert heard.said[0][2:] == pytest.approx((50, 190))


def test_a_point_can_be_placed_close_to_another(canvas, hand, heard):
    canvas.show_instances([label(visibility=[2, 2, 2, 0])], [], SEVEN, TAIL)
    x, y = place_of(canvas, NOSE)
    hand.click(x + 8, y)
    assert heard.said[0][:2] == ("keypoint_placed", TAIL)


def test_a_point_can_be_placed_on_another(canvas, hand, heard):
    canvas.show_instances([label(visibility=[2, 2, 2, 0])], [], SEVEN, TAIL)
    hand.click(*place_of(canvas, NOSE))
    assert heard.said[0][:2] == ("keypoint_placed", TAIL)


def test_placing_a_point_of_a_prediction_touches_it(canvas, hand, heard):
    guess = prediction(visibility=[2, 2, 2, 0])
    canvas.show_instances([], [guess], guess, TAIL)
    hand.click(*seen_at(canvas, 40, 200))
    assert heard.said[0][:3] == ("prediction_touched", guess, TAIL)


def test_nothing_is_placed_while_every_point_has_its_place(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, TAIL)
    assert canvas.mode is Mode.CORRECTING
    hand.click(*seen_at(canvas, 20, 200))
    assert heard.said == []


# -- bodies and predictions --------------------------------------------------------------------


def test_a_bone_selects_its_body(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, TAIL)
    hand.click(*seen_at(canvas, 161, 120))
    assert heard.said == [("instance_selected", SEVEN)]


def test_a_body_moves_only_with_alt(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, TAIL)
    start, end = seen_at(canvas, 160, 120), seen_at(canvas, 172, 111)
    hand.drag(start, end)
    assert heard.said == []
    canvas.fit()
    hand.modifiers = ALT
    hand.drag(start, end)
    ((name, owner, dx, dy),) = heard.said
    assert (name, owner) == ("body_moved", SEVEN)
    assert (dx, dy) == pytest.approx((12, -9))


def test_alt_on_a_keypoint_moves_the_body_too(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, TAIL)
    hand.modifiers = ALT
    x, y = place_of(canvas, TAIL)
    hand.drag((x, y), (x + 20, y))
    assert heard.said[0][:2] == ("body_moved", SEVEN)
    assert heard.said[0][2:] == pytest.approx((10, 0))


def test_dragging_a_point_of_a_prediction_touches_it(canvas, hand, heard):
    guess = prediction()
    canvas.show_instances([], [guess])
    x, y = place_of(canvas, TAIL, (60, 20))
    hand.drag((x, y), (x - 20, y))
    ((name, instance, keypoint, to_x, to_y),) = heard.said
    assert (name, instance, keypoint) == ("prediction_touched", guess, TAIL)
    assert (to_x, to_y) == pytest.approx((210, 200))


def test_a_double_click_accepts_a_prediction(canvas, hand, heard):
    guess = prediction()
    canvas.show_instances([], [guess])
    hand.double_click(*place_of(canvas, TAIL, (60, 20)))
    assert heard.said == [("keypoint_selected", guess, TAIL), ("prediction_accepted", guess)]


def test_what_is_not_drawn_cannot_be_hit(canvas, hand, heard):
    canvas.show_instances([label()], [prediction()], SEVEN, NOSE)
    canvas.set_options(labels=False, predictions=False)
    hand.click(*place_of(canvas, TAIL))
    hand.click(*place_of(canvas, TAIL, (60, 20)))
    assert heard.said == []


def test_read_only_selects_but_changes_nothing(canvas, hand, heard):
    canvas.show_instances([label(visibility=[2, 2, 2, 0])], [prediction()], SEVEN, TAIL)
    canvas.read_only = True
    hand.click(*seen_at(canvas, 40, 200))
    hand.click(*place_of(canvas, NOSE), RIGHT)
    hand.double_click(*place_of(canvas, LEFT_EAR, (60, 20)))
    x, y = place_of(canvas, NOSE)
    hand.drag((x, y), (x + 30, y))
    assert {said[0] for said in heard.said} == {"keypoint_selected"}
    assert canvas.mode is Mode.CORRECTING


def test_a_drag_goes_on_when_the_bodies_are_shown_anew(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, NOSE)
    x, y = place_of(canvas, TAIL)
    hand.press(x, y)
    hand.move(x + 10, y)
    canvas.show_instances([label()], [prediction()], SEVEN, NOSE)
    hand.move(x + 20, y)
    hand.release(x + 20, y)
    assert heard.said[0][:3] == ("keypoint_moved", SEVEN, TAIL)
    assert heard.said[0][3] == pytest.approx(170)


def test_a_drag_ends_in_nothing_when_its_body_goes_away(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, NOSE)
    x, y = place_of(canvas, TAIL)
    hand.press(x, y)
    hand.move(x + 10, y)
    canvas.show_instances([], [])
    hand.release(x + 20, y)
    assert heard.said == []


def test_cancel_puts_the_dragged_point_back(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, TAIL)
    before = grabbed(canvas)
    x, y = place_of(canvas, TAIL)
    hand.press(x, y)
    hand.move(x + 30, y)
    canvas.cancel()
    leave(canvas)
    hand.release(x + 30, y)
    leave(canvas)
    assert heard.said == []
    assert grabbed(canvas) == before


# -- zoom and pan ------------------------------------------------------------------------------


def test_the_wheel_zooms_to_the_cursor(canvas, hand, qtbot):
    under = canvas.scene_at(QPointF(500, 100))
    with qtbot.waitSignal(canvas.zoomed) as told:
        hand.wheel(500, 100, 2)
    assert told.args[0] == pytest.approx(200 * 1.25**2)
    after = canvas.scene_at(QPointF(500, 100))
    assert (after.x(), after.y()) == pytest.approx((under.x(), under.y()), abs=0.5)


def test_the_middle_button_pans(canvas, hand):
    canvas.zoom_to(QRectF(100, 80, 80, 60))
    before = canvas.scene_at(QPointF(300, 200))
    hand.drag((300, 200), (340, 230), MIDDLE)
    after = canvas.scene_at(QPointF(340, 230))
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()), abs=0.3)


def test_a_double_click_on_nothing_fits(canvas, hand):
    canvas.zoom_to(QRectF(100, 80, 80, 60))
    hand.double_click(20, 20)
    assert canvas.zoom_percent == pytest.approx(200)


def test_a_point_outside_the_middle_half_is_brought_to_the_middle(canvas):
    canvas.reveal(160, 120)
    assert canvas.zoom_percent == pytest.approx(200)
    canvas.reveal(10, 10)
    assert seen_at(canvas, 10, 10) == pytest.approx((320, 240), abs=2)


def test_zoom_and_place_are_kept_from_frame_to_frame_and_fitted_for_another_size(canvas):
    canvas.zoom_to(QPointF(40, 40))
    kept = canvas.scene_at(QPointF(100, 100))
    canvas.set_picture(np.zeros((240, 320, 3), np.uint8))
    assert canvas.scene_at(QPointF(100, 100)) == kept
    canvas.set_picture(np.zeros((480, 320, 3), np.uint8))
    assert canvas.zoom_percent == pytest.approx(100)


def test_a_small_preview_lies_where_the_frame_will_be(canvas):
    canvas.set_picture(np.zeros((60, 80, 3), np.uint8), exact=False, size=(320, 240))
    assert canvas.zoom_percent == pytest.approx(200)
    assert seen_at(canvas, 319.5, 239.5) == pytest.approx((640, 480), abs=1)


def test_the_picture_stays_fitted_when_the_window_grows(canvas, qapp):
    canvas.resize(1280, 960)
    qapp.processEvents()
    assert canvas.zoom_percent == pytest.approx(400)


def test_a_tag_at_the_edge_leads_to_a_body_out_of_view(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, NOSE, titles=["Mouse 1"])
    canvas.zoom_to(QRectF(250, 60, 40, 30))
    (_pose, text, place) = canvas._edge_tags()[0]
    assert text == "← Mouse 1"
    hand.click(place.center().x(), place.center().y())
    assert heard.said == [("instance_selected", SEVEN)]
    assert canvas._edge_tags() == []


# -- pictures ----------------------------------------------------------------------------------


def test_the_colours_of_the_frame_are_shown_as_they_are(canvas):
    frame = np.zeros((240, 320, 3), np.uint8)
    frame[:, :160] = (10, 120, 250)
    canvas.set_picture(frame)
    assert colour_at(grabbed(canvas), (100, 100)).getRgb()[:3] == (250, 120, 10)


def test_the_frame_may_be_changed_after_it_was_given(canvas):
    frame = np.full((240, 320, 3), 50, np.uint8)
    canvas.set_picture(frame[:, ::-1])
    frame[:] = 200
    assert colour_at(grabbed(canvas), (100, 100)).red() == 50


def test_a_label_is_filled_in_the_colour_of_its_side(canvas):
    canvas.show_instances([label()], [], SEVEN)
    image = grabbed(canvas)
    for keypoint, side in ((NOSE, "centre"), (LEFT_EAR, "left"), (RIGHT_EAR, "right")):
        drawn = colour_at(image, place_of(canvas, keypoint), dx=-1)
        assert near(drawn, theme.overlay(side)), side


def test_circle_square_and_diamond_tell_the_sides_apart(canvas):
    canvas.show_instances([label()], [], SEVEN)
    image = grabbed(canvas)
    corner = {
        keypoint: near(colour_at(image, place_of(canvas, keypoint), 4, -4), theme.overlay(side))
        for keypoint, side in ((TAIL, "centre"), (LEFT_EAR, "left"), (RIGHT_EAR, "right"))
    }
    assert corner == {TAIL: False, LEFT_EAR: False, RIGHT_EAR: True}
    assert near(colour_at(image, place_of(canvas, TAIL), 0, 5), theme.overlay("centre"), 40)


def test_a_prediction_is_hollow(canvas):
    canvas.show_instances([], [prediction()])
    image = grabbed(canvas)
    at = place_of(canvas, LEFT_EAR, (60, 20))
    assert colour_at(image, at).red() < GREY
    ring = [colour_at(image, at, dx) for dx in (-5, -4, 4, 5)]
    assert any(near(colour, theme.overlay("left"), 60) for colour in ring)


def test_a_hidden_point_has_a_slash(canvas):
    canvas.show_instances([label(visibility=[2, 1, 2, 2])], [], SEVEN)
    at = place_of(canvas, LEFT_EAR)
    image = grabbed(canvas)
    assert near(colour_at(image, at, 1, -1), theme.overlay("left"), 80)
    assert not near(colour_at(image, at, 2, 2), theme.overlay("left"), 80)


def test_the_selected_point_has_a_white_ring_and_four_ticks(canvas):
    canvas.show_instances([label()], [], SEVEN, LEFT_EAR)
    image, at = grabbed(canvas), place_of(canvas, LEFT_EAR)
    white = theme.overlay("select")
    assert near(colour_at(image, at, -10, 0), white, 60)
    for dx, dy in ((-15, 0), (0, -15), (0, 15), (15, 0)):
        assert near(colour_at(image, at, dx, dy), white, 60), (dx, dy)


def test_an_absent_point_is_not_drawn(canvas):
    canvas.show_instances([label(visibility=[2, 0, 2, 2])], [], SEVEN)
    assert colour_at(grabbed(canvas), place_of(canvas, LEFT_EAR)).red() == GREY


def test_options_hide_labels_predictions_and_bones(canvas):
    empty = grabbed(canvas)
    canvas.show_instances([label()], [prediction()], SEVEN)
    canvas.set_options(labels=False, predictions=False)
    assert grabbed(canvas) == empty
    canvas.set_options(labels=True, bones=False)
    between = seen_at(canvas, 160, 120)
    assert colour_at(grabbed(canvas), between).red() == GREY
    canvas.set_options(bones=True)
    assert near(colour_at(grabbed(canvas), between), theme.overlay("centre"), 30)


def test_less_sure_predictions_are_fainter(canvas):
    def ring(score: float) -> int:
        canvas.show_instances([], [prediction(scores=(score,) * 4)])
        x, y = place_of(canvas, LEFT_EAR, (60, 20))
        image = grabbed(canvas)
        return max(image.pixelColor(int(x) + dx, int(y)).red() for dx in range(-7, 8))

    assert ring(1.0) > ring(0.4) > GREY


def test_a_moved_point_shows_where_the_prediction_had_it(canvas):
    canvas.show_instances([label()], [], SEVEN, TAIL)
    plain = grabbed(canvas)
    canvas.show_instances([label()], [], SEVEN, TAIL, {TAIL: (100.0, 150.0)})
    ghost, moved = seen_at(canvas, 100, 150), grabbed(canvas)
    changed = [
        (x, y)
        for x in range(-7, 8)
        for y in range(-7, 8)
        if colour_at(moved, ghost, x, y) != colour_at(plain, ghost, x, y)
    ]
    assert len(changed) > 20


def test_a_disagreement_is_a_pink_line_between_both_answers(canvas):
    canvas.set_disagreements([Disagreement(NOSE, (60.0, 60.0), (100.0, 60.0))])
    image = grabbed(canvas)
    row = [colour_at(image, seen_at(canvas, x, 60)) for x in np.linspace(66, 94, 40)]
    assert sum(near(colour, theme.overlay("disagree"), 60) for colour in row) > 8


def test_trails_and_heatmap_are_drawn_only_when_asked_for(canvas):
    canvas.set_trails([np.stack([np.add(PLACES, (2.0 * t, 0)) for t in range(-10, 1)])])
    canvas.set_heatmap(np.eye(24, 32, dtype=np.float32))
    before = grabbed(canvas)
    canvas.set_options(trails=True)
    with_trails = grabbed(canvas)
    canvas.set_options(trails=False, heatmap=True)
    with_heat = grabbed(canvas)
    assert before != with_trails
    assert before != with_heat
    middle = seen_at(canvas, 105, 105)
    assert colour_at(with_heat, middle).red() > colour_at(before, middle).red() + 40


def test_the_loupe_is_shown_with_shift_far_from_the_cursor_and_magnifies(canvas, hand):
    frame = np.full((240, 320, 3), GREY, np.uint8)
    frame[50, 50] = (0, 0, 255)
    canvas.set_picture(frame)
    hand.modifiers = SHIFT
    hand.move(*seen_at(canvas, 50, 50))
    image = grabbed(canvas)
    red = [
        (x, y)
        for x in range(640)
        for y in range(480)
        if image.pixelColor(x, y).red() > 180 and image.pixelColor(x, y).blue() < 90
    ]
    far = [(x, y) for x, y in red if x > 320 and y > 240]
    assert len(far) > 8
    hand.modifiers = Qt.KeyboardModifier.NoModifier
    hand.move(*seen_at(canvas, 51, 50))
    assert colour_at(grabbed(canvas), far[0]).red() == GREY


def test_the_wheel_turns_the_loupe_while_it_is_shown(canvas, hand):
    hand.modifiers = SHIFT
    hand.move(100, 100)
    hand.wheel(100, 100, 2)
    assert canvas.zoom_percent == pytest.approx(200)
    assert canvas._loupe.power == pytest.approx(8)


def test_the_loupe_comes_by_itself_with_a_drag_and_shows_where_the_point_was(canvas, hand):
    canvas.show_instances([label()], [], SEVEN, LEFT_EAR)
    canvas.set_options(bones=False)
    x, y = place_of(canvas, LEFT_EAR)
    hand.press(x, y)
    hand.move(x + 20, y)
    place = canvas._loupe.place(QRectF(0, 0, 640, 480), QPointF(x + 20, y))
    was = place.center() - QPointF(10 * 4, 0)
    image = grabbed(canvas)
    dots = sum(
        near(colour_at(image, (was.x(), was.y()), dx, dy), theme.overlay("left"), 60)
        for dx in range(-7, 8)
        for dy in range(-7, 8)
    )
    assert dots >= 4
    hand.release(x + 20, y)
    assert colour_at(grabbed(canvas), (was.x() - 4, was.y())).red() == GREY


def test_the_hovered_point_has_a_ring_at_once_and_a_name_after_a_moment(canvas, hand, qtbot):
    canvas.show_instances([label()], [], SEVEN, NOSE)
    plain = grabbed(canvas)
    x, y = place_of(canvas, LEFT_EAR)
    hand.move(x, y)
    ringed = grabbed(canvas)
    assert near(colour_at(ringed, (x, y), -9), theme.overlay("left"), 60)
    where_the_name_goes = (x - 40, y)
    assert colour_at(ringed, where_the_name_goes) == colour_at(plain, where_the_name_goes)
    qtbot.waitUntil(lambda: not canvas._name_timer.isActive())
    assert colour_at(grabbed(canvas), where_the_name_goes) != colour_at(plain, where_the_name_goes)


def test_the_cursor_aims_while_placing_and_says_no_where_points_are_locked(canvas, hand):
    def cursor() -> Qt.CursorShape:
        return canvas.viewport().cursor().shape()

    canvas.show_instances([label(visibility=[2, 2, 2, 0])], [], SEVEN, TAIL)
    hand.move(*seen_at(canvas, 40, 200))
    assert cursor() == Qt.CursorShape.BitmapCursor
    hand.move(*place_of(canvas, NOSE))
    assert cursor() == Qt.CursorShape.ArrowCursor
    canvas.read_only = True
    hand.move(*place_of(canvas, LEFT_EAR))
    assert cursor() == Qt.CursorShape.ForbiddenCursor


def test_a_small_figure_shows_which_point_comes_next_and_makes_way(canvas, hand):
    canvas.set_guide(PLACES)
    canvas.show_instances([label(visibility=[2, 2, 2, 0])], [], SEVEN, TAIL)
    right, left = (550, 400), (90, 400)
    image = grabbed(canvas)
    assert colour_at(image, right).red() < GREY
    assert colour_at(image, left).red() == GREY
    hand.move(*right)
    image = grabbed(canvas)
    assert colour_at(image, left).red() < GREY
    canvas.show_instances([label()], [], SEVEN, TAIL)
    assert colour_at(grabbed(canvas), left).red() == GREY


def test_without_a_picture_there_is_a_sentence_and_no_gesture(canvas, hand, heard):
    canvas.show_instances([label()], [], SEVEN, NOSE)
    canvas.clear("garden_04.mp4 is not where it was")
    hand.click(*place_of(canvas, TAIL))
    hand.wheel(100, 100)
    assert heard.said == []
    assert not canvas.has_picture()
    assert grabbed(canvas).pixelColor(5, 5) != QColor(GREY, GREY, GREY)


def test_a_change_of_theme_changes_the_ground_but_not_the_marks(canvas, qapp):
    canvas.show_instances([label()], [], SEVEN)
    dark = grabbed(canvas)
    theme.apply(qapp, "light")
    assert grabbed(canvas) == dark
    canvas.clear()
    assert near(grabbed(canvas).pixelColor(639, 479), theme.color("canvas"), 40)
    theme.apply(qapp, "dark")


# -- keys, speech and hygiene ------------------------------------------------------------------


def test_keys_are_left_to_the_window(canvas):
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Space, Qt.Key.Key_Plus, Qt.Key.Key_Shift):
        event = QKeyEvent(QEvent.Type.KeyPress, key, Qt.KeyboardModifier.NoModifier)
        QApplication.sendEvent(canvas, event)
        assert not event.isAccepted()


def test_the_canvas_says_frame_point_place_and_state(canvas):
    canvas.describe_frame("Frame 12 of mice.mp4")
    canvas.show_instances([label(visibility=[2, 1, 2, 2])], [], SEVEN, LEFT_EAR, titles=["Mouse 1"])
    assert canvas.accessibleName() == "Canvas"
    assert canvas.accessibleDescription() == (
        "Frame 12 of mice.mp4, Left ear of Mouse 1, hidden, x 130.0 y 90.0"
    )


def test_nothing_is_left_when_a_canvas_is_thrown_away(qapp):
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    before = len(qapp.topLevelWidgets())
    made = Canvas()
    made.show()
    made.set_picture(np.zeros((24, 32, 3), np.uint8))
    made.close()
    made.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert len(qapp.topLevelWidgets()) == before


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None, True and False are immortal")
def test_thousands_of_calls_and_signals_lose_no_references(canvas):
    counts = [sys.getrefcount(value) for value in (None, True, False)]
    heard: list[float] = []
    canvas.hovered.connect(lambda x, _y: heard.append(x) if x < 0 else None)
    for n in range(5000):
        canvas.hovered.emit(float(n), 0.0)
        canvas.has_picture()
        canvas.viewport().isVisible()
        canvas.set_options(names=False)
    after = [sys.getrefcount(value) for value in (None, True, False)]
    assert all(abs(a - b) < 500 for a, b in zip(after, counts, strict=True)), (counts, after)
