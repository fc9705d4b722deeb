"""Bodies in, frames out: the doubted body speaks, and neighbours in time are compared."""

import numpy as np
import pytest
import torch

from poseapp.learn.select.aspects import Look
from poseapp.learn.select.probe import Glance, probe
from poseapp.learn.select.probed import Aspect, Probed, filled
from tests.learn.select.test_aspects import KEYPOINTS, made, maps_of


def glances(maps, frames, size=2, **rest):
    """The bodies a few at a time."""
    for first in range(0, len(frames), size):
        part = slice(first, first + size)
        yield Glance(
            [level[part] for level in maps],
            np.array(frames[part]),
            **{name: values[part] for name, values in rest.items()},
        )


def asked(aspects, maps, frames, count, **rest):
    told = probe(made(), aspects, [], 0, glances(maps, frames, **rest), count, 0.0)
    return told.candidates


def test_the_body_that_the_net_believes_the_least_speaks_for_its_frame():
    maps = maps_of(4)
    sure = Look.at(made(), maps).heatmaps.flatten(2)
    found = asked({Aspect.EMBEDDING, Aspect.PEAKS}, maps, [0, 0, 2, 2], 4)
    embedding = Look.at(made(), maps).shared.mean(dim=(2, 3)).numpy()
    from poseapp.learn.select.aspects import confidence

    believed = confidence(Look.at(made(), maps).heatmaps).mean(dim=1)
    assert sure.shape[0] == 4
    np.testing.assert_allclose(
        found[Aspect.EMBEDDING][0], embedding[int(believed[:2].argmin())], rtol=1e-5
    )
    np.testing.assert_allclose(
        found[Aspect.EMBEDDING][2], embedding[2 + int(believed[2:].argmin())], rtol=1e-5
    )
    assert np.isnan(found[Aspect.EMBEDDING][[1, 3]]).all()
    assert np.isnan(found[Aspect.PEAKS][1]).all()


def test_continuity_adds_both_sides_and_doubles_the_only_one():
    maps = maps_of(5)
    previous = np.array([-1, 0, 1, -1, -1])  # three frames of one body, then two alone
    found = asked({Aspect.CONTINUITY}, maps, [0, 1, 2, 3, 4], 5, previous=previous)
    heat = Look.at(made(), maps).heatmaps
    first = float((heat[1] - heat[0]).abs().sum()) / KEYPOINTS
    second = float((heat[2] - heat[1]).abs().sum()) / KEYPOINTS
    np.testing.assert_allclose(
        found[Aspect.CONTINUITY], [2 * first, first + second, 2 * second, np.nan, np.nan], rtol=1e-4
    )


def test_labelled_frames_are_looked_at_first_and_tell_loss_and_pose():
    known, maps = maps_of(3, seed=1), maps_of(2)
    poses = np.random.default_rng(0).uniform(4, 60, (3, KEYPOINTS, 2))
    told = probe(
        made(),
        {Aspect.EMBEDDING, Aspect.EXPECTED_GRADIENT, Aspect.LOSS, Aspect.POSE},
        glances(known, [0, 1, 2], labelled=poses, poses=poses),
        3,
        glances(maps, [0, 1]),
        2,
        0.7,
    )
    assert set(told.labelled) == {Aspect.EMBEDDING, Aspect.LOSS, Aspect.POSE}
    assert set(told.candidates) == {Aspect.EMBEDDING, Aspect.EXPECTED_GRADIENT}
    assert told.candidates[Aspect.EXPECTED_GRADIENT].shape == (2, 3)
    np.testing.assert_array_equal(told.labelled[Aspect.POSE], poses)
    assert (told.labelled[Aspect.LOSS] > 0).all()
    assert told.skill == 0.7


def test_frames_without_any_body_say_nothing():
    told = probe(made(), {Aspect.EMBEDDING}, [], 0, [], 3, 0.0)
    assert np.isnan(told.candidates[Aspect.EMBEDDING]).all()
    assert len(told.candidates[Aspect.EMBEDDING]) == 3
    assert len(told.labelled[Aspect.EMBEDDING]) == 0


def test_some_candidates_keep_their_rows():
    told = Probed({Aspect.LOSS: np.arange(4)}, {Aspect.LOSS: np.arange(2)}, 0.5)
    part = told.rows(np.array([1, 3]))
    assert part.candidates[Aspect.LOSS].tolist() == [1, 3]
    assert part.labelled is told.labelled
    assert part.skill == 0.5


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_missing_numbers_become_the_mean_of_the_others(kind):
    rows = np.array([[1, np.nan], [3, 4], [np.nan, np.nan]], kind)
    assert filled(rows).tolist() == [[1, 4], [3, 4], [2, 4]]
    assert filled(rows[2:], rows).tolist() == [[2, 4]]
    assert filled(np.full((2, 2), np.nan)).tolist() == [[0, 0], [0, 0]]
    assert torch.from_numpy(filled(rows)).dtype in (torch.float32, torch.float64)
