"""Every format alike: there and back again, whole or not at all, and what may be replaced."""

import errno
import json
import resource
import shutil
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from poseapp.domain.errors import ExportError, FormatError, VideoUnreadableError
from poseapp.domain.labels import LabelSet, most_instances_per_frame
from poseapp.domain.pose import Visibility
from poseapp.domain.video import VideoKind
from poseapp.formats import atomic, registry
from poseapp.formats.registry import FORMATS, guess_format, read, write
from tests.fixtures.packs import pack
from tests.formats.made import film, flies, folder, label_sets, one_fly, rows
from tests.formats.test_atomic import content

PICTURE = np.full((6, 8, 3), (10, 20, 30), np.uint8)
SUFFIX = {"sleap": ".slp", "dlc": "", "lightning_pose": "", "coco": ""}
IN_TESTS = {"suppress_health_check": [HealthCheck.function_scoped_fixture], "deadline": None}


def expected(labels: LabelSet, name: str):
    """What must come back, worked out without the code under test."""
    found = []
    for video, place, track, seen, points in rows(labels):
        if name != "sleap" and not any(seen):
            continue
        if name in {"dlc", "lightning_pose"}:
            track = None  # told apart otherwise, see the tests of each
        if name == "dlc":
            seen = tuple(2 if s else 0 for s in seen)
        found.append((video, _number(place), track, seen, points))
    return sorted(found, key=repr)


def returned(labels: LabelSet, name: str):
    found = [
        (video, _number(place), None if name in {"dlc", "lightning_pose"} else track, seen, points)
        for video, place, track, seen, points in rows(labels)
    ]
    return sorted(found, key=repr)


def _number(place):
    """Of a frame, or of the picture that shows it."""
    return place if isinstance(place, int) else int("".join(filter(str.isdigit, place)))


def alone(labels: LabelSet) -> LabelSet:
    """One body on each frame."""
    first = {i.frame: i for i in reversed(labels.instances)}
    return replace(labels, instances=tuple(first.values()))


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=25, **IN_TESTS)
@given(labels=label_sets())
def test_any_labels_come_back_from_every_format_as_they_went(tmp_path, name, labels):
    if name == "lightning_pose":
        labels = alone(labels)
    # the names of folders may be tamed, so the videos get plain ones here
    labels = replace(
        labels,
        videos=tuple(replace(v, path=v.path.with_stem(f"video{v.id}")) for v in labels.videos),
    )
    out = tmp_path / f"out{SUFFIX[name]}"
    if not any(i.present.any() for i in labels.instances) and name != "sleap":
        with pytest.raises(ExportError, match="nothing to export"):
            write(replace(labels, empty_frames=frozenset()), out, name)
        return
    write(labels, out, name)
    found = read(out, name).labels
    assert returned(found, name) == expected(labels, name)
    assert found.skeleton.names == labels.skeleton.names
    if name != "lightning_pose":
        assert set(found.skeleton.bones) == set(labels.skeleton.bones)
    if name in {"sleap", "coco"}:
        assert len(found.empty_frames) == len(labels.empty_frames)
    write(labels, out, name)  # an export replaces an export
    assert returned(read(out, name).labels, name) == expected(labels, name)


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=15, **IN_TESTS)
@given(labels=label_sets())
def test_any_names_of_videos_keypoints_and_tracks_can_be_exported(tmp_path, name, labels):
    labels = alone(labels) if name == "lightning_pose" else labels
    out = tmp_path / f"out{SUFFIX[name]}"
    if not any(i.present.any() for i in labels.instances):
        return
    write(labels, out, name)
    found = read(out, name).labels
    assert sorted(np.nan_to_num(found.points()).sum(axis=(1, 2)).tolist()) == pytest.approx(
        sorted(
            np.nan_to_num(i.points).sum()
            for i in labels.instances
            if name == "sleap" or i.present.any()
        )
    )


PACKS = (
    ("dlc_openfield", "."),
    ("mirror_mouse", "."),
    ("sleap_fly_centered", "centered_pair.slp"),
    ("coco_format_fragments", "coco"),
    ("coco_format_fragments", "ap10k"),
)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("folder_name", "inside"), PACKS)
def test_real_labels_come_back_from_every_format_as_they_went(tmp_path, folder_name, inside, name):
    labels = read(pack(folder_name) / inside).labels
    out = tmp_path / f"out{SUFFIX[name]}"
    if name == "lightning_pose" and most_instances_per_frame(labels.instances) > 1:
        with pytest.raises(ExportError, match="one animal in each frame"):
            write(labels, out, name)
        assert list(tmp_path.iterdir()) == []
        return
    write(labels, out, name)
    assert returned(read(out).labels, name) == expected(labels, name)


