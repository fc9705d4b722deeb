from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
import torch

from poseapp.domain.errors import JobCancelled, TrainingError
from poseapp.domain.ids import FrameRef
from poseapp.domain.report import SilentReport
from poseapp.learn.augment import Augmentation
from poseapp.learn.batches import Teaching
from poseapp.learn.remote import judge, players
from poseapp.learn.remote.agent import Agent
from poseapp.learn.remote.board import Board, Followed, Limit
from poseapp.learn.remote.clips import make_clips
from poseapp.learn.remote.dqn import Learner
from poseapp.learn.remote.game import Game
from poseapp.learn.remote.measuring import estimate
from poseapp.learn.remote.pairing import labelled_pairs
from poseapp.learn.remote.sets import split
from poseapp.learn.remote.settings import Drawing, Learning, Partners, Settings
from poseapp.learn.remote.shown import Reconstructions
from poseapp.learn.remote.studio import Studio
from poseapp.learn.remote.warm_up import warm_up
from poseapp.learn.train.plan import make_samples
from poseapp.nets.pose_net import BACKBONES, build
from tests.fixtures.tiny_net import TinyBackbone
from tests.learn.remote.films import PLAN, Swinging

TEACHING = Teaching(Augmentation(rotation_deg=5, blur=0, cutout=0), (0, 1, 2))
SMALL = Settings(
    drawing=Drawing(side=16, width=4, blocks=1),
    minibatches=1,
    batch=4,
    patience=3,
    warm_up=2,
    learning=Learning(batch=4, updates=1),
)
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def tiny_net(monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", TinyBackbone)


@pytest.fixture(scope="module")
def film():
    return Swinging(frames=30, videos=4)


@pytest.fixture(scope="module")
def board(film):
    labels = film.labels(range(0, 30, 5))
    sets = split(labels.frames, lambda _: 2, seed=0)
    samples = {
        name: make_samples(labels.only(getattr(sets, name)), film, PLAN, SilentReport())["pose"]
        for name in ("state", "reward")
    }
    clips = make_clips(labels, film, PLAN, SMALL.window, SilentReport())
    return Board(clips, frozenset(sets.taught), samples["state"], samples["reward"], TEACHING, 0)


def game(board, settings=SMALL, picks=5, saved=None, followed=None):
    torch.manual_seed(0)
    studio = Studio(build("tiny", 3), 3, settings, CPU)
    learner = Learner(Agent.new(3, settings.window), settings.learning)
    return Game(board, studio, learner, Limit(picks=picks), saved, followed)


class Watching(SilentReport):
    def __init__(self):
        self.rows, self.sent = [], []

    def metrics(self, **values):
        self.rows.append(values)

    def send(self, value):
        self.sent.append(value)


def test_picks_are_unlabelled_frames_near_labels_that_may_be_learnt_from(board):
    played, watching = game(board), Watching()
    played.play(watching)
    assert len(played.picked) == 5
    labelled = {clip.ref(n) for clip in board.clips for n in np.flatnonzero(clip.labelled)}
    for picked in played.picked:
        assert picked.labelled in board.taught
        assert picked.partner not in labelled
        assert picked.partner.video == picked.labelled.video
        assert 0 < abs(picked.offset) <= 10
    assert [row["pick"] for row in watching.rows] == [1, 2, 3, 4, 5]
    assert not any("step" in row for row in watching.rows)  # it is not the training's curve
    assert [row["offset"] for row in watching.rows] == [p.offset for p in played.picked]
    assert {"loss_truth", "loss_pose", "loss_adversarial", "reward", "best_pck"} <= set(
        watching.rows[0]
    )
    assert played.learner.picks == 5
    assert played.learner.updates == 5


def test_a_game_that_is_followed_draws_every_pair_and_measures_held_out_frames(board):
    watching = Watching()
    game(board, picks=6, followed=Followed(100, board.reward)).play(watching)
    assert [shown.number for shown in watching.sent] == list(range(6))
    for shown in watching.sent:
        assert isinstance(shown, Reconstructions)
        pictures = (shown.labelled, shown.labelled_again, shown.partner, shown.partner_again)
        assert all(p.shape == (32, 32, 3) and p.dtype == np.uint8 for p in pictures)
        # as they are in the film, not changed at random
        at = FrameRef(shown.picked.labelled.video, shown.picked.labelled.frame)
        ((_, picture),) = Swinging().read_many([at])
        assert np.abs(shown.labelled.astype(int) - picture).max() <= 1
    picks = [row for row in watching.rows if "pick" in row]
    assert [row["step"] for row in picks] == [101, 102, 103, 104, 105, 106]
    assert all(row["loss"] == pytest.approx(row["loss_truth"] / 2) for row in picks)
    held = [row for row in watching.rows if "held_out_px" in row]
    assert held
    assert held[-1]["step"] == 106


def scripted(board, monkeypatch, accuracies, picks):
    """The lengths of turns when the accuracy on D_r is, after each pick, as told."""
    stream = iter([0.5, *accuracies])
    monkeypatch.setattr(Game, "_measure", lambda self: next(stream))
    played = game(board, replace(SMALL, patience=5, laps=3), picks=picks)
    played.play(SilentReport())
    labels = [(p.labelled.video, p.reward) for p in played.picked]
    return [len(list(group)) for _, group in groupby(labels, lambda row: row[0])]


def test_five_negative_rewards_in_a_row_end_the_turn_of_a_clip(board, monkeypatch):
    losing = [0.4] * 5
    assert scripted(board, monkeypatch, [*losing, *losing], 10) == [5, 5]
    interrupted = [0.4, 0.4, 0.4, 0.4, 0.6, *losing]
    assert scripted(board, monkeypatch, [*interrupted, 0.6], 11) == [10, 1]


def test_rewards_of_zero_are_not_negative_and_end_a_turn_only_by_its_laps(board, monkeypatch):
    zeros = [0.5] * 60
    lengths = scripted(board, monkeypatch, zeros, 40)
    laps = {len(clip.anchors(board.taught)) for clip in board.clips}
    assert all(length in {3 * lap for lap in laps} | {5} for length in lengths[:-1])
    with_zero = [0.4, 0.4, 0.5, 0.4, 0.4, 0.4, 0.4, 0.4, 0.6]
    assert scripted(board, monkeypatch, with_zero, 9)[0] == 8


def test_what_is_learnt_with_a_pick_comes_from_all_clips(board):
    played, seen = game(board, replace(SMALL, batch=8)), []
    update = played.studio.update

    def watched(pairs, *, transformer):
        seen.append(pairs.labelled)
        return update(pairs, transformer=transformer)

    played.studio.update = watched
    played.play(SilentReport())
    drawn = {played._older(np.random.default_rng(n))[0] for n in range(60)}
    assert drawn == set(played._anchors)
    newest = {(c, a): p for c, a, p, _ in played._progress.log}
    for n in range(60):
        clip, anchor, partner = played._older(np.random.default_rng(n))
        assert newest.get((clip, anchor), partner) == partner
    assert all(len(pictures) == 8 for pictures in seen)


def test_a_rule_looks_at_nothing_but_what_rewards(board, monkeypatch):
    asked = []
    for module in (judge, players):
        monkeypatch.setattr(
            module, "estimate", lambda net, shown: asked.append(shown) or estimate(net, shown)
        )
    played = game(board, replace(SMALL, partners=Partners.RANDOM), picks=4)
    played.play(SilentReport())
    assert [len(shown.pictures) for shown in asked] == [len(board.reward)] * 5
    assert not played.performance.any()
    agents = game(board, picks=4)
    agents.play(SilentReport())
    assert len(asked) > 5 + 4 * 3
    assert agents.performance.any()


def test_uniform_partners_stand_where_they_should(board):
    settings = replace(SMALL, partners=Partners.UNIFORM_6)
    played = game(board, settings)
    played.play(SilentReport())
    for picked in played.picked:
        (clip,) = (c for c in board.clips if c.video == picked.labelled.video)
        row = int(np.flatnonzero(clip.frames == picked.labelled.frame)[0])
        offered = clip.frames[clip.partners(row, 10, board.taught)] - picked.labelled.frame
        assert abs(picked.offset + 6) == np.abs(offered + 6).min()
    assert played.learner.picks == 0


def test_a_turn_is_a_lap_at_most_and_another_clip_follows(board):
    played = game(board, picks=9)
    played.play(SilentReport())
    laps = {clip.video: len(clip.anchors(board.taught)) for clip in board.clips}
    turns = [
        (video, len(list(group)))
        for video, group in groupby(p.labelled.video for p in played.picked)
    ]
    assert len(turns) > 1
    assert all(1 <= length <= max(SMALL.patience, laps[video]) for video, length in turns)
    assert all(length >= SMALL.patience for _, length in turns[:-1])


def test_a_broken_off_game_goes_on_as_if_it_had_never_stopped(board, tmp_path):
    whole = game(board, picks=9)
    whole.play(SilentReport())

    class PowerCut(SilentReport):
        def progress(self, done, text=""):
            if text == "pick 8":
                raise KeyboardInterrupt

    saved = tmp_path / "game.safetensors"
    with pytest.raises(KeyboardInterrupt):
        game(board, picks=9, saved=saved).play(PowerCut())
    again = game(board, picks=9, saved=saved)
    assert 0 < len(again.picked) < 8
    again.play(SilentReport())
    assert again.picked == whole.picked
    one, other = (g.studio.average.state_dict() for g in (whole, again))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_game_whose_labels_were_changed_meanwhile_begins_anew(board, film, tmp_path):
    saved = tmp_path / "game.safetensors"
    game(board, picks=4, saved=saved).play(SilentReport())
    assert len(game(board, picks=4, saved=saved).picked) == 4
    fewer = replace(board, taught=frozenset(sorted(board.taught)[1:]))
    assert game(fewer, picks=4, saved=saved).picked == []
    labels = film.labels(range(0, 30, 5))
    moved = replace(labels.instances[0], points=labels.instances[0].points + 1)
    corrected = replace(labels, instances=(moved, *labels.instances[1:]))
    clips = make_clips(corrected, film, PLAN, SMALL.window, SilentReport())
    assert game(replace(board, clips=clips), picks=4, saved=saved).picked == []


def test_a_game_can_be_stopped(board):
    class Stop(SilentReport):
        def progress(self, done, text=""):
            if text == "pick 3":
                raise JobCancelled

    played = game(board)
    with pytest.raises(JobCancelled):
        played.play(Stop())
    assert len(played.picked) == 2


def test_without_rewards_the_agent_plays_what_it_knows_and_learns_nothing(board):
    silent = Board(board.clips, board.taught, board.state, [], board.teaching, 0)
    played = game(silent)
    before = [p.clone() for p in played.learner.agent.parameters()]
    played.play(SilentReport())
    assert len(played.picked) == 5
    now = played.learner.agent.parameters()
    assert all(torch.equal(a, b) for a, b in zip(before, now, strict=True))


def test_films_in_which_nothing_moves_are_refused_in_a_sentence():
    film = Swinging(frames=30, speed=0.0)
    labels = film.labels([0, 10, 20])
    clips = make_clips(labels, film, PLAN, 10, SilentReport())
    board = Board(clips, frozenset(labels.frames), [], [], TEACHING, 0)
    with pytest.raises(TrainingError, match="nothing to learn from unlabelled frames"):
        game(board)


def test_the_generator_warms_up_on_labels_of_one_clip(board):
    pairs = labelled_pairs(board.clips, board.taught, 10)
    assert pairs
    for clip, a, b in pairs:
        refs = board.clips[clip].ref(a), board.clips[clip].ref(b)
        assert set(refs) <= board.taught
        assert 0 < refs[1].frame - refs[0].frame <= 30
    studio = Studio(build("tiny", 3), 3, SMALL, CPU)
    told = Watching()
    error = warm_up(studio, board, told)
    assert 0 < error < 2
    assert len(told.rows) == 2


def test_without_two_labels_near_each_other_nothing_is_warmed_up():
    film = Swinging(frames=100)
    labels = film.labels([0, 80])
    clips = make_clips(labels, film, PLAN, 10, SilentReport())
    studio = Studio(build("tiny", 3), 3, SMALL, CPU)
    alone = Board(clips, frozenset(labels.frames), [], [], TEACHING, 0)
    assert np.isnan(warm_up(studio, alone, SilentReport()))
