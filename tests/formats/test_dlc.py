"""DeepLabCut projects, against pandas and sleap-io, which read them in their own ways."""

import cv2
import numpy as np
import pandas as pd
import pytest
import sleap_io as sio
import yaml

from poseapp.domain.errors import FormatError
from poseapp.domain.pose import Visibility
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import VideoKind
from poseapp.formats.registry import read, write
from tests.fixtures.packs import pack
from tests.formats.made import A, V, body, film, flies, folder, one_fly, rows

HEAD = "scorer,me,me,me,me\nbodyparts,nose,nose,tail,tail\ncoords,x,y,x,y\n"


def project(tmp_path, tables, **config):
    """A project with these tables of labels, by video."""
    root = tmp_path / "mouse-me-2020"
    for name, text in tables.items():
        where = root / "labeled-data" / name
        where.mkdir(parents=True)
        (where / "CollectedData_me.csv").write_text(text)
    root.mkdir(exist_ok=True)
    config = {"Task": "mouse", "scorer": "me", "video_sets": {}, "skeleton": []} | config
    (root / "config.yaml").write_text(yaml.safe_dump(config))
    return root


def test_every_folder_of_labelled_pictures_is_a_video(tmp_path):
    root = project(
        tmp_path,
        {
            "walk": HEAD
            + "labeled-data/walk/img10.png,1,2,3,4\nlabeled-data/walk/img9.png,5,6,,\n",
            "run": HEAD + "labeled-data/run/img1.png,7,8,9,10\n",
        },
        skeleton=[["nose", "tail"], ["nose", "gone"]],
    )
    found = read(root)
    assert rows(found.labels) == [
        ("run", "img1.png", None, (V, V), ((7.0, 8.0), (9.0, 10.0))),
        ("walk", "img10.png", None, (V, V), ((1.0, 2.0), (3.0, 4.0))),
        ("walk", "img9.png", None, (V, A), ((5.0, 6.0), None)),
    ]
    walk = next(video for video in found.labels.videos if video.name == "walk")
    assert walk.images == ("img9.png", "img10.png")
    assert walk.path == root / "labeled-data" / "walk"
    assert found.labels.skeleton.bones == ((0, 1),)
    assert found.labels.skeleton.name == "mouse"
    assert any("3 pictures not found" in note for note in found.notes)
    assert rows(read(root / "config.yaml").labels) == rows(found.labels)


def test_extracted_pictures_without_labels_are_frames_too(tmp_path):
    root = project(tmp_path, {"walk": HEAD + "labeled-data/walk/img2.png,1,2,3,4\n"})
    for n in (1, 2, 3):
        (root / "labeled-data" / "walk" / f"img{n}.png").write_bytes(b"")
    (video,) = read(root).labels.videos
    assert video.images == ("img1.png", "img2.png", "img3.png")


def test_pictures_stand_beside_a_table_whose_folder_was_renamed(tmp_path):
    root = project(tmp_path, {"renamed": HEAD + "labeled-data/before/img2.png,1,2,3,4\n"})
    (root / "labeled-data" / "renamed" / "img2.png").write_bytes(b"")
    (video,) = read(root).labels.videos
    assert video.path == root / "labeled-data" / "renamed"


def test_the_h5_table_counts_and_not_its_copy(tmp_path):
    root = project(tmp_path, {"walk": HEAD + "labeled-data/walk/img1.png,1,1,1,1\n"})
    columns = pd.MultiIndex.from_product(
        [["me"], ["nose", "tail"], ["x", "y"]], names=["scorer", "bodyparts", "coords"]
    )
    frame = pd.DataFrame([[5.0, 6, 7, 8]], index=["labeled-data/walk/img1.png"], columns=columns)
    frame.to_hdf(
        root / "labeled-data" / "walk" / "CollectedData_me.h5", key="df_with_missing", mode="w"
    )
    assert read(root).labels.instances[0].points.tolist() == [[5, 6], [7, 8]]