@pytest.mark.parametrize("name", ["dlc", "lightning_pose", "coco"])
def test_real_pictures_travel_byte_by_byte(tmp_path, name):
    root = pack("mirror_mouse")
    write(read(root).labels, tmp_path / "out", name, lambda _: PICTURE)
    (video,) = read(tmp_path / "out", name).labels.videos
    assert len(video.images) == 90
    for picture in video.images:
        ours = (video.path / picture).read_bytes()
        assert ours == (root / "labeled-data" / picture).read_bytes()


def export_of(tmp_path, name, **more):
    labels = flies(one_fly(3), one_fly(9), **more)
    out = tmp_path / f"out{SUFFIX[name]}"
    return labels, out


def failure(export) -> str:
    """What the export says when it fails, nothing when it does not."""
    try:
        export()
    except ExportError as why:
        return str(why)
    return ""


@pytest.mark.parametrize("name", [*FORMATS, "packed sleap"])
def test_a_full_disk_at_any_byte_leaves_the_old_export_and_nothing_else(tmp_path, name):
    """The kernel refuses to write files longer than a limit, which grows until all is written."""
    out = tmp_path / (f"out{SUFFIX[name]}" if name in SUFFIX else "out.pkg.slp")
    name = name.split()[-1]
    (tmp_path / "walk.mp4").write_bytes(b"")
    videos = (replace(film(), path=tmp_path / "walk.mp4"),)
    write(flies(one_fly(3), videos=videos), out, name, lambda _: PICTURE, {"is": "old"})
    before = content(tmp_path)
    labels = flies(one_fly(3), one_fly(9, shift=2), videos=videos)
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = [0, 1, 30, 100, 250, 500, 900, 1500, 3000, 6000, 12_000, 24_000]
    refused = 0
    try:
        for limit in limits:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, unlimited[1]))
            said = failure(lambda: write(labels, out, name, lambda _: PICTURE, {"is": "new"}))
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
            if not said:
                break
            refused += 1
            assert "the disk is full" in said
            assert "untouched" in said
            assert content(tmp_path) == before
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        signal.signal(signal.SIGXFSZ, ignored)
    assert refused >= 3
    write(labels, out, name, lambda _: PICTURE, {"is": "new"})
    assert content(tmp_path) != before


@pytest.mark.parametrize("name", FORMATS)
def test_a_full_disk_at_any_file_leaves_the_old_export_and_nothing_else(
    tmp_path, monkeypatch, name
):
    labels, out = export_of(tmp_path, name)
    write(labels, out, name, lambda _: PICTURE)
    before = content(tmp_path)
    real, written = atomic.write_bytes, []

    def failing(path, data):
        written.append(path)
        if len(written) > fine:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, data)

    monkeypatch.setattr(atomic, "write_bytes", failing)
    for fine in range(20):  # noqa: B007 - read by `failing`
        written.clear()
        said = failure(lambda: write(labels, out, name, lambda _: PICTURE))
        if not said:
            break
        assert "the disk is full" in said
        assert content(tmp_path) == before
    assert fine == len(written) > 0


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_that_reads_back_otherwise_replaces_nothing(tmp_path, monkeypatch, name):
    labels, out = export_of(tmp_path, name)
    write(labels, out, name)
    before = content(tmp_path)
    other = replace(FORMATS[name], read=lambda _: read_of_others(labels))
    monkeypatch.setitem(registry.FORMATS, name, other)
    with pytest.raises(ExportError, match="2 labels differ from what was asked for"):
        write(labels, out, name)
    assert content(tmp_path) == before


def read_of_others(labels):
    from poseapp.formats.base import Imported

    hidden = labels.instances[0]
    seen = np.where(hidden.present, Visibility.VISIBLE, Visibility.ABSENT)
    return Imported(replace(labels, instances=(replace(hidden, visibility=seen),)))


@pytest.mark.parametrize("name", FORMATS)
def test_a_manifest_says_what_was_written(tmp_path, name):
    labels, out = export_of(tmp_path, name, empty=(1,))
    notes = write(labels, out, name, None, {"labels": {"digest": labels.digest()}})
    at = out / "manifest.json" if out.is_dir() else out.with_name(f"{out.name}.manifest.json")
    manifest = json.loads(at.read_text())
    assert manifest["format"] == name
    assert manifest["notes"] == list(notes)
    assert manifest["labels"]["digest"] == labels.digest()


