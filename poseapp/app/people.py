"""People and hands out of the box: nets that find them in a project before any label.

They are kept for all projects (`people_packages` gets them). A project with a skeleton of a person
or a hand, and without a net of its own, takes them over as its first run.
"""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

from platformdirs import user_data_path

from poseapp.app.runs import new_run_id
from poseapp.domain.errors import InferenceError
from poseapp.domain.human import is_hand, is_human
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.skeleton import Skeleton
from poseapp.infer.people.names import (
    BODIES,
    CROWD_FILE,
    CROWD_LICENCE,
    DETECTOR_FILE,
    HANDS,
    LANDMARKS_FILE,
    MOST_PEOPLE,
)
from poseapp.nets.card import FILE, Card, NetFile
from poseapp.store.project import Project

PACKAGE = "mediapipe==0.10.14"
"""Of the Python index: the last version that is known to hold the nets; it is not installed."""
HOW_TO_FETCH = "poseapp people --fetch"

_FILES = {
    BODIES: {DETECTOR_FILE: DETECTOR_FILE, LANDMARKS_FILE: LANDMARKS_FILE},
    HANDS: {DETECTOR_FILE: "palms.onnx", LANDMARKS_FILE: "hands.onnx"},
}
"""Of each kind: its files in a run's folder, and what they are kept as."""
_BETTER = {BODIES: (CROWD_FILE, CROWD_LICENCE), HANDS: ()}
"""Files that go into a run's folder too where they could be had."""
_INPUT_PX = {BODIES: 256, HANDS: 224}
"""Along a side of what a landmark net sees."""
_FOUND = {BODIES: "people", HANDS: "hands"}


def people_folder() -> Path:
    """Where the nets are kept for all projects; `POSEAPP_PEOPLE` names another place."""
    named = os.environ.get("POSEAPP_PEOPLE")
    return Path(named) if named else user_data_path("poseapp") / "people"


def are_there(net: str | None = None) -> bool:
    """Whether the files of this net, or of all, were fetched."""
    kinds = _FILES if net is None else [net]
    return all(
        (people_folder() / name).is_file() for kind in kinds for name in _FILES[kind].values()
    )


def finds_crowds() -> bool:
    """Whether people are found by the better of the two detectors."""
    return (people_folder() / CROWD_FILE).is_file()


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
            f"(36 MB, and 145 by npm where it is, once): {HOW_TO_FETCH}"
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
        for name in _BETTER[card.net] if finds_crowds() else ():
            _place(people_folder() / name, folder / name)
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
