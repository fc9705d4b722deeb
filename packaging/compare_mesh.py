"""Compare ways to a body on made-up keypoints of held-out styles: what a card of a net says.

    .venv/bin/python packaging/compare_mesh.py --mocap ../shared/data/cmu_mocap --net FILE

PA-MPJPE over the 14 keypoints, in millimetres, of the same clips: the usual pose in every frame,
the net, the fit from nothing, and the fit that starts from the net. The fits do not know the focal
length that the clips were made with.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from cmu_mocap import HELD_OUT, performances

from poseapp.domain.alignment import pa_mpjpe
from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.report import SilentReport
from poseapp.infer.mesh import recover
from poseapp.infer.seen_person import SeenPerson
from poseapp.learn.motion_hmr.lessons import keypoint_lesson
from poseapp.learn.synth.hiding import DetectorErrors
from poseapp.learn.synth.retarget import body_at_rest
from poseapp.learn.synth.troupe import SIZE, Troupe
from poseapp.nets.body.rotations import (
    axis_angle_of_matrix,
    matrix_of_axis_angle,
    matrix_of_six,
)
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import CLIP, INPUT_KEYPOINTS, MEASURED_KEYPOINTS
from poseapp.nets.motion_hmr.net import Regressor
from poseapp.nets.motion_hmr.stored import load_net

SEED = 77


@torch.no_grad()
def points_of(motion: BodyMotion) -> np.ndarray:
    """(T, 14, 3) about the body's origin."""
    body = shipped_body()
    turns = matrix_of_axis_angle(torch.from_numpy(motion.rotations).float())
    shape = torch.from_numpy(motion.shape).float().expand(len(motion), -1)
    chosen = [body.keypoint_names.index(name) for name in MEASURED_KEYPOINTS]
    return body.keypoints(turns, shape)[0][:, chosen].double().numpy()


def main() -> None:
    """Print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mocap", type=Path, required=True, help="the folder of the captures")
    parser.add_argument("--net", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=24)
    given = parser.parse_args()
    every = performances(given.mocap, body_at_rest(shipped_body()))
    troupe = Troupe(shipped_body(), [one for one in every if one.style in HELD_OUT], CLIP)
    lesson = keypoint_lesson(troupe, np.random.default_rng(SEED), given.clips, DetectorErrors())
    net, body = load_net(given.net), shipped_body()
    usual = Regressor(8, 0.0).usual[3:123].view(1, 20, 6)
    standing = points_of(_standing(usual))
    errors: dict[str, list[float]] = {"usual pose": [], "net": [], "fit": [], "net, then fit": []}
    clips = lesson.clips
    pixels = clips.middle[:, :, None] + clips.points * clips.side[:, None, None, None] / 2
    for n in range(given.clips):
        scores = clips.shown[n].double().numpy()
        points = np.where(scores[..., None] > 0, pixels[n].double().numpy(), np.nan)
        truth = lesson.points[n].double().numpy()
        if not scores.any():
            continue
        person = SeenPerson(INPUT_KEYPOINTS, np.arange(CLIP), points, scores, SIZE, 30.0)
        for name, way, refine in (
            ("net", net, False),
            ("fit", None, True),
            ("net, then fit", net, True),
        ):
            motion = recover(way, body, person, SilentReport(), refine=refine)
            shown = ~clips.occluded[n].numpy()[motion.frames]
            found = pa_mpjpe(points_of(motion), truth[motion.frames])
            errors[name].append(float(1000 * found[shown].mean()))
        seen = truth[~clips.occluded[n].numpy()]
        errors["usual pose"].append(float(1000 * pa_mpjpe(standing, seen).mean()))
    said = {
        name: {
            "mean": round(float(np.mean(values)), 1),
            "median": round(float(np.median(values)), 1),
        }
        for name, values in errors.items()
    }
    sys.stdout.write(json.dumps({"clips": len(errors["net"]), "seed": SEED, **said}) + "\n")


def _standing(six: torch.Tensor) -> BodyMotion:
    """One frame of somebody in this pose."""
    angles = axis_angle_of_matrix(matrix_of_six(six)).double().numpy()
    return BodyMotion(
        "Anny", SIZE, 400.0, np.arange(1), angles, np.zeros(16), np.array([[0.0, 0.0, 4.0]])
    )


if __name__ == "__main__":
    main()