def test_a_folder_with_other_files_is_never_replaced(tmp_path):
    labels, out = export_of(tmp_path, "dlc")
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match=r"no export wrote: thesis\.txt"):
        write(labels, out, "dlc")
    (out / "thesis.txt").unlink()
    write(labels, out, "dlc")
    (out / "dlc-models").mkdir()
    (out / "dlc-models" / "weights.pt").write_bytes(b"trained for days")
    with pytest.raises(ExportError, match="weights"):
        write(labels, out, "dlc")
    assert (out / "dlc-models" / "weights.pt").read_bytes() == b"trained for days"


def test_a_file_that_no_export_wrote_is_never_replaced(tmp_path):
    labels, out = export_of(tmp_path, "sleap")
    out.write_bytes(b"somebody's project")
    with pytest.raises(ExportError, match="not written by an export"):
        write(labels, out, "sleap")
    assert out.read_bytes() == b"somebody's project"


def test_a_folder_is_not_replaced_by_a_file_nor_the_other_way_round(tmp_path):
    (tmp_path / "out.slp").mkdir()
    with pytest.raises(ExportError, match="is a folder, and this export is a file"):
        write(flies(one_fly()), tmp_path / "out.slp", "sleap")
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(ExportError, match="is a file, and this export is a folder"):
        write(flies(one_fly()), tmp_path / "out", "dlc")


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_labelled_is_nothing_exported(tmp_path, name):
    with pytest.raises(ExportError, match="nothing to export"):
        write(flies(), tmp_path / "out", name)
    assert list(tmp_path.iterdir()) == []


def test_pictures_that_cannot_be_read_are_left_out_and_said(tmp_path):
    def pictures(ref):
        if ref.frame == 3:
            raise VideoUnreadableError("walk.mp4 is damaged at frame 3.")
        return PICTURE

    labels, out = export_of(tmp_path, "coco")
    notes = write(labels, out, "coco", pictures)
    assert any("1 picture could not be read" in n and "frame 3" in n for n in notes)
    assert sorted(p.name for p in (out / "images" / "walk").iterdir()) == ["img0009.png"]


def test_a_picture_that_is_gone_is_left_out_and_said(tmp_path):
    labels = flies(one_fly(0), videos=(folder(tmp_path / "gone", ["a.png"]),))
    notes = write(labels, tmp_path / "out", "dlc", lambda _: PICTURE)
    assert any("could not be read" in note for note in notes)


def test_formats_are_guessed_from_names_and_folders(tmp_path):
    for name in ("a.slp", "b.pkg.slp", "c.json", "d.h5", "walkDLC_resnet50.csv", "e.csv"):
        (tmp_path / name).write_bytes(b"")
    guesses = {p.name: guess_format(p) for p in tmp_path.iterdir()}
    assert guesses == {
        "a.slp": "sleap",
        "b.pkg.slp": "sleap",
        "c.json": "coco",
        "d.h5": "dlc",
        "walkDLC_resnet50.csv": "dlc",
        "e.csv": "lightning_pose",
    }
    labelled = tmp_path / "labeled-data" / "walk"
    labelled.mkdir(parents=True)
    (labelled / "CollectedData_me.csv").write_bytes(b"")
    assert guess_format(labelled) == guess_format(labelled / "CollectedData_me.csv") == "dlc"


@pytest.mark.parametrize(
    ("name", "guess"),
    [
        ("dlc_openfield", "dlc"),
        ("mirror_mouse", "lightning_pose"),
        ("coco_format_fragments/coco", "coco"),
        ("coco_format_fragments/ap10k/test_ap10k.json", "coco"),
        ("sleap_fly_centered/centered_pair.slp", "sleap"),
    ],
)
def test_formats_of_the_packs_are_guessed(name, guess):
    folder_name, _, rest = name.partition("/")
    assert guess_format(pack(folder_name) / rest) == guess


def test_what_is_no_format_is_said(tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"")
    for path, says in ((tmp_path / "film.mp4", "in no format"), (tmp_path / "x", "is not there")):
        with pytest.raises(FormatError, match=says):
            guess_format(path)
    with pytest.raises(FormatError, match=r"no format 'excel'\. Choose one of sleap, dlc"):
        read(tmp_path / "film.mp4", "excel")


@pytest.mark.parametrize("name", FORMATS)
def test_a_path_that_is_not_there_is_said(name):
    with pytest.raises(FormatError, match=r"is not there|neither"):
        read(Path("/nowhere/at/all.x"), name)


def test_an_export_can_be_moved_and_still_be_read(tmp_path):
    labels, out = export_of(tmp_path, "dlc")
    write(labels, out, "dlc", lambda _: PICTURE)
    moved = tmp_path / "elsewhere" / "again"
    shutil.move(out, moved)
    found = read(moved).labels
    assert returned(found, "dlc") == expected(labels, "dlc")
    assert all(v.kind is VideoKind.IMAGES and v.path.is_dir() for v in found.videos)
