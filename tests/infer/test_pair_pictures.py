"""A film shown to a net of pictures as made-up people were shown to it when it learnt."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from poseapp.domain.errors import VideoUnreadableError
from poseapp.domain.human import LIMB_KEYPOINTS as LIMBS
from poseapp.domain.ids import VideoId
from poseapp.domain.report import SilentReport
from poseapp.infer.mesh import recover
from poseapp.infer.pair_pictures import PairPictures
from poseapp.learn.motion_hmr.lessons import picture_lesson, take_of
from poseapp.learn.synth.composite import synthetic_clip
from poseapp.learn.synth.troupe import Troupe
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import LIGHT
from poseapp.nets.motion_hmr.net import MotionHMR
from tests.fixtures.people_seen import person_of
from tests.fixtures.performances import panned, swaying

FILM, FRAMES, SIDE = VideoId(1), 5, 48


class Reader:
    """Gives pictures of an array; counts, and has holes."""

    def __init__(self, pictures, damaged=()):
        self.pictures, self.damaged, self.read = pictures, damaged, []

    def read_many(self, refs, unreadable=None):
        for ref in refs:
            self.read.append(ref.frame)
            if ref.frame in self.damaged:
                unreadable(ref, VideoUnreadableError(f"frame {ref.frame} is damaged"))
            else:
                yield ref, self.pictures[ref.frame]


@pytest.fixture(scope="module")
def clip():
    troupe = Troupe(shipped_body(), [swaying()], FRAMES)
    return synthetic_clip(troupe, panned(FRAMES, (1, 1)), np.random.default_rng(1), "following")


def _lesson(clip, sees):
    return picture_lesson([take_of(clip, sees.side_px)], sees).clips


def _shown(reader, sees, windows, clips):
    return PairPictures(reader, FILM, sees)(np.array(windows), clips)


@pytest.mark.parametrize("picture", ["flow", "rgb"])
def test_a_film_is_shown_as_in_lessons(clip, picture):
    sees = replace(LIGHT, side_px=SIDE, picture=picture)
    clips = _lesson(clip, sees)
    shown = _shown(Reader(clip.pictures), sees, [range(FRAMES)], clips)
    torch.testing.assert_close(shown, clips.pictures, atol=2e-3, rtol=1e-3)  # halves are kept


def test_what_lies_beyond_the_end_is_black(clip):
    sees = replace(LIGHT, side_px=SIDE)
    clips = _lesson(clip, sees)
    shown = _shown(Reader(clip.pictures), sees, [[0, 1, 2, -1, -1]], clips)
    torch.testing.assert_close(shown[:, :2], clips.pictures[:, :2], atol=2e-3, rtol=1e-3)
    assert not shown[:, 2:].any()
    assert not _shown(Reader(clip.pictures), sees, [[4, -1, -1, -1, -1]], clips).any()


def test_a_damaged_frame_is_shown_as_the_one_before(clip):
    sees = replace(LIGHT, side_px=SIDE)
    clips = _lesson(clip, sees)
    held = clip.pictures[[0, 1, 1, 3, 4]]
    for damaged, instead in (({2}, held), ({0}, clip.pictures[[1, 1, 2, 3, 4]])):
        shown = _shown(Reader(clip.pictures, damaged), sees, [range(FRAMES)], clips)
        expected = _shown(Reader(instead), sees, [range(FRAMES)], clips)
        torch.testing.assert_close(shown, expected)


def test_a_film_that_cannot_be_read_is_told(clip):
    sees = replace(LIGHT, side_px=SIDE)
    gone = Reader(clip.pictures, set(range(FRAMES)))
    with pytest.raises(VideoUnreadableError, match="damaged"):
        _shown(gone, sees, [range(FRAMES)], _lesson(clip, sees))


def test_frames_that_two_windows_share_are_read_once(clip):
    sees, reader = replace(LIGHT, side_px=SIDE), Reader(clip.pictures)
    pictures = PairPictures(reader, FILM, sees)
    clips = _lesson(clip, sees)
    pictures(np.array([[0, 1, 2, -1, -1]]), clips)
    pictures(np.array([[1, 2, 3, 4, -1]]), clips)
    assert reader.read == [0, 1, 2, 3, 4]


def test_a_net_of_pictures_looks_at_the_film(clip):
    torch.manual_seed(0)
    sees = replace(LIGHT, side_px=32, memory=8, hidden=16)
    net, names = MotionHMR(sees).eval(), list(LIMBS)
    person = person_of(clip.seen[:, : len(LIMBS)], names)
    reader, silent = Reader(clip.pictures), SilentReport()
    motion = recover(
        net, shipped_body(), person, silent, PairPictures(reader, FILM, sees), refine=False
    )
    assert reader.read == motion.frames.tolist()
    with pytest.raises(ValueError, match="must be shown"):
        recover(net, shipped_body(), person, silent)
