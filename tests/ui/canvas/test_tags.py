"""Where tags and the loupe go."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, QRectF

from poseapp.ui.canvas import tags
from poseapp.ui.canvas.loupe import Loupe

VIEW = QRectF(0, 0, 640, 480)


def test_a_name_stands_on_the_side_away_from_the_body():
    body = QPointF(300, 200)
    to_right = tags.tag_beside("Tail", QPointF(340, 220), body, VIEW)
    to_left = tags.tag_beside("Tail", QPointF(260, 220), body, VIEW)
    assert to_right is not None
    assert to_left is not None
    assert to_right.left() > 340
    assert to_left.right() < 260


def test_a_name_stays_in_view_and_off_other_names():
    at, body = QPointF(630, 200), QPointF(300, 200)
    place = tags.tag_beside("Right hindleg tip", at, body, VIEW)
    assert place is not None
    assert VIEW.contains(place)
    other = tags.tag_beside("Right hindleg tip", at, body, VIEW, [place])
    assert other is not None
    assert not other.intersects(place)


def test_a_name_without_room_is_left_out():
    everywhere = [VIEW]
    assert tags.tag_beside("Tail", QPointF(300, 200), QPointF(0, 0), VIEW, everywhere) is None


@pytest.mark.parametrize(
    ("point", "text"),
    [
        ((-50, 200), "← Fly 2"),
        ((900, 200), "Fly 2 →"),
        ((300, -20), "↑ Fly 2"),
        ((300, 700), "↓ Fly 2"),
    ],
)
def test_a_tag_at_the_edge_points_to_what_is_out_of_view(point, text):
    shown, place = tags.tag_at_edge("Fly 2", QPointF(*point), VIEW)
    assert shown == text
    assert VIEW.contains(place)


def test_the_loupe_takes_the_farthest_corner_and_is_never_under_the_cursor():
    loupe = Loupe()
    for x in range(0, 641, 20):
        for y in range(0, 481, 20):
            cursor = QPointF(x, y)
            place = loupe.place(VIEW, cursor)
            assert VIEW.contains(place)
            assert not place.contains(cursor)
    loupe.hide()
    assert loupe.place(VIEW, QPointF(10, 10)).center().x() > 320
    assert loupe.place(VIEW, QPointF(10, 10)).center().y() > 240


def test_the_loupe_stays_in_its_corner_until_the_cursor_comes_near():
    loupe = Loupe()
    first = loupe.place(VIEW, QPointF(200, 150))
    assert loupe.place(VIEW, QPointF(360, 150)) == first


def test_the_loupe_magnifies_2_to_16_times_and_always_more_than_the_canvas():
    loupe = Loupe()
    assert loupe.magnification(1.0) == 4
    assert loupe.magnification(5.0) == 10
    loupe.turn(-10)
    assert loupe.power == 2
    loupe.turn(20)
    assert loupe.power == 16
