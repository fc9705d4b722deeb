"""Markers by themselves: every state of every side, on the picture and in lists."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from poseapp.domain.skeleton import Side
from poseapp.ui import theme
from poseapp.ui.canvas.markers import State, marker_pixmap, paint_glyph

ON_THE_PICTURE = [state for state in State if state is not State.ABSENT]


def marker(side: Side, state: State) -> QImage:
    rgb = theme.overlay(side.value).rgb()
    return marker_pixmap(side, state, rgb, 5.0, 1.0).toImage()


def glyph(side: Side, state: State) -> QImage:
    image = QImage(16, 16, QImage.Format.Format_RGB32)
    image.fill(theme.color("panel"))
    painter = QPainter(image)
    paint_glyph(painter, QPointF(8, 8), side, state)
    painter.end()
    return image


@pytest.mark.parametrize("side", Side)
def test_no_two_states_look_alike(side):
    for one, other in combinations(ON_THE_PICTURE, 2):
        assert marker(side, one) != marker(side, other), (one, other)


def test_the_sides_differ_in_shape_and_not_in_colour_alone():
    grey = theme.overlay("select").rgb()
    shapes = [marker_pixmap(side, State.LABEL, grey, 5.0, 1.0).toImage() for side in Side]
    assert all(one != other for one, other in combinations(shapes, 2))


@pytest.mark.parametrize("state", ON_THE_PICTURE)
def test_every_marker_has_a_dark_halo(state):
    image = marker(Side.LEFT, state)
    middle = image.width() // 2
    outermost = next(
        image.pixelColor(x, middle)
        for x in range(image.width())
        if image.pixelColor(x, middle).alpha() > 60
    )
    assert outermost.lightness() < 90


def test_a_marker_is_sharp_on_a_finer_screen_and_its_centre_is_a_pixel():
    for scale in (1.0, 1.5, 2.0):
        made = marker_pixmap(Side.RIGHT, State.LABEL, 0, 5.0, scale)
        assert made.devicePixelRatio() == scale
        assert made.width() % 2 == 1


@pytest.mark.parametrize("shown", ["dark", "light"])
def test_glyphs_in_lists_are_drawn_in_the_colours_for_panels(qapp, shown):
    theme.apply(qapp, shown)
    for side in Side:
        wanted = theme.color(f"panel{side.value.capitalize()}")
        assert glyph(side, State.LABEL).pixelColor(8, 8) == wanted
        assert glyph(side, State.PREDICTION).pixelColor(8, 8) == theme.color("panel")
        assert glyph(side, State.HIDDEN) != glyph(side, State.ABSENT)
