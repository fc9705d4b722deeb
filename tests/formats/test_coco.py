import json

import numpy as np
import pytest

from poseapp.domain.errors import FormatError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Visibility
from poseapp.formats.registry import read, write
from tests.fixtures.packs import pack
from tests.formats.made import A, H, V, film, flies, one_fly, rows


def document(**more):
    made = {
        "images": [{"id": 5, "file_name": "a.jpg", "width": 64, "height": 48}],
        "annotations": [annotation()],
        "categories": [
            {"id": 1, "name": "cat", "keypoints": ["left_ear", "right_ear"], "skeleton": [[1, 2]]}
        ],
    }
    return made | more


def annotation(keypoints=(1, 2, 2, 3, 4, 1), **more):
    return {"id": 7, "image_id": 5, "category_id": 1, "keypoints": list(keypoints)} | more


def imported(tmp_path, content):
    path = tmp_path / "a.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return read(path)


def test_the_three_visibilities_are_kept(tmp_path):
    content = document(annotations=[annotation((1, 2, 2, 3, 4, 1)), annotation((9, 9, 0, 0, 0, 2))])
    found = imported(tmp_path, content)
    assert [row[1:] for row in rows(found.labels)] == [
        ("a.jpg", None, (A, V), (None, (0.0, 0.0))),
        ("a.jpg", None, (V, H), ((1.0, 2.0), (3.0, 4.0))),
    ]
    assert found.labels.skeleton.bones == ((0, 1),)
    assert found.labels.skeleton.pairs == ((0, 1),)
    (video,) = found.labels.videos
    assert (video.path, video.width, video.height) == (tmp_path, 64, 48)


def test_crowds_and_bodies_without_keypoints_are_left_out_and_said(tmp_path):
    content = document(
        annotations=[
            annotation(),
            annotation(iscrowd=1),
            annotation((0,) * 6),
            {"id": 8, "image_id": 5, "category_id": 2, "bbox": [1, 2, 3, 4]},
        ]
    )
    found = imported(tmp_path, content)
    assert len(found.labels.instances) == 1
    assert any("1 crowd left out" in note for note in found.notes)
    assert any("2 bodies without any keypoint" in note for note in found.notes)


def test_of_several_skeletons_the_most_used_is_taken_and_the_rest_named(tmp_path):
    content = document(
        annotations=[annotation(), annotation(), annotation((1, 1, 2), category_id=2)],
        categories=[*document()["categories"], {"id": 2, "name": "leaf", "keypoints": ["tip"]}],
    )
    found = imported(tmp_path, content)
    assert found.labels.skeleton.names == ("left_ear", "right_ear")
    assert len(found.labels.instances) == 2
    assert any("1 body left out" in note and "leaf" in note for note in found.notes)


def test_categories_with_the_same_keypoints_are_one_skeleton(tmp_path):
    dog = document()["categories"][0] | {"id": 2, "name": "dog"}
    content = document(
        annotations=[annotation(), annotation(category_id=2)],
        categories=[*document()["categories"], dog],
    )
    found = imported(tmp_path, content)
    assert len(found.labels.instances) == 2
    assert any("cat, dog share their keypoints" in note for note in found.notes)


@pytest.mark.parametrize(
    ("skeleton", "bones"), [([[0, 1]], ((0, 1),)), ([[1, 2], [2, 3]], ((0, 1),))]
)
def test_bones_that_count_from_zero_or_lead_nowhere_are_mended(tmp_path, skeleton, bones):
    category = document()["categories"][0] | {"skeleton": skeleton}
    found = imported(tmp_path, document(categories=[category]))
    assert found.labels.skeleton.bones == bones


def test_pictures_are_found_in_the_folder_of_pictures_beside_the_annotations(tmp_path):
    (tmp_path / "annotations").mkdir()
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(b"")
    found = imported(tmp_path / "annotations", document())
    assert found.labels.videos[0].path == tmp_path / "images"
    assert not any("not found" in note for note in found.notes)


