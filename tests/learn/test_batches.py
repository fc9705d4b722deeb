import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.learn.augment import Augmentation
from poseapp.learn.batches import (
    Teaching,
    held_out,
    make_sample,
    pair_batches,
    plain_batch,
    random_batch,
    resized,
)
from poseapp.nets.framing import letterbox
from poseapp.nets.heatmaps import cell_to_pixel, decode
from tests.fixtures.blobs import COLOURS, BlobFilm

FILM = BlobFilm(keypoints=3)
CANVAS = (96, 64)
MOVING = Augmentation(
    rotation_deg=40,
    scale=0.3,
    shift=0.1,
    brightness=0,
    contrast=0,
    noise=0,
    blur=0,
    cutout=0,
    flip=True,
)


def samples(count=4, points=None):
    return [
        make_sample(
            FILM.picture(n),
            letterbox((96, 64), CANVAS),
            FILM.points(n)[0] if points is None else points,
        )
        for n in range(count)
    ]


def blob_places(picture):
    """Where the blob of each colour is, by its likeness to the colour."""
    rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
    places = []
    for colour in COLOURS[:3]:
        other = np.abs(picture.astype(float) - colour).sum(axis=2)
        mass = np.clip(170 - other, 0, None)
        places.append([(mass * columns).sum(), (mass * rows).sum()] / mass.sum())
    return np.array(places)


def test_an_unchanged_batch_shows_the_blobs_where_its_targets_say():
    batch = plain_batch(samples(), Teaching(Augmentation(), (0, 1, 2)))
    points = cell_to_pixel(decode(batch.targets, "sigmoid")[0], 4)
    for n in range(4):
        assert points[n] == pytest.approx(FILM.points(n)[0], abs=0.05)


def test_pictures_and_targets_are_turned_scaled_moved_and_mirrored_together():
    """Left and right swap colours when mirrored: the blob of `left ear` teaches `right ear`."""
    teaching = Teaching(MOVING, (1, 0, 2))
    mirrored = straight = 0
    for step in range(30):
        batch = random_batch(samples(), teaching, 4, seed=0, step=step)
        points = cell_to_pixel(decode(batch.targets, "sigmoid")[0], 4)
        for n in np.flatnonzero((batch.weights == 1).all(axis=1)):
            seen = blob_places(batch.pictures[n])
            if not np.isfinite(seen).all() or seen.min() < 6 or (seen > [89, 57]).any():
                continue
            plain = np.abs(points[n] - seen).max()
            swapped = np.abs(points[n] - seen[[1, 0, 2]]).max()
            assert min(plain, swapped) < 2.0
            straight += plain < 2.0
            mirrored += swapped < 2.0 <= plain
    assert straight > 10
    assert mirrored > 10


def test_a_batch_is_a_function_of_its_seed_and_step():
    teaching = Teaching(Augmentation(), (0, 1, 2))
    pool = samples()
    one, same, later = (random_batch(pool, teaching, 3, seed=5, step=s) for s in (7, 7, 8))
    assert np.array_equal(one.pictures, same.pictures)
    assert np.array_equal(one.targets, same.targets)
    assert not np.array_equal(one.pictures, later.pictures)


def test_both_pictures_of_a_pair_are_changed_alike_and_other_pairs_differently():
    rough = Augmentation(rotation_deg=40, flip=True)
    one, other = samples(2)
    first, second = pair_batches(
        [(one, one), (one, other)], Teaching(rough, (1, 0, 2)), np.random.default_rng(0)
    )
    assert np.array_equal(first.pictures[0], second.pictures[0])
    assert np.array_equal(first.targets[0], second.targets[0])
    assert not np.array_equal(first.pictures[1], second.pictures[1])
    assert not np.array_equal(first.pictures[0], first.pictures[1])


def test_resized_samples_show_the_same_on_another_canvas():
    teaching = Teaching(Augmentation(), (0, 1, 2))
    small = plain_batch(resized(samples(), (48, 64)), teaching)
    assert small.pictures.shape == (4, 64, 48, 3)
    points = cell_to_pixel(decode(small.targets, "sigmoid")[0], 4)
    for n in range(4):
        # half as large, and 64 - 32 rows of grey around
        wanted = (FILM.points(n)[0] + 0.5) / 2 - 0.5 + [0, 16]
        assert points[n] == pytest.approx(wanted, abs=0.05)


def test_every_sample_is_seen_once_before_any_is_seen_again():
    pool = [
        make_sample(
            np.full((64, 96, 3), 10 * n, np.uint8), letterbox((96, 64), CANVAS), np.zeros((1, 2))
        )
        for n in range(6)
    ]
    still = Teaching(Augmentation(0, 0, 0, 0, 0, 0, 0, 0), (0,))
    seen = [
        int(picture[20, 20, 0]) // 10
        for step in range(3)
        for picture in random_batch(pool, still, 4, seed=1, step=step).pictures
    ]
    assert sorted(seen[:6]) == list(range(6))
    assert sorted(seen[6:]) == list(range(6))


