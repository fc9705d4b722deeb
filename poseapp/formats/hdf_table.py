"""Tables of keypoints in HDF5 as pandas writes and reads them, without pandas.

pandas keeps the names of columns and rows in pickled attributes, and reading them through pandas or
PyTables would run whatever a stranger pickled. Here the arrays are read with h5py, and from a
pickle only lists, tuples, texts and whole numbers are taken, by walking over its instructions
without carrying any of them out; an instruction that would call something is damage.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import FormatError
from poseapp.formats.hdf import array, attribute, image, text
from poseapp.formats.keypoint_table import HEAD, Column, KeypointTable, RowName, row_name

_LEVELS = {3: ("scorer", "bodyparts", "coords"), 4: HEAD}


def read_hdf(path: Path) -> KeypointTable:
    """Read a table that pandas wrote, in its "fixed" or its "table" layout.

    Raises:
        FormatError: when the file holds no such table.
    """
    with h5py.File(path, "r") as file:
        for group in file.values():
            if not isinstance(group, h5py.Group) or "pandas_type" not in group.attrs:
                continue
            kind = text(attribute(group, "pandas_type"))
            if kind == "frame":
                return _fixed(group, path)
            if kind == "frame_table":
                return _table(group, path)
    raise FormatError(
        f"{path.name} holds no table of keypoints. Choose a CollectedData file or a file of "
        "predictions that DeepLabCut wrote."
    )


def table_image(table: KeypointTable, key: str) -> bytes:
    """The bytes of an HDF5 file that DeepLabCut's pandas reads back as this table.

    It is the "fixed" layout: values in one block, columns and rows as texts and numbers of texts.
    """
    levels = HEAD if any(column.individual for column in table.columns) else _LEVELS[3]
    columns = [
        (c.scorer, c.individual, c.keypoint, c.coordinate)
        if levels is HEAD
        else (c.scorer, c.keypoint, c.coordinate)
        for c in table.columns
    ]
    rows = [row for row in table.rows if isinstance(row, tuple)]
    with image() as (file, content):
        group = file.create_group(key)
        _describe(group, pandas_type="frame", encoding="UTF-8", errors="strict")
        group.attrs.update(ndim=2, nblocks=1)
        _write_axis(group, "axis0", columns, levels)
        _write_axis(group, "axis1", rows)
        _write_axis(group, "block0_items", columns, levels)
        _write_array(group, "block0_values", table.values)
    return content[0]


def _write_axis(
    group: h5py.Group, name: str, cells: Sequence[tuple[str, ...]], levels: Sequence[str] = ()
) -> None:
    """The names of columns or rows, level by level; the levels of rows have no names."""
    _describe(group, **{f"{name}_variety": "multi"})
    group.attrs[f"{name}_nlevels"] = len(cells[0])
    for n, names in enumerate(zip(*cells, strict=True)):
        different, codes = np.unique([cell.encode() for cell in names], return_inverse=True)
        _write_array(group, f"{name}_label{n}", codes)
        level = _write_array(group, f"{name}_level{n}", different)
        _describe(level, kind="string", **({"name": levels[n]} if levels else {}))
        level.attrs["nan_rep"] = h5py.Empty("S1")  # else a name such as "nan" counts as missing


def _write_array(group: h5py.Group, name: str, values: NDArray) -> h5py.Dataset:
    dataset = group.create_dataset(name, data=values)
    _describe(dataset, CLASS="ARRAY", FLAVOR="numpy", VERSION="2.4")
    dataset.attrs["transposed"] = np.uint8(1)  # pandas keeps columns first
    return dataset


def _describe(node: h5py.Group | h5py.Dataset, **texts: str) -> None:
    """Attributes that PyTables reads as texts: of fixed length and known to be UTF-8."""
    for name, said in texts.items():
        content = said.encode()
        node.attrs[name] = np.array(content, h5py.string_dtype("utf-8", len(content)))


def _fixed(group: h5py.Group, path: Path) -> KeypointTable:
    columns = [_column(cells) for cells in _axis(group, "axis0")]
    rows = tuple(_row(cells, path) for cells in _axis(group, "axis1"))
    blocks: list[tuple[list[Column], NDArray]] = []
    for n in range(int(attribute(group, "nblocks"))):
        items = [_column(cells) for cells in _axis(group, f"block{n}_items")]
        blocks.append((items, _values(array(group, f"block{n}_values"))))
    return _assembled(columns, rows, blocks)


def _table(group: h5py.Group, path: Path) -> KeypointTable:
    ((_, names),) = plain_pickle(attribute(group, "non_index_axes"))
    rows = array(group, "table")
    blocks: list[tuple[list[Column], NDArray]] = []
    for field in rows.dtype.names or ():
        if field.startswith("values_block_"):
            items = plain_pickle(attribute(group["table"], f"{field}_kind"))
            blocks.append(([_column(cells) for cells in items], _values(rows[field])))
    index = tuple(_row((_plain(name),), path) for name in rows["index"])
    return _assembled([_column(cells) for cells in names], index, blocks)


def _assembled(
    columns: list[Column], rows: tuple[RowName, ...], blocks: list[tuple[list[Column], NDArray]]
) -> KeypointTable:
    position = {column: n for n, column in enumerate(columns)}
    values = np.full((len(rows), len(columns)), np.nan)
    for items, numbers in blocks:
        if numbers.shape != (len(rows), len(items)):
            raise ValueError(f"{numbers.shape} numbers for {len(rows)} × {len(items)} cells")
        values[:, [position[item] for item in items]] = numbers
    return KeypointTable(tuple(columns), rows, values)


def _axis(group: h5py.Group, name: str) -> list[tuple[Any, ...]]:
    """The labels of an axis: one tuple for each of its places."""
    if text(attribute(group, f"{name}_variety")) == "regular":
        return [(_plain(value),) for value in array(group, name)]
    levels = []
    for level in range(int(attribute(group, f"{name}_nlevels"))):
        values = array(group, f"{name}_level{level}")
        codes = array(group, f"{name}_label{level}")
        if codes.size and codes.min() < 0:
            raise ValueError("a label is missing")
        levels.append([_plain(values[code]) for code in codes])
    return list(zip(*levels, strict=True))


def _values(numbers: NDArray) -> NDArray[np.float64]:
    if numbers.dtype.kind not in "fiub":
        raise ValueError("a position is no number")
    return numbers.astype(np.float64)


def _column(cells: tuple[Any, ...]) -> Column:
    if len(cells) not in _LEVELS or not all(isinstance(cell, str | int) for cell in cells):
        raise ValueError("a column without its three or four names")
    by_level = dict(zip(_LEVELS[len(cells)], (str(cell) for cell in cells), strict=True))
    return Column(*(by_level.get(level, "") for level in HEAD))


def _row(cells: tuple[Any, ...], path: Path) -> RowName:
    return row_name([str(cell) for cell in cells], path)


def _plain(value: Any) -> str | int:
    return value.decode() if isinstance(value, bytes) else int(value)


def plain_pickle(content: Any) -> Any:
    """The lists, tuples, texts and whole numbers in a pickle; nothing in it is carried out.

    Raises:
        ValueError: when the pickle would make anything else.
    """
    stack: list[Any] = []
    memo: dict[Any, Any] = {}
    for opcode, argument, _ in pickletools.genops(bytes(content)):
        name = opcode.name
        if name == "STOP":
            break
        if name in _CONSTANTS:
            stack.append(_CONSTANTS[name](argument))
        elif name == "PUT":
            memo[argument] = stack[-1]
        elif name == "GET":
            stack.append(memo[argument])
        elif name in {"LIST", "TUPLE"}:
            mark = len(stack) - 1 - stack[::-1].index(_MARK)
            inside = stack[mark + 1 :]
            stack[mark:] = [inside if name == "LIST" else tuple(inside)]
        elif name == "APPEND":
            value = stack.pop()
            stack[-1].append(value)
        else:
            raise ValueError(f"a pickle that would do {name}")
    (value,) = stack
    return value


_MARK = object()
_CONSTANTS: dict[str, Callable[[Any], Any]] = {
    "MARK": lambda _: _MARK,
    "INT": int,
    "LONG": int,
    "STRING": str,
    "UNICODE": str,
}
