import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseapp.infer.track import Config, Tracker

BODY = np.array([[-20.0, 0.0], [0.0, 6.0], [20.0, 0.0], [30.0, 3.0]])
NAN = np.full((4, 2), np.nan)


def at(x: float, y: float) -> np.ndarray:
    return BODY + np.array([x, y])


def follow(frames: list[tuple[int, list[np.ndarray]]], config: Config | None = None):
    tracker = Tracker(config)
    return [tracker.follow(frame, np.array(bodies)).tolist() for frame, bodies in frames]


def test_two_animals_that_pass_each_other_keep_their_numbers():
    frames = [(n, [at(50 + 5 * n, 100), at(250 - 5 * n, 108)]) for n in range(41)]
    assert follow(frames) == [[0, 1]] * 41


def test_the_order_in_which_a_net_gives_bodies_does_not_matter():
    rng = np.random.default_rng(3)
    tracker = Tracker()
    seen = []
    for n in range(60):
        bodies = np.array([at(50 + 4 * n, 100), at(290 - 4 * n, 112), at(150, 300 - 3 * n)])
        order = rng.permutation(3)
        numbers = tracker.follow(n, bodies[order])
        seen.append(numbers[np.argsort(order)].tolist())
    assert seen == [seen[0]] * 60


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    noise=st.floats(0, 1.5),
    lost=st.floats(0, 0.15),
)
def test_planted_crossing_animals_are_told_apart(seed, noise, lost):
    """Straight walkers cross in the middle; keypoints jitter, and some are not found."""
    rng = np.random.default_rng(seed)
    tracker = Tracker()
    truth, given_numbers = [], []
    for n in range(80):
        bodies = np.array([at(60 + 4 * n, 60 + 2 * n), at(380 - 4 * n, 70 + 2 * n)])
        bodies = bodies + rng.normal(0, noise, bodies.shape)
        gone = (rng.random((2, 4)) < lost) & (n > 0)  # whole bodies at first
        bodies[gone & ~gone.all(axis=1, keepdims=True)] = np.nan  # a net gives no body of nothing
        order = rng.permutation(2)
        numbers = tracker.follow(n, bodies[order])
        truth += order.tolist()
        given_numbers += numbers.tolist()
    pairs = set(zip(truth, given_numbers, strict=True))
    for individual in (0, 1):
        counts = [given_numbers[i] for i, t in enumerate(truth) if t == individual]
        most_common = max(set(counts), key=counts.count)
        assert counts.count(most_common) >= 0.97 * len(counts)
    assert len(pairs) <= 4


def test_an_animal_out_of_sight_for_a_while_is_the_same_when_it_comes_back():
    config = Config(bridge_frames=20)
    seen = [(n, [at(50 + 3 * n, 100)]) for n in range(10)]
    hidden = [(n, [np.empty((0, 4, 2))][:0]) for n in range(10, 25)]
    back = [(n, [at(50 + 3 * n, 100)]) for n in range(25, 30)]
    tracker = Tracker(config)
    numbers = [
        tracker.follow(frame, np.array(bodies).reshape(-1, 4, 2)).tolist()
        for frame, bodies in seen + hidden + back
    ]
    assert numbers == [[0]] * 10 + [[]] * 15 + [[0]] * 5


def test_an_animal_that_stays_away_too_long_is_a_new_one():
    frames = [(0, [at(50, 100)]), (1, [at(50, 100)]), (40, [at(50, 100)])]
    assert follow(frames, Config(bridge_frames=20)) == [[0], [0], [1]]


def test_a_body_far_from_all_tracks_starts_its_own():
    frames = [(0, [at(50, 100)]), (1, [at(51, 100), at(400, 300)]), (2, [at(402, 300)])]
    assert follow(frames) == [[0], [0, 1], [1]]


def test_a_body_without_any_keypoint_takes_no_track_over():
    assert follow([(0, [at(50, 100)]), (1, [NAN, at(50, 100)])]) == [[0], [1, 0]]


def test_single_points_are_followed():
    frames = [(n, [np.array([[10.0 + 6 * n, 50.0]]), np.array([[200.0, 90.0]])]) for n in range(20)]
    assert follow(frames) == [[0, 1]] * 20


@pytest.mark.parametrize("count", [0, 1, 5])
def test_every_body_has_a_number_of_its_own(count):
    bodies = np.array([at(100, 100 + n) for n in range(count)]).reshape(-1, 4, 2)
    tracker = Tracker()
    for frame in range(3):
        numbers = tracker.follow(frame, bodies)
        assert len(set(numbers.tolist())) == count


def test_a_body_whose_left_was_taken_for_right_keeps_its_number():
    """Arms and legs spread, so that the sides are far apart."""
    star = np.array([[-90.0, 60], [90, 60], [-80, 160], [80, 160]])
    mirrored = np.array([1, 0, 3, 2])
    bodies = [(star[mirrored] if n % 7 in (3, 4) else star) + [3 * n, 0] for n in range(30)]
    trackers = Tracker(mirrored=mirrored), Tracker()
    told, untold = ([t.follow(n, body[None])[0] for n, body in enumerate(bodies)] for t in trackers)
    assert told == [0] * 30
    assert set(untold) == {0, 1}


def test_a_ghost_seen_long_ago_takes_nobody_over():
    """A second find of the same person, once; after it the person leaps."""
    tracker = Tracker()
    assert tracker.follow(0, np.array([at(100, 100)])).tolist() == [0]
    assert tracker.follow(1, np.array([at(101, 100), at(131, 100)])).tolist() == [0, 1]
    for n in range(2, 16):
        assert tracker.follow(n, np.array([at(100 + n, 100)])).tolist() == [0]
    assert tracker.follow(16, np.array([at(130, 100)])).tolist() == [0]