def test_several_animals_are_tracks_and_unique_keypoints_an_animal_of_their_own(tmp_path):
    text = (
        "scorer" + ",me" * 8 + "\nindividuals,m1,m1,m2,m2,m2,m2,single,single\n"
        "bodyparts,nose,nose,nose,nose,tail,tail,box,box\ncoords,x,y,x,y,x,y,x,y\n"
        "labeled-data/walk/img1.png,1,2,3,4,5,6,7,8\nlabeled-data/walk/img2.png,,,,,,,,\n"
    )
    found = read(project(tmp_path, {"walk": text}, multianimalproject=True)).labels
    assert found.skeleton.names == ("nose", "tail", "box")
    assert [(r[2], r[3]) for r in rows(found)] == [
        ("m1", (V, A, A)),
        ("m2", (V, V, A)),
        ("single", (A, A, V)),
    ]


def test_films_of_the_project_come_along_without_labels(tmp_path):
    elsewhere = tmp_path / "elsewhere.avi"
    elsewhere.write_bytes(b"")
    root = project(
        tmp_path,
        {"walk": HEAD + "labeled-data/walk/img1.png,1,2,3,4\n"},
        video_sets={str(elsewhere): {}, "/gone.avi": {}, "WILL BE UPDATED": {}},
    )
    (root / "videos").mkdir()
    (root / "videos" / "walk.mp4").write_bytes(b"")
    films = [v.name for v in read(root).labels.videos if v.kind is VideoKind.FILE]
    assert films == ["walk.mp4", "elsewhere.avi"]


def test_predictions_of_a_film_are_found_with_their_film(tmp_path):
    text = (
        "scorer" + ",net" * 6 + "\nindividuals" + ",m1" * 3 + ",m2" * 3 + "\n"
        "bodyparts" + ",nose" * 6 + "\ncoords" + ",x,y,likelihood" * 2 + "\n"
        "0,1,2,0.5,,,\n1,3,4,0.25,5,6,0.75\n"
    )
    (tmp_path / "walk.mp4").write_bytes(b"")
    path = tmp_path / "walkDLC_resnet50_mouseshuffle1_5000.csv"
    path.write_text(text)
    found = read(path)
    (predictions,) = found.predictions
    assert found.labels.videos[0].path == tmp_path / "walk.mp4"
    assert predictions.frames.tolist() == [0, 1, 1]
    assert predictions.points[:, 0].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert predictions.scores[:, 0].tolist() == [0.5, 0.25, 0.75]
    assert predictions.tracks.tolist() == [0, 0, 1]
    assert found.labels.instances == ()


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ("- a\n- b\n", "no DeepLabCut configuration"),
        ("a: [", "cannot be read"),
        ("scorer: me\nskeleton: 7\n", "cannot be read"),
        ("scorer: me\nskeleton: [7]\n", "ends of a bone"),
        ("!!python/object/apply:os.system ['touch sprung']", "cannot be read"),
    ],
)
def test_a_damaged_configuration_is_refused(tmp_path, config, says):
    root = project(tmp_path, {"walk": HEAD + "labeled-data/walk/img1.png,1,2,3,4\n"})
    (root / "config.yaml").write_text(config)
    with pytest.raises(FormatError, match=says):
        read(root)


def test_a_project_without_labels_and_a_folder_without_tables_are_refused(tmp_path):
    root = project(tmp_path, {})
    with pytest.raises(FormatError, match="Nothing is labelled yet"):
        read(root)
    with pytest.raises(FormatError, match=r"neither a config\.yaml nor"):
        read(tmp_path, "dlc")


@pytest.mark.parametrize("name", ["../../secret.png", "labeled-data/../../../secret.png"])
def test_a_picture_outside_of_the_folder_is_refused(tmp_path, name):
    with pytest.raises(FormatError, match="outside of its folder"):
        read(project(tmp_path, {"walk": HEAD + f"{name},1,2,3,4\n"}))


