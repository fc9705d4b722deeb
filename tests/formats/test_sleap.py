"""SLEAP files against sleap-io, which reads what we write and writes what we read."""

import json
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import sleap_io as sio

from poseapp.domain.errors import ExportError, FormatError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Origin, Visibility
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import VideoKind
from poseapp.formats.registry import read, write
from poseapp.formats.sleap_pictures import unpack
from tests.fixtures.packs import pack
from tests.formats.made import FLY, NAN, A, H, V, flies, folder, one_fly, rows


def skeleton(**more):
    nodes = ["head", "wingL", "wingR", "tail"]
    return sio.Skeleton(nodes, edges=[("head", "tail"), ("head", "wingL")], name="fly", **more)


def missing(name="/films/walk.mp4"):
    return sio.Video(name, open_backend=False)


def user(xy, known, visible=(True, True, True, True), **more):
    made = sio.Instance.from_numpy(np.array(xy, float), skeleton=known, **more)
    made.points["visible"] &= visible
    return made


def saved(labels, path):
    sio.save_slp(labels, str(path), embed=False)
    return path


POINTS = [(10.25, 20.5), (1 / 3, -4), (NAN, NAN), (30, 40)]


def test_what_sleap_io_writes_is_read_with_all_three_visibilities(tmp_path):
    known, video, track = skeleton(symmetries=[("wingR", "wingL")]), missing(), sio.Track("she")
    shown = user(POINTS, known, (True, False, True, True), track=track)
    labels = sio.Labels([sio.LabeledFrame(video, 7, [shown])])
    found = read(saved(labels, tmp_path / "a.slp"))
    assert rows(found.labels) == [
        ("walk", 7, "she", (V, H, A, V), ((10.25, 20.5), (1 / 3, -4.0), None, (30.0, 40.0)))
    ]
    assert found.labels.skeleton.names == ("head", "wingL", "wingR", "tail")
    assert found.labels.skeleton.bones == ((0, 3), (0, 1))
    assert found.labels.skeleton.pairs == ((1, 2),)
    assert found.labels.instances[0].origin is Origin.IMPORTED
    assert any("not visible" in note for note in found.notes)


def test_what_we_write_is_read_by_sleap_io_as_the_same_labels(tmp_path):
    labels = flies(
        one_fly(3, track=2), one_fly(3, shift=5, track=1), one_fly(9), tracks=("he", "she"),
        empty=(11,),
    )  # fmt: skip
    write(labels, tmp_path / "a.slp", "sleap")
    found = sio.load_slp(str(tmp_path / "a.slp"), open_videos=False)
    assert found.skeleton.node_names == list(FLY.names)
    assert [tuple(edge) for edge in found.skeleton.edge_inds] == list(FLY.bones)
    assert [{n.name for n in s.nodes} for s in found.skeleton.symmetries] == [{"wingL", "wingR"}]
    assert [track.name for track in found.tracks] == ["he", "she"]
    assert found.video.filename == "/films/walk.mp4"
    assert [frame.frame_idx for frame in found] == [3, 9, 11]
    assert [frame.is_negative for frame in found] == [False, False, True]
    made = [i for frame in found for i in frame.instances]
    assert [i.track.name if i.track else None for i in made] == ["she", "he", None]
    for theirs, ours in zip(made, labels.instances, strict=True):
        assert np.array_equal(theirs.numpy(invisible_as_nan=False), ours.points, equal_nan=True)
        assert theirs.points["visible"].tolist() == (ours.visibility == Visibility.VISIBLE).tolist()


def test_predicted_instances_become_predictions_of_a_run_that_the_file_alone_decides(tmp_path):
    known, video, track = skeleton(), missing(), sio.Track("he")
    predicted = sio.PredictedInstance.from_numpy(
        np.array([(1, 2), (3, 4), (NAN, NAN), (5, 6)]),
        point_scores=np.array([0.5, 1.5, 0.9, 0.25]),
        skeleton=known,
        score=0.7,
        track=track,
    )
    labels = sio.Labels(
        [sio.LabeledFrame(video, 8, [predicted]), sio.LabeledFrame(video, 2, [predicted])]
    )
    path = saved(labels, tmp_path / "a.slp")
    found = read(path)
    assert found.labels.instances == ()
    (predictions,) = found.predictions
    assert predictions.frames.tolist() == [2, 8]
    assert predictions.points[0].tolist()[0] == [1, 2]
    assert np.isnan(predictions.points[0, 2]).all()
    assert predictions.scores[0].tolist()[:2] == [0.5, 1.0]
    assert predictions.tracks.tolist() == [0, 0]
    assert predictions.run == read(path).predictions[0].run


