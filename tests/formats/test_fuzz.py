"""Damaged files: whatever is wrong, an import says so with a sentence or gives what is right.

The byte flips are the same in every run: the HDF5 library itself can take very long over some.
"""

import copy
import csv
import io
import json
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poseapp.domain.errors import PoseAppError
from poseapp.formats.registry import FORMATS, guess_format, read, write
from poseapp.formats.sleap_pictures import unpack
from tests.fixtures.packs import pack
from tests.formats.made import film, flies, folder, one_fly

SETTINGS = {
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    "deadline": None,
    "derandomize": True,
}
PICTURE = np.zeros((4, 4, 3), np.uint8)
ODD = [None, True, -1, 0, 3, 1e308, -1e308, 2**31, 2**63, 10**40, 0.5, "", "x", "../..", "nan",
       "\x00", [], [[]], {}, {"x": 1}, [1, 2, 3], ["a", "a"], "9" * 5000]  # fmt: skip


def survives(path: Path, name: str, tmp_path: Path) -> None:
    """Reading gives an import that holds together, or a sentence."""
    said = ""
    try:
        found = unpack(read(path, name), tmp_path / "pictures")
    except PoseAppError as why:
        said = str(why)
    if said:
        assert 10 < len(said) < 2000
        assert "Traceback" not in said
        return
    labels = found.labels
    for ref in (*labels.frames, *labels.empty_frames, *found.suggested):
        assert ref.frame < labels.video(ref.video).frame_count
    assert np.isfinite(labels.points()[labels.visibility() > 0]).all()
    for predictions in found.predictions:
        assert (np.diff(predictions.frames) >= 0).all()
        assert ((predictions.scores >= 0) & (predictions.scores <= 1)).all()
    names = {track.id for track in labels.tracks}
    assert {i.track for i in labels.instances} <= {None, *names}


@contextmanager
def restored(path: Path):
    """The file may be changed meanwhile; the next example finds it whole."""
    whole = path.read_bytes()
    try:
        yield whole
    finally:
        path.write_bytes(whole)


@pytest.fixture
def small(tmp_path):
    """A small file of every kind, by the name of its format and its own name."""
    shots = folder(tmp_path / "gone", ["a.png", "b.png"], 2)
    labels = flies(
        one_fly(3, track=1), one_fly(9, shift=1), one_fly(1, video=2), videos=(film(), shots),
        tracks=("he",), empty=(5,),
    )  # fmt: skip
    made = {}
    for name in FORMATS:
        out = tmp_path / "small" / f"{name}{FORMATS[name].suffix}"
        write(labels, out, name)
        made[name] = out
    made["package"] = tmp_path / "small" / "p.pkg.slp"
    packed = flies(one_fly(0, video=2), videos=(shots,))
    shots.path.mkdir()
    for picture in shots.images:
        (shots.path / picture).write_bytes(b"")
    write(packed, made["package"], "sleap", lambda _: PICTURE)
    for picture in shots.images:
        (shots.path / picture).unlink()
    return made


def files(small):
    """(format, file) of every file that an import reads."""
    return {
        "slp": ("sleap", small["sleap"]),
        "package": ("sleap", small["package"]),
        "h5": ("dlc", next(small["dlc"].rglob("*.h5"))),
        "dlc csv": ("dlc", next(small["dlc"].rglob("*.csv"))),
        "yaml": ("dlc", small["dlc"] / "config.yaml"),
        "csv": ("lightning_pose", small["lightning_pose"] / "CollectedData.csv"),
        "json": ("coco", small["coco"]),
    }


KINDS = ["slp", "package", "h5", "dlc csv", "yaml", "csv", "json"]


def damaged(content, flips, cut):
    changed = bytearray(content)
    for place, value in flips:
        changed[int(place * (len(changed) - 1))] = value
    return bytes(changed[: int(cut * len(changed))] if cut < 1 else changed)


