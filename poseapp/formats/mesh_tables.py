"""Motions of bodies as tables and archives, and single meshes as OBJ."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.body_motion import BodyMotion
from poseapp.formats.atomic import write_bytes

Floats = NDArray[np.floating]


def write_archive(motions: Mapping[str, BodyMotion], joints: Sequence[str], path: Path) -> None:
    """NumPy's .npz: for each person `<name>/<array>`, as `BodyMotion` has them.

    `joints` names the joints; `<name>/size` and `<name>/focal_px` are the camera.
    """
    arrays: dict[str, NDArray] = {"people": np.array(list(motions)), "joints": np.array(joints)}
    for name, motion in motions.items():
        errors = np.full(len(motion), np.nan) if motion.error_px is None else motion.error_px
        arrays |= {
            f"{name}/body": np.array(motion.body),
            f"{name}/frames": motion.frames,
            f"{name}/rotations": motion.rotations,
            f"{name}/shape": motion.shape,
            f"{name}/translation": motion.translation,
            f"{name}/error_px": errors,
            f"{name}/size": np.array(motion.size),
            f"{name}/focal_px": np.array(motion.focal_px),
        }
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # pyright: ignore[reportArgumentType] - its stub
    write_bytes(path, content.getvalue())


def parameter_columns(joints: Sequence[str], shapes: int) -> list[str]:
    """The columns of `parameter_rows`."""
    angles = [f"{_word(joint)}_{axis}_rad" for joint in joints for axis in "xyz"]
    return [
        *("person", "frame", "seconds", "error_px", "x_m", "y_m", "z_m"),
        *angles,
        *(f"shape_{n}" for n in range(shapes)),
    ]


def parameter_rows(name: str, motion: BodyMotion, fps: float) -> list[list[str | float | int]]:
    """A row for each frame: place, axis angles of the joints, shape."""
    errors = np.full(len(motion), np.nan) if motion.error_px is None else motion.error_px
    return [
        [
            *(name, int(frame), frame / fps, float(errors[n])),
            *motion.translation[n].tolist(),
            *motion.rotations[n].reshape(-1).tolist(),
            *motion.shape.tolist(),
        ]
        for n, frame in enumerate(motion.frames.tolist())
    ]


def joint_columns(joints: Sequence[str]) -> list[str]:
    """The columns of `joint_rows`."""
    places = [f"{_word(joint)}_{axis}_m" for joint in joints for axis in "xyz"]
    return ["person", "frame", "seconds", *places]


def joint_rows(
    name: str, frames: NDArray[np.int64], places: Floats, fps: float
) -> list[list[str | float | int]]:
    """A row for each frame of (T, J, 3) places, in metres in the axes of the camera."""
    return [
        [name, int(frame), frame / fps, *places[n].reshape(-1).tolist()]
        for n, frame in enumerate(frames.tolist())
    ]


def write_table(
    columns: Sequence[str], rows: Sequence[Sequence[str | float | int]], path: Path
) -> None:
    """Comma-separated values; what is not known stays empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    write_bytes(path, text.getvalue().encode("utf-8"))


def read_table(path: Path) -> tuple[list[str], list[list[str | float]]]:
    """The columns and rows that `write_table` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        columns, *rows = csv.reader(file)
    return columns, [
        [row[0], *(float(cell) if cell else np.nan for cell in row[1:])] for row in rows
    ]


def obj_text(vertices: Floats, faces: NDArray[np.integer]) -> str:
    """A mesh as Wavefront OBJ."""
    points = "\n".join(f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in vertices.tolist())
    return f"{points}\n{faces_text(faces)}"


def faces_text(faces: NDArray[np.integer]) -> str:
    """The triangles of an OBJ, which counts vertices from 1."""
    return "".join(f"f {a} {b} {c}\n" for a, b, c in (faces + 1).tolist())


def _cell(value: str | float | int) -> str:
    if isinstance(value, float):
        return "" if np.isnan(value) else f"{value:.7g}"
    return str(value)


def _word(name: str) -> str:
    return name.replace(" ", "_")
