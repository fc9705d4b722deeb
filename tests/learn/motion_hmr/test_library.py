"""What the library keeps is what the clips say, whole or in windows."""

from dataclasses import fields, replace

import cv2
import numpy as np
import pytest
import torch

from poseapp.domain.ids import VideoId
from poseapp.domain.video import Video, VideoKind
from poseapp.learn.motion_hmr.library import Library
from poseapp.learn.synth.studio import Studio
from poseapp.nets.motion_hmr.architecture import LIGHT
from poseapp.nets.motion_hmr.clips import make_clips
from poseapp.nets.motion_hmr.pictures import flow_channels, flow_crops, rgb_channels, rgb_crops
from tests.fixtures.performances import panned, swaying

FRAMES, SIDE = 6, 32
FLOW = replace(LIGHT, side_px=SIDE)
RGB = replace(FLOW, picture="rgb")


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("film")
    names = []
    for n, picture in enumerate(panned(FRAMES, (1, 0))):
        names.append(f"{n}.png")
        cv2.imwrite(str(folder / names[-1]), picture)
    video = Video(VideoId(1), folder, 320, 240, FRAMES, 25.0, VideoKind.IMAGES, tuple(names))
    return Studio([swaying()], [video], FRAMES, 0)


@pytest.fixture(scope="module")
def library(studio, tmp_path_factory):
    return Library(studio, SIDE, tmp_path_factory.mktemp("library"))


@pytest.mark.parametrize("architecture", [FLOW, RGB])
def test_a_lesson_shows_what_the_net_would_be_shown_of_the_clip(studio, library, architecture):
    """Flow within the rounding of half precision, colours exactly."""
    clip = studio.clip(1)
    lesson = library.lesson([1], architecture)
    seen = torch.from_numpy(clip.seen[None, :, :12]).float()
    clips = make_clips(seen, torch.from_numpy(clip.shown[None]))
    torch.testing.assert_close(lesson.clips.following, clips.following)
    where = list(clip.pictures), clips.middle[0].numpy(), float(clips.side[0]), SIDE
    flow = architecture is FLOW
    expected = flow_channels(flow_crops(*where)) if flow else rgb_channels(rgb_crops(*where))
    assert lesson.clips.pictures is not None
    atol = 1e-3 if flow else 1e-6
    np.testing.assert_allclose(lesson.clips.pictures[0], expected, atol=atol, rtol=1e-3)


def test_a_clip_is_made_once(studio, tmp_path, monkeypatch):
    first = Library(studio, SIDE, tmp_path).take(0)
    monkeypatch.setattr(studio, "clip", None)
    again = Library(studio, SIDE, tmp_path).take(0)
    for field in fields(first):
        np.testing.assert_array_equal(getattr(first, field.name), getattr(again, field.name))
    assert [file.suffix for file in tmp_path.iterdir()] == [".npz"]


def test_a_window_is_the_part_of_the_clip_in_the_same_boxes(library):
    whole, part = library.lesson([0, 1], FLOW), library.lesson([0, 1], FLOW, 2, 3)
    assert part.points.shape[:2] == (2, 3)
    torch.testing.assert_close(part.seen, whole.seen[:, 2:5])
    torch.testing.assert_close(part.rotations, whole.rotations[:, 2:5])
    for name, length in (("points", 3), ("middle", 3), ("following", 2), ("pictures", 2)):
        of_part, of_whole = getattr(part.clips, name), getattr(whole.clips, name)
        torch.testing.assert_close(of_part, of_whole[:, 2 : 2 + length])
    torch.testing.assert_close(part.clips.side, whole.clips.side)


def test_the_flow_of_small_pictures_is_found_in_large_ones(studio):
    """A film that the camera moves over by one pixel a frame, in boxes that stand still."""
    frames = list(panned(3, (1, 0)))
    middle, side = np.tile([160.0, 120.0], (3, 1)), 200.0
    flow = flow_channels(flow_crops(frames, middle, side, SIDE))
    one_px = SIDE / side / (SIDE * 20 / 224)
    assert np.median(flow[:, 0]) == pytest.approx(-one_px, abs=0.1 * one_px)
    assert np.median(flow[:, 1]) == pytest.approx(0, abs=0.1 * one_px)
    np.testing.assert_allclose(flow[:, 2], np.hypot(flow[:, 0], flow[:, 1]), atol=1e-6)
