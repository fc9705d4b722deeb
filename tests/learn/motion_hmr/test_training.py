"""A few steps of each task: the loss falls, and what is measured is what it says."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from poseapp.domain.ids import VideoId
from poseapp.domain.video import Video, VideoKind
from poseapp.learn.motion_hmr.lessons import keypoint_lesson
from poseapp.learn.motion_hmr.library import Library
from poseapp.learn.motion_hmr.objective import Weights
from poseapp.learn.motion_hmr.training import Course, clip_errors, keypoint_task, picture_task
from poseapp.learn.synth.hiding import DetectorErrors
from poseapp.learn.synth.studio import Studio
from poseapp.learn.synth.troupe import Troupe
from poseapp.nets.body.rotations import six_of_matrix
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import LIGHT, LIGHT_KEYPOINTS
from poseapp.nets.motion_hmr.net import Bodies
from tests.fixtures.performances import panned, swaying

CPU = torch.device("cpu")


def _learnt(task, steps: int, size: int, rate: float) -> tuple[float, float]:
    """The mean loss of the first and of the last three steps."""
    optimiser = torch.optim.Adam(task.net.parameters(), rate)
    losses = []
    for step in range(steps):
        loss = task.loss(task.net, task.batch_at(step % 2, size), CPU)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses[:3])), float(np.mean(losses[-3:]))


def test_keypoints_teach_a_small_net():
    small = replace(LIGHT_KEYPOINTS, memory=16, hidden=32, dropout=0.0)
    task = keypoint_task(small, [swaying()], [swaying(name="other/1")], Weights(turns=1.0), 0, 4)
    first, last = _learnt(task, 40, 4, 3e-3)
    assert last < 0.9 * first
    assert 0 < task.evaluate(task.net.eval())["pa_mpjpe_mm"] < 200


@pytest.mark.parametrize("picture", ["flow", "rgb"])
def test_pictures_teach_a_small_net(tmp_path, picture):
    video = _film(tmp_path)
    learnt, strangers = (
        Library(Studio([swaying(name=f"{style}/1")], [video], 4, 0), 32, tmp_path / style)
        for style in ("this", "that")
    )
    small = replace(LIGHT, side_px=32, memory=8, hidden=16, dropout=0.0, picture=picture)
    real = None
    if picture == "rgb":
        unlabelled = strangers.lesson([7], small, frames=3).clips
        real = {0: unlabelled, 1: unlabelled}.__getitem__
    exam = strangers.lesson([0], small, frames=3)
    task = picture_task(small, Course(learnt, 2, real=real), exam, Weights(turns=1.0), 0)
    first, last = _learnt(task, 12, 2, 3e-3)
    assert last < first
    assert (task.batch_at(0, 1).real is None) == (real is None)


def test_keypoints_of_pictures_may_have_a_detectors_errors(tmp_path):
    studio = Studio([swaying()], [_film(tmp_path)], 4, 0)
    library = Library(studio, 32, tmp_path / "clips")
    small = replace(LIGHT, side_px=32, memory=8, hidden=16, dropout=0.0)
    exam = library.lesson([0], small)
    task = picture_task(small, Course(library, 1, DetectorErrors()), exam, Weights(), 0)
    given, again = task.batch_at(0, 1).made, task.batch_at(0, 1).made
    apart = given.clips.points.abs() - exam.clips.points.abs()
    assert 0 < apart[exam.clips.shown].abs().mean() < 0.2
    torch.testing.assert_close(given.clips.points, again.clips.points)


def test_new_keypoints_teach_beside_the_clips(tmp_path):
    library = Library(Studio([swaying()], [_film(tmp_path)], 4, 0), 32, tmp_path / "clips")
    small = replace(LIGHT, side_px=32, memory=8, hidden=16, dropout=0.0)
    troupe = Troupe(shipped_body(), [swaying()], 5, free=True)
    course = Course(library, 1, DetectorErrors(), troupe=troupe)
    task = picture_task(small, course, library.lesson([0], small), Weights(pairs=4), 0)
    first, second = (task.batch_at(step, 3).bare for step in range(2))
    assert first.clips.pictures is None
    assert first.points.shape[:2] == (3, 5)
    assert not torch.equal(first.points, second.points)
    both = task.batch_at(0, 1)
    loss = task.loss(task.net, both, CPU)
    assert loss > task.loss(task.net, replace(both, bare=None), CPU)


def test_the_truth_has_no_error_but_the_shapes():
    troupe = Troupe(shipped_body(), [swaying()], 4)
    lesson = keypoint_lesson(troupe, np.random.default_rng(0), 2, DetectorErrors())
    six = six_of_matrix(lesson.rotations)
    shape = torch.zeros(2, 4, shipped_body().shape_count)
    errors = clip_errors(Bodies(torch.zeros(2, 4, 3), six, shape), lesson)
    hidden = lesson.clips.occluded.numpy()
    assert np.isnan(errors[hidden]).all()
    assert np.nanmax(errors) < 60
    assert np.nanmean(errors) < 30


def _film(folder) -> Video:
    names = []
    for n, picture in enumerate(panned(3, (1, 0))):
        names.append(f"{n}.png")
        cv2.imwrite(str(folder / names[-1]), picture)
    return Video(VideoId(1), folder, 320, 240, 3, 25.0, VideoKind.IMAGES, tuple(names))
