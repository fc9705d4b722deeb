"""Who is who through a video, from labels and predictions of a made-up person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poseapp.app.followed import FEWEST_FRAMES, followed, scores_of, shown_bodies
from poseapp.domain.ids import FrameRef, RunId, TrackId, VideoId
from poseapp.domain.pose import Visibility
from poseapp.domain.prediction import PredictionSet
from tests.fixtures.projects import MOUSE, NOSE, POSE, TAIL, body, mouse_project

VIDEO = VideoId(1)


@pytest.fixture
def project(tmp_path):
    project, _ = mouse_project(tmp_path / "mice")
    with project:
        yield project


def predict(project, *bodies: tuple[int, float]) -> None:
    """A mouse on each frame, so many pixels to the right."""
    points = np.stack([POSE + np.array([x, 0]) for _, x in bodies]).astype(np.float32)
    project.predictions.write(
        PredictionSet(
            VIDEO,
            RunId("run 1"),
            np.array([frame for frame, _ in bodies]),
            points,
            np.full((len(bodies), len(MOUSE)), 0.75, np.float32),
            np.full(len(bodies), -1),
        )
    )


def test_two_who_walk_apart_are_two(project):
    predict(project, *((n, x + n) for n in range(8) for x in (0, 300)))
    one, other = followed(project, VIDEO)
    assert (one.name, other.name) == ("Person 1", "Person 2")
    assert one.frames.tolist() == other.frames.tolist() == list(range(8))
    np.testing.assert_allclose(other.points[3] - one.points[3], [[300, 0]] * 4)
    assert not one.labelled.any()
    assert (one.scores == 0.75).all()


def test_a_label_takes_the_place_of_the_prediction(project):
    predict(project, *((n, n) for n in range(6)))
    project.labels.insert(body(FrameRef(VIDEO, 2), POSE + 4))
    (one,) = followed(project, VIDEO)
    assert one.labelled.tolist() == [False, False, True, False, False, False]
    np.testing.assert_array_equal(one.points[2], POSE + 4)
    assert (one.scores[2] == 1).all()


def test_who_was_hardly_there_is_left_out_unless_labelled(project):
    predict(project, *((n, 0) for n in range(FEWEST_FRAMES - 1)))
    assert followed(project, VIDEO) == ()
    project.labels.insert(body(FrameRef(VIDEO, 0), POSE))
    assert len(followed(project, VIDEO)) == 1


def test_labels_of_one_track_are_one_individual_however_far_apart(project):
    track = project.labels.add_track("Ann")
    for frame, x in ((0, 0), (400, 300)):
        project.labels.insert(body(FrameRef(VIDEO, frame), POSE + np.array([x, 0]), track=track))
    (ann,) = followed(project, VIDEO)
    assert ann.name == "Ann"
    assert ann.frames.tolist() == [0, 400]


def test_nobody_without_a_name_takes_a_name_that_is_taken(project):
    track = project.labels.add_track("Person 1")
    project.labels.insert(body(FrameRef(VIDEO, 3), POSE + np.array([300, 0]), track=track))
    project.labels.insert(body(FrameRef(VIDEO, 1), POSE))
    assert [one.name for one in followed(project, VIDEO)] == ["Person 2", "Person 1"]


def test_a_frame_that_is_empty_shows_nobody(project):
    predict(project, *((n, 0) for n in range(6)))
    project.labels.mark_empty(FrameRef(VIDEO, 3), True)
    assert list(shown_bodies(project, VIDEO)) == [0, 1, 2, 4, 5]


def test_a_hidden_point_counts_half_and_an_absent_one_not_at_all():
    instance = body(FrameRef(VIDEO, 0))
    visibility = instance.visibility.copy()
    visibility[NOSE], visibility[TAIL] = Visibility.OCCLUDED, Visibility.ABSENT
    points = instance.points.copy()
    points[TAIL] = np.nan
    seen = replace(instance, id=TrackId(1), visibility=visibility, points=points)
    assert scores_of(seen).tolist() == [0.5, 1, 1, 0]
