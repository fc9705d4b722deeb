from dataclasses import replace

import numpy as np
import pytest
import torch

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.report import SilentReport
from poseapp.learn.remote.agent import Agent
from poseapp.learn.remote.trained import TrainedAgent
from poseapp.learn.select.frame_agent import FrameAgent, best_pairs
from poseapp.learn.select.probed import Aspect
from tests.learn.select.pools import SKELETON, believed, insides, pool_of, refs

BODY = np.array([[10.0, 10], [10, 40], [50, 40]])
"""Where the net of the pool always finds the fish; 40 px across."""


class Likes(torch.nn.Module):
    """An agent that values motion to the right, of the nose, in body lengths."""

    def values(self, state, rows):
        return rows[:, 3] / 5


def trained(agent=None, window=10):
    return TrainedAgent(agent or Likes(), SKELETON.names, window, np.zeros(18, np.float32))


def pool(count=60, moves=None, labels=(20,)):
    """The nose moves to the right as `moves` says, {frame: px}; labels stand in the same video."""
    candidates = tuple(ref for ref in refs(count) if ref.frame not in labels)
    points = np.repeat(BODY[None], len(candidates), axis=0)
    for n, ref in enumerate(candidates):
        points[n, 0, 0] += (moves or {}).get(ref.frame, 0)
    scores = np.full((len(candidates), 3), 0.9)
    scores[[ref.frame == 24 for ref in candidates], 1] = 0.2
    seen = insides(len(candidates), len(labels))
    labelled = {**seen.labelled, Aspect.POSE: np.repeat(BODY[None], len(labels), axis=0)}
    made = pool_of(
        np.zeros((len(candidates), 2)),
        predicted=believed(len(candidates), points=points, scores=scores),
        probed=replace(seen, labelled=labelled),
        candidates=candidates,
    )
    return replace(
        made,
        labelled=tuple(FrameRef(VideoId(1), n) for n in labels),
        labelled_features=np.zeros((len(labels), 2), np.float32),
    )


def pick(given, budget=3, agent=None):
    return FrameAgent(trained(agent)).pick(given, budget, SilentReport())


def test_the_highest_value_over_the_labels_near_comes_first():
    found = pick(pool(moves={12: 4, 24: 20, 50: 80}))
    assert found[0].frame.frame == 24
    assert all(abs(s.frame.frame - 20) <= 10 for s in found)  # 50 is near no label
    assert found[0].score > found[1].score


def test_each_frame_is_judged_by_the_label_that_values_it_most():
    given = pool(moves={24: 20}, labels=(20, 26))
    poses = given.insides().labelled[Aspect.POSE]
    poses[1, 0, 0] = -10  # from here the nose moved farther
    values, anchors = best_pairs(given, trained())
    row = [ref.frame for ref in given.candidates].index(24)
    assert anchors[row] == 1
    assert values[row] == pytest.approx(40 / 60)  # the label is 60 px across
    assert np.isnan(values[[ref.frame > 36 for ref in given.candidates]]).all()


def test_the_reason_tells_motion_label_and_doubt_in_words():
    (reason,) = pick(pool(moves={24: 60}))[0].reasons
    assert reason.text == (
        "Motion of 0.5 body lengths from frame 20, the net unsure of the left fin."
    )
    assert reason.keypoint == "left_fin"
    assert reason.value == 1


def test_it_says_why_it_cannot_pick():
    assert "Train once with REMOTE" in FrameAgent().not_yet(pool())
    assert FrameAgent(trained()).not_yet(pool()) == ""
    other = replace(trained(), keypoints=("a", "b", "c"))
    assert "skeleton was changed" in FrameAgent(other).not_yet(pool())
    assert "within 10 frames" in FrameAgent(trained()).not_yet(pool(labels=(500,)))
    assert "Train a net" in FrameAgent(trained()).not_yet(replace(pool(), predicted=None))


@pytest.mark.parametrize("rows", [[3], range(10, 31), range(60)])
def test_frames_in_which_no_body_was_found_do_no_harm(rows):
    given = pool(moves={24: 20})
    gone = [n for n, ref in enumerate(given.candidates) if ref.frame in rows]
    beliefs = given.beliefs()
    points, scores = beliefs.points.copy(), beliefs.scores.copy()
    points[gone], scores[gone] = np.nan, np.nan
    picked = pick(replace(given, predicted=replace(beliefs, points=points, scores=scores)), 6)
    assert len({s.frame for s in picked}) == 6
    assert all(np.isfinite(s.score) for s in picked)
    assert "nan" not in " ".join(reason.text for s in picked for reason in s.reasons)


def test_a_label_without_any_keypoint_does_no_harm():
    given = pool()
    given.insides().labelled[Aspect.POSE][:] = np.nan
    assert len(pick(given)) == 3


def test_a_real_agent_picks_the_same_frames_again_after_it_was_saved(tmp_path):
    torch.manual_seed(0)
    agent = trained(Agent.new(3, 10))
    agent.save(tmp_path)
    given = pool(moves={n: n - 20 for n in range(60)})
    before = FrameAgent(agent).pick(given, 4, SilentReport())
    after = FrameAgent.load(tmp_path).pick(given, 4, SilentReport())
    assert [s.frame for s in before] == [s.frame for s in after]
    assert len({s.frame for s in before}) == 4