def test_absent_keypoints_teach_nothing_or_nowhere_as_asked():
    points = np.array([[20.0, 20.0], [np.nan, np.nan], [50.0, 30.0]])
    ignored = plain_batch(samples(1, points), Teaching(Augmentation(), (0, 1, 2)))
    empty = plain_batch(
        samples(1, points), Teaching(Augmentation(), (0, 1, 2), absent_is_empty=True)
    )
    assert ignored.weights.tolist() == [[1, 0, 1]]
    assert empty.weights.tolist() == [[1, 1, 1]]
    assert empty.targets[0, 1].sum() == 0


def test_a_keypoint_that_was_moved_out_of_the_input_teaches_nothing():
    points = np.array([[20.0, 20.0], [200.0, 20.0], [50.0, 30.0]])
    batch = plain_batch(samples(1, points), Teaching(Augmentation(), (0, 1, 2)))
    assert batch.weights.tolist() == [[1, 0, 1]]


def test_several_bodies_share_one_map_and_none_leave_it_empty():
    teaching = Teaching(Augmentation(), (0,), several=True)
    two, none = np.array([[20.0, 20.0], [70.0, 40.0]]), np.empty((0, 2))
    batch = plain_batch([*samples(1, two), *samples(1, none)], teaching)
    assert batch.targets.shape == (2, 1, 16, 24)
    assert batch.targets[0].sum() == pytest.approx(2 * 2 * np.pi * 1.0**2, rel=0.05)
    assert batch.targets[1].sum() == 0
    assert batch.weights.tolist() == [[1], [1]]


frame_lists = st.dictionaries(
    st.integers(1, 8), st.sets(st.integers(0, 400), min_size=1, max_size=40), min_size=1
)


@given(frame_lists, st.floats(0, 0.5), st.integers(1, 30), st.integers(0, 99))
def test_no_held_out_frame_is_a_neighbour_of_one_that_is_learnt(videos, share, gap, seed):
    refs = [FrameRef(VideoId(v), f) for v, frames in videos.items() for f in frames]
    rng = np.random.default_rng(seed)
    taught, measured = held_out(refs, share, lambda video: gap, rng)
    assert taught
    assert not set(taught) & set(measured)
    assert set(taught) | set(measured) <= set(refs)
    held_frames = {(m.video, m.frame) for m in measured}
    for ref in taught:
        assert all((ref.video, ref.frame + d) not in held_frames for d in range(1 - gap, gap))


@given(st.sets(st.integers(0, 5000), min_size=20, max_size=60), st.integers(0, 99))
def test_about_a_tenth_is_held_out_as_one_block_of_time(frames, seed):
    refs = [FrameRef(VideoId(1), f) for f in frames]
    taught, measured = held_out(refs, 0.1, lambda video: 1, np.random.default_rng(seed))
    ordered = sorted(frames)
    first = ordered.index(measured[0].frame)
    assert [m.frame for m in measured] == ordered[first : first + len(measured)]
    assert len(measured) == round(0.1 * len(frames))
    assert len(taught) + len(measured) == len(frames)


def test_whole_videos_are_held_out_where_there_are_many():
    refs = [FrameRef(VideoId(v), f) for v in range(1, 11) for f in range(10)]
    taught, measured = held_out(refs, 0.2, lambda video: 5, np.random.default_rng(0))
    assert len({m.video for m in measured}) == 2
    assert not {m.video for m in measured} & {t.video for t in taught}
    assert len(taught) + len(measured) == 100


def test_the_block_is_put_where_it_costs_no_other_frames():
    frames = [0, 1, 2, 3, 100, 101, 200, 201, 202, 203]
    refs = [FrameRef(VideoId(1), f) for f in frames]
    for seed in range(5):
        taught, measured = held_out(refs, 0.2, lambda video: 10, np.random.default_rng(seed))
        assert [m.frame for m in measured] == [100, 101]
        assert len(taught) == 8


def test_a_video_is_held_out_even_where_every_one_is_longer_than_asked():
    refs = [
        FrameRef(VideoId(v), n)
        for v, count in enumerate((20, 19, 30, 21, 20))
        for n in range(count)
    ]
    taught, measured = held_out(refs, 0.05, lambda video: 1, np.random.default_rng(0))
    assert {ref.video for ref in measured} == {1}
    assert len(taught) + len(measured) == len(refs)


def test_nothing_is_held_out_when_nothing_is_asked_or_there_is_one_frame():
    one = [FrameRef(VideoId(1), 3)]
    many = [FrameRef(VideoId(1), f) for f in range(20)]
    rng = np.random.default_rng(0)
    assert held_out(one, 0.5, lambda video: 1, rng) == (one, [])
    assert held_out(many, 0.0, lambda video: 1, rng) == (many, [])
