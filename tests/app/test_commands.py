from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

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
    RelinkVideo,
    RemoveSuggestions,
    RemoveTrack,
    RemoveVideo,
    RenameTrack,
    ReplaceInstance,
    RestoreVideo,
    SetBodyPose,
    SetKeypoint,
    SetTrack,
    SetTracks,
    SetVisibility,
)
from poseapp.domain.ids import FrameRef, InstanceId, RunId, SuggestionId, TrackId, VideoId
from poseapp.domain.mesh import BodyPose, MeshTrackId
from poseapp.domain.pose import Instance, Origin, Visibility
from poseapp.domain.suggestion import Answer
from poseapp.store.codec import from_json, to_json
from tests.fixtures.motions import keep_motion, walking
from tests.fixtures.projects import (
    MOUSE,
    NOSE,
    POSE,
    TAIL,
    body,
    film,
    mouse_project,
    rolled_back,
    suggestion,
)

FRAME = FrameRef(VideoId(1), 5)
OTHER = FrameRef(VideoId(1), 6)
BODY, TRACK, PICK, MESH = InstanceId(1), TrackId(1), SuggestionId(1), MeshTrackId(1)
BENT = BodyPose(np.full((20, 3), 0.125), np.array([0.0, 0.5, 4.0]), 1.5)
FILM = film(Path("/films/new.mp4"))

ONE_OF_EACH: dict[Command, Changes] = {
    AddInstance(body(FRAME)): Changes(frozenset({FRAME})),
    DeleteInstance(BODY): Changes(frozenset({FRAME})),
    ReplaceInstance(body(OTHER, POSE + 1, id=BODY)): Changes(frozenset({FRAME, OTHER})),
    SetKeypoint(BODY, NOSE, None, Visibility.ABSENT, Origin.CORRECTED): Changes(frozenset({FRAME})),
    MoveKeypoint(BODY, NOSE, (1.5, 2.5)): Changes(frozenset({FRAME})),
    SetVisibility(BODY, TAIL, Visibility.OCCLUDED): Changes(frozenset({FRAME})),
    SetTrack(BODY, TRACK): Changes(frozenset({FRAME})),
    SetTracks((BODY,), TRACK): Changes(frozenset({FRAME})),
    MarkEmpty(OTHER): Changes(frozenset({OTHER})),
    ChangeSkeleton(replace(MOUSE, name="rat")): Changes(skeleton=True),
    AddTrack("Bob"): Changes(tracks=True),
    RemoveTrack(TRACK): Changes(tracks=True),
    RenameTrack(TRACK, "Anna"): Changes(tracks=True),
    AddVideo(FILM): Changes(videos=True),
    RemoveVideo(VideoId(1)): Changes(videos=True, suggestions=True),
    RestoreVideo(VideoId(1)): Changes(videos=True, suggestions=True),
    RelinkVideo(VideoId(1), FILM): Changes(videos=True),
    AddSuggestions((suggestion(FRAME), suggestion(OTHER))): Changes(suggestions=True),
    RemoveSuggestions((PICK,)): Changes(suggestions=True),
    AnswerSuggestion(PICK, Answer.FIXED): Changes(suggestions=True),
    SetBodyPose(MESH, 3, BENT): Changes(meshes=frozenset({VideoId(1)})),
    Batch("Two", (MarkEmpty(OTHER), AddTrack("Bob"))): Changes(frozenset({OTHER}), tracks=True),
}


@pytest.fixture
def project(tmp_path):
    project, _ = mouse_project(tmp_path / "mice")
    with project:
        project.labels.insert(body(FRAME))
        project.labels.add_track("Ann")
        project.suggestions.add([suggestion(FRAME)])
        keep_motion(project, RunId("mesh-1"), VideoId(1), "Ann", walking())
        yield project


def everything(project) -> str:
    """All that a command could touch, as text."""
    instances = [
        (i.frame, i.id, i.track, i.origin, i.points.tolist(), i.visibility.tolist())
        for i in project.labels.snapshot().instances
    ]
    return repr(
        (
            instances,
            project.labels.snapshot().empty_frames,
            project.labels.tracks(),
            project.videos.all(),
            project.suggestions.all(),
            to_json(project.skeleton),
            project.meshes.motion(MESH).rotations.tolist(),
        )
    )


@pytest.mark.parametrize("command", ONE_OF_EACH, ids=lambda c: type(c).__name__)
def test_a_command_says_what_it_changes_and_its_inverse_takes_it_back(project, command):
    before = everything(project)
    changes, inverse = command.apply(project)
    after = everything(project)
    assert changes == ONE_OF_EACH[command]
    assert (after != before) == (not isinstance(command, RestoreVideo))
    assert inverse.text == command.text
    _, again = inverse.apply(project)
    if not isinstance(command, RestoreVideo):  # the video was not removed
        assert everything(project) == before
    again.apply(project)
    assert everything(project) == after


@pytest.mark.parametrize("command", ONE_OF_EACH, ids=lambda c: type(c).__name__)
def test_a_command_does_the_same_after_it_was_stored(project, command):
    stored = from_json(Command, to_json(command))
    assert type(stored) is type(command)
    with rolled_back(project):
        command.apply(project)
        expected = everything(project)
    stored.apply(project)
    assert everything(project) == expected


def test_every_kind_of_command_is_tried_here():
    assert {type(command) for command in ONE_OF_EACH} == {
        kind for kind in Command.__subclasses__() if kind.__module__ == Command.__module__
    }


def test_a_restored_instance_keeps_scores_and_run(project):
    scores = [0.125, 0.25, 0.5, 1.0]
    number = project.labels.insert(body(FRAME, scores=scores, run="run 7", score=0.5))
    _, inverse = DeleteInstance(number).apply(project)
    from_json(Command, to_json(inverse)).apply(project)
    back: Instance = project.labels.get(number)
    assert (back.scores.tolist(), back.run, back.score) == (scores, "run 7", 0.5)
