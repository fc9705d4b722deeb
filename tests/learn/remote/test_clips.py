from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.report import SilentReport
from poseapp.domain.video import VideoKind
from poseapp.learn.remote import clips as clips_module
from poseapp.learn.remote import shots as shots_module
from poseapp.learn.remote.clips import make_clips
from poseapp.learn.remote.individuals import presences
from poseapp.learn.train.plan import Plan
from tests.learn.remote.films import PLAN, SKELETON, Swinging

WINDOW = 10


def clips_of(film, labels):
    return make_clips(labels, film, PLAN, WINDOW, SilentReport())


def partner_frames(clip, row, taught):
    return clip.frames[clip.partners(row, WINDOW, taught)].tolist()


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 29), min_size=2, max_size=12), st.data())
def test_a_partner_is_unlabelled_in_the_video_and_never_nearer_to_a_label_kept_apart(frames, data):
    film = Swinging(frames=30)
    labels = film.labels(sorted(frames))
    apart = data.draw(st.sets(st.sampled_from(sorted(frames)), max_size=len(frames) - 1))
    taught = {ref for ref in labels.frames if ref.frame not in apart}
    (clip,) = clips_of(film, labels)
    assert [clip.ref(a).frame for a in clip.anchors(taught)] == sorted(frames - apart)
    for anchor in clip.anchors(taught):
        at = int(clip.frames[anchor])
        for frame in partner_frames(clip, anchor, taught):
            assert 0 <= frame < 30
            assert frame not in frames
            assert 0 < abs(frame - at) <= WINDOW
            away = min(abs(frame - n) for n in frames - apart)
            assert all(abs(frame - n) > away for n in apart)


def test_every_fifth_frame_labelled_leaves_sixteen_partners():
    film = Swinging(frames=60)
    labels = film.labels(range(0, 60, 5))
    (clip,) = clips_of(film, labels)
    anchor = int(np.flatnonzero(clip.frames == 30)[0])
    assert len(clip.partners(anchor, WINDOW, set(labels.frames))) == 16


def test_frames_across_a_cut_are_never_paired():
    film = Swinging(frames=40, cut=18)
    labels = film.labels(range(0, 40, 5))
    (clip,) = clips_of(film, labels)
    taught = set(labels.frames)
    assert clip.shots.tolist() == [0] * 18 + [1] * 22
    for anchor in clip.anchors(taught):
        side = clip.frames[anchor] >= 18
        assert all((frame >= 18) == side for frame in partner_frames(clip, anchor, taught))


def test_pictures_in_a_folder_are_paired_only_where_neighbours_look_alike(monkeypatch):
    monkeypatch.setattr(shots_module, "CUT", 0.01)  # the figure is small; its leaps are above that
    film = Swinging(frames=40, speed=1.3)  # a film may leap so; photographs that do are no film
    labels = film.labels(range(0, 40, 5))
    folder = tuple(
        replace(v, kind=VideoKind.IMAGES, images=tuple(f"{n}.png" for n in range(40)))
        for v in labels.videos
    )
    of_film, of_folder = (
        clips_of(film, given)[0] for given in (labels, replace(labels, videos=folder))
    )
    taught = set(labels.frames)
    anchor = of_film.anchors(taught)[3]
    assert len(partner_frames(of_film, anchor, taught)) > 10
    assert len(partner_frames(of_folder, anchor, taught)) < 10
    steady = Swinging(frames=40, speed=0.02)
    (alike,) = clips_of(steady, replace(steady.labels(range(0, 40, 5)), videos=folder))
    assert len(partner_frames(alike, anchor, taught)) > 10


def test_a_steady_fast_motion_is_no_cut():
    film = Swinging(frames=40, speed=0.6)
    (clip,) = clips_of(film, film.labels(range(0, 40, 5)))
    assert set(clip.shots.tolist()) == {0}


def test_a_video_with_one_label_is_looked_at_around_it():
    film = Swinging(frames=40)
    labels = film.labels([20])
    (clip,) = clips_of(film, labels)
    assert clip.frames.tolist() == list(range(10, 31))
    assert len(clip.partners(10, WINDOW, set(labels.frames))) == 20


