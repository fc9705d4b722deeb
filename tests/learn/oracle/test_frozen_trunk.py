"""The real estimator on pictures of a square that fills half the frame and has a bright corner."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.special import log_softmax, rel_entr

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.report import SilentReport
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import Video
from poseapp.learn.oracle.annotator import annotator
from poseapp.learn.oracle.frozen_trunk import FrozenTrunk
from poseapp.learn.oracle.linear_readout import LinearReadout
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


def test_a_head_that_is_kept_is_not_trained_again(world, tmp_path, monkeypatch):
    teacher, seen, _ = world
    trunk = FrozenTrunk(seen, Effort(steps=3, batch=4), tmp_path / "heads")
    once = trunk.fit(teacher.pool, 0).guess(teacher.held_out)
    with monkeypatch.context() as patched:
        patched.setattr(FrozenTrunk, "_train", None)
        again = trunk.fit(teacher.pool, 0).guess(teacher.held_out)
    fewer, other = trunk.fit(teacher.pool[1:], 0), trunk.fit(teacher.pool, 1)
    assert np.array_equal(once.points, again.points)
    for net in (fewer, other):
        assert not np.array_equal(net.guess(teacher.held_out).points, once.points)
    assert len(list((tmp_path / "heads").iterdir())) == 3


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


def test_a_linear_readout_comes_to_the_least_loss_that_scipy_finds(world):
    teacher, seen, _ = world
    readout = LinearReadout(seen, directions=12, strength=1.0, first=200)
    bodies = seen.bodies(teacher.pool[:3])
    lessons = [seen.variants(body) for body in bodies]
    assert {len(lesson.targets) for lesson in lessons} == {2}
    cells = np.concatenate([readout.cells(x.maps).half().double().numpy() for x in lessons])
    targets = torch.cat([torch.nn.functional.avg_pool2d(x.targets, 2) for x in lessons])
    wanted = targets.flatten(2).permute(0, 2, 1).double().numpy()
    wanted = wanted / wanted.sum(axis=1, keepdims=True)
    known = torch.cat([x.weights for x in lessons]).double().numpy()

    def loss(flat):
        weights = flat.reshape(cells.shape[2], -1)
        likely = log_softmax(cells @ weights, axis=1)
        away = rel_entr(wanted, np.exp(likely)).sum(axis=1)
        penalty = (weights[:-1] ** 2).sum() / len(bodies)
        return (known * away).sum() / known.sum() + penalty

    found = readout.update(None, teacher.pool[:3], 0, 0)[-1].weights.double().numpy()
    best = minimize(loss, np.zeros(found.size), method="L-BFGS-B", options={"maxfun": 10**5})
    assert best.success
    assert loss(found.ravel()) == pytest.approx(best.fun, rel=1e-3)
    assert best.fun < 0.9 * loss(np.zeros(found.size))


def test_a_readout_that_goes_on_comes_nearer_and_leaves_the_one_before(world):
    teacher, seen, _ = world
    readout = LinearReadout(seen, first=2, further=20)
    truth = teacher.bodies(teacher.pool)
    first = readout.update(None, teacher.pool, 0, 0)[-1]
    before = first.weights.clone()
    further = readout.update(first, teacher.pool, 0, 0)[-1]
    assert torch.equal(first.weights, before)
    errors = [score(n.guess(teacher.pool).points, truth, SQUARE).error_px for n in (first, further)]
    assert errors[1] < 0.8 * errors[0]


def test_the_more_bodies_a_readout_learns_from_the_fewer_copies_of_each(world, monkeypatch):
    teacher, seen, _ = world
    monkeypatch.setattr("poseapp.learn.oracle.linear_readout._SAMPLES", len(teacher.pool))
    readout = LinearReadout(seen)
    alone = readout._lesson(seen.bodies(teacher.pool[:1]))
    together = readout._lesson(seen.bodies(teacher.pool))
    assert (len(alone.cells), len(together.cells)) == (2, len(teacher.pool))
