from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
import torch

from poseapp.domain.errors import JobCancelled, TrainingError
from poseapp.domain.report import SilentReport
from poseapp.learn.augment import Augmentation
from poseapp.learn.batches import Teaching
from poseapp.learn.remote.agent import Agent
from poseapp.learn.remote.clips import make_clips
from poseapp.learn.remote.dqn import Learner
from poseapp.learn.remote.game import Board, Game, Limit
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


def game(board, settings=SMALL, picks=5, saved=None):
    torch.manual_seed(0)
    studio = Studio(build("tiny", 3), 3, settings, CPU)
    learner = Learner(Agent.new(3, settings.window), settings.learning)
    return Game(board, studio, learner, Limit(picks=picks), saved)


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
    assert [row["step"] for row in watching.rows] == [1, 2, 3, 4, 5]
    assert [row["offset"] for row in watching.rows] == [p.offset for p in played.picked]
    assert {"loss_truth", "loss_pose", "loss_adversarial", "reward", "best_pck"} <= set(
        watching.rows[0]
    )
    assert played.learner.picks == 5
    assert played.learner.updates == 5


def test_reconstructions_are_shown_as_small_pictures(board):
    watching = Watching()
    game(board, picks=1).play(watching)
    (shown,) = watching.sent
    assert isinstance(shown, Reconstructions)
    pictures = (shown.labelled, shown.labelled_again, shown.partner, shown.partner_again)
    assert all(p.shape == (32, 32, 3) and p.dtype == np.uint8 for p in pictures)
    assert np.abs(shown.labelled.astype(int) - shown.partner).max() > 30


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
    error = warm_up(studio, board.clips, board.taught, TEACHING, 0, told)
    assert 0 < error < 2
    assert len(told.rows) == 2


def test_without_two_labels_near_each_other_nothing_is_warmed_up():
    film = Swinging(frames=100)
    labels = film.labels([0, 80])
    clips = make_clips(labels, film, PLAN, 10, SilentReport())
    studio = Studio(build("tiny", 3), 3, SMALL, CPU)
    assert np.isnan(warm_up(studio, clips, set(labels.frames), TEACHING, 0, SilentReport()))