def test_a_written_project_has_what_deeplabcut_looks_for(tmp_path):
    labels = flies(one_fly(7), one_fly(123, shift=1), videos=(film(name="walk.mp4"),))
    out = tmp_path / "export"
    picture = np.full((4, 5, 3), (10, 20, 30), np.uint8)
    notes = write(labels, out, "dlc", lambda _: picture)
    config = yaml.safe_load((out / "config.yaml").read_text())
    assert config["bodyparts"] == ["head", "wingL", "wingR", "tail"]
    assert config["video_sets"] == {"/films/walk.mp4": {"crop": "0, 640, 0, 480"}}
    assert config["project_path"] == str(out)
    assert config["skeleton"] == [["head", "tail"], ["head", "wingL"], ["head", "wingR"]]
    assert not config["multianimalproject"]
    where = out / "labeled-data" / "walk"
    frame = pd.read_hdf(where / "CollectedData_poseapp.h5", key="df_with_missing")
    assert frame.index.tolist() == [
        ("labeled-data", "walk", "img0007.png"),
        ("labeled-data", "walk", "img0123.png"),
    ]
    assert frame.columns.names == ["scorer", "bodyparts", "coords"]
    assert "likelihood" not in frame.columns.get_level_values("coords")
    assert frame["poseapp"]["wingL"].to_numpy().tolist() == [[1 / 3, -4], [4 / 3, -3]]
    assert np.isnan(frame["poseapp"]["wingR"].to_numpy()).all()
    copy = pd.read_csv(where / "CollectedData_poseapp.csv", header=[0, 1, 2], index_col=[0, 1, 2])
    assert np.array_equal(copy.to_numpy(), frame.to_numpy(), equal_nan=True)
    assert cv2.imread(str(where / "img0007.png")).tolist() == picture.tolist()
    assert any("2 hidden keypoints exported" in note for note in notes)


def test_sleap_io_reads_our_project_as_the_same_labels(tmp_path):
    labels = flies(one_fly(7, track=1), one_fly(7, track=2, shift=9), tracks=("he", "she"))
    write(labels, tmp_path / "export", "dlc", lambda _: np.zeros((8, 8, 3), np.uint8))
    path = tmp_path / "export" / "labeled-data" / "walk" / "CollectedData_poseapp.csv"
    theirs = sio.load_dlc(str(path))
    order = [theirs.skeleton.index(name) for name in labels.skeleton.names]
    found = {i.track.name: i.numpy()[order] for frame in theirs for i in frame}
    for instance, name in zip(labels.instances, ("he", "she"), strict=True):
        assert np.array_equal(found[name], instance.points, equal_nan=True)


def test_bodies_without_tracks_are_told_apart_in_the_file_and_come_back_without(tmp_path):
    labels = flies(one_fly(7), one_fly(7, shift=9), one_fly(8))
    notes = write(labels, tmp_path / "export", "dlc")
    config = yaml.safe_load((tmp_path / "export" / "config.yaml").read_text())
    assert config["individuals"] == ["individual1", "individual2"]
    assert config["multianimalbodyparts"] == ["head", "wingL", "wingR", "tail"]
    found = read(tmp_path / "export").labels
    assert [i.track for i in found.instances] == [None] * 3
    assert not any("track" in note for note in notes)


def test_a_body_without_a_track_among_others_gets_a_name_and_a_note(tmp_path):
    labels = flies(
        one_fly(7, track=1), one_fly(7, shift=9), one_fly(7, shift=20, track=1),
        tracks=("individual1",),
    )  # fmt: skip
    notes = write(labels, tmp_path / "export", "dlc")
    names = [row[2] for row in rows(read(tmp_path / "export").labels)]
    assert sorted(names) == ["individual1", "individual2", "individual3"]
    assert any("2 bodies without a track of its own" in note for note in notes)


def test_names_that_deeplabcut_keeps_for_itself_or_that_are_taken_are_changed(tmp_path):
    labels = flies(
        *(one_fly(7, track=n, shift=n) for n in (1, 2, 3)), tracks=("single", "he", "he")
    )
    notes = write(labels, tmp_path / "export", "dlc")
    names = {row[2] for row in rows(read(tmp_path / "export").labels)}
    assert names == {"single_2", "he", "he_2"}
    assert sum("is called" in note for note in notes) == 2


