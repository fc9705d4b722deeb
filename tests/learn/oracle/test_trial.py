from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from scipy.stats import wilcoxon

from poseapp.domain.errors import SelectionError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.report import SilentReport
from poseapp.learn.oracle.annotator import annotator
from poseapp.learn.oracle.beliefs import beliefs
from poseapp.learn.oracle.settings import Schedule
from poseapp.learn.oracle.summary import area
from poseapp.learn.oracle.trial import run
from poseapp.learn.select.base import Selector
from poseapp.learn.select.registry import SELECTORS
from tests.learn.oracle.worlds import Memory, crowded, video, walk
from tests.learn.select.pools import quick

SCHEDULE = Schedule(rounds=3, batch=4, initial=4)


@pytest.fixture(scope="module")
def world():
    labels, looks = crowded()
    measured = {ref for ref in labels.frames if ref.video > 8}
    return annotator(labels, measured_on=measured), Memory(labels, looks)


def course(world, name, seed=0, schedule=SCHEDULE):
    return run(quick(name), *world, schedule, seed, SilentReport())


@dataclass(frozen=True)
class Spy(Selector):
    """Picks as random does and remembers what it was shown."""

    name = "spy"
    about = "A spy."
    needs_net = True
    pools: list = field(default_factory=list)

    def pick(self, pool, budget, report):
        self.pools.append(pool)
        return SELECTORS["random"].pick(pool, budget, report)


@pytest.mark.parametrize("name", SELECTORS)
def test_every_selector_labels_as_many_frames_and_starts_alike(world, name):
    turns = course(world, name)
    assert [turn.labels for turn in turns] == [4, 8, 12, 16]
    assert turns[0].scores == course(world, "random")[0].scores
    picked = [s.frame for turn in turns for s in turn.picked]
    assert len(picked) == len(set(picked)) == 12
    assert set(picked) <= set(world[0].pool)


def test_selectors_never_see_held_out_frames_nor_the_labels_of_candidates(world):
    spy = Spy()
    run(spy, *world, SCHEDULE, 0, SilentReport())
    held_out = set(world[0].held_out)
    for pool, labels in zip(spy.pools, (4, 8, 12), strict=True):
        shown = {*pool.candidates, *pool.labelled}
        assert not shown & held_out
        assert shown <= set(world[0].pool)
        assert len(pool.labelled) == labels
        assert pool.predicted is not None
        assert len(pool.predicted.scores) == len(pool)


def test_the_same_seed_gives_the_same_course_and_another_seed_another(world):
    assert course(world, "typiclust") == course(world, "typiclust")
    assert course(world, "typiclust")[0] != course(world, "typiclust", seed=1)[0]


def test_where_most_frames_look_alike_covering_selectors_beat_chance(world):
    def areas(name):
        courses = [course(world, name, seed) for seed in range(10)]
        return np.array([
            area([t.labels for t in turns], [t.scores.error_px for t in turns])
            for turns in courses
        ])  # fmt: skip

    chance = areas("random")
    for name in ("kcentre", "typiclust", "entropy"):
        found = areas(name)
        assert found.mean() < 0.7 * chance.mean(), name
        assert wilcoxon(found, chance, alternative="less").pvalue < 0.01, name


def test_a_pool_that_is_too_small_is_told_before_anything_is_trained(world):
    with pytest.raises(SelectionError, match="1004 frames are to be labelled, but only 202"):
        course(world, "random", schedule=Schedule(rounds=100, batch=10, initial=4))


def test_a_pool_that_runs_out_of_different_frames_is_told():
    labels = walk(1, 30)
    looks = {ref: np.full(3, ref.frame // 10, np.float32) for ref in labels.frames}
    teacher = annotator(labels, measured_on={FrameRef(VideoId(1), 29)})
    schedule = Schedule(rounds=1, batch=10, initial=2)
    with pytest.raises(SelectionError, match="look"):
        run(SELECTORS["random"], teacher, Memory(labels, looks), schedule, 0, SilentReport())


def test_beliefs_are_about_the_body_the_net_doubts_most_and_follow_each_individual():
    labels = walk(1, 9)
    other = [
        replace(i, points=i.points + np.array([0.0, 100.0]), track=2) for i in labels.instances
    ]
    both = [replace(i, track=1) for i in labels.instances] + other
    labels = replace(labels, videos=(video(1, 9),), instances=tuple(both))
    teacher = annotator(labels, measured_on={FrameRef(VideoId(1), 8)})

    class Net:
        def guess(self, refs):
            points = teacher.bodies(refs)
            points[2 * 4 + 1, 0] += (40, 30)  # the second body's nose in frame 4
            scores = np.full(points.shape[:2], 0.9, np.float32)
            scores[1::2] = 0.5
            shape = np.zeros_like(scores)
            return type("G", (), {
                "points": points, "scores": scores, "entropy": shape, "second_ratio": shape,
                "second_px": shape,
            })  # fmt: skip

    found = beliefs(teacher, Net())
    assert len(found.scores) == 8
    assert (found.scores == 0.5).all()
    assert found.jump_px[4, 0] == pytest.approx(50, abs=1e-3)
    assert found.jump_px[3, 0] == pytest.approx(25, abs=1e-3)
    assert np.nanmax(found.jump_px[:, 1:]) == pytest.approx(0, abs=1e-3)
    assert np.isnan(found.jump_px[[0, 7]]).all()