def test_suggested_frames_and_negative_frames_are_read(tmp_path):
    video = missing()
    labels = sio.Labels(
        [sio.LabeledFrame(video, 4, is_negative=True)], videos=[video], skeletons=[skeleton()]
    )
    labels.suggestions = [sio.SuggestionFrame(video, 12), sio.SuggestionFrame(video, 5)]
    found = read(saved(labels, tmp_path / "a.slp"))
    assert found.suggested == (FrameRef(VideoId(1), 12), FrameRef(VideoId(1), 5))
    assert found.labels.empty_frames == {FrameRef(VideoId(1), 4)}


def test_pairs_are_guessed_where_the_file_has_none_and_a_note_says_so(tmp_path):
    labels = sio.Labels([sio.LabeledFrame(missing(), 0, [user(POINTS, skeleton())])])
    found = read(saved(labels, tmp_path / "a.slp"))
    assert found.labels.skeleton.pairs == ((1, 2),)
    assert any("wingL and wingR" in note for note in found.notes)


def test_labels_of_a_person_in_an_old_file_move_by_half_a_pixel_and_predictions_do_not(tmp_path):
    known, video = skeleton(), missing()
    predicted = sio.PredictedInstance.from_numpy(np.ones((4, 2)), skeleton=known, score=1.0)
    frame = sio.LabeledFrame(video, 0, [user(POINTS, known), predicted])
    path = saved(sio.Labels([frame]), tmp_path / "a.slp")
    with h5py.File(path, "a") as file:
        file["metadata"].attrs["format_id"] = 1.0
    found = read(path)
    assert found.labels.instances[0].points[0].tolist() == [9.75, 20.0]
    assert found.predictions[0].points[0, 0].tolist() == [1, 1]


def test_a_file_of_a_newer_sleap_is_refused_with_what_to_do(tmp_path):
    write(flies(one_fly()), tmp_path / "a.slp", "sleap")
    with h5py.File(tmp_path / "a.slp", "a") as file:
        file["metadata"].attrs["format_id"] = 3.0
    with pytest.raises(FormatError, match="newer than can be read"):
        read(tmp_path / "a.slp")


def test_a_missing_film_keeps_its_recorded_path_and_gets_a_note(tmp_path):
    recorded = r"D:\films\walk.mp4"
    labels = sio.Labels([sio.LabeledFrame(missing(recorded), 7, [user(POINTS, skeleton())])])
    found = read(saved(labels, tmp_path / "a.slp"))
    (video,) = found.labels.videos
    assert (video.path.as_posix(), video.frame_count) == ("D:/films/walk.mp4", 8)
    assert any("is not there" in note for note in found.notes)


def test_a_film_beside_the_file_is_found_by_its_name(tmp_path):
    (tmp_path / "walk.mp4").write_bytes(b"a film")
    labels = sio.Labels([sio.LabeledFrame(missing(), 7, [user(POINTS, skeleton())])])
    found = read(saved(labels, tmp_path / "a.slp"))
    assert found.labels.videos[0].path == tmp_path / "walk.mp4"
    assert not any("is not there" in note for note in found.notes)


def pictures_in(where, names):
    where.mkdir(parents=True)
    for n, name in enumerate(names):
        assert cv2.imwrite(str(where / name), np.full((48, 64, 3), (10 * n, 100, 200), np.uint8))
    return where


def test_image_lists_go_both_ways(tmp_path):
    names = ["b.png", "a.png", "c.png"]
    where = pictures_in(tmp_path / "shots", names)
    labels = flies(one_fly(2), videos=(folder(where, names),))
    write(labels, tmp_path / "a.slp", "sleap")
    theirs = sio.load_slp(str(tmp_path / "a.slp"))
    assert [Path(name).name for name in theirs.video.filename] == names
    assert theirs.video[1].shape == (48, 64, 3)
    sio.save_slp(theirs, str(tmp_path / "b.slp"))
    found = read(tmp_path / "b.slp").labels
    assert rows(found) == rows(labels)
    assert (found.videos[0].path, found.videos[0].images) == (where, tuple(names))


def test_our_package_shows_sleap_io_the_pictures_in_their_colours(tmp_path):
    where = pictures_in(tmp_path / "shots", ["0.png", "1.png", "2.png"])
    labels = flies(one_fly(2), videos=(folder(where, ["0.png", "1.png", "2.png"]),))
    out = tmp_path / "a.pkg.slp"
    write(labels, out, "sleap", lambda ref: cv2.imread(str(where / f"{ref.frame}.png")))
    found = sio.load_slp(str(out))
    assert found.video[2][0, 0].tolist() == [200, 100, 20]  # red first
    assert found.video.source_video.filename[0].endswith("0.png")


