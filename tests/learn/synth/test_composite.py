"""Made-up people in film: they follow the camera, and what hides them is told."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from poseapp.learn.synth import composite, hiding, superpixels
from poseapp.learn.synth.backdrop import camera_motion, cut_out
from poseapp.learn.synth.clothes import DRAWN_LOOK, OTHER_LOOK, random_clothes
from poseapp.learn.synth.composite import behind_surface, covered, synthetic_clip
from poseapp.learn.synth.troupe import Troupe
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.pictures import flow_between
from tests.fixtures.performances import panned, swaying

FRAMES = 5


@pytest.fixture(scope="module")
def troupe():
    return Troupe(shipped_body(), [swaying()], FRAMES)


@pytest.fixture(scope="module")
def film():
    """The camera goes right, so the picture goes left by two pixels a frame."""
    return panned(FRAMES, (2, 0))


@pytest.fixture(scope="module")
def clip(troupe, film):
    return synthetic_clip(troupe, film, np.random.default_rng(3), "following")


def test_the_cameras_motion_is_counted_from_the_centre_frame(film):
    expected = np.stack([-2.0 * (np.arange(FRAMES) - FRAMES // 2), np.zeros(FRAMES)], axis=1)
    np.testing.assert_allclose(camera_motion(film), expected, atol=0.15)


def test_the_flow_of_the_composites_backdrop_is_the_films(clip, film):
    """The median over the whole picture is still the camera's: the person is smaller."""
    for n in range(FRAMES - 1):
        seen = np.median(flow_between(clip.pictures[n], clip.pictures[n + 1]), axis=(0, 1))
        source = np.median(flow_between(film[n], film[n + 1]), axis=(0, 1))
        np.testing.assert_allclose(seen, source, atol=0.1)


def test_the_person_moves_as_it_does_and_with_the_camera(troupe, clip, film):
    """The same person before a film that stands still differs by the camera's motion alone."""
    still = synthetic_clip(troupe, film, np.random.default_rng(3), "still")
    np.testing.assert_allclose(clip.seen - still.seen, np.broadcast_to(
        clip.camera[:, None], clip.seen.shape), atol=1e-3)  # fmt: skip
    assert np.abs(np.diff(still.seen, axis=0)).max() > 0.05


def test_outside_of_the_person_the_film_is_untouched(clip, film):
    np.testing.assert_array_equal(clip.pictures[~clip.mask], film[~clip.mask])
    assert 0.005 < clip.mask.mean() < 0.5


def test_keypoints_lie_on_the_person(clip):
    """Of the fourteen only wrists and ankles may lie a pixel beside it, at its thin ends."""
    inside = covered(clip.seen, clip.mask)
    assert inside[:, [0, 1, 6, 7, 12]].all()


def test_the_same_seed_makes_the_same_clip(troupe, film):
    first, second = (synthetic_clip(troupe, film, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.pictures, second.pictures)
    np.testing.assert_array_equal(first.shown, second.shown)
    other = synthetic_clip(troupe, film, np.random.default_rng(8))
    assert (other.seen != first.seen).any()


def test_a_film_that_is_too_short_runs_backwards():
    film = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 24, 32, 3), np.uint8)
    cut = cut_out(film, (32, 24), 6, np.random.default_rng(0))
    assert cut[:, 0, 0, 0].tolist() == [0, 1, 2, 1, 0, 1]


def test_people_of_the_other_look_wear_the_film(troupe, film):
    """Without shade or grain every colour of cloth is one of the film's."""
    flat = replace(OTHER_LOOK, lamp=(0, 0), everywhere=(1, 1), grain=0)
    clip, drawn = (
        synthetic_clip(troupe, film, np.random.default_rng(3), "following", look)
        for look in (flat, DRAWN_LOOK)
    )
    np.testing.assert_array_equal(clip.mask, drawn.mask)
    clothes = random_clothes(troupe.body, flat, film[0], np.random.default_rng(0))
    known = {tuple(colour) for colour in film[0].reshape(-1, 3).tolist()}
    worn = [tuple(colour) in known for colour in np.rint(255 * clothes).astype(int).tolist()]
    assert 0.3 < np.mean(worn) < 1


def test_grain_is_as_strong_as_the_look_says(troupe, film):
    clean, noisy = (
        synthetic_clip(
            troupe, film, np.random.default_rng(3), "following", replace(DRAWN_LOOK, grain=grain)
        )
        for grain in (0, 4)
    )
    apart = noisy.pictures[noisy.mask].astype(float) - clean.pictures[clean.mask]
    between = (clean.pictures[clean.mask] > 20) & (clean.pictures[clean.mask] < 235)
    assert apart[between].std() == pytest.approx(4, rel=0.1)


