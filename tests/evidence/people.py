"""How well people are found before any label: `python -m tests.evidence.people`.

MoveNet and BlazePose as the app runs them, over every frame of the pack of human film clips, whose
labels they never saw. Needs the pack and the nets of `poseapp people`.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
from numpy.typing import NDArray

from poseapp.app.people import people_card, people_folder
from poseapp.app.presets import preset
from poseapp.domain.human import LIMB_KEYPOINTS, places_of
from poseapp.domain.metrics import box_size, pck, torso_size
from poseapp.infer.people.names import CROWD_FILE, DETECTOR_FILE, LANDMARKS_FILE
from poseapp.infer.people.people import People
from poseapp.infer.session import Net
from poseapp.media.reader import FrameReader
from tests.fixtures.jhmdb import SKELETON, read_jhmdb
from tests.fixtures.packs import data_folder

_HERE = places_of(preset("person"))
_THERE = places_of(SKELETON)
OURS = [_HERE[name] for name in LIMB_KEYPOINTS]
THEIRS = [_THERE[name] for name in LIMB_KEYPOINTS]


def main() -> None:
    """Print one JSON document."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--every", type=int, default=1, help="Only every so many clips.")
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--detector", choices=("movenet", "blazepose"), default="movenet")
    options = asked.parse_args()
    file = CROWD_FILE if options.detector == "movenet" else DETECTOR_FILE
    labels, _ = read_jhmdb(data_folder() / "jhmdb_human_video")
    nets = (
        Net(people_folder() / name, device="cpu", threads=options.threads)
        for name in (LANDMARKS_FILE, file)
    )
    people = People(people_card(preset("person")), *nets, file=file)
    predicted, truth, seconds, found = [], [], 0.0, 0
    for video in labels.videos[:: options.every]:
        film = people.film()
        refs = [instance.frame for instance in labels.instances if instance.frame.video == video.id]
        for ref, picture in FrameReader([video], None).read_many(refs):
            (label,) = labels.at(ref)
            began = time.perf_counter()
            (bodies,) = film.predict([picture])
            seconds += time.perf_counter() - began
            body = nearest(bodies.points, label.points)
            found += body is not None
            predicted.append(np.full((12, 2), np.nan) if body is None else body[OURS])
            truth.append(label.points)
    points, all_true = np.array(predicted), np.array(truth)
    torso = torso_size(all_true, _THERE["left shoulder"], _THERE["right hip"])
    sizes = {"torso": torso, "box": box_size(all_true)}
    document = {
        "frames": len(points),
        "person_found": round(found / len(points), 3),
        "frames_per_s": round(len(points) / seconds, 1),
        "threads": options.threads,
    }
    for name, size in sizes.items():
        shares = pck(points, all_true[:, THEIRS], size, 0.2)
        document[f"pck_{name}_02"] = round(float(shares.mean()), 3)
        document[f"pck_{name}_02_by_keypoint"] = dict(
            zip(LIMB_KEYPOINTS, shares.round(3).tolist(), strict=True)
        )
    print(json.dumps(document, indent=1))  # noqa: T201


def nearest(bodies: NDArray[np.float64], label: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """The body whose middle is nearest to the label's, and within its box: errors do not choose."""
    if not len(bodies):
        return None
    middle = np.nanmean(label, axis=0)
    away = np.linalg.norm(np.nanmean(bodies[:, OURS], axis=1) - middle, axis=1)
    best = int(np.argmin(np.where(np.isfinite(away), away, np.inf)))
    return bodies[best] if away[best] <= float(box_size(label)) / 2 else None


if __name__ == "__main__":
    main()
