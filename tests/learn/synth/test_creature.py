import numpy as np
import pytest

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.learn.matal.anatomy import Anatomy
from poseapp.learn.synth.creature import Kind


@pytest.fixture(scope="module")
def kind():
    return Kind(3, films=3, frames=60)


def test_kinds_have_skeletons_of_their_own_that_agents_can_compare():
    skeletons = [Kind(seed, films=1, frames=12).labels.skeleton for seed in range(8)]
    assert len({skeleton.names for skeleton in skeletons}) > 4
    for skeleton in skeletons:
        assert len(skeleton.bones) == len(skeleton) - 1
        assert len(Anatomy.of(skeleton).bones) >= 4


def test_every_frame_of_every_film_is_labelled(kind):
    labels = kind.labels
    assert len(labels.videos) == 3
    assert len(labels.frames) == sum(video.frame_count for video in labels.videos)
    points = labels.points()
    assert np.isfinite(points).mean() > 0.9
    assert np.nanmin(points) >= 0
    assert np.nanmax(points) <= 207


def test_a_picture_is_the_same_whenever_it_is_asked_for(kind):
    refs = [FrameRef(VideoId(2), 5), FrameRef(VideoId(1), 0)]
    first = dict(kind.read_many(refs))
    again = dict(Kind(3, films=3, frames=60).read_many(refs[::-1]))
    for ref in refs:
        assert np.array_equal(first[ref], again[ref])
    assert not np.array_equal(first[refs[0]], first[refs[1]])


def test_the_root_is_painted_where_it_is_labelled(kind):
    """The trunk has one colour, so the pictures of a film agree there more than beside it."""
    refs = [FrameRef(VideoId(1), n) for n in range(12)]
    colours = []
    for ref, picture in kind.read_many(refs):
        x, y = kind.labels.at(ref)[0].points[0].round().astype(int)
        colours.append((picture[y, x], picture[(y + 90) % 208, (x + 90) % 208]))
    on, beside = (np.array([pair[n] for pair in colours], float) for n in (0, 1))
    hue = [c / np.linalg.norm(c, axis=1, keepdims=True).clip(1) for c in (on, beside)]
    assert hue[0].std(axis=0).mean() < hue[1].std(axis=0).mean()


def test_one_way_of_moving_makes_up_most_of_a_film():
    kind = Kind(5, films=8, frames=200)
    assert np.sort(kind._common, axis=1)[:, -1].mean() > 0.4
    lengths = [video.frame_count for video in kind.labels.videos]
    assert max(lengths) > 2 * min(lengths)