def test_names_with_odd_letters_keep_their_bones(tmp_path):
    names = ("é", "a\x85b", "0", "null", "yes", " ä: #")
    odd = Skeleton("odd", tuple(map(Keypoint, names)), bones=((0, 1), (2, 3), (4, 5)))
    labels = flies(body(1, [(n, n) for n in range(6)], (V,) * 6), skeleton=odd)
    write(labels, tmp_path / "export", "dlc")
    found = read(tmp_path / "export").labels.skeleton
    assert (found.names, found.bones) == (odd.names, odd.bones)


def test_two_videos_of_one_name_get_a_folder_each(tmp_path):
    labels = flies(one_fly(1), one_fly(2, video=2), videos=(film(), film(2, "other/walk.mp4")))
    write(labels, tmp_path / "export", "dlc")
    found = read(tmp_path / "export").labels
    assert {video.name for video in found.videos} == {"walk", "walk_2"}
    config = yaml.safe_load((tmp_path / "export" / "config.yaml").read_text())
    stems = [path.rsplit("/", 1)[1] for path in config["video_sets"]]
    assert stems == ["walk.mp4", "walk_2.mp4"]


def test_hidden_keypoints_keep_their_position_and_bodies_without_keypoints_are_said(tmp_path):
    nobody = body(9, [(np.nan, np.nan)] * 4, (A, A, A, A))
    notes = write(flies(one_fly(7), nobody, empty=(3,)), tmp_path / "export", "dlc")
    (instance,) = read(tmp_path / "export").labels.instances
    assert instance.points[1].tolist() == [1 / 3, -4]
    assert instance.visibility.tolist() == [V, V, A, V]
    assert [sum(word in note for note in notes) for word in ("without any", "as empty")] == [1, 1]


def test_pictures_from_a_folder_are_copied_byte_by_byte_under_safe_names(tmp_path):
    where = tmp_path / "shots"
    for name in ("a/1.jpg", "b/1.jpg"):
        (where / name).parent.mkdir(parents=True)
        (where / name).write_bytes(f"not a picture, {name}".encode())
    labels = flies(one_fly(0), one_fly(1), videos=(folder(where, ["a/1.jpg", "b/1.jpg"]),))
    write(labels, tmp_path / "export", "dlc", lambda _: np.zeros((1, 1, 3), np.uint8))
    copied = tmp_path / "export" / "labeled-data" / "shots"
    assert (copied / "a_1.jpg").read_bytes() == b"not a picture, a/1.jpg"
    assert (copied / "b_1.jpg").read_bytes() == b"not a picture, b/1.jpg"


def test_a_recorded_name_cannot_lead_out_of_the_export(tmp_path):
    evil = folder("/shots/..", ["../../../evil.png"])
    write(flies(one_fly(0), videos=(evil,)), tmp_path / "a" / "export", "dlc")
    assert not list(tmp_path.rglob("*evil*"))
    (video,) = read(tmp_path / "a" / "export").labels.videos
    assert video.images == ("evil.png",)


def test_the_open_field_project_is_read_like_pandas_reads_it():
    root = pack("dlc_openfield")
    labels = read(root).labels
    table = pd.read_csv(
        root / "labeled-data" / "m4s1" / "CollectedData_Pranav.csv", header=[0, 1, 2], index_col=0
    )
    by_pandas = {
        name.rsplit("/", 1)[1]: row.to_numpy().reshape(4, 2) for name, row in table.iterrows()
    }
    assert len(labels.instances) == len(by_pandas) == 116
    pictures = labels.video(labels.instances[0].frame.video)
    for instance in labels.instances:
        name = pictures.images[instance.frame.frame]
        assert name == f"img{instance.frame.frame:04d}.png"
        assert np.array_equal(instance.points, by_pandas[name])
    assert labels.skeleton.pairs == ((1, 2),)
    assert (labels.visibility() == Visibility.VISIBLE).all()
    assert [v.name for v in labels.videos] == ["m4s1", "m3v1mp4.mp4"]
