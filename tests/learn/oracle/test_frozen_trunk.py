"""The real estimator on pictures of a square that fills half the frame and has a bright corner."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.report import SilentReport
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import Video
from poseapp.learn.oracle.annotator import annotator
from poseapp.learn.oracle.frozen_trunk import FrozenTrunk
from poseapp.learn.oracle.scores import score
from poseapp.learn.oracle.seen import look
from poseapp.learn.oracle.settings import Effort, Sight

SQUARE = Skeleton("square", (Keypoint("first"), Keypoint("last")))
SIGHT = Sight(long_side=64, crop_side=64, copies=1)
SIDE = 96


def corners(frame: int) -> np.ndarray:
    moved = np.array([3.0 * (frame % 10), 3.0 * (frame * 7 % 10)])
    return np.array([[8.0, 9], [58, 59]]) + moved


def picture(frame: int) -> np.ndarray:
    (left, top), (right, bottom) = corners(frame).astype(int)
    drawn = np.full((SIDE, SIDE, 3), 60, np.uint8)
    drawn[top : bottom + 1, left : right + 1] = (200, 120, 40)
    drawn[top : top + 12, left : left + 12] = 255
    return drawn


class Frames:
    """Draws frames and counts how many were asked for."""

    def __init__(self):
        self.read = 0

    def read_many(self, refs):
        for ref in sorted(refs):
            self.read += 1
            yield ref, picture(ref.frame)


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """As trials have it; on a busy machine threads of such small nets only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def world(one_thread, tmp_path_factory):
    video = Video(VideoId(1), Path("/made.mp4"), SIDE, SIDE, 24, 30.0)
    instances = tuple(
        Instance(FrameRef(VideoId(1), n), corners(n), visibility_of(corners(n))) for n in range(24)
    )
    measured = {FrameRef(VideoId(1), n) for n in range(18, 24)}
    teacher = annotator(LabelSet(SQUARE, (video,), instances), measured_on=measured)
    folder = tmp_path_factory.mktemp("seen") / "squares"
    frames = Frames()
    seen = look(teacher, frames, SIGHT, folder, SilentReport())
    assert frames.read == 24
    return teacher, seen, folder


def guessed(world, steps, seed=0):
    teacher, seen, _ = world
    net = FrozenTrunk(seen, Effort(steps=steps, batch=4)).fit(teacher.pool, seed)
    return net.guess(teacher.held_out)


def test_what_was_seen_is_not_looked_at_again(world):
    teacher, seen, folder = world
    frames = Frames()
    again = look(teacher, frames, SIGHT, folder, SilentReport())
    assert frames.read == 0
    ref = teacher.pool[3]
    assert np.array_equal(again.features(ref), seen.features(ref))
    assert not list(folder.parent.glob("draft-*"))


def test_more_steps_bring_the_head_nearer(world):
    teacher = world[0]
    truth = teacher.bodies(teacher.held_out)
    before = score(guessed(world, 1).points, truth, SQUARE).error_px
    after = score(guessed(world, 40).points, truth, SQUARE).error_px
    assert after < 1.2 < before / 2


def test_the_same_seed_trains_the_same_head(world):
    once, again, other = guessed(world, 3), guessed(world, 3), guessed(world, 3, seed=1)
    assert np.array_equal(once.points, again.points)
    assert not np.array_equal(once.points, other.points)


def test_guesses_say_how_sure_they_are(world):
    found = guessed(world, 5)
    for values in (found.scores, found.entropy, found.second_ratio):
        assert values.shape == (6, 2)
        assert (values >= 0).all()
        assert (values <= 1).all()
    assert (found.second_px > 0).all()


def test_frames_that_look_alike_have_features_that_are_near(world):
    teacher, seen, _ = world
    features = FrozenTrunk(seen, Effort()).features(teacher.pool)
    assert features.shape == (18, 320)
    same = np.linalg.norm(features[0] - features[10])  # frames 0 and 10 show the same
    assert same < 1e-3 < np.linalg.norm(features[0] - features[5])


def test_an_update_goes_on_from_a_head_and_leaves_it_as_it_was(world):
    teacher, seen, _ = world
    estimator = FrozenTrunk(seen, Effort(batch=4))
    truth = teacher.bodies(teacher.held_out)
    first = estimator.update(None, teacher.pool, 0, 10)
    before = first[-1].guess(teacher.held_out).points
    further = estimator.update(first[-1], teacher.pool, 0, 30)
    assert len(first) == len(further) == 3
    assert np.array_equal(first[-1].guess(teacher.held_out).points, before)
    errors = [
        score(net.guess(teacher.held_out).points, truth, SQUARE).error_px
        for net in (first[-1], further[-1])
    ]
    assert errors[1] < errors[0] / 2


def test_a_linear_readout_learns_at_once_and_the_same_every_time(world):
    teacher, seen, _ = world
    readout = FrozenTrunk(seen, Effort()).quick()
    truth = teacher.bodies(teacher.held_out)

    def error(refs, seed=0):
        points = readout.update(None, refs, seed, 0)[-1].guess(teacher.held_out).points
        return score(points, truth, SQUARE).error_px

    assert error(teacher.pool) == error(teacher.pool, seed=1)
    assert error(teacher.pool) < 0.8 * error(teacher.pool[:1]) < 4


def test_a_linear_readout_solves_ridge_regression_as_scikit_learn_does(world):
    teacher, seen, _ = world
    readout = FrozenTrunk(seen, Effort()).quick()
    bodies = seen.bodies(teacher.pool[:3])
    cells, wanted, weights = [], [], []
    for body in bodies:
        lesson = seen.variants(body)
        assert len(lesson.targets) == 2
        found = readout.cells(lesson.maps).flatten(0, 1).numpy()
        small = torch.nn.functional.avg_pool2d(lesson.targets, 2)
        small = small / small.amax(dim=(2, 3), keepdim=True)
        cells.append(found)
        wanted.append(small.flatten(2).permute(0, 2, 1).flatten(0, 1).numpy())
        weights.append(np.full(len(found), 0.5))
    model = Ridge(alpha=3.0, fit_intercept=False, solver="cholesky")
    model.fit(
        np.concatenate(cells).astype(np.float64),
        np.concatenate(wanted),
        sample_weight=np.concatenate(weights),
    )
    solved = readout.update(None, teacher.pool[:3], 0, 0)[-1].weights.numpy()
    assert pytest.approx(model.coef_, abs=2e-4) == solved.T
