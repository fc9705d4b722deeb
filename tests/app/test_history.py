"""Do, undo and redo, the random part against a model that knows nothing of databases."""

from __future__ import annotations

import shutil
import tempfile
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from poseapp.app.changes import Changes
from poseapp.app.commands import (
    AddInstance,
    AddSuggestions,
    AddTrack,
    AddVideo,
    AnswerSuggestion,
    Batch,
    ChangeSkeleton,
    Command,
    DeleteInstance,
    MarkEmpty,
    MoveKeypoint,
    RemoveVideo,
    RenameTrack,
    SetTrack,
)
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.errors import ProjectError, ReadOnlyError
from poseapp.domain.ids import FrameRef, InstanceId, VideoId
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.suggestion import Answer
from tests.fixtures.projects import MOUSE, POSE, body, film, mouse_session, suggestion

Point = tuple[float, float]


@dataclass
class Model:
    """What a project should hold, as a person would note it on paper."""

    skeleton: tuple[Keypoint, ...]
    videos: dict[VideoId, bool] = field(default_factory=dict)
    """Whether each is in the project; a removed one keeps what belongs to it."""
    frames: dict[InstanceId, FrameRef] = field(default_factory=dict)
    points: dict[InstanceId, dict[int, Point]] = field(default_factory=dict)
    """By number of the keypoint, whether it is in the skeleton now or not."""
    tracks: dict[int, str] = field(default_factory=dict)
    track_of: dict[InstanceId, int | None] = field(default_factory=dict)
    empty: set[FrameRef] = field(default_factory=set)
    answers: dict[int, Answer] = field(default_factory=dict)


frame_numbers = st.integers(0, 3)
coordinates = st.floats(-100, 1000)
chance = st.randoms(use_true_random=False)


