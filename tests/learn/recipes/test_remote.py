from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from poseapp.domain.errors import JobCancelled, TrainingError
from poseapp.domain.report import SilentReport
from poseapp.learn.augment import Augmentation
from poseapp.learn.batches import Teaching
from poseapp.learn.recipes.remote import Config, train
from poseapp.learn.remote.album import picture_of, read
from poseapp.learn.remote.board import Board
from poseapp.learn.remote.clips import make_clips
from poseapp.learn.remote.settings import Drawing, Learning, Settings
from poseapp.learn.remote.studio import Studio
from poseapp.learn.remote.trained import TrainedAgent
from poseapp.learn.remote.warm_up import warm_up
from poseapp.learn.train import outcome
from poseapp.nets.card import Card
from poseapp.nets.pose_net import BACKBONES, build
from tests.fixtures.tiny_net import TinyBackbone
from tests.learn.remote.films import PLAN, Swinging

QUICK = Config(
    net="tiny",
    long_side=32,
    minutes=None,
    steps=40,
    batch=4,
    device="cpu",
    threads=1,
    augmentation=Augmentation(rotation_deg=5, scale=0.1, shift=0.05, blur=0, cutout=0),
    settings=Settings(
        drawing=Drawing(side=16, width=4, blocks=1),
        minibatches=1,
        batch=4,
        measured=6,
        warm_up=2,
        learning=Learning(batch=4, updates=1),
    ),
)


@pytest.fixture(autouse=True)
def tiny_net(monkeypatch):
    monkeypatch.setitem(BACKBONES, "tiny", TinyBackbone)
    monkeypatch.setattr(outcome, "export", lambda net, path: None)


class Listening(SilentReport):
    def __init__(self):
        self.notes, self.rows, self.done = [], [], []

    def note(self, text):
        self.notes.append(text)

    def metrics(self, **values):
        self.rows.append(values)

    def progress(self, done, text=""):
        self.done.append(done)


def film():
    return Swinging(frames=150)


def labels():
    return film().labels(range(0, 150, 5))


def test_a_run_leaves_a_net_an_agent_and_a_card_that_tells_of_the_pairs(tmp_path):
    heard = Listening()
    trained = train(labels(), film(), QUICK, heard, tmp_path)
    card = Card.read(tmp_path)
    told = card.provenance
    assert told["recipe"] == "remote"
    assert told["picks"] >= 1
    assert told["pairs_kept"] == (told["score_of_pairs"] <= told["score_of_labels"])
    assert trained.metrics["held_out_frames"] == 3
    assert not trained.stopped
    assert TrainedAgent.load(tmp_path).keypoints == labels().skeleton.names
    assert heard.done == sorted(heard.done)
    assert heard.done[-1] <= 1
    assert {row["offset"] for row in heard.rows if "offset" in row}
    assert not [note for note in heard.notes if "held-out error" not in note]
    assert bool(heard.notes) is not told["pairs_kept"]


def test_the_curve_of_a_run_goes_on_through_the_pairs_and_they_are_kept_with_it(tmp_path):
    heard = Listening()
    train(labels(), film(), QUICK, heard, tmp_path)
    steps = [row["step"] for row in heard.rows if "step" in row]
    newest = steps[len(steps) - steps[::-1].index(1) - 1 :]  # since pictures have their full size
    assert newest == sorted(newest)
    paired = [row["step"] for row in heard.rows if "step" in row and "offset" in row]
    assert paired
    assert set(paired) <= set(newest)
    assert any("held_out_px" in row and row["step"] >= paired[0] for row in heard.rows)
    kept = read(tmp_path)
    assert len(kept.picks) == Card.read(tmp_path).provenance["picks"] == len(paired)
    assert kept.window == 10
    assert all(picture_of(tmp_path, ref).exists() for ref in kept.newest)
    assert kept.newest.keys() <= set(labels().frames)


def test_pairs_that_fail_leave_the_net_of_the_labels_and_a_note(tmp_path, monkeypatch):
    def gives_out(*_args, **_options):
        raise TrainingError("There is not enough memory.")

    monkeypatch.setattr(Studio, "update", gives_out)
    heard = Listening()
    trained = train(labels(), film(), QUICK, heard, tmp_path)
    assert any("not enough memory. So this training" in note for note in heard.notes)
    assert not trained.stopped
    assert (tmp_path / "weights.safetensors").exists()


def test_warming_up_ends_when_its_share_of_the_minutes_is_used():
    ticking = iter(range(0, 10_000, 10))
    film_ = Swinging(frames=40)
    given = film_.labels(range(0, 40, 5))
    clips = make_clips(given, film_, PLAN, 10, SilentReport())
    settings = replace(QUICK.settings, warm_up=50)
    studio = Studio(build("tiny", 3), 3, settings, torch.device("cpu"))
    heard = Listening()
    teaching = Teaching(QUICK.augmentation, (0, 1, 2))
    board = Board(clips, frozenset(given.frames), [], [], teaching, 0)
    warm_up(studio, board, heard, seconds=35, now=lambda: next(ticking))
    assert len(heard.rows) == 4


@pytest.mark.parametrize("frames", [range(0, 50, 5), [20], range(140, 150)])
def test_too_few_labels_are_learnt_without_pairs_and_a_note_says_why(tmp_path, frames):
    heard = Listening()
    train(film().labels(frames), film(), replace(QUICK, steps=4), heard, tmp_path)
    said = f"REMOTE needs 20 labelled frames, and there are {len(frames)}. So this training learns"
    assert any(note.startswith(said) for note in heard.notes)
    assert Card.read(tmp_path).provenance["picks"] == 0


@pytest.mark.parametrize(
    ("moving", "frames"), [(Swinging(frames=60, speed=0.0), range(0, 60, 2)), (film(), range(150))]
)
def test_where_nothing_moves_or_nothing_is_unlabelled_a_note_says_so(tmp_path, moving, frames):
    heard = Listening()
    train(moving.labels(frames), moving, replace(QUICK, steps=4), heard, tmp_path)
    assert any("nothing to learn from unlabelled frames" in note for note in heard.notes)


def test_a_broken_off_run_goes_on_where_it_was(tmp_path):
    train(labels(), film(), QUICK, SilentReport(), tmp_path / "whole")

    class PowerCut(SilentReport):
        def progress(self, done, text=""):
            if done >= 0.85:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(labels(), film(), QUICK, PowerCut(), tmp_path / "cut")
    train(labels(), film(), QUICK, SilentReport(), tmp_path / "cut")
    one = load_file(tmp_path / "whole" / "weights.safetensors")
    other = load_file(tmp_path / "cut" / "weights.safetensors")
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_stopped_while_pairs_are_learnt_it_keeps_the_net_of_the_labels(tmp_path):
    class StopsLate(SilentReport):
        def progress(self, done, text=""):
            if done >= 0.85:
                raise JobCancelled

    trained = train(labels(), film(), QUICK, StopsLate(), tmp_path)
    assert trained.stopped
    assert Card.read(tmp_path).provenance["stopped"] is True
    assert (tmp_path / "weights.safetensors").exists()