def test_labels_at_the_end_alone_have_partners_before_it():
    film = Swinging(frames=40)
    labels = film.labels([38, 39])
    (clip,) = clips_of(film, labels)
    assert partner_frames(clip, len(clip.frames) - 1, set(labels.frames)) == list(range(29, 38))


def test_a_film_in_which_nothing_moves_says_so():
    assert not clips_of(Swinging(speed=0.0), Swinging(speed=0.0).labels([0, 5, 10]))[0].moves
    assert clips_of(Swinging(), Swinging().labels([0, 5, 10]))[0].moves


def test_an_individual_that_left_and_came_back_is_two_presences():
    labels = Swinging(frames=60).labels([5, 10, 30, 35], empty=[20])
    first, second = presences(labels)
    assert list(first.bodies) == [5, 10]
    assert (first.first, first.last) == (0, 19)
    assert list(second.bodies) == [30, 35]
    assert (second.first, second.last) == (21, 59)
    assert max(first.reach(WINDOW)) == 19
    assert min(second.reach(WINDOW)) == 21


def two_bodies(frames, places, tracks=(None, None)):
    """Two figures that stand at (x, y) offsets given for each frame."""
    film = Swinging(frames=60)
    video = film.labels([0]).videos[0]
    instances = []
    for frame in frames:
        for n, place in enumerate(places(frame)):
            points = film.points(FrameRef(video.id, frame)) + np.array(place)
            instances.append(
                Instance(FrameRef(video.id, frame), points, visibility_of(points), track=tracks[n])
            )
    return LabelSet(SKELETON, (replace(video, width=200, height=200),), tuple(instances))


def test_bodies_without_tracks_are_followed_by_nearness_and_with_tracks_by_these():
    crossing = two_bodies([0, 5, 10], lambda f: [(2 * f, 0), (20 - 2 * f, 60)])
    first, second = presences(crossing)
    assert first.bodies[10][0, 0] - first.bodies[0][0, 0] == pytest.approx(20)
    assert second.bodies[10][0, 0] - second.bodies[0][0, 0] == pytest.approx(-20)
    leaping = two_bodies([0, 5], lambda f: [(30 * f, 0), (0, 30 * f + 60)], tracks=(1, 2))
    assert [len(p.bodies) for p in presences(leaping)] == [2, 2]


def test_each_of_several_bodies_has_a_clip_cut_out_around_it():
    labels = two_bodies([0, 5, 10], lambda f: [(f, 0), (4, 60)], tracks=(1, 2))
    film = Swinging(frames=60)
    one, other = make_clips(labels, film, Plan((32, 32), (32, 32), 48.0, 2), WINDOW, SilentReport())
    assert one.frames.tolist() == other.frames.tolist() == list(range(21))
    for clip, height in ((one, 16.0), (other, 76.0)):
        middle = clip.samples[0].framing.to_picture(np.array([[15.5, 15.5]]))[0]
        assert middle[1] == pytest.approx(height, abs=8)
    taught = set(labels.frames)
    assert len(partner_frames(one, 5, taught)) == len(partner_frames(other, 5, taught)) == 13


def test_a_body_far_from_all_others_is_a_new_one():
    apart = two_bodies([0, 5], lambda f: [(30 * f, 0)])
    assert [list(p.bodies) for p in presences(apart)] == [[0], [5]]


def test_between_labels_the_middle_moves_evenly():
    labels = two_bodies([0, 10], lambda f: [(2 * f, 0)], tracks=(1,))
    (presence,) = presences(labels)
    middles = presence.middles([0, 5, 10, 12])
    assert middles[1] == pytest.approx((middles[0] + middles[2]) / 2)
    assert middles[3] == pytest.approx(middles[2])


def test_of_very_many_frames_some_unlabelled_ones_are_left_out(monkeypatch):
    monkeypatch.setattr(clips_module, "MOST_FRAMES", 15)
    film = Swinging(frames=40)
    (clip,) = clips_of(film, film.labels([5, 11, 33]))
    assert len(clip.frames) < 25
    assert {5, 11, 33} <= set(clip.frames.tolist())
    assert FrameRef(VideoId(1), 5) in {clip.ref(n) for n in np.flatnonzero(clip.labelled)}
