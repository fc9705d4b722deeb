"""A BodyMotion as a file: safetensors, so that reading it runs no code."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.errors import ProjectError


def write_motion(motion: BodyMotion, path: Path) -> None:
    """Write it whole or not at all.

    Raises:
        ProjectError: when the disk is full or cannot be written.
    """
    errors = np.full(len(motion), np.nan) if motion.error_px is None else motion.error_px
    arrays = {
        "frames": motion.frames.astype(np.int64),
        "rotations": motion.rotations.astype(np.float32),
        "shape": motion.shape.astype(np.float32),
        "translation": motion.translation.astype(np.float32),
        "error_px": errors.astype(np.float32),
    }
    words = {"body": motion.body, "size": list(motion.size), "focal_px": motion.focal_px}
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(arrays, draft, {"motion": json.dumps(words)})
        with draft.open("r+b") as written:
            os.fsync(written.fileno())
        draft.replace(path)
    except (OSError, SafetensorError) as why:
        raise ProjectError(
            f"The meshes could not be written to {path.parent} ({why}). Make room on the disk and "
            "recover them again."
        ) from why
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def read_motion(path: Path) -> BodyMotion:
    """What `write_motion` wrote.

    Raises:
        ProjectError: when it is gone or damaged.
    """
    try:
        with safe_open(path, framework="np") as file:
            words = json.loads(file.metadata()["motion"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        width, height = words["size"]
        return BodyMotion(
            str(words["body"]),
            (int(width), int(height)),
            float(words["focal_px"]),
            arrays["frames"],
            arrays["rotations"].astype(np.float64),
            arrays["shape"].astype(np.float64),
            arrays["translation"].astype(np.float64),
            arrays["error_px"].astype(np.float64),
        )
    except (OSError, SafetensorError, LookupError, TypeError, ValueError) as why:
        raise ProjectError(
            f"The meshes in {path} cannot be read: the file is gone or damaged. Labels and "
            "predictions are not in it; recover the meshes of this video again."
        ) from why