class Edits(RuleBasedStateMachine):
    """Every rule is one edit of the project and of the model."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.session, video = mouse_session(self.folder / "mice")
        self.model = Model(self.session.project.skeleton.keypoints, {video: True})
        self.past: list[Model] = []
        self.future: list[Model] = []

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
            shutil.rmtree(self.folder)

    def do(self, command: Command) -> Command:
        self.past.append(deepcopy(self.model))
        self.future.clear()
        return self.session.history.do(command)

    def some_body(self, chance) -> InstanceId | None:
        bodies = [n for n, ref in self.model.frames.items() if self.model.videos[ref.video]]
        return chance.choice(sorted(bodies)) if bodies else None

    def some_video(self, chance) -> VideoId | None:
        there = sorted(video for video, present in self.model.videos.items() if present)
        return chance.choice(there) if there else None

    def note_body(self, number: InstanceId, frame: FrameRef, points: np.ndarray) -> None:
        uids = [keypoint.uid for keypoint in self.model.skeleton]
        self.model.frames[number] = frame
        self.model.points[number] = {u: tuple(p) for u, p in zip(uids, points, strict=True)}
        self.model.track_of[number] = None

    @rule(chance=chance, frame=frame_numbers, x=coordinates)
    def add_a_body(self, chance, frame, x):
        if (video := self.some_video(chance)) is None:
            return
        ref = FrameRef(video, frame)
        points = np.resize(POSE, (len(self.model.skeleton), 2)) + x
        inverse = self.do(AddInstance(body(ref, points)))
        self.note_body(inverse.instance, ref, points)

    @rule(chance=chance, frame=frame_numbers)
    def add_two_bodies_at_once(self, chance, frame):
        if (video := self.some_video(chance)) is None:
            return
        ref = FrameRef(video, frame)
        points = np.resize(POSE, (len(self.model.skeleton), 2))
        both = tuple(AddInstance(body(ref, points + n)) for n in range(2))
        inverse = self.do(Batch("Added two", both))
        for n, undone in enumerate(reversed(inverse.commands)):
            self.note_body(undone.instance, ref, points + n)

    @rule(chance=chance)
    def delete_a_body(self, chance):
        if (number := self.some_body(chance)) is None:
            return
        self.do(DeleteInstance(number))
        for notes in (self.model.frames, self.model.points, self.model.track_of):
            del notes[number]

    @rule(chance=chance, x=coordinates, y=coordinates)
    def move_a_keypoint(self, chance, x, y):
        if (number := self.some_body(chance)) is None:
            return
        keypoint = chance.randrange(len(self.model.skeleton))
        self.do(MoveKeypoint(number, keypoint, (x, y)))
        self.model.points[number][self.model.skeleton[keypoint].uid] = (x, y)

    @rule(name=st.sampled_from("ABC"))
    def name_a_track(self, name):
        self.model.tracks[self.do(AddTrack(name)).track] = name

    @precondition(lambda self: self.model.tracks)
    @rule(chance=chance, name=st.sampled_from("DEF"))
    def rename_a_track(self, chance, name):
        track = chance.choice(sorted(self.model.tracks))
        self.do(RenameTrack(track, name))
        self.model.tracks[track] = name

    @precondition(lambda self: self.model.tracks)
    @rule(chance=chance)
    def give_a_body_a_track(self, chance):
        if (number := self.some_body(chance)) is None:
            return
        track = chance.choice([None, *sorted(self.model.tracks)])
        self.do(SetTrack(number, track))
        self.model.track_of[number] = track

    @rule(chance=chance, frame=frame_numbers, empty=st.booleans())
    def mark_a_frame(self, chance, frame, empty):
        if (video := self.some_video(chance)) is None:
            return
        ref = FrameRef(video, frame)
        self.do(MarkEmpty(ref, empty))
        (self.model.empty.add if empty else self.model.empty.discard)(ref)

    @rule(frame=frame_numbers, count=st.integers(1, 3))
    def suggest(self, frame, count):
        picks = tuple(suggestion(FrameRef(VideoId(1), frame)) for _ in range(count))
        for number in self.do(AddSuggestions(picks)).suggestions:
            self.model.answers[number] = Answer.OPEN

    @precondition(lambda self: self.model.answers)
    @rule(chance=chance, answer=st.sampled_from(Answer))
    def answer(self, chance, answer):
        number = chance.choice(sorted(self.model.answers))
        self.do(AnswerSuggestion(number, answer))
        self.model.answers[number] = answer

    @rule()
    def add_a_video(self):
        inverse = self.do(AddVideo(film(self.folder / f"{len(self.model.videos)}.mp4")))
        self.model.videos[inverse.video] = True

    @rule(chance=chance)
    def remove_a_video(self, chance):
        if (video := self.some_video(chance)) is not None:
            self.do(RemoveVideo(video))
            self.model.videos[video] = False

    @rule(chance=chance)
    def change_the_skeleton(self, chance):
        keypoints = list(self.model.skeleton)
        chance.shuffle(keypoints)
        if len(keypoints) > 1 and chance.random() < 0.5:
            keypoints.pop()
        if chance.random() < 0.5:
            taken = {keypoint.name for keypoint in keypoints}
            free = [n for n in ("nose", "left ear", "paw", "whisker") if n not in taken]
            keypoints += [Keypoint(name) for name in free[:1]]
        self.do(ChangeSkeleton(Skeleton(f"version {len(self.past)}", tuple(keypoints))))
        self.model.skeleton = self.session.project.skeleton.keypoints
        assert [k.name for k in self.model.skeleton] == [k.name for k in keypoints]
        for before, after in zip(keypoints, self.model.skeleton, strict=True):
            assert before.uid in (None, after.uid)

    @rule(chance=chance)
    def fail_half_way(self, chance):
        texts = self.session.history.undo_text, self.session.history.redo_text
        known = [MarkEmpty(FrameRef(VideoId(1), 0)), AddTrack("Zoe")]
        with pytest.raises(ProjectError):
            self.session.history.do(Batch("Failed", (*known, DeleteInstance(InstanceId(10**6)))))
        assert texts == (self.session.history.undo_text, self.session.history.redo_text)

    @rule(steps=st.integers(1, 4))
    def undo(self, steps):
        for _ in range(steps):
            assert bool(self.session.history.undo()) == bool(self.past)
            if self.past:
                self.future.append(self.model)
                self.model = self.past.pop()

    @rule(steps=st.integers(1, 4))
    def redo(self, steps):
        for _ in range(steps):
            assert bool(self.session.history.redo()) == bool(self.future)
            if self.future:
                self.past.append(self.model)
                self.model = self.future.pop()

    @rule()
    def start_anew(self):
        self.session.close()
        file = self.folder / "settings.json"
        self.session = Session.open(self.folder / "mice", settings=Settings(file))

    @invariant()
    def the_project_is_as_noted(self):
        project, model = self.session.project, self.model
        assert [k.uid for k in project.skeleton.keypoints] == [k.uid for k in model.skeleton]
        assert project.skeleton.keypoints == model.skeleton
        there = {video for video, present in model.videos.items() if present}
        assert {video.id for video in project.videos.all()} == there
        snapshot = project.labels.snapshot()
        shown = {n: ref for n, ref in model.frames.items() if ref.video in there}
        assert {i.id: i.frame for i in snapshot.instances} == shown
        for instance in snapshot.instances:
            noted = model.points[instance.id]
            nowhere = (np.nan, np.nan)
            expected = [noted.get(k.uid, nowhere) for k in model.skeleton]
            np.testing.assert_array_equal(instance.points, expected)
            assert instance.track == model.track_of[instance.id]
        assert {t.id: t.name for t in snapshot.tracks} == model.tracks
        rests = set(model.frames.values())
        assert snapshot.empty_frames == {
            ref for ref in model.empty if ref.video in there and ref not in rests
        }
        answers = {s.id: s.answer for s in project.suggestions.all()}
        assert answers == (model.answers if VideoId(1) in there else {})


TestEdits = Edits.TestCase
TestEdits.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


@pytest.fixture
def session(tmp_path):
    session, _ = mouse_session(tmp_path / "mice")
    with session:
        yield session


FRAME = FrameRef(VideoId(1), 5)


def test_an_edit_and_its_way_back_are_one_transaction(session, monkeypatch):
    def full(*_):
        raise ProjectError("The disk is full.")

    told = []
    session.subscribe(told.append)
    monkeypatch.setattr(session.project.journal, "add", full)
    with pytest.raises(ProjectError, match="full"):
        session.history.do(AddInstance(body(FRAME)))
    assert session.project.labels.count() == 0
    assert told == []


def test_an_undo_that_fails_changes_nothing(session, monkeypatch):
    session.history.do(AddInstance(body(FRAME)))

    def full(*_):
        raise ProjectError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(session.project.journal, "turn", full)
        with pytest.raises(ProjectError, match="full"):
            session.history.undo()
    assert session.project.labels.count() == 1
    assert session.history.undo() == "Added a body"
    assert session.project.labels.count() == 0


def test_everyone_hears_of_an_edit_and_of_its_undo_once_it_is_done(session):
    told = []
    session.subscribe(lambda changes: told.append((changes, session.project.labels.count())))
    session.history.do(AddInstance(body(FRAME)))
    session.history.undo()
    session.history.redo()
    change = Changes(frozenset({FRAME}))
    assert told == [(change, 1), (change, 0), (change, 1)]


def test_the_texts_say_what_would_be_undone_and_redone(session):
    assert (session.history.undo_text, session.history.redo_text) == (None, None)
    assert session.history.undo() is None
    assert session.history.redo() is None
    session.history.do(AddInstance(body(FRAME), "Added one"))
    session.history.do(AddTrack("Ann"))
    assert session.history.undo() == "Added a track"
    assert (session.history.undo_text, session.history.redo_text) == ("Added one", "Added a track")


def test_a_new_edit_forgets_what_could_be_redone(session):
    session.history.do(AddInstance(body(FRAME)))
    session.history.undo()
    session.history.do(AddTrack("Ann"))
    assert session.history.redo() is None
    assert session.project.labels.count() == 0


def test_what_follows_an_edit_is_undone_and_redone_with_it(session):
    history = session.history
    history.do(AddInstance(body(FRAME)))
    history.follow(history.mark, AddTrack("Ann"))
    assert (history.undo_text, len(session.project.labels.tracks())) == ("Added a body", 1)
    for turn, there in ((history.undo, 0), (history.redo, 1), (history.undo, 0)):
        assert turn() == "Added a body"
        assert session.project.labels.count() == len(session.project.labels.tracks()) == there
    assert history.undo() is None


def test_what_follows_an_edit_after_others_is_an_edit_of_its_own(session):
    session.history.do(AddInstance(body(FRAME)))
    edit = session.history.mark
    session.history.do(AddTrack("Ann"))
    session.history.follow(edit, AddTrack("Bob", text="Added Bob"))
    assert [session.history.undo() for _ in range(3)] == [
        "Added Bob", "Added a track", "Added a body",
    ]  # fmt: skip


def test_nothing_follows_an_edit_that_was_undone(session):
    session.history.do(AddInstance(body(FRAME)))
    edit = session.history.mark
    session.history.undo()
    session.history.follow(edit, AddTrack("Ann"))
    assert session.project.labels.tracks() == ()
    assert session.history.redo() == "Added a body"
    session.history.undo()
    session.history.do(AddTrack("Bob"))
    session.history.follow(edit, AddTrack("Ann"))
    assert [track.name for track in session.project.labels.tracks()] == ["Bob"]


def test_what_follows_changes_nothing_where_it_cannot_be_kept(session, monkeypatch):
    session.history.do(AddInstance(body(FRAME)))

    def full(*_):
        raise ProjectError("The disk is full.")

    monkeypatch.setattr(session.project.journal, "rewrite", full)
    with pytest.raises(ProjectError, match="full"):
        session.history.follow(session.history.mark, AddTrack("Ann"))
    assert session.project.labels.tracks() == ()
    assert session.history.undo() == "Added a body"


def test_a_project_open_for_reading_takes_no_edits(session):
    session.history.do(AddInstance(body(FRAME)))
    settings = Settings(session.project.path.parent / "settings.json")
    with Session.open(session.project.path, read_only=True, settings=settings) as reader:
        for step in (lambda: reader.history.do(AddTrack("Ann")), reader.history.undo):
            with pytest.raises(ReadOnlyError):
                step()
        assert reader.history.undo_text == "Added a body"
    assert session.project.labels.count() == 1


def test_a_thousand_edits_can_all_be_undone(session):
    inverse = session.history.do(AddInstance(body(FRAME)))
    for n in range(1000):
        session.history.do(MoveKeypoint(inverse.instance, 0, (n, n)))
    undone = 0
    while session.history.undo():
        undone += 1
    assert undone == 1001
    assert session.project.labels.count() == 0


def test_removing_a_keypoint_a_body_and_undoing_both_loses_no_point(session):
    inverse = session.history.do(AddInstance(body(FRAME)))
    short = Skeleton("short", session.project.skeleton.keypoints[:2])
    session.history.do(ChangeSkeleton(short))
    session.history.do(DeleteInstance(inverse.instance))
    session.history.undo()
    session.history.undo()
    assert session.project.skeleton == MOUSE
    assert session.project.labels.get(inverse.instance).points.tolist() == POSE.tolist()


def test_an_import_of_many_bodies_is_one_step(session):
    many = tuple(AddInstance(body(FrameRef(VideoId(1), n))) for n in range(500))
    told = []
    session.subscribe(told.append)
    session.history.do(Batch("Imported 500 bodies", many))
    assert len(told) == 1
    assert len(told[0].frames) == 500
    session.history.undo()
    assert session.project.labels.count() == 0
    session.history.redo()
    assert session.project.labels.count() == 500


def test_an_inverse_keeps_the_text_of_its_edit(session):
    inverse = session.history.do(AddInstance(body(FRAME), "Placed nose"))
    assert inverse.text == "Placed nose"
    assert replace(inverse, text="x") != inverse
