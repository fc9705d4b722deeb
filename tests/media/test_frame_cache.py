from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from poseapp.media.frame_cache import FrameCache


def cache(limit: int) -> FrameCache[int, bytes]:
    return FrameCache(limit, len)


def test_what_was_not_used_for_longest_is_forgotten_first():
    kept = cache(30)
    for key in (1, 2, 3):
        kept.put(key, bytes(10))
    kept.get(1)
    kept.put(4, bytes(10))
    assert [key in kept for key in (1, 2, 3, 4)] == [True, False, True, True]


def test_a_value_over_the_limit_is_not_kept_and_costs_no_other():
    kept = cache(30)
    kept.put(1, bytes(10))
    kept.put(2, bytes(31))
    assert kept.get(2) is None
    assert kept.get(1) == bytes(10)


def test_a_new_value_takes_the_place_of_the_old_one():
    kept = cache(30)
    kept.put(1, bytes(20))
    kept.put(1, bytes(5))
    assert kept.held == 5
    assert kept.get(1) == bytes(5)


def test_values_are_dropped_by_their_keys():
    kept = cache(100)
    for key in range(6):
        kept.put(key, bytes(10))
    kept.forget(lambda key: key % 2 == 0)
    assert [key in kept for key in range(6)] == [False, True, False, True, False, True]
    assert kept.held == 30


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 60))))
def test_the_bytes_held_are_those_of_the_values_and_within_the_limit(puts):
    kept = cache(100)
    for key, size in puts:
        kept.put(key, bytes(size))
        held = sum(len(kept.get(k) or b"") for k in range(10))
        assert kept.held == held <= 100