# -- superpixels ---------------------------------------------------------------------------------


def test_superpixels_follow_things_under_the_camera(film):
    """Before a wall that only the camera moves over, a point of it keeps its blob."""
    blobs = superpixels.superpixels(film, camera_motion(film), np.random.default_rng(0))
    assert superpixels.COUNTS[0] <= len(blobs) <= superpixels.COUNTS[1]
    masks = np.stack([blobs.mask(number) for number in range(len(blobs))])
    assert (masks.sum(axis=0) == 1).all()
    assert masks.any(axis=(1, 2, 3)).sum() >= superpixels.COUNTS[0] / 2
    number = masks.argmax(axis=0)
    same = number[0][:, 2 * (FRAMES - 1) :] == number[-1][:, : -2 * (FRAMES - 1)]
    assert same.mean() > 0.95


class Bands:
    """Blobs from the top to the bottom of the picture."""

    def __init__(self, edges):
        self._numbers = np.digitize(np.arange(64), edges)

    def __len__(self):
        return self._numbers.max() + 1

    def mask(self, number):
        return np.broadcast_to(self._numbers == number, (FRAMES, 64, 64))


def test_a_thing_hides_something_and_leaves_seven_of_fourteen():
    """A hundred random things before a person: the rule, counted."""
    rng = np.random.default_rng(0)
    seen = rng.uniform(20, 44, (FRAMES, 14, 2))
    drawn = np.zeros((FRAMES, 64, 64), bool)
    drawn[:, 18:46, 18:46] = True
    kept = 0
    for _ in range(100):
        edges = rng.integers(0, 64, 3)
        blob = composite._thing_before(drawn, seen, Bands(np.sort(edges)), rng)
        if blob.any():
            kept += 1
            assert (blob & drawn).any()
            assert (~covered(seen, blob)).sum(axis=1).mean() >= 7
    assert 5 < kept < 95


def test_a_blob_in_two_pieces_becomes_one():
    mask = np.zeros((2, 8, 8), bool)
    mask[:, :2], mask[:, 5:] = True, True
    one = superpixels.one_piece(mask, np.random.default_rng(0))
    assert one.sum() in (2 * 2 * 8, 2 * 3 * 8)


# -- hiding --------------------------------------------------------------------------------------


def test_what_is_twenty_centimetres_behind_the_surface_is_hidden():
    depth = np.full((1, 4, 4), 3.0)
    seen = np.array([[[1.0, 1], [1, 1], [9, 9]]])
    far = np.array([[3.19, 3.21, 9.0]])
    assert behind_surface(seen, far, depth).tolist() == [[False, True, False]]


def _within(count: int, trials: int, chance: float) -> bool:
    low, high = binom.interval(1 - 1e-6, trials, chance)
    return low <= count <= high


def test_shown_keypoints_are_hidden_one_time_in_twenty():
    hidden = hiding.hidden_at_last(np.zeros((40, 31, 12), bool), np.random.default_rng(0))
    assert _within(hidden.sum(), hidden.size, 0.05)


def test_hidden_legs_are_shown_for_half_of_the_clips_and_arms_never():
    """But for the twentieth that is flipped."""
    hidden = hiding.hidden_at_last(np.ones((400, 31, 12), bool), np.random.default_rng(1))
    legs = hidden[..., list(hiding.LEGS)].mean(axis=(1, 2))
    assert _within((legs < 0.5).sum(), 400, 0.5)
    arms = np.delete(hidden, list(hiding.LEGS), axis=2)
    assert _within((~arms).sum(), arms.size, 0.05)


def test_total_occlusions_are_runs_of_up_to_fifteen_frames():
    occluded = hiding.total_occlusions(2_000, 31, np.random.default_rng(2))
    lengths = occluded.sum(axis=1)
    assert _within((lengths > 0).sum(), 2_000, hiding.OCCLUDED_CLIPS)
    assert set(lengths) == set(range(16))
    starts = np.diff(occluded.astype(int), axis=1, prepend=0) == 1
    assert (starts.sum(axis=1) == (lengths > 0)).all()


def test_short_clips_are_occluded_for_half_at_most():
    assert hiding.total_occlusions(500, 8, np.random.default_rng(3)).sum(axis=1).max() == 4


def test_no_detector_error_is_no_offset():
    none = replace(hiding.DetectorErrors(), jitter=0, drift=0, habit=0, wild=0)
    assert not none.offsets((2, 5, 12), np.random.default_rng(0)).any()
    some = hiding.DetectorErrors(jitter=0.01, drift=0, habit=0, wild=0)
    offsets = some.offsets((50, 31, 12), np.random.default_rng(0))
    assert float(offsets.std()) == pytest.approx(0.01, rel=0.02)
