import numpy as np
import pytest

from poseapp.domain.errors import FormatError
from poseapp.formats.base import reading
from poseapp.formats.keypoint_table import (
    Column,
    KeypointTable,
    arranged,
    read_csv,
    write_csv,
)

HEAD = "scorer,me,me,me,me\nbodyparts,nose,nose,tail,tail\ncoords,x,y,x,y\n"


def table(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode(encoding))
    with reading(path, "a table"):
        return read_csv(path)


def test_a_table_is_read_with_empty_cells_as_nothing(tmp_path):
    found = table(tmp_path, HEAD + "labeled-data/v/a.png,1.5,2,,\nlabeled-data\\v\\b.png,,,3,4\n")
    assert found.columns[0] == Column("me", "", "nose", "x")
    assert found.rows == (("labeled-data", "v", "a.png"), ("labeled-data", "v", "b.png"))
    assert np.array_equal(
        found.values, [[1.5, 2, np.nan, np.nan], [np.nan, np.nan, 3, 4]], equal_nan=True
    )


def test_a_table_with_a_cell_for_each_folder_is_read(tmp_path):
    text = "scorer,,,me,me\nbodyparts,,,nose,nose\ncoords,,,x,y\nlabeled-data,v,a.png,1,2\n"
    assert table(tmp_path, text).rows == (("labeled-data", "v", "a.png"),)


def test_individuals_and_a_byte_order_mark_are_understood(tmp_path):
    text = "scorer,me,me\nindividuals,m1,m1\nbodyparts,nose,nose\ncoords,x,y\n0,1,2\n7.0,3,4\n"
    found = table(tmp_path, text, "utf-8-sig")
    assert found.columns[0].individual == "m1"
    assert found.rows == (0, 7)


def test_columns_that_are_no_positions_are_passed_over(tmp_path):
    text = (
        "scorer,me,me,me,set\nbodyparts,nose,nose,nose,\ncoords,x,y,x_ens_median,\n"
        "labeled-data/a.png,1,2,hello,train\n"
    )
    assert table(tmp_path, text).values.tolist() == [[1, 2]]


def test_written_tables_are_read_back_to_the_last_digit(tmp_path):
    columns = (Column("me", "m,1", 'a "b"', "x"), Column("me", "m,1", 'a "b"', "y"))
    values = np.array([[1 / 3, np.nan], [-1e-17, 2.0**60]])
    made = KeypointTable(columns, (("v", "é.png"), ("v", "b.png")), values)
    (tmp_path / "t.csv").write_bytes(write_csv(made))
    found = read_csv(tmp_path / "t.csv")
    assert (found.columns, found.rows) == (made.columns, made.rows)
    assert np.array_equal(found.values, values, equal_nan=True)


def test_a_table_is_arranged_by_individual_and_keypoint_in_order_of_appearance():
    columns = tuple(
        Column("me", i, k, c)
        for c in ("y", "likelihood", "x")
        for i in ("m2", "m1")
        for k in ("tail", "nose")
    )
    found = arranged(KeypointTable(columns, (0,), np.arange(12.0)[None]), "t.csv")
    assert (found.individuals, found.keypoints) == (("m2", "m1"), ("tail", "nose"))
    assert found.points.tolist() == [[[[8, 0], [9, 1]], [[10, 2], [11, 3]]]]
    assert found.likelihood is not None
    assert found.likelihood.tolist() == [[[4, 5], [6, 7]]]
    assert found.visible is None


def test_a_position_with_one_number_missing_is_no_position():
    columns = (Column("me", "", "a", "x"), Column("me", "", "a", "y"))
    found = arranged(KeypointTable(columns, (0,), np.array([[1.0, np.nan]])), "t.csv")
    assert np.isnan(found.points).all()


def test_only_the_first_scorer_is_taken_and_that_is_said():
    columns = tuple(Column(s, "", "a", c) for s in ("me", "net") for c in "xy")
    found = arranged(KeypointTable(columns, (0,), np.arange(4.0)[None]), "t.csv")
    assert found.points.tolist() == [[[[0, 1]]]]
    assert found.notes == ("Only the labels of me were read.",)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no rows called bodyparts and coords"),
        ("a,b,c\n1,2,3\n", "no rows called bodyparts and coords"),
        (HEAD + "a.png,1,2,3\n", "unequal length"),
        (HEAD + "a.png,1,2,3,many\n", "cannot be read as"),
        (HEAD + ",1,2,3,4\n", "without the name of a picture"),
        (HEAD + "99999999999,1,2,3,4\n", "which no video has"),
        (HEAD + "a.png,1,2,3,4\x00\n", "cannot be read as"),
        ('scorer,"open', "cannot be read as"),
    ],
)
def test_what_is_no_such_table_is_refused_with_a_sentence(tmp_path, text, says):
    with pytest.raises(FormatError, match=says):
        table(tmp_path, text)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"scorer,\xff\xfe\n")
    with pytest.raises(FormatError), reading(tmp_path / "t.csv", "a table"):
        read_csv(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ([("a", "x")], "without both x and y"),
        ([("a", "x"), ("a", "y"), ("a", "x")], "twice"),
        ([], "no keypoints"),
    ],
)
def test_a_keypoint_that_is_not_whole_is_refused(columns, says):
    made = tuple(Column("me", "", name, c) for name, c in columns)
    with pytest.raises(FormatError, match=says):
        arranged(KeypointTable(made, (0,), np.zeros((1, len(made)))), "t.csv")


@pytest.mark.parametrize("position", [np.inf, -2e6])
def test_a_position_that_is_in_no_picture_is_refused(position):
    columns = (Column("me", "", "a", "x"), Column("me", "", "a", "y"))
    with pytest.raises(FormatError, match="in no picture"):
        arranged(KeypointTable(columns, (0,), np.array([[position, 1.0]])), "t.csv")
