"""Who is who: naming, renaming, assigning, trading, merging, deleting, and undoing all of it."""

from __future__ import annotations

import pytest

from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import FrameRef, VideoId
from tests.fixtures.projects import POSE, body

FRAME = FrameRef(VideoId(1), 5)


@pytest.fixture
def session(mice):
    return mice


@pytest.fixture
def tracks(session):
    return session.tracks


@pytest.fixture
def place(session):
    """Puts a body on a frame."""

    def placed(frame, off=0.0):
        return session.project.labels.insert(body(FrameRef(VideoId(1), frame), POSE + off))

    return placed


@pytest.fixture
def who(session):
    """The names of the bodies with these numbers."""

    def names(*bodies):
        known = {track.id: track.name for track in session.tracks.all()}
        return [known.get(session.project.labels.get(number).track) for number in bodies]

    return names


def test_a_body_is_named_in_one_edit(session, tracks, place, who):
    mouse = place(5)
    tracks.add_for(mouse, " Ann ")
    assert who(mouse) == ["Ann"]
    assert session.history.undo() == "Made a body Ann"
    assert (who(mouse), tracks.all()) == ([None], ())
    session.history.redo()
    assert who(mouse) == ["Ann"]


@pytest.mark.parametrize("name", ["", "  ", "Ann"])
def test_names_are_there_and_used_once(tracks, name):
    ann, bob = tracks.add("Ann"), tracks.add("Bob")
    with pytest.raises(PoseAppError):
        tracks.add(name)
    with pytest.raises(PoseAppError):
        tracks.rename(bob, name)
    tracks.rename(ann, "Ann")
    assert [track.name for track in tracks.all()] == ["Ann", "Bob"]


def test_a_track_that_another_body_has_is_traded(session, tracks, place, who):
    mouse, other = place(5), place(5, 100)
    ann, bob = tracks.add_for(mouse, "Ann"), tracks.add_for(other, "Bob")
    tracks.assign(other, ann)
    assert who(mouse, other) == ["Bob", "Ann"]
    session.history.undo()
    assert who(mouse, other) == ["Ann", "Bob"]
    tracks.assign(mouse, None)
    tracks.assign(other, None)
    assert who(mouse, other) == [None, None]
    assert bob != ann


@pytest.mark.parametrize("named", [("Ann", "Bob"), ("Ann", None), (None, "Bob")])
def test_two_bodies_trade_who_they_are(session, tracks, place, who, named):
    bodies = place(5), place(5, 100)
    for number, name in zip(bodies, named, strict=True):
        if name:
            tracks.add_for(number, name)
    tracks.trade(FRAME)
    assert who(*bodies) == [*named[::-1]]
    session.history.undo()
    assert who(*bodies) == [*named]


def test_trading_says_what_it_misses(tracks, place):
    place(5)
    with pytest.raises(PoseAppError, match="two labelled bodies"):
        tracks.trade(FRAME)
    place(5, 100)
    with pytest.raises(PoseAppError, match="Neither body has a track"):
        tracks.trade(FRAME)


def test_deleting_a_track_keeps_its_bodies(session, tracks, place, who):
    bodies = [place(frame) for frame in (5, 6, 7)]
    ann = tracks.add_for(bodies[0], "Ann")
    tracks.assign(bodies[1], ann)
    tracks.delete(ann)
    assert (tracks.all(), who(*bodies)) == ((), [None, None, None])
    assert session.history.undo() == "Deleted the track Ann"
    assert who(*bodies) == ["Ann", "Ann", None]


def test_a_track_without_bodies_can_be_deleted(tracks):
    tracks.delete(tracks.add("Ann"))
    assert tracks.all() == ()


def test_merging_makes_one_of_two_and_can_be_undone(session, tracks, place, who):
    bodies = [place(frame) for frame in (5, 6, 7)]
    ann = tracks.add_for(bodies[0], "Ann")
    bob = tracks.add_for(bodies[1], "Bob")
    tracks.assign(bodies[2], bob)
    tracks.merge(bob, ann)
    assert who(*bodies) == ["Ann", "Ann", "Ann"]
    assert tracks.counts() == {ann: 3}
    session.history.undo()
    assert who(*bodies) == ["Ann", "Bob", "Bob"]
    assert tracks.counts() == {ann: 1, bob: 2}


def test_two_on_one_frame_are_not_merged(session, tracks, place, who):
    first, second = place(5), place(5, 100)
    ann, bob = tracks.add_for(first, "Ann"), tracks.add_for(second, "Bob")
    with pytest.raises(PoseAppError, match="both on frame 5, so they are two"):
        tracks.merge(bob, ann)
    assert who(first, second) == ["Ann", "Bob"]
