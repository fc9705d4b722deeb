import itertools
import pickle
import pickletools

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from poseapp.domain.errors import FormatError
from poseapp.formats.base import reading
from poseapp.formats.hdf_table import plain_pickle, read_hdf, table_image
from poseapp.formats.keypoint_table import Column, KeypointTable
from tests.fixtures.packs import pack

ONE = pd.MultiIndex.from_product(
    [["me"], ["nose", "tail"], ["x", "y"]], names=["scorer", "bodyparts", "coords"]
)
TWO = pd.MultiIndex.from_product(
    [["me"], ["m1", "m2"], ["nose", "tail"], ["x", "y"]],
    names=["scorer", "individuals", "bodyparts", "coords"],
)
PARTS = [("labeled-data", "v", "img2.png"), ("labeled-data", "v", "img10.png")]
ROWS = {
    "path": ["/".join(parts) for parts in PARTS],
    "windows path": ["\\".join(parts) for parts in PARTS],
    "parts": pd.MultiIndex.from_tuples(PARTS),
    "frame numbers": [3, 8],
}


@pytest.mark.parametrize(
    ("layout", "columns", "rows"),
    [
        case
        for case in itertools.product(["fixed", "table"], [ONE, TWO], ROWS)
        if (case[0], case[2]) != ("table", "parts")  # pandas cannot write these
    ],
)
def test_every_layout_that_pandas_writes_is_read_like_pandas_reads_it(
    tmp_path, layout, columns, rows
):
    values = np.arange(2.0 * len(columns)).reshape(2, -1) / 3
    values[1, 2] = np.nan
    frame = pd.DataFrame(values, index=ROWS[rows], columns=columns)
    frame.to_hdf(tmp_path / "t.h5", key="df_with_missing", format=layout)
    table = read_hdf(tmp_path / "t.h5")
    assert np.array_equal(table.values, values, equal_nan=True)
    assert table.rows == ((3, 8) if rows == "frame numbers" else tuple(PARTS))
    known = [(c.scorer, c.individual, c.keypoint, c.coordinate) for c in table.columns]
    assert known == [t if len(t) == 4 else (t[0], "", *t[1:]) for t in columns.tolist()]


def test_columns_of_several_types_come_back_in_their_order(tmp_path):
    frame = pd.DataFrame([[1, 2.5, 3, 4.5]], index=["labeled-data/v/a.png"], columns=ONE)
    assert frame.dtypes.nunique() == 2
    for layout in ("fixed", "table"):
        frame.to_hdf(tmp_path / f"{layout}.h5", key="k", format=layout)
        assert read_hdf(tmp_path / f"{layout}.h5").values.tolist() == [[1, 2.5, 3, 4.5]]


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["C"], exclude_characters="/\\."),
    min_size=1,
    max_size=8,
)
NUMBERS = st.floats(allow_nan=True, allow_infinity=False)


@given(
    individuals=st.one_of(st.just([""]), st.lists(NAMES, min_size=1, max_size=3, unique=True)),
    keypoints=st.lists(NAMES | st.just("nan"), min_size=1, max_size=4, unique=True),
    pictures=st.lists(NAMES, min_size=1, max_size=4, unique=True),
    numbers=st.data(),
)
@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_written_is_read_by_pandas_and_by_us(
    tmp_path, individuals, keypoints, pictures, numbers
):
    cells = [("me", i, k, c) for i in individuals for k in keypoints for c in ("x", "y")]
    shape = (len(pictures), len(cells))
    values = numbers.draw(arrays(np.float64, shape, elements=NUMBERS))
    rows = tuple(("labeled-data", "v", name) for name in pictures)
    table = KeypointTable(tuple(Column(*names) for names in cells), rows, values)
    (tmp_path / "t.h5").write_bytes(table_image(table, "df_with_missing"))
    columns = pd.MultiIndex.from_tuples(
        cells, names=["scorer", "individuals", "bodyparts", "coords"]
    )
    expected = pd.DataFrame(values, pd.MultiIndex.from_tuples(rows), columns)
    if individuals == [""]:
        expected = expected.droplevel("individuals", axis=1)
    pd.testing.assert_frame_equal(pd.read_hdf(tmp_path / "t.h5"), expected, check_exact=True)
    again = read_hdf(tmp_path / "t.h5")
    assert (again.columns, again.rows) == (table.columns, table.rows)
    assert np.array_equal(again.values, values, equal_nan=True)


