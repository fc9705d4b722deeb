"""Binning of frames to pixels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.domain.suggestion import Answer
from poseapp.ui.lanes import CurveLane, MarksLane, TimeScale, TracksLane, columns

frames_in_order = st.lists(st.integers(0, 5000), max_size=200).map(
    lambda found: np.array(sorted(found), np.int64)
)


@given(st.floats(0, 5000), st.floats(20, 5000), st.integers(0, 9999))
def test_a_position_leads_back_to_its_frame(first, span, frame):
    scale = TimeScale(first, span, left=112, width=700)
    assert scale.frame(float(scale.x(frame))) == pytest.approx(frame, abs=1e-6)


@given(frames_in_order, st.integers(0, 4000), st.integers(20, 1000))
def test_every_frame_in_view_has_a_mark_and_no_column_two(frames, first, span):
    scale = TimeScale(first, span, left=0, width=300)
    drawn = columns(scale, frames)
    assert len(drawn) == len(set(drawn)) <= 300 + 2 * 8 + 2
    inside = frames[(frames >= first) & (frames <= first + span)]
    assert {round(float(x)) for x in scale.x(inside)} <= set(drawn)


@given(st.integers(0, 2**31))
def test_the_curve_shows_the_least_sure_frame_under_each_pixel(seed):
    rng = np.random.default_rng(seed)
    scores = rng.random(500)
    lane = CurveLane("Confidence")
    lane.set_scores(np.arange(500), scores)
    scale = TimeScale(0, 499, left=10, width=60)
    x, lowest = lane.points(scale)
    assert np.isfinite(lowest).all()
    wanted: dict[int, float] = {}
    for frame, score in enumerate(scores):
        at = int(np.round(float(scale.x(frame))))
        wanted[at] = min(wanted.get(at, 1.0), score)
    assert dict(zip(x.astype(int).tolist(), lowest.tolist(), strict=True)) == wanted


def test_the_curve_is_broken_where_frames_have_no_score():
    lane = CurveLane("Confidence")
    frames = np.r_[0:100, 500:600]
    lane.set_scores(frames, np.full(200, 0.5))
    _x, scores = lane.points(TimeScale(0, 600, left=0, width=600))
    assert np.isnan(scores).sum() == 1


def test_the_curve_of_every_tenth_frame_is_whole():
    lane = CurveLane("Confidence")
    lane.set_scores(np.arange(0, 1000, 10), np.full(100, 0.5))
    _x, scores = lane.points(TimeScale(0, 100, left=0, width=1000))
    assert np.isfinite(scores).all()


def test_a_click_near_a_mark_means_the_mark_and_open_suggestions_come_first():
    lane = MarksLane("Frames")
    lane.set_labels([100, 300])
    lane.set_suggestions([104, 500, 302], [Answer.ACCEPTED, Answer.OPEN, Answer.SKIPPED])
    scale = TimeScale(0, 1000, left=0, width=1000)
    assert lane.snap(scale, 300) == 302
    assert lane.snap(scale, 99) == 104
    assert lane.snap(scale, 505) == 500
    assert lane.snap(scale, 700) is None
    assert lane.describe(scale, 500) == "Frame 500: suggestion, open"
    assert lane.describe(scale, 700) == ""


def test_tracks_that_live_at_once_lie_in_rows_of_their_own():
    lane = TracksLane("Tracks")
    lane.set_tracks([("a", 0, 100), ("b", 50, 200), ("a", 150, 300), ("c", 350, 400)])
    assert lane.rows == 2
    scale = TimeScale(0, 400, left=0, width=400)
    assert lane.describe(scale, 70) == "a, b"
    assert lane.describe(scale, 375) == "c"


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 60)), max_size=40))
def test_no_two_tracks_overlap_in_a_row(stretches):
    lane = TracksLane("Tracks")
    lane.set_tracks([(f"t{n}", start, start + long) for n, (start, long) in enumerate(stretches)])
    for row in range(lane.rows):
        bars = sorted(lane._bars[lane._bars[:, 2] == row].tolist())
        assert all(one[1] < other[0] for one, other in pairwise(bars))
