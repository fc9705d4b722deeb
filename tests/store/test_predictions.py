from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.pose import Origin
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.skeleton import Keypoint, Skeleton
from tests.fixtures.projects import POSE, film, predicted


def test_a_set_comes_back_to_the_last_bit_with_nan_and_tracks(project, video):
    random = np.random.default_rng(3)
    points = random.normal(100, 50, (6, 4, 2)).astype(np.float32)
    points[2, 1] = np.nan
    scores = random.uniform(0, 1, (6, 4)).astype(np.float32)
    frames, tracks = np.array([0, 0, 3, 5, 5, 9]), np.array([0, 1, 1, -1, 0, 2])
    project.predictions.write(PredictionSet(video, RunId("r"), frames, points, scores, tracks))
    back = project.predictions.of_video(video)
    assert back.run == "r"
    assert back.frames.tolist() == frames.tolist()
    assert back.tracks.tolist() == tracks.tolist()
    assert back.points.tobytes() == points.tobytes()
    assert back.scores.tobytes() == scores.tobytes()
    assert project.predictions.count() == 6


def test_a_frame_shows_its_predictions_with_run_and_confidence(project, video):
    project.predictions.write(predicted(video, [4, 5, 5], score=0.75))
    (alone,) = project.predictions.at(FrameRef(video, 4))
    assert alone.points.tolist() == POSE.tolist()
    assert (alone.origin, alone.run, alone.score) == (Origin.PREDICTED, "run 1", 0.75)
    assert alone.scores.tolist() == [0.75] * 4
    assert alone.id is None
    assert len(project.predictions.at(FrameRef(video, 5))) == 2
    assert project.predictions.at(FrameRef(video, 6)) == ()


def test_parts_add_up_and_replace_what_the_run_said_of_the_same_frames(project, video):
    project.predictions.write(predicted(video, [0, 1, 1]))
    project.predictions.write(predicted(video, [1, 2], offset=9))
    whole = project.predictions.of_video(video)
    assert whole.frames.tolist() == [0, 1, 2]
    assert whole.points[:, 0, 0].tolist() == [50, 59, 59]


class TestRunsOneAfterAnother:
    """A newer run replaces the older one frame by frame, and all of it once it is complete."""

    @pytest.fixture(autouse=True)
    def two_runs(self, project, video):
        project.predictions.write(predicted(video, [0, 1, 2], score=0.5))
        project.predictions.complete(RunId("run 1"), video)
        project.predictions.write(predicted(video, [1], run="run 2", offset=9, score=0.75))

    def runs_at(self, project, video):
        shown = [project.predictions.at(FrameRef(video, frame)) for frame in range(3)]
        return [found[0].run if found else None for found in shown]

    def test_the_older_one_shows_through_while_the_newer_one_works(self, project, video):
        assert self.runs_at(project, video) == ["run 1", "run 2", "run 1"]
        frames, scores = project.predictions.curve(video)
        assert frames.tolist() == [0, 1, 2]
        assert scores.tolist() == [0.5, 0.75, 0.5]

    def test_a_complete_one_hides_all_before_it(self, project, video):
        project.predictions.complete(RunId("run 2"), video)
        assert self.runs_at(project, video) == [None, "run 2", None]
        assert project.predictions.curve(video)[0].tolist() == [1]

    def test_one_that_found_nothing_at_all_hides_them_as_well(self, project, video):
        project.predictions.complete(RunId("run 3"), video)
        assert self.runs_at(project, video) == [None, None, None]
        assert len(project.predictions.of_video(video)) == 0

    def test_a_named_run_is_shown_alone(self, project, video):
        (shown,) = project.predictions.at(FrameRef(video, 1), RunId("run 1"))
        assert shown.run == "run 1"
        assert project.predictions.at(FrameRef(video, 0), RunId("run 2")) == ()
        assert project.predictions.of_video(video, RunId("run 1")).frames.tolist() == [0, 1, 2]
        assert project.predictions.of_video(video, RunId("none")) is None

    def test_dropping_a_run_brings_back_what_was_before(self, project, video):
        project.predictions.complete(RunId("run 2"), video)
        assert project.predictions.drop(RunId("run 2")) == {video}
        assert self.runs_at(project, video) == ["run 1"] * 3
        assert project.predictions.runs_of(video) == ("run 1",)
        assert project.predictions.count() == 3

    def test_an_older_run_that_predicts_again_becomes_the_newest(self, project, video):
        assert project.predictions.runs_of(video) == ("run 2", "run 1")
        project.predictions.write(predicted(video, [1]))
        assert project.predictions.runs_of(video) == ("run 1", "run 2")
        assert self.runs_at(project, video) == ["run 1"] * 3