def test_a_package_without_pictures_is_refused(tmp_path):
    with pytest.raises(ExportError, match="holds pictures"):
        write(flies(one_fly()), tmp_path / "a.pkg.slp", "sleap")


@pytest.mark.parametrize("plugin", ["opencv", "imageio"])
@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_a_package_whose_film_is_gone_brings_its_pictures_in_their_colours(tmp_path, plugin, kind):
    where = pictures_in(tmp_path / "shots", [f"{n}.{kind}" for n in range(4)])
    video = sio.Video.from_filename([str(p) for p in sorted(where.iterdir())])
    labels = sio.Labels([sio.LabeledFrame(video, n, [user(POINTS, skeleton())]) for n in (3, 1)])
    path = tmp_path / "a.pkg.slp"
    sio.save_slp(labels, str(path), embed=True, plugin=plugin, verbose=False)
    where.rename(tmp_path / "gone")
    found = unpack(read(path), tmp_path / "out")
    (video,) = found.labels.videos
    assert video.kind is VideoKind.IMAGES
    assert [video.images[i.frame.frame][:8] for i in found.labels.instances] == [
        "img00001",
        "img00003",
    ]
    picture = cv2.imread(str(video.path / video.images[1]))
    assert np.abs(picture[5, 5].astype(int) - (30, 100, 200)).max() <= 3
    assert any("picture" in note for note in found.notes)
    assert unpack(read(path), tmp_path / "out").labels.videos == found.labels.videos


def test_old_packages_with_red_and_blue_exchanged_are_turned_right(tmp_path):
    path = tmp_path / "a.pkg.slp"
    where = pictures_in(tmp_path / "shots", ["0.png"])
    labels = flies(one_fly(0), videos=(folder(where, ["0.png"]),))
    swapped = np.full((48, 64, 3), (200, 100, 0), np.uint8)
    write(labels, path, "sleap", lambda _: swapped)
    with h5py.File(path, "a") as file:
        del file["video0/video"].attrs["channel_order"]
        file["metadata"].attrs["format_id"] = 1.2
    where.rename(tmp_path / "gone")
    (video,) = unpack(read(path), tmp_path / "out").labels.videos
    assert cv2.imread(str(video.path / video.images[0]))[0, 0].tolist() == [0, 100, 200]


def test_frames_without_a_picture_in_the_package_are_left_out_and_counted(tmp_path):
    where = pictures_in(tmp_path / "shots", ["0.png", "1.png"])
    video = sio.Video.from_filename([str(p) for p in sorted(where.iterdir())])
    labels = sio.Labels([sio.LabeledFrame(video, n, [user(POINTS, skeleton())]) for n in (0, 1)])
    path = tmp_path / "a.pkg.slp"
    sio.save_slp(labels, str(path), embed=[(video, 1)], verbose=False)
    where.rename(tmp_path / "gone")
    found = read(path)
    assert len(found.labels.instances) == 1
    assert any("1 body left out" in note for note in found.notes)


def test_a_package_beside_its_film_uses_the_film(tmp_path):
    where = pictures_in(tmp_path / "shots", ["0.png", "1.png"])
    video = sio.Video.from_filename([str(p) for p in sorted(where.iterdir())])
    labels = sio.Labels([sio.LabeledFrame(video, 1, [user(POINTS, skeleton())])])
    path = tmp_path / "a.pkg.slp"
    sio.save_slp(labels, str(path), embed=True, verbose=False)
    found = read(path)
    assert found.packed == ()
    assert found.labels.videos[0].path == where
    assert found.labels.instances[0].frame.frame == 1


def test_labels_on_a_part_of_a_film_are_moved_to_where_the_part_is(tmp_path):
    where = pictures_in(tmp_path / "shots", ["0.png"])
    video = sio.Video.from_filename([str(where / "0.png")]).crop((20, 10, 60, 40))
    labels = sio.Labels([sio.LabeledFrame(video, 0, [user(POINTS, skeleton())])])
    sio.save_slp(labels, str(tmp_path / "a.slp"), embed=False)
    found = read(tmp_path / "a.slp").labels
    assert found.instances[0].points[0].tolist() == [30.25, 30.5]


def test_tables_without_names_of_columns_are_read_like_those_with(tmp_path):
    write(flies(one_fly(3), one_fly(9)), tmp_path / "a.slp", "sleap")
    before = rows(read(tmp_path / "a.slp").labels)
    with h5py.File(tmp_path / "a.slp", "a") as file:
        for name in ("frames", "instances", "points", "pred_points"):
            named = file[name][:]
            plain = np.array([list(row) for row in named.tolist()], float)
            del file[name]
            file[name] = plain.reshape(len(named), -1) if len(named) else np.zeros(0)
    assert rows(read(tmp_path / "a.slp").labels) == before


