from dataclasses import replace

import numpy as np
import pytest

from poseapp.learn.matal.kcs import spaces
from poseapp.learn.matal.mmd import mmd
from poseapp.learn.matal.representation import (
    STATE,
    Frames,
    Representation,
    among_others,
    digits,
    doubts,
    width_of_actions,
)
from poseapp.learn.matal.settings import Ablation, Describing
from poseapp.learn.matal.similarity import even_edges
from tests.learn.matal.toys import ANATOMY, hand

LITERAL = Describing(appearance=12, balanced=False, wider=False)


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(0)
    truth = np.stack([hand(rng, n % 5, 0.3) for n in range(12)])
    poses = np.stack([hand(rng, None, 0.0), hand(rng, 2, 1.2), truth[4], truth[7] * 3])
    looks = rng.normal(size=(16, 20))
    return Frames(looks[:4], poses, looks[4:], truth + rng.normal(0, 1, truth.shape), truth, 0.25)


def seen(frames, describing=LITERAL, ablation=Ablation(), anatomy=ANATOMY):  # noqa: B008
    measures = Representation.of(anatomy, describing, frames.truth, frames.labelled_looks)
    return (measures, *measures.observe(frames, ablation))


def test_the_state_is_eight_discrepancies_of_estimated_poses_and_the_budget(frames):
    measures, observation, _ = seen(frames)
    assert observation.state.shape == (STATE,) == (9,)
    assert observation.state[-1] == 0.25
    for n in range(7):
        space = [spaces(p, ANATOMY)[n] for p in (frames.labelled_poses, frames.poses)]
        assert observation.state[1 + n] == pytest.approx(mmd(*space, measures.widths[n]), rel=1e-4)
    same = replace(frames, poses=frames.labelled_poses, looks=frames.labelled_looks)
    assert seen(same)[1].state[:8] == pytest.approx([0] * 8, abs=1e-6)


def test_novelty_is_measured_against_labels_and_the_state_against_estimates(frames):
    _, before, near = seen(frames)
    measures = seen(frames)[0]
    moved = replace(frames, labelled_poses=frames.labelled_poses[::-1] * [1.0, 2.0])
    other, still_near = measures.observe(moved, Ablation())
    assert still_near.to_labels == pytest.approx(near.to_labels)
    assert not np.allclose(other.state[1:8], before.state[1:8])
    assert near.to_labels[2] == pytest.approx([1] * 7)
    assert near.to_labels[3] == pytest.approx([1] * 7)


def test_an_action_is_seven_cosines_seven_histograms_and_the_look(frames):
    measures, observation, likeness = seen(frames)
    assert observation.actions.shape == (4, 7 + 70 + 12)
    assert observation.actions[:, :7] == pytest.approx(likeness.to_labels, abs=1e-6)
    assert observation.actions[:, 7:77].reshape(4, 7, 10).sum(axis=2) == pytest.approx(1)
    assert observation.actions[:, 77:] == pytest.approx(measures.looks(frames.looks), abs=1e-5)


def test_only_the_bent_finger_is_new(frames):
    _, _, likeness = seen(frames)
    fingers = likeness.to_labels[1, 2:]
    assert fingers.argmin() == 2
    assert likeness.to_labels[0, 2:].min() > fingers[2]


@pytest.mark.parametrize(
    ("flag", "state", "actions"),
    [
        ("state_appearance", slice(0, 1), None),
        ("state_body", slice(1, 2), None),
        ("state_parts", slice(2, 8), None),
        ("state_budget", slice(8, 9), None),
        ("action_similarity", None, slice(0, 7)),
        ("action_histograms", None, slice(7, 77)),
        ("action_appearance", None, slice(77, 89)),
    ],
)
def test_each_part_of_state_and_action_may_be_left_out(frames, flag, state, actions):
    _, whole, _ = seen(frames)
    _, without, _ = seen(frames, ablation=Ablation(**{flag: False}))
    for name, left_out in (("state", state), ("actions", actions)):
        expected = getattr(whole, name).copy()
        if left_out is not None:
            assert expected[..., left_out].any()
            expected[..., left_out] = 0
        assert getattr(without, name) == pytest.approx(expected)