PLACES = st.one_of(st.floats(0, 1), st.floats(0, 0.2))
FLIPS = st.lists(st.tuples(PLACES, st.integers(0, 255)), max_size=12)
CUTS = st.one_of(st.just(1.0), st.just(1.0), st.floats(0, 1))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=60, **SETTINGS)
@given(flips=FLIPS, cut=CUTS)
def test_flipped_and_missing_bytes(tmp_path, small, kind, flips, cut):
    name, path = files(small)[kind]
    with restored(path) as whole:
        path.write_bytes(damaged(whole, flips, cut))
        survives(path, name, tmp_path)


REAL = {
    "slp": ("sleap_fly_centered", "centered_pair.slp", "sleap"),
    "package": ("sleap_fly_centered", "minimal_instance.pkg.slp", "sleap"),
    "predictions": ("sleap_mouse_multiview", "top/minimal_top_proofread.slp", "sleap"),
    "h5": ("dlc_openfield", "labeled-data/m4s1/CollectedData_Pranav.h5", "dlc"),
    "csv": ("mirror_mouse", "CollectedData.csv", "lightning_pose"),
    "json": ("coco_format_fragments", "coco/test_coco.json", "coco"),
}


@pytest.mark.parametrize("kind", REAL)
@settings(max_examples=40, **SETTINGS)
@given(flips=FLIPS, cut=CUTS)
def test_flipped_and_missing_bytes_of_real_files(tmp_path, kind, flips, cut):
    folder_name, inside, name = REAL[kind]
    source = pack(folder_name) / inside
    path = tmp_path / source.name
    path.write_bytes(damaged(source.read_bytes(), flips, cut))
    survives(path, name, tmp_path)


def places_in(tree, path=()):
    """The way to every node of a tree of lists and dictionaries."""
    if path:
        yield path
    if isinstance(tree, dict | list):
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from places_in(value, (*path, key))


def changed(tree, which, odd, how):
    """The tree with one node replaced, taken out or doubled."""
    tree = copy.deepcopy(tree)
    places = list(places_in(tree))
    *way, last = places[which % len(places)]
    node = tree
    for key in way:
        node = node[key]
    if how == "replace":
        node[last] = odd
    elif how == "remove":
        del node[last]
    elif isinstance(node, list):
        node.insert(last, copy.deepcopy(node[last]))
    return tree


WHICH = st.integers(0, 10_000)
HOW = st.sampled_from(["replace", "replace", "replace", "remove", "double"])


@settings(max_examples=150, **SETTINGS)
@given(which=WHICH, odd=st.sampled_from(ODD), how=HOW)
def test_odd_values_in_coco(tmp_path, small, which, odd, how):
    path = small["coco"]
    with restored(path) as whole:
        path.write_text(json.dumps(changed(json.loads(whole), which, odd, how)))
        survives(path, "coco", tmp_path)


@settings(max_examples=100, **SETTINGS)
@given(which=WHICH, odd=st.sampled_from(ODD), how=HOW)
def test_odd_values_in_a_configuration(tmp_path, small, which, odd, how):
    path = small["dlc"] / "config.yaml"
    with restored(path) as whole:
        path.write_text(yaml.safe_dump(changed(yaml.safe_load(whole), which, odd, how)))
        survives(small["dlc"], "dlc", tmp_path)


CELLS = ["", "x", "nan", "inf", "-inf", "1e999", "1e300", "-0", "1_0", "٣", "\x00", '"', "a,b",
         "../../x.png", "C:\\x.png", "/", "coords", "likelihood", "9" * 20]  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "dlc csv"])
@settings(max_examples=80, **SETTINGS)
@given(row=st.integers(0, 9), column=st.integers(0, 30), cell=st.sampled_from(CELLS))
def test_odd_cells_in_tables(tmp_path, small, kind, row, column, cell):
    name, path = files(small)[kind]
    with restored(path) as whole:
        lines = list(csv.reader(io.StringIO(whole.decode())))
        line = lines[row % len(lines)]
        line[column % len(line)] = cell
        out = io.StringIO()
        csv.writer(out).writerows(lines)
        path.write_text(out.getvalue())
        survives(path, name, tmp_path)


