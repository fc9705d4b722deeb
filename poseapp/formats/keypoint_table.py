"""The table that DeepLabCut and Lightning Pose share: a row per frame, under a head of 3 or 4 rows.

    scorer      | rick | rick | ...
    individuals | m1   | m1   | ...     only where there are several animals
    bodyparts   | nose | nose | ...
    coords      | x    | y    | ...     x, y, and `likelihood` (predictions) or `visible` (labels)
    labeled-data/v/img01.png | 77.25 | 36.25 | ...

A row is called by a picture's path (one cell, or one cell a folder) or by a frame number.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import FormatError
from poseapp.formats.base import checked_frame, checked_points

HEAD = ("scorer", "individuals", "bodyparts", "coords")
_COORDINATES = frozenset({"x", "y", "likelihood", "visible"})

RowName = tuple[str, ...] | int
"""The parts of a picture's path, or a frame number."""


@dataclass(frozen=True, slots=True)
class Column:
    """One number of one keypoint."""

    scorer: str
    individual: str
    """Empty in a table of one animal."""
    keypoint: str
    coordinate: str


@dataclass(frozen=True, slots=True, eq=False)
class KeypointTable:
    """The table as it stands in the file."""

    columns: tuple[Column, ...]
    rows: tuple[RowName, ...]
    values: NDArray[np.float64]
    """(rows, columns), NaN where a cell is empty."""


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """A table arranged by individual and keypoint; n rows, i individuals, k keypoints."""

    rows: tuple[RowName, ...]
    individuals: tuple[str, ...]
    keypoints: tuple[str, ...]
    points: NDArray[np.float64]
    """(n, i, k, 2) pixels, NaN where empty."""
    likelihood: NDArray[np.float64] | None
    """(n, i, k), None where the table has labels."""
    visible: NDArray[np.float64] | None
    """(n, i, k) as in the file, None where it has no such column."""
    notes: tuple[str, ...] = ()


def read_csv(path: Path) -> KeypointTable:
    """Read a table from a CSV file.

    Raises:
        FormatError: when it has not the head of such a table.
    """
    text = path.read_bytes().decode("utf-8-sig")
    lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if any(line)]
    head = {}
    while lines and lines[0][0] in HEAD and lines[0][0] not in head:
        line = lines.pop(0)
        head[line[0]] = line
    if "bodyparts" not in head or "coords" not in head:
        raise FormatError(
            f"{path.name} has no rows called bodyparts and coords at the top, so it is no table of "
            "keypoints. Choose the CSV or .h5 file that DeepLabCut or Lightning Pose wrote."
        )
    width = len(head["coords"])
    if any(len(line) != width for line in [*head.values(), *lines]):
        raise FormatError(f"{path.name} has rows of unequal length. Export it again.")
    names = next((n for n in range(1, width) if head["coords"][n]), width)
    blank = [""] * width
    kept = [n for n in range(names, width) if head["coords"][n] in _COORDINATES]
    values = [[_number(line[n]) for n in kept] for line in lines]
    return KeypointTable(
        tuple(Column(*(head.get(level, blank)[n] for level in HEAD)) for n in kept),
        tuple(row_name(line[:names], path) for line in lines),
        np.array(values, np.float64).reshape(len(lines), len(kept)),
    )


def write_csv(table: KeypointTable) -> bytes:
    """The table as the bytes of a CSV file; numbers keep every digit."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    names = len(table.rows[0]) if table.rows and not isinstance(table.rows[0], int) else 1
    pad = [""] * (names - 1)
    for level, cells in zip(HEAD, zip(*map(_cells, table.columns), strict=True), strict=True):
        if any(cells):
            writer.writerow([level, *pad, *cells])
    for name, numbers in zip(table.rows, table.values.tolist(), strict=True):
        parts = [name] if isinstance(name, int) else name
        writer.writerow([*parts, *("" if n != n else repr(n) for n in numbers)])
    return out.getvalue().encode()


def arranged(table: KeypointTable, where: str) -> Poses:
    """Sort the columns by individual and keypoint, in the order in which they first appear.

    Only the first scorer is taken.

    Raises:
        FormatError: when a keypoint lacks x or y, or stands there twice.
    """
    scorers = list(dict.fromkeys(column.scorer for column in table.columns))
    mine = [
        (n, column)
        for n, column in enumerate(table.columns)
        if column.scorer == scorers[0] and column.coordinate in _COORDINATES
    ]
    individuals = tuple(dict.fromkeys(column.individual for _, column in mine))
    keypoints = tuple(dict.fromkeys(column.keypoint for _, column in mine))
    at = {(c.individual, c.keypoint, c.coordinate): n for n, c in mine}
    if not mine or len(at) != len(mine):
        raise FormatError(f"{where} has no keypoints, or one of them twice. Export it again.")

    def cube(coordinate: str) -> NDArray[np.float64]:
        found = np.full((len(table.rows), len(individuals), len(keypoints)), np.nan)
        for i, individual in enumerate(individuals):
            for k, keypoint in enumerate(keypoints):
                n = at.get((individual, keypoint, coordinate))
                if n is not None:
                    found[:, i, k] = table.values[:, n]
        return found

    coordinates = {column.coordinate for _, column in mine}
    if any((i, k, "x") not in at or (i, k, "y") not in at for i, k, _ in at):
        raise FormatError(f"{where} has a keypoint without both x and y. Export it again.")
    notes = (f"Only the labels of {scorers[0]} were read.",) if len(scorers) > 1 else ()
    return Poses(
        table.rows,
        individuals,
        keypoints,
        checked_points(np.stack([cube("x"), cube("y")], axis=-1), where),
        cube("likelihood") if "likelihood" in coordinates else None,
        cube("visible") if "visible" in coordinates else None,
        notes,
    )


def row_name(cells: Sequence[str], path: Path) -> RowName:
    """What a row is called.

    Raises:
        FormatError: when it is neither a picture nor a frame.
    """
    if len(cells) == 1 and cells[0].removesuffix(".0").isdecimal():
        return checked_frame(int(cells[0].removesuffix(".0")))
    parts = [p for cell in cells for p in cell.replace("\\", "/").split("/") if p not in {"", "."}]
    if not parts:
        raise FormatError(f"{path.name} has a row without the name of a picture. Export it again.")
    return tuple(parts)


def _cells(column: Column) -> tuple[str, str, str, str]:
    return column.scorer, column.individual, column.keypoint, column.coordinate


def _number(cell: str) -> float:
    return float(cell) if cell.strip() else float("nan")
