"""Which frames are in view after zooming and panning, whatever was done before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.ui.time_view import TimeView

FRAMES = st.integers(0, 500_000)
MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("pan"), st.floats(-1e6, 1e6)),
        st.tuples(st.just("zoom"), st.floats(0, 5e5), st.floats(0.01, 100)),
        st.tuples(st.just("bring"), st.integers(0, 499_999)),
        st.tuples(st.just("fit")),
    ),
    max_size=12,
)


@given(FRAMES, MOVES)
def test_the_view_never_leaves_the_video(frames, moves):
    view = TimeView()
    view.set_length(frames)
    longest = max(1, frames - 1)
    for name, *values in moves:
        if name == "bring":
            values = [min(values[0], longest)]
        getattr(view, name)(*values)
        assert view.first >= 0
        assert view.last == pytest.approx(min(view.last, longest))
        assert view.span >= min(20, longest)
        if name == "bring":
            assert view.first - 1e-6 <= values[0] <= view.last + 1e-6


@given(st.floats(100, 900), st.floats(0.1, 1.0))
def test_zooming_in_keeps_a_frame_where_it_is(frame, factor):
    view = TimeView()
    view.set_length(1001)
    before = view.scale(0, 1000).x(frame)
    view.zoom(frame, factor)
    assert view.scale(0, 1000).x(frame) == pytest.approx(before)


def test_bringing_what_is_in_view_moves_nothing():
    view = TimeView()
    view.set_length(1001)
    view.zoom(500, 0.1)
    first = view.first
    assert not view.bring(500)
    assert view.first == first
    assert view.bring(10)
    assert view.first == 0
