from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.learn.select.distances import distances
from poseapp.learn.select.thinning import _NEAR, _long_step, thinned
from tests.learn.select.pools import blobs, pool_of, refs


def test_of_repeated_frames_the_first_stays_and_stands_for_the_others():
    rng = np.random.default_rng(0)
    different = rng.normal(size=(20, 40))
    pool = pool_of(np.repeat(different, 3, axis=0) + rng.normal(size=(60, 40)) * 1e-3)
    thin = thinned(pool)
    assert [ref.frame for ref in thin.candidates] == list(range(0, 60, 3))
    assert thin.stands_for.tolist() == [3] * 20


def test_a_frame_that_looks_like_a_labelled_one_of_its_video_goes():
    features = np.random.default_rng(0).normal(size=(20, 40)).astype(np.float32)
    pool = pool_of(features, labelled_features=features[[4, 11]])
    here, elsewhere = FrameRef(VideoId(1), 90), FrameRef(VideoId(2), 0)
    thin = thinned(replace(pool, labelled=(here, elsewhere)))
    assert [ref.frame for ref in thin.candidates] == [n for n in range(20) if n != 4]


def test_what_counts_as_the_same_is_measured_within_each_video():
    """Two rooms differ much more than two poses in one room, which must both stay."""
    rooms = blobs([10, 10], dimensions=40, apart=1000.0)
    candidates = (*refs(10, video=1), *refs(10, video=2))
    assert len(thinned(pool_of(rooms, candidates=candidates))) == 20


def test_when_all_frames_are_equal_one_stays():
    thin = thinned(pool_of(np.full((7, 3), 2.5)))
    assert len(thin) == 1
    assert thin.stands_for.tolist() == [7]


def test_a_slow_pan_keeps_all_its_frames():
    drift = np.outer(np.arange(300), np.ones(4))
    assert len(thinned(pool_of(drift))) == 300
    labelled = replace(
        pool_of(np.delete(drift, 150, axis=0), labelled_features=drift[[150]]),
        candidates=tuple(ref for ref in refs(300) if ref.frame != 150),
        labelled=(FrameRef(VideoId(1), 150),),
    )
    assert len(thinned(labelled)) == 299


def test_what_is_thinned_does_not_depend_on_what_else_is_labelled():
    rng = np.random.default_rng(0)
    features = np.repeat(rng.normal(size=(10, 40)), 2, axis=0).astype(np.float32)
    for labelled in ([], [0], [0, 7, 13]):
        others = [n for n in range(20) if n not in labelled]
        pool = replace(
            pool_of(features[others], labelled_features=features[labelled]),
            candidates=tuple(FrameRef(VideoId(1), n) for n in others),
            labelled=tuple(FrameRef(VideoId(1), n) for n in labelled),
        )
        kept = {ref.frame // 2 for ref in thinned(pool).candidates}
        assert kept == set(range(10)) - {n // 2 for n in labelled}


@settings(max_examples=30)
@given(st.integers(2, 700), st.integers(0, 99))
def test_what_stays_is_apart_and_what_goes_is_near_something_that_stays(count, seed):
    features = np.random.default_rng(seed).random((count, 2)).astype(np.float32)
    pool = pool_of(features)
    thin = thinned(pool)
    radius = _NEAR * _long_step(features)
    apart = distances(thin.features, thin.features)[np.triu_indices(len(thin), 1)]
    assert (apart > radius).all()
    assert (distances(features, thin.features).min(axis=1) <= radius).all()
    assert thin.stands_for.sum() == count
