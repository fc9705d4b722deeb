from collections import Counter

import numpy as np
import pytest

from poseapp.app.presets import preset
from poseapp.domain.ids import RunId, VideoId
from poseapp.domain.report import SilentReport
from poseapp.infer import videos as whole_videos
from poseapp.infer.beliefs import COLUMNS, beliefs_of, beliefs_shelf
from poseapp.infer.outcome import VideoDone
from poseapp.infer.people.names import BODIES
from poseapp.infer.predict import Predictor
from poseapp.infer.reading import Wanted
from poseapp.infer.shelf import Shelf
from poseapp.infer.videos import predict_videos
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.card import Card, NetFile
from poseapp.nets.framing import letterbox
from poseapp.nets.pipeline import Bodies
from tests.fixtures.people_seen import keypoints_of, pixels_of, walker
from tests.infer.made_up_nets import DrawnFrames, Kept, draw, walking, write_run

RUN = RunId("run-1")


@pytest.fixture
def folder(tmp_path):
    return write_run(tmp_path / "run")


@pytest.fixture
def predictor(folder):
    return Predictor.load(folder, device="cpu", threads=1)


def all_sent(report: Kept):
    frames = np.concatenate([part.frames for part in report.predictions])
    points = np.concatenate([part.points for part in report.predictions])
    tracks = np.concatenate([part.tracks for part in report.predictions])
    return frames, points, tracks


def test_every_frame_of_every_video_is_predicted(predictor):
    bodies = {VideoId(1): walking(11), VideoId(2): walking(6, step=5)}
    frames, report = DrawnFrames(bodies), Kept()
    wanted = [Wanted(frames.video(1)), Wanted(frames.video(2))]
    outcome = predict_videos(predictor, wanted, frames, RUN, report, Shelf(None, "x"))
    assert (outcome.frames, outcome.damaged, outcome.stopped) == (17, 0, False)
    assert {part.run for part in report.predictions} == {RUN}
    for video, truth in bodies.items():
        parts = [part for part in report.predictions if part.video == video]
        assert np.concatenate([p.frames for p in parts]).tolist() == list(range(len(truth)))
        points = np.concatenate([p.points for p in parts])
        np.testing.assert_allclose(points, np.concatenate(truth), atol=0.6)
        assert (np.concatenate([p.tracks for p in parts]) == 0).all()
    assert report.shares == sorted(report.shares)
    assert report.shares[-1] == 1.0
    assert [part.video for part in report.sent if isinstance(part, VideoDone)] == [1, 2]


def test_results_go_out_as_they_come(predictor, monkeypatch):
    monkeypatch.setattr(whole_videos, "SEND_EVERY_S", 0.0)
    frames, report = DrawnFrames({VideoId(1): walking(10)}), Kept()
    predict_videos(predictor, [Wanted(frames.video(1))], frames, RUN, report, Shelf(None, "x"))
    assert [part.frames.tolist() for part in report.predictions] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9],
    ]


def test_a_stopped_run_keeps_the_frames_it_has(predictor, folder, tmp_path):
    frames = DrawnFrames({VideoId(1): walking(40), VideoId(2): walking(5)})
    report, shelf = Kept(stop_after=3), beliefs_shelf(tmp_path, folder)
    wanted = [Wanted(frames.video(1)), Wanted(frames.video(2))]
    outcome = predict_videos(predictor, wanted, frames, RUN, report, shelf)
    assert outcome.stopped
    assert not any(isinstance(part, VideoDone) for part in report.sent)
    assert outcome.frames == 12
    assert all_sent(report)[0].tolist() == list(range(12))
    kept = shelf.read(frames.video(1))
    assert kept is not None
    assert kept.frames.tolist() == list(range(12))


def test_damaged_frames_are_left_out_and_counted_in_a_note(predictor):
    frames, report = DrawnFrames({VideoId(1): walking(9)}, damaged=[2, 3]), Kept()
    outcome = predict_videos(
        predictor, [Wanted(frames.video(1))], frames, RUN, report, Shelf(None, "x")
    )
    assert (outcome.frames, outcome.damaged) == (7, 2)
    assert all_sent(report)[0].tolist() == [0, 1, 4, 5, 6, 7, 8]
    assert report.notes == ["2 damaged frames of 1.mp4 could not be read and got no predictions."]


def test_only_the_wanted_frames_are_predicted(predictor):
    frames, report = DrawnFrames({VideoId(1): walking(30)}), Kept()
    wanted = [Wanted(frames.video(1), (20, 3, 3))]
    predict_videos(predictor, wanted, frames, RUN, report, Shelf(None, "x"))
    assert all_sent(report)[0].tolist() == [3, 20]


