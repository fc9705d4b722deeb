"""Replays in worlds where it is known what each frame teaches."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from poseapp.domain.errors import JobCancelled, SelectionError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Origin
from poseapp.domain.report import SilentReport
from poseapp.learn.oracle.estimator import Guesses
from poseapp.learn.oracle.replay import Order, everything, replay, split
from poseapp.learn.oracle.worth import saving
from tests.learn.oracle.worlds import SKELETON, STANDING, body, video

FRAMES = 100
FPS = 30


def labelled(frames, *, videos=1, origin=Origin.PERSON, points=STANDING):
    """Frames far apart, labelled in this order."""
    instances = [
        replace(body(1 + n % videos, 20 * n, points), id=1 + made, origin=origin)
        for made, n in enumerate(frames)
    ]
    known = tuple(video(v, 20 * FRAMES) for v in range(1, videos + 1))
    return LabelSet(SKELETON, known, tuple(instances))


@dataclass
class Pupil:
    """Is off by less the more frames that teach something it was shown; even ones do."""

    truth: np.ndarray
    asked: list

    def features(self, refs):
        raise NotImplementedError

    def update(self, net, refs, seed, steps):
        self.asked.append(tuple(refs))
        useful = sum((ref.frame // 20) % 2 == 0 for ref in refs)
        return [Knows(self.truth + 100.0 / (1 + useful))]


@dataclass
class Knows:
    points: np.ndarray

    def guess(self, refs):
        none = np.zeros((len(refs), len(self.points)), np.float32)
        return Guesses(np.repeat(self.points[None], len(refs), axis=0), none, none, none, none)


def replayed(labels, report=None, repeats=8):
    order = Order.of(labels, np.random.default_rng(0))
    pupil = Pupil(STANDING, [])
    teacher = everything(labels, order)
    return replay(teacher, pupil, order, report or SilentReport(), repeats=repeats), pupil


def test_useful_frames_first_are_twice_as_good_as_chance():
    useful_first = [*range(0, FRAMES, 2), *range(1, FRAMES, 2)]
    found, _ = replayed(labelled(useful_first))
    assert found.labels[-1] == 90
    told = saving(found)
    assert told.labels == round(found.labels[-1] / 2)
    assert told.random.value == pytest.approx(2 * told.labels, rel=0.05)
    assert told.told_apart
    half = int(np.flatnonzero(found.labels == told.labels)[0])
    off = np.hypot(1, 1) * 100 / (1 + np.minimum(told.labels, 45))
    np.testing.assert_allclose(found.yours[:, half], off, rtol=0.15)


def test_useless_frames_first_are_worse_than_chance():
    told = saving(replayed(labelled([*range(1, FRAMES, 2), *range(0, FRAMES, 2)]))[0])
    assert told.saved.high < 0


def test_an_order_by_chance_saves_nothing_that_can_be_told():
    told = saving(replayed(labelled(np.random.default_rng(5).permutation(FRAMES)))[0])
    assert abs(told.saved.value) < 12


def test_both_orders_end_with_all_that_can_be_learnt_and_measure_on_the_same_frames():
    found, pupil = replayed(labelled(range(FRAMES)))
    for taught, measured in split(everything_of(labelled(range(FRAMES)))):
        assert not set(taught) & set(measured)
        gaps = [abs(t.frame - m.frame) for t in taught for m in measured]
        assert min(gaps) >= FPS / 2
    assert all(list(refs) == sorted(refs) for refs in pupil.asked)
    np.testing.assert_allclose(found.yours[:, -1], found.random[:, -1], rtol=0.1)


def everything_of(labels):
    return everything(labels, Order.of(labels, np.random.default_rng(0)))


def test_every_frame_is_measured_once():
    labels = labelled(range(FRAMES), videos=7)
    measured = [ref for _, block in split(everything_of(labels)) for ref in block]
    assert sorted(measured) == list(labels.frames)


def test_whole_videos_are_held_out_where_there_are_enough():
    for taught, measured in split(everything_of(labelled(range(FRAMES), videos=7))):
        assert not {ref.video for ref in taught} & {ref.video for ref in measured}


def test_the_order_is_that_of_the_numbers_of_labels():
    made = np.random.default_rng(3).permutation(FRAMES)
    order = Order.of(labelled(made), np.random.default_rng(0))
    assert [ref.frame // 20 for ref in order.frames] == list(made)
    assert order.together == 0
    assert order.first(7).frames == order.frames[:7]


def test_imported_labels_have_no_order():
    brought_in = labelled(range(60), origin=Origin.IMPORTED)
    more = [replace(body(1, 20 * n, STANDING), id=61 + n) for n in range(60, FRAMES)]
    labels = replace(brought_in, instances=(*brought_in.instances, *more))
    order = Order.of(labels, np.random.default_rng(0))
    assert order.together == 60
    assert [ref.frame // 20 for ref in order.frames[60:]] == list(range(60, FRAMES))
    found, _ = replayed(labels)
    assert found.yours is None
    assert np.all(np.diff(found.random.mean(axis=0)) < 0)


def test_frames_without_a_keypoint_are_not_replayed():
    labels = labelled(range(30))
    empty = replace(body(1, 20 * 50, np.full((5, 2), np.nan)), id=500)
    order = Order.of(replace(labels, instances=(*labels.instances, empty)), np.random.default_rng())
    assert len(order.frames) == 30
    assert FrameRef(VideoId(1), 1000) not in everything_of(labels).pool


@pytest.mark.parametrize("count", [0, 1, 19])
def test_too_few_labels_say_how_many_are_missing(count):
    with pytest.raises(SelectionError, match=f"Label {20 - count} more"):
        replayed(labelled(range(count)))


def test_many_bodies_on_one_frame_are_one_labelled_frame():
    bodies = tuple(replace(body(1, 7, STANDING + n), id=n) for n in range(1, 40))
    with pytest.raises(SelectionError, match="1 labelled frame nothing"):
        replayed(LabelSet(SKELETON, (video(1, 50),), bodies))


def test_labels_at_one_moment_cannot_be_split():
    instances = tuple(replace(body(1, n, STANDING), id=1 + n) for n in range(24))
    with pytest.raises(SelectionError, match="at other times or in other videos"):
        replayed(LabelSet(SKELETON, (video(1, 50),), instances))


def test_guesses_that_are_nowhere_end_in_a_sentence():
    labels = labelled(range(30))
    order = Order.of(labels, np.random.default_rng(0))
    lost = Pupil(np.full_like(STANDING, np.nan), [])
    with pytest.raises(SelectionError, match="no keypoints to measure"):
        replay(everything(labels, order), lost, order, SilentReport())


def test_a_replay_can_be_stopped():
    class Stopping(SilentReport):
        def progress(self, done, text=""):
            if done > 0.3:
                raise JobCancelled

    with pytest.raises(JobCancelled):
        replayed(labelled(range(30)), Stopping())