def test_what_is_written_holds_no_pickle(tmp_path):
    table = KeypointTable((Column("me", "", "a", "x"),), (("v", "i.png"),), np.zeros((1, 1)))
    (tmp_path / "t.h5").write_bytes(table_image(table, "k"))
    texts = []
    with h5py.File(tmp_path / "t.h5") as file:
        file.visititems(
            lambda _, node: texts.extend(v for v in node.attrs.values() if isinstance(v, bytes))
        )
    assert b"frame" in texts
    assert not any(text.endswith(b".") for text in texts)


class Trap:
    """Unpickling this would make a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("layout", ["fixed", "table"])
def test_a_pickled_trap_in_an_attribute_is_never_sprung(tmp_path, layout):
    frame = pd.DataFrame([[1.0, 2, 3, 4]], index=["labeled-data/v/a.png"], columns=ONE)
    frame.to_hdf(tmp_path / "t.h5", key="k", format=layout)
    sprung = tmp_path / "sprung"
    trap = np.bytes_(pickle.dumps(Trap(sprung), 0))
    with h5py.File(tmp_path / "t.h5", "a") as file:
        for name in list(file["k"].attrs):
            if name not in {"pandas_type", "CLASS", "VERSION", "TITLE"}:
                file["k"].attrs[name] = trap
    with pytest.raises(FormatError), reading(tmp_path / "t.h5", "a table"):
        read_hdf(tmp_path / "t.h5")
    assert not sprung.exists()


@pytest.mark.parametrize(
    "value",
    [
        [],
        [(1, ["a", "b"])],
        [("me", "nose", "x"), ("me", "nose", "y")],
        ["same", "same", ("same", 7, -3)],
    ],
)
def test_a_pickle_of_lists_and_texts_is_read(value):
    assert plain_pickle(pickle.dumps(value, 0)) == value


def test_a_pickle_that_would_call_something_is_refused_by_name_of_its_instruction(tmp_path):
    trap = pickle.dumps([Trap(tmp_path / "x")], 0)
    assert "GLOBAL" in {opcode.name for opcode, _, _ in pickletools.genops(trap)}
    with pytest.raises(ValueError, match="GLOBAL"):
        plain_pickle(trap)
    assert not (tmp_path / "x").exists()


def test_a_table_of_objects_is_refused(tmp_path):
    frame = pd.DataFrame([[1.0, 2, 3, 4]], index=["a.png"], columns=ONE)
    frame.to_hdf(tmp_path / "t.h5", key="k", format="fixed")
    with h5py.File(tmp_path / "t.h5", "a") as file:
        del file["k/block0_values"]
        file["k"].create_dataset("block0_values", data=["x"], dtype=h5py.string_dtype())
    with pytest.raises(FormatError), reading(tmp_path / "t.h5", "a table"):
        read_hdf(tmp_path / "t.h5")


def test_the_tables_of_the_open_field_project_are_read_like_pandas_reads_them():
    labelled = pack("dlc_openfield") / "labeled-data" / "m4s1"
    table = read_hdf(labelled / "CollectedData_Pranav.h5")
    by_pandas = pd.read_csv(labelled / "CollectedData_Pranav.csv", header=[0, 1, 2], index_col=0)
    order = ["/".join(row) for row in table.rows]
    assert np.array_equal(table.values, by_pandas.loc[order].to_numpy())
    assert [(c.scorer, c.keypoint, c.coordinate) for c in table.columns] == list(by_pandas.columns)