def test_several_bodies_are_told_apart_through_the_video(tmp_path):
    folder = write_run(tmp_path / "run", instances=2, crop_px=100.0)
    predictor = Predictor.load(folder, device="cpu", threads=1)
    left = np.array([[40.0, 40.0], [60.0, 60.0], [80.0, 40.0]])
    bodies = [
        np.stack([left + np.array([0, 2.0 * n]), left + np.array([110, 80 - 2.0 * n])])
        for n in range(40)
    ]
    frames, report = DrawnFrames({VideoId(1): bodies}), Kept()
    predict_videos(predictor, [Wanted(frames.video(1))], frames, RUN, report, Shelf(None, "x"))
    numbers, points, tracks = all_sent(report)
    assert numbers.tolist() == np.repeat(np.arange(40), 2).tolist()
    by_side = points[:, 0, 0] > 100
    assert len(set(zip(by_side.tolist(), tracks.tolist(), strict=True))) == 2


class _Told:
    """An estimator that has been told what it finds in each frame of a film."""

    batch, device = 4, "nothing"

    def __init__(self, net, frames):
        skeleton = preset("person")
        self.card = Card(skeleton, NetFile("none", 64, 64, 4, "sigmoid"), instances=9, net=net)
        self._frames = iter(frames)

    def film(self):
        return self

    def predict(self, pictures):
        return [self._bodies(points) for _, points in zip(pictures, self._frames, strict=False)]

    def _bodies(self, points):
        maps = np.full((len(points), points.shape[1], 16, 16), 0.1, np.float32)
        framing = letterbox((128, 96), (64, 64))
        scores = np.full(points.shape[:2], 0.9, np.float32)
        return Bodies(points, scores, maps, (framing,) * len(points))


@pytest.mark.parametrize("net", [BODIES, "dots"])
def test_people_whose_sides_were_swapped_are_sent_again_at_the_end(net):
    """Two walk side by side; of one the sides are swapped for a second, twice. The net that
    somebody trained is taken at its word: its faults are to be seen and corrected.
    """
    motion = walker(120)
    one = pixels_of(keypoints_of(shipped_body(), motion), motion)[:, :17]
    truth = np.stack([one, one + np.array([250.0, 10.0])], axis=1)
    seen, mirrored = truth.copy(), preset("person").flip_permutation()
    for frames in (slice(20, 50), slice(80, 95)):
        seen[frames, 1] = seen[frames, 1][:, mirrored]
    films, report = DrawnFrames({VideoId(1): walking(120)}), Kept()
    predict_videos(_Told(net, seen), [Wanted(films.video(1))], films, RUN, report, Shelf(None, "x"))
    assert isinstance(report.sent[-1], VideoDone)
    kept = {}  # later parts stand for earlier ones, as in the store
    for part in report.predictions:
        for n in set(part.frames.tolist()):
            kept[n] = part.points[part.frames == n]
    wanted = truth if net == BODIES else seen
    np.testing.assert_allclose([kept[n] for n in range(120)], wanted, atol=1e-3)
    times = Counter(n for part in report.predictions for n in set(part.frames.tolist()))
    again = [n for n in range(120) if times[n] == 2]
    assert again == ([*range(20, 50), *range(80, 95)] if net == BODIES else [])


def test_the_net_doubts_two_equal_spots_more_than_one(predictor):
    body = walking(1)[0]
    sure = draw(body)
    torn = draw(np.concatenate([body, body + np.array([100.0, 0.0])]))
    found = predictor.predict([sure, torn])
    rows = beliefs_of([5, 9], found, predictor.card.pose.stride).columns
    scale = predictor.card.pose.stride / found[0].framings[0].scale
    assert set(rows) == set(COLUMNS)
    assert (rows["entropy"][1] > rows["entropy"][0]).all()
    assert (rows["second_ratio"][0] < 0.2).all()
    assert (rows["second_ratio"][1] > 0.8).all()
    np.testing.assert_allclose(rows["second_px"][1], 100.0, atol=2 * scale)


def test_of_several_bodies_the_doubtful_one_counts_and_none_means_no_knowledge():
    maps = np.full((2, 3, 8, 8), 0.01, np.float32)
    maps[:, :, 2, 2] = 0.9
    scores = np.array([[0.9, 0.9, 0.9], [0.2, 0.9, 0.1]], np.float32)
    points = np.arange(12, dtype=float).reshape(2, 3, 2)
    none = Bodies(points[:0], scores[:0], maps[:0])
    framing = letterbox((32, 32), (32, 32))
    rows = beliefs_of([1, 2], [Bodies(points, scores, maps, (framing,) * 2), none], 4).columns
    np.testing.assert_array_equal(rows["points"][0], points[1])
    np.testing.assert_array_equal(rows["scores"], [scores[1], [0, 0, 0]])
    assert np.isnan(rows["points"][1]).all()
    assert rows["entropy"][1].tolist() == [1, 1, 1]


def test_nothing_wanted_is_done_at_once(predictor):
    outcome = predict_videos(predictor, [], DrawnFrames({}), RUN, SilentReport(), Shelf(None, "x"))
    assert outcome.frames == 0
