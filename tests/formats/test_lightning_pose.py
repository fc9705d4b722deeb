import numpy as np
import pandas as pd
import pytest

from poseapp.domain.errors import ExportError, FormatError
from poseapp.domain.pose import Visibility
from poseapp.formats.registry import read, write
from tests.fixtures.packs import pack
from tests.formats.made import NAN, A, H, V, body, flies, one_fly, rows

HEAD = "scorer,me,me,me,me\nbodyparts,nose,nose,tail,tail\ncoords,x,y,x,y\n"
SEEN = "scorer,me,me,me\nbodyparts,nose,nose,nose\ncoords,x,y,visible\n"


def dataset(tmp_path, **tables):
    for name, text in tables.items():
        (tmp_path / f"{name}.csv").write_text(text)
    return tmp_path


def test_a_table_is_read_with_pictures_of_several_videos(tmp_path):
    text = HEAD + "labeled-data/b/img1.png,1,2,3,4\nlabeled-data/a/img2.png,5,6,,\n"
    labels = read(dataset(tmp_path, CollectedData=text) / "CollectedData.csv").labels
    assert rows(labels) == [
        ("a", "img2.png", None, (V, A), ((5.0, 6.0), None)),
        ("b", "img1.png", None, (V, V), ((1.0, 2.0), (3.0, 4.0))),
    ]
    assert {video.path for video in labels.videos} == {
        tmp_path / "labeled-data" / "a",
        tmp_path / "labeled-data" / "b",
    }


def test_the_column_visible_says_hidden_and_absent(tmp_path):
    text = SEEN + "a/1.png,1,2,2\na/2.png,1,2,1\na/3.png,1,2,0\na/4.png,1,2,\na/5.png,,,1\n"
    found = read(dataset(tmp_path, t=text) / "t.csv")
    assert [row[3] for row in rows(found.labels)] == [(V,), (H,), (V,)]
    assert any("1 keypoint marked as hidden or visible without" in note for note in found.notes)


def test_another_number_in_the_column_visible_is_refused(tmp_path):
    with pytest.raises(FormatError, match="something else than 0, 1 and 2"):
        read(dataset(tmp_path, t=SEEN + "a/1.png,1,2,3\n") / "t.csv")


def test_the_tables_of_a_folder_are_its_views(tmp_path):
    top = HEAD + "labeled-data/s_top/img1.png,1,2,3,4\n"
    side = HEAD.replace("tail", "ear") + "labeled-data/s_side/img1.png,5,6,7,8\n"
    predictions = (
        "scorer,n,n,n\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\nlabeled-data/x.png,1,1,1\n"
    )
    found = read(dataset(tmp_path, top=top, side=side, predictions=predictions, other="a,b\n1,2\n"))
    assert found.labels.skeleton.names == ("nose", "ear", "tail")
    assert sorted(video.name for video in found.labels.videos) == ["s_side", "s_top"]
    assert len(found.labels.instances) == 2
    assert found.predictions == ()


def test_the_same_label_in_two_tables_is_taken_once(tmp_path):
    text = HEAD + "labeled-data/a/img1.png,1,2,3,4\n"
    found = read(dataset(tmp_path, CollectedData=text, copy=text))
    assert len(found.labels.instances) == 1
    assert any("taken once" in note for note in found.notes)


def test_predictions_of_a_film_and_of_pictures_become_predictions(tmp_path):
    head = "scorer,n,n,n\nbodyparts,nose,nose,nose\ncoords,x,y,likelihood\n"
    dataset(tmp_path, walk=head + "0,1,2,0.5\n1,3,4,0.25\n", stills=head + "a/1.png,5,6,1\n")
    film = read(tmp_path / "walk.csv")
    assert film.predictions[0].frames.tolist() == [0, 1]
    assert film.labels.videos[0].frame_count == 2
    assert film.labels.videos[0].name == "walk.mp4"
    assert film.predictions[0].tracks.tolist() == [-1, -1]
    stills = read(tmp_path / "stills.csv")
    assert stills.predictions[0].points.tolist() == [[[5, 6]]]


def test_a_damaged_table_of_labels_is_not_passed_over(tmp_path):
    with pytest.raises(FormatError):
        read(dataset(tmp_path, CollectedData="rubbish\n", good=HEAD + "a/1.png,1,2,3,4\n"))
    with pytest.raises(FormatError, match="no table of labels"):
        read(tmp_path / "..", "lightning_pose")


def test_a_table_without_hidden_keypoints_has_two_numbers_each_as_pandas_sees(tmp_path):
    labels = flies(body(3, [(1, 2), (3, 4), (NAN, NAN), (1 / 3, 6)], (V, V, A, V)))
    write(labels, tmp_path / "t.csv", "lightning_pose")
    frame = pd.read_csv(tmp_path / "t.csv", header=[0, 1, 2], index_col=0)
    assert frame.index.tolist() == ["labeled-data/walk/img0003.png"]
    assert frame.columns.get_level_values("coords").tolist() == ["x", "y"] * 4
    points = frame.to_numpy().reshape(4, 2)
    assert np.array_equal(points, labels.instances[0].points, equal_nan=True)


def test_hidden_keypoints_bring_the_column_visible_and_a_note(tmp_path):
    notes = write(flies(one_fly()), tmp_path / "t.csv", "lightning_pose")
    frame = pd.read_csv(tmp_path / "t.csv", header=[0, 1, 2], index_col=0)
    assert frame.xs("visible", axis=1, level="coords").to_numpy().tolist() == [[2, 1, 0, 2]]
    assert any("Lightning Pose 2.4" in note for note in notes)
    assert rows(read(tmp_path / "t.csv").labels)[0][3:] == rows(flies(one_fly()))[0][3:]


def test_several_animals_on_a_frame_are_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ExportError, match="one animal in each frame"):
        write(flies(one_fly(), one_fly(shift=4)), tmp_path / "t.csv", "lightning_pose")
    assert list(tmp_path.iterdir()) == []


def test_what_is_lost_is_said(tmp_path):
    labels = flies(one_fly(track=1), tracks=("he",), empty=(1,))
    notes = " ".join(write(labels, tmp_path / "out", "lightning_pose"))
    for word in ("Tracks", "Bones", "empty", "Pictures"):
        assert word in notes


def test_the_mirror_mouse_is_read_like_pandas_reads_it():
    root = pack("mirror_mouse")
    labels = read(root).labels
    frame = pd.read_csv(root / "CollectedData.csv", header=[0, 1, 2], index_col=0)
    (pictures,) = labels.videos
    by_name = {pictures.images[i.frame.frame]: i for i in labels.instances}
    assert len(by_name) == len(frame) == 90
    for name, row in frame.iterrows():
        instance = by_name[name.removeprefix("labeled-data/")]
        assert np.array_equal(instance.points.ravel(), row.to_numpy(), equal_nan=True)
    assert int((labels.visibility() == Visibility.VISIBLE).sum()) == 1396
    assert len(labels.skeleton.pairs) == 4