@pytest.mark.parametrize("name", ["/etc/a.jpg", "../../a.jpg", "C:\\a.jpg"])
def test_a_picture_recorded_elsewhere_is_looked_for_inside_of_the_folder(tmp_path, name):
    content = document(images=[{"id": 5, "file_name": name, "width": 64, "height": 48}])
    found = imported(tmp_path, content)
    assert found.labels.videos[0].path == tmp_path
    assert found.labels.videos[0].images == ("a.jpg",)
    assert any("recorded outside" in note for note in found.notes)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "cannot be read"),
        ("[1, 2]", "is no COCO file"),
        ('{"images": [], "annotations": [{"keypoints": NaN}]}', "NaN is no number"),
        (document(images=[]), "no picture"),
        (document(images=document()["images"] * 2), "same id"),
        (document(annotations=[annotation((1, 2, 2))]), "too few keypoints"),
        (document(annotations=[annotation((1, 2, 7, 3, 4, 1))]), "visibility other than"),
        (document(annotations=[annotation((1e300, 2, 2, 3, 4, 1))]), "in no picture"),
        (document(annotations=[annotation(category_id=9)]), "no category 9"),
        (document(categories=[]), "only boxes or outlines"),
        (document(images=[{"id": 5, "file_name": 3}]), "names of pictures"),
        (document(images=[{"id": 5, "file_name": "a.jpg", "width": 1e12}]), "pixels wide"),
        ("[" * 100_000, "cannot be read"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_refused_with_a_sentence(tmp_path, content, says):
    with pytest.raises(FormatError, match=says):
        imported(tmp_path, content)


def test_a_written_file_has_what_coco_asks_for(tmp_path):
    labels = flies(
        one_fly(3, track=2), one_fly(8), tracks=("he", "she"), empty=(5,), videos=(film(),)
    )
    write(labels, tmp_path / "a.json", "coco")
    content = json.loads((tmp_path / "a.json").read_text())
    assert [image["file_name"] for image in content["images"]] == [
        "images/walk/img0003.png",
        "images/walk/img0005.png",
        "images/walk/img0008.png",
    ]
    assert content["images"][0]["width"] == 640
    (category,) = content["categories"]
    assert category["keypoints"] == list(labels.skeleton.names)
    assert category["skeleton"] == [[1, 4], [1, 2], [1, 3]]
    first, second = content["annotations"]
    assert first["keypoints"] == [10.25, 20.5, 2, 1 / 3, -4, 1, 0, 0, 0, 30, 40, 2]
    assert first["num_keypoints"] == 3
    assert first["bbox"] == [1 / 3, -4, 30 - 1 / 3 + 1, 45]
    assert first["area"] == pytest.approx(first["bbox"][2] * 45)
    assert first["track_id"] == 2
    assert "track_id" not in second
    found = read(tmp_path / "a.json").labels
    assert [(r[1], r[2]) for r in rows(found)] == [("img0003.png", "she"), ("img0008.png", None)]
    assert found.empty_frames == {FrameRef(VideoId(1), 1)}


def test_a_folder_has_the_pictures_where_the_file_says(tmp_path):
    picture = np.full((4, 5, 3), 9, np.uint8)
    write(flies(one_fly(3)), tmp_path / "out", "coco", lambda _: picture)
    (image,) = json.loads((tmp_path / "out" / "annotations.json").read_text())["images"]
    assert (tmp_path / "out" / image["file_name"]).is_file()
    found = read(tmp_path / "out")
    assert found.labels.videos[0].path == tmp_path / "out" / "images" / "walk"
    assert not any("not found" in note for note in found.notes)


def test_the_people_of_the_fragment_are_read_as_they_stand():
    root = pack("coco_format_fragments") / "coco"
    labels = read(root).labels
    content = json.loads((root / "test_coco.json").read_text())
    bodies = [a for a in content["annotations"] if a["num_keypoints"]]
    assert len(labels.instances) == len(bodies) == 12
    name_of = {image["id"]: image["file_name"] for image in content["images"]}
    (video,) = labels.videos
    expected = sorted(
        (name_of[a["image_id"]], tuple(a["keypoints"][2::3]), sum(a["keypoints"])) for a in bodies
    )
    found = sorted(
        (
            video.images[i.frame.frame],
            tuple(i.visibility.tolist()),
            int(np.nansum(i.points)) + int(i.visibility.sum()),
        )
        for i in labels.instances
    )
    assert found == expected
    assert int((labels.visibility() == Visibility.OCCLUDED).sum()) == 17


def test_the_animals_of_the_fragment_share_a_skeleton():
    found = read(pack("coco_format_fragments") / "ap10k" / "test_ap10k.json")
    assert len(found.labels.instances) == 2
    assert found.labels.skeleton.names[3:5] == ("neck", "root_of_tail")
    assert found.labels.skeleton.bones[0] == (0, 1)
    assert any("share their keypoints" in note for note in found.notes)