def test_two_skeletons_with_the_same_keypoints_are_one(tmp_path):
    first, second = sio.Skeleton(["a", "b"]), sio.Skeleton(["b", "a"])
    frames = [
        sio.LabeledFrame(missing(), 0, [sio.Instance.from_numpy(np.array(xy, float), skeleton=s)])
        for s, xy in ((first, [(1, 1), (2, 2)]), (second, [(2, 2), (1, 1)]))
    ]
    found = read(saved(sio.Labels(frames), tmp_path / "a.slp")).labels
    assert [i.points.tolist() for i in found.instances] == [[[1, 1], [2, 2]]] * 2


def test_two_skeletons_with_other_keypoints_are_refused_with_what_to_do(tmp_path):
    frames = [
        sio.LabeledFrame(missing(), n, [sio.Instance.from_numpy(np.ones((1, 2)), skeleton=s)])
        for n, s in enumerate((sio.Skeleton(["a"]), sio.Skeleton(["b"])))
    ]
    with pytest.raises(FormatError, match="several skeletons"):
        read(saved(sio.Labels(frames), tmp_path / "a.slp"))


def test_videos_are_told_apart_where_a_file_numbers_them_by_their_groups(tmp_path):
    where = pictures_in(tmp_path / "shots", ["0.png"])
    labels = flies(
        one_fly(0), one_fly(0, video=2, shift=1),
        videos=(folder(where, ["0.png"]), folder(where, ["0.png"], 2)),
    )  # fmt: skip
    path = tmp_path / "a.pkg.slp"
    write(labels, path, "sleap", lambda _: np.zeros((48, 64, 3), np.uint8))
    with h5py.File(path, "a") as file:
        file.move("video1", "video9")
        listed = [json.loads(row) for row in file["videos_json"]]
        listed[1]["backend"]["dataset"] = "video9/video"
        del file["videos_json"]
        file.create_dataset("videos_json", data=[json.dumps(row) for row in listed])
        frames = file["frames"][:]
        frames["video"][1] = 9
        file["frames"][...] = frames
    found = read(path).labels
    assert [i.frame.video for i in found.instances] == [1, 2]
    assert [i.points[0, 0] for i in found.instances] == [10.25, 11.25]


def test_a_skeleton_of_right_before_left_keeps_its_pairs(tmp_path):
    backwards = Skeleton("s", (Keypoint("x"), Keypoint("y")), pairs=((1, 0),))
    instance = one_fly().__class__(FrameRef(VideoId(1), 0), np.ones((2, 2)), np.full(2, V))
    write(flies(instance, skeleton=backwards), tmp_path / "a.slp", "sleap")
    assert read(tmp_path / "a.slp").labels.skeleton.pairs == ((1, 0),)


def test_the_flies_are_read_like_sleap_io_reads_them():
    path = pack("sleap_fly_centered") / "centered_pair.slp"
    found, theirs = read(path).labels, sio.load_slp(str(path), open_videos=False)
    assert found.skeleton.names == tuple(theirs.skeleton.node_names)
    assert set(found.skeleton.bones) == {tuple(pair) for pair in theirs.skeleton.edge_inds}
    assert len(found.frames) == 70
    assert [i.frame.frame for i in found.instances] == [f.frame_idx for f in theirs for _ in f]
    made = np.stack([i.numpy(invisible_as_nan=False) for f in theirs for i in f])
    assert np.array_equal(found.points(), made, equal_nan=True)
    assert int((found.visibility() == Visibility.VISIBLE).sum()) == 3213
    assert int((found.visibility() == Visibility.OCCLUDED).sum()) == 147


def test_the_proofread_mouse_is_read_like_sleap_io_reads_it():
    path = pack("sleap_mouse_multiview") / "top" / "minimal_top_proofread.slp"
    found = read(path)
    theirs = sio.load_slp(str(path), open_videos=False).numpy(return_confidence=True)[:, 0]
    (predictions,) = found.predictions
    assert predictions.frames.tolist() == list(range(120))
    assert np.array_equal(predictions.points, theirs[..., :2].astype(np.float32), equal_nan=True)
    assert found.labels.videos[0].path == path.parent / "minimal_top.mp4"


def test_the_packed_picture_of_the_small_package_comes_out(tmp_path):
    path = pack("sleap_fly_centered") / "minimal_instance.pkg.slp"
    found = unpack(read(path), tmp_path)
    (video,) = found.labels.videos
    theirs = sio.load_slp(str(path)).video[0]
    ours = cv2.imread(str(video.path / video.images[0]), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(ours, theirs.squeeze())