ROWS = ["metadata", "videos_json", "tracks_json"]


def with_other_text(path, where, change):
    """Put a changed tree in the place of one that the file holds as JSON."""
    with h5py.File(path, "a") as file:
        if where == "metadata":
            text = json.dumps(change(json.loads(file["metadata"].attrs["json"])))
            file["metadata"].attrs["json"] = np.bytes_(text.encode())
            return
        rows = change([json.loads(row) for row in file[where]] or [[0, "x"]])
        del file[where]
        texts = [json.dumps(row) for row in rows]
        file.create_dataset(where, data=texts, dtype=h5py.string_dtype())


@pytest.mark.parametrize("which_file", ["sleap", "package"])
@settings(max_examples=100, **SETTINGS)
@given(where=st.sampled_from(ROWS), which=WHICH, odd=st.sampled_from(ODD), how=HOW)
def test_odd_values_in_the_texts_of_sleap(tmp_path, small, which_file, where, which, odd, how):
    path = small[which_file]
    with restored(path):
        with_other_text(path, where, lambda tree: changed(tree, which, odd, how))
        survives(path, "sleap", tmp_path)


NUMBERS = [np.nan, np.inf, -np.inf, -1.0, 1e300, 2.0**40, 0.0, 7.0]


@pytest.mark.parametrize("table", ["frames", "instances", "points"])
@pytest.mark.parametrize("with_names", [True, False])
@settings(max_examples=40, **SETTINGS)
@given(field=st.integers(0, 9), row=st.integers(0, 20), number=st.sampled_from(NUMBERS))
def test_odd_numbers_in_the_tables_of_sleap(tmp_path, small, table, with_names, field, row, number):
    path = small["sleap"]
    with restored(path):
        with h5py.File(path, "a") as file, np.errstate(all="ignore"):
            rows = file[table][:]
            name = rows.dtype.names[field % len(rows.dtype.names)]
            if not with_names:  # plain numbers, among which everything is possible
                rows = rows.astype([(n, "f8") for n in rows.dtype.names])
            rows[name][row % len(rows)] = np.float64(number).astype(rows.dtype[name])
            del file[table]
            file[table] = rows if with_names else np.array([list(r) for r in rows.tolist()])
        survives(path, "sleap", tmp_path)


DATASETS = ["frames", "instances", "points", "pred_points", "videos_json", "tracks_json",
            "suggestions_json", "negative_frames", "metadata"]  # fmt: skip
INSTEAD = [
    np.zeros(0),
    np.zeros((2, 2)),
    np.zeros((3, 3, 3)),
    np.array(b"text"),
    np.arange(5),
    None,
]


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("instead", range(len(INSTEAD)))
def test_other_things_in_the_place_of_sleaps_tables(tmp_path, small, dataset, instead):
    with h5py.File(small["sleap"], "a") as file:
        del file[dataset]
        if INSTEAD[instead] is not None:
            file[dataset] = INSTEAD[instead]
    survives(small["sleap"], "sleap", tmp_path)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "content", [b"", b"\x00", b"\x89HDF\r\n\x1a\n", b"{}", b"[]", b"a,b\n1,2\n"]
)
@pytest.mark.parametrize("suffix", [".slp", ".h5", ".csv", ".json", ".yaml", ""])
def test_empty_and_foreign_files(tmp_path, name, content, suffix):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(content)
    with pytest.raises(PoseAppError):
        read(path, name)


@pytest.mark.parametrize("name", FORMATS)
def test_empty_folders(tmp_path, name):
    with pytest.raises(PoseAppError):
        read(tmp_path, name)
    with pytest.raises(PoseAppError):
        guess_format(tmp_path)


def test_a_keypoint_that_stands_twice(tmp_path, small):
    tree = json.loads(small["coco"].read_text())
    tree["categories"][0]["keypoints"][1] = tree["categories"][0]["keypoints"][0]
    small["coco"].write_text(json.dumps(tree))
    with pytest.raises(PoseAppError, match="more than once"):
        read(small["coco"])