def test_bins_may_be_the_paper_s(frames):
    measures, _, likeness = seen(frames, replace(LITERAL, quantile_bins=False))
    assert measures.edges == pytest.approx(np.tile(even_edges(10), (7, 1)))
    assert likeness.to_others[:, 0, -1].min() == 1
    assert seen(frames)[2].to_others[:, 0, -1].max() < 1


def test_balanced_numbers_tell_high_cosines_apart_and_no_kind_outweighs_another(frames):
    assert digits(np.array([0.0, 0.9, 0.99, 1.0])) == pytest.approx([-1, -0.5, 0, 1], abs=3e-3)
    _, observation, _ = seen(frames, Describing(wider=False))
    kinds = np.split(observation.actions, [7, 77], axis=1)
    lengths = [np.linalg.norm(kind, axis=1).mean() for kind in kinds]
    assert max(lengths) < 4 * min(lengths)


def test_numbers_among_others_say_how_a_frame_stands_out():
    columns = np.array([[1.0, 5, 0], [2, 5, 0], [3, 5, 0], [2, 5, 90]])
    found = among_others(columns)
    assert found[:, 0] == pytest.approx((columns[:, 0] - 2) / np.sqrt(0.5))
    assert found[:, 1].tolist() == [0] * 4
    assert among_others(np.r_[np.zeros(99), 1.0][:, None]).max() == 3
    assert among_others(10 * columns + 7) == pytest.approx(found)


def test_an_action_may_tell_more_than_the_pose(frames):
    scores, ratio = np.array([[0.9, 0.7], [0.5, 0.1], [1, 1], [1, 1]]), np.full((4, 2), 0.3)
    told = replace(frames, doubts=doubts(scores, ratio))
    assert told.doubts == pytest.approx(np.array([[0.2, 0.3], [0.7, 0.3], [0, 0.3], [0, 0.3]]))
    wider = replace(LITERAL, wider=True)
    measures, observation, _ = seen(told, wider)
    assert observation.actions.shape == (4, width_of_actions(wider)) == (4, 89 + 3)
    assert observation.actions[:, :89] == pytest.approx(seen(frames)[1].actions)
    away = np.linalg.norm(
        measures.looks(frames.looks)[:, None] - measures.looks(frames.labelled_looks), axis=2
    ).min(axis=1)
    expected = among_others(np.column_stack([away, told.doubts]))
    assert observation.actions[:, 89:] == pytest.approx(expected, abs=1e-5)
    unknown = seen(frames, wider)[1].actions
    assert unknown[:, 90:].tolist() == [[0, 0]] * 4
    new = replace(frames, looks=np.r_[frames.looks[:3], 5 * frames.looks[3:]])
    assert seen(new, wider)[1].actions[:, 89].argmax() == 3


def test_measures_stay_as_they_were_fixed(frames):
    measures = seen(frames)[0]
    larger = replace(frames, truth=frames.truth * 9, labelled_looks=frames.labelled_looks * 9)
    width, edges = measures.look_width, measures.edges.copy()
    measures.observe(larger, Ablation())
    assert (measures.look_width, measures.edges.tolist()) == (width, edges.tolist())


def test_missing_numbers_give_finite_ones(frames):
    looks, poses, truth = frames.looks.copy(), frames.poses.copy(), frames.truth.copy()
    looks[1] = np.nan
    poses[0] = np.nan
    poses[1, 8] = np.nan
    truth[:, 20] = np.nan
    _, observation, likeness = seen(replace(frames, looks=looks, poses=poses, truth=truth))
    assert np.isfinite(observation.state).all()
    assert np.isfinite(observation.actions).all()
    assert likeness.seen[0].tolist() == [0] * 7
    assert 0 < likeness.seen[1, 0] < 1
    nothing = replace(frames, truth=truth[:0], labelled_poses=truth[:0], labelled_looks=looks[:0])
    observation, _ = seen(frames)[0].observe(nothing, Ablation())
    assert np.isfinite(observation.actions).all()
    assert observation.state[:8].tolist() == [0] * 8


def test_parts_that_a_skeleton_lacks_are_padded_so_that_agents_fit_any(frames):
    few = replace(ANATOMY, parts=ANATOMY.parts[:3])
    _, observation, likeness = seen(frames, anatomy=few)
    assert observation.state.shape == (9,)
    assert observation.actions.shape == (4, 89)
    assert likeness.to_labels[:, 3:].tolist() == [[0] * 4] * 4
    assert observation.state[4:8].tolist() == [0] * 4
