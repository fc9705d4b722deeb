from dataclasses import replace

import numpy as np
import pytest

from poseapp.domain.errors import SelectionError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.learn.oracle.annotator import annotator
from tests.learn.oracle.worlds import body, walk


def test_clips_of_one_film_are_held_out_together_or_not_at_all():
    labels = walk(12, 10)
    films = {VideoId(v): f"film {v // 2}" for v in range(1, 13)}
    teacher = annotator(labels, groups=films)
    to_ask = {films[ref.video] for ref in teacher.pool}
    measured = {films[ref.video] for ref in teacher.held_out}
    assert to_ask
    assert measured
    assert not to_ask & measured
    assert len(teacher.pool) + len(teacher.held_out) == 120
    assert len(teacher.held_out) == pytest.approx(30, abs=15)


def test_of_one_video_a_block_of_time_is_held_out_with_a_gap_around_it():
    teacher = annotator(walk(1, 200))
    pool = np.array([ref.frame for ref in teacher.pool])
    block = np.array([ref.frame for ref in teacher.held_out])
    assert block.tolist() == list(range(block[0], block[-1] + 1))
    assert len(block) == 50
    assert abs(pool[:, None] - block).min() >= 15  # half a second


def test_a_given_split_is_kept():
    measured = {FrameRef(VideoId(1), 3), FrameRef(VideoId(1), 4)}
    teacher = annotator(walk(1, 10), measured_on=measured)
    assert set(teacher.held_out) == measured
    assert not measured & set(teacher.pool)
    assert len(teacher.pool) == 8


def test_frames_without_a_keypoint_are_left_out():
    labels = walk(1, 10)
    nothing = body(1, 4, np.full((5, 2), np.nan))
    others = tuple(i for i in labels.instances if i.frame.frame != 4)
    teacher = annotator(
        replace(labels, instances=(*others, nothing)), measured_on={FrameRef(VideoId(1), 9)}
    )
    assert FrameRef(VideoId(1), 4) not in teacher.pool
    assert len(teacher.pool) == 8


def test_true_bodies_come_frame_by_frame():
    teacher = annotator(walk(1, 10), measured_on={FrameRef(VideoId(1), 9)})
    truth = teacher.bodies([FrameRef(VideoId(1), 2), FrameRef(VideoId(1), 1)])
    assert truth[:, 0].tolist() == [[54.0, 15.0], [52.0, 15.0]]


def test_one_labelled_frame_is_too_few():
    with pytest.raises(SelectionError, match="1 labelled frames are too few"):
        annotator(walk(1, 1))