class TestASkeletonThatChanges:
    """Predictions keep the keypoints they were made for."""

    def test_columns_follow_their_keypoints_and_new_ones_are_absent(self, project, video):
        project.predictions.write(predicted(video, [0]))
        nose, left, _, tail = project.skeleton.keypoints
        changed = (tail, Keypoint("paw"), replace(nose, name="snout"), left)
        project.write_skeleton(Skeleton("m", changed))
        (shown,) = project.predictions.at(FrameRef(video, 0))
        assert shown.visibility.tolist() == [2, 0, 2, 2]
        assert shown.points[[0, 2, 3]].tolist() == POSE[[3, 0, 1]].tolist()
        assert shown.scores.tolist() == pytest.approx([0.9, 0.0, 0.9, 0.9])
        assert project.predictions.of_video(video).points.shape == (1, 4, 2)

    def test_a_net_that_knows_the_skeleton_of_before_can_still_be_written(self, project, video):
        before = project.skeleton
        project.write_skeleton(Skeleton("m", before.keypoints[2:]))
        project.predictions.write(predicted(video, [0]), before)
        assert project.predictions.at(FrameRef(video, 0))[0].points.tolist() == POSE[2:].tolist()

    def test_a_set_that_was_complete_before_it_had_a_part_takes_any(self, project, video):
        before = project.skeleton
        project.predictions.complete(RunId("run 1"), video)
        project.write_skeleton(Skeleton("m", before.keypoints[2:]))
        assert project.predictions.of_video(video).points.shape == (0, 2, 2)
        project.predictions.write(predicted(video, [0]), before)
        assert project.predictions.at(FrameRef(video, 0))[0].points.tolist() == POSE[2:].tolist()

    def test_a_net_whose_skeleton_is_known_by_name_only_is_matched_by_name(self, project, video):
        known = Skeleton("n", tuple(Keypoint(n) for n in ("tail", "whisker", "nose", "left ear")))
        project.predictions.write(predicted(video, [0]), known)
        (shown,) = project.predictions.at(FrameRef(video, 0))
        assert shown.visibility.tolist() == [2, 2, 0, 2]
        assert shown.points[[0, 1, 3]].tolist() == POSE[[2, 3, 0]].tolist()

    def test_predictions_of_another_size_are_refused(self, project, video):
        project.write_skeleton(Skeleton("m", project.skeleton.keypoints[:2]))
        with pytest.raises(ValueError, match="do not fit"):
            project.predictions.write(predicted(video, [0]))


def test_the_curve_is_the_mean_confidence_of_the_bodies_on_a_frame(project, video):
    part = predicted(video, [3, 3, 8])
    scores = np.array([[0.2] * 4, [0.6] * 4, [1.0] * 4], np.float32)
    project.predictions.write(replace(part, scores=scores))
    frames, curve = project.predictions.curve(video)
    assert frames.tolist() == [3, 8]
    assert curve.tolist() == pytest.approx([0.4, 1.0])


def test_a_video_without_predictions_has_an_empty_curve_and_no_set(project, video):
    frames, scores = project.predictions.curve(video)
    assert (len(frames), len(scores)) == (0, 0)
    assert project.predictions.of_video(video) is None
    assert project.predictions.runs_of(video) == ()


def test_a_run_that_never_saw_two_bodies_on_a_frame_is_about_one(project, video):
    other = project.videos.add(film(project.path / "other.mp4"))
    project.predictions.write(predicted(video, [0, 1]))
    project.predictions.write(predicted(other, [0, 0]))
    assert project.predictions.one_body(RunId("run 1"), video)
    assert not project.predictions.one_body(RunId("run 1"), other)
    assert not project.predictions.one_body(RunId("none"), video)
    project.predictions.write(predicted(video, [7, 7]))
    assert not project.predictions.one_body(RunId("run 1"), video)


def test_predictions_of_one_video_do_not_show_on_another(project, video):
    other = project.videos.add(film(project.path / "other.mp4"))
    project.predictions.write(predicted(video, [0]))
    assert project.predictions.at(FrameRef(other, 0)) == ()
    assert project.predictions.drop(RunId("run 1")) == {VideoId(video)}
    assert project.predictions.drop(RunId("run 1")) == frozenset()


def test_an_empty_part_is_no_prediction(project, video):
    project.predictions.write(predicted(video, []))
    assert len(project.predictions.of_video(video)) == 0
