"""Boxes, pairs and frames of clips, by hand."""

import torch

from poseapp.nets.motion_hmr.architecture import CLIP
from poseapp.nets.motion_hmr.clips import BOX_OF_PERSON, boxes, make_clips, of_frames


def _person(frames: int = CLIP) -> tuple[torch.Tensor, torch.Tensor]:
    """Twelve keypoints on a square of 100 px whose middle moves two px a frame."""
    corners = torch.tensor([[0.0, 0.0], [100, 0], [100, 100], [0, 100]]).repeat(3, 1)
    way = torch.stack([torch.arange(frames) * 2.0, torch.zeros(frames)], dim=1)
    return (corners + way[:, None])[None], torch.ones(1, frames, 12, dtype=torch.bool)


def test_thirty_one_frames_are_thirty_pairs_sixty_bodies_and_thirty_one_again():
    clips = make_clips(*_person())
    present = torch.arange(30.0).view(1, 30, 1)
    future = 100 + present
    assert clips.following.shape[1] == 30
    assert present.numel() + future.numel() == 60
    counted = of_frames(present, future)
    assert counted.flatten().tolist() == [*range(30), 129]


def test_a_box_is_round_the_person_and_follows():
    middle, side = boxes(*_person())
    torch.testing.assert_close(side, torch.tensor([100 * BOX_OF_PERSON]))
    assert middle[0, 15].tolist() == [80, 50]
    torch.testing.assert_close(middle[0, 16] - middle[0, 15], torch.tensor([2.0, 0]))


def test_the_next_frame_is_seen_in_the_box_of_this_one():
    clips = make_clips(*_person())
    moved = clips.following[0, 15, 0] - clips.points[0, 15, 0]
    torch.testing.assert_close(moved, torch.tensor([2 * 2 / (100 * BOX_OF_PERSON), 0.0]))


def test_what_is_not_shown_is_zero_and_does_not_move_the_box():
    points, shown = _person()
    points[0, 4, 0] = torch.tensor([5000.0, -70])
    shown[0, 4, 0] = False
    clips = make_clips(points, shown)
    assert clips.points[0, 4, 0].tolist() == [0, 0]
    assert clips.following[0, 3, 0].tolist() == [0, 0]
    torch.testing.assert_close(clips.middle[0, 15], torch.tensor([80.0, 50]))


def test_a_frame_that_shows_six_is_totally_occluded():
    points, shown = _person()
    shown[0, 7, 6:] = False
    shown[0, 8, 7:] = False
    clips = make_clips(points, shown)
    assert clips.occluded[0].nonzero().flatten().tolist() == [7]
    assert not clips.shown[0, 7].any()
    assert clips.shown[0, 8].sum() == 7


def test_the_box_goes_on_between_frames_that_show_the_person():
    points, shown = _person()
    shown[0, 8:23] = False
    middle, _ = boxes(points, shown)
    assert 58 < middle[0, 10, 0] < 75
    assert 80 < middle[0, 20, 0] < 98
    assert torch.isfinite(middle).all()


def test_a_clip_that_shows_nothing_is_finite():
    points, shown = _person()
    clips = make_clips(points, torch.zeros_like(shown))
    assert clips.occluded.all()
    assert torch.isfinite(clips.middle).all()
    assert torch.isfinite(clips.side).all()
