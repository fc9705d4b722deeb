"""Make `poseapp/resources/models/pose_prior.safetensors` from captured motion.

    .venv/bin/python packaging/bake_pose_prior.py --mocap ../shared/data/cmu_mocap

Poses of every style that `train_mesh.py` does not hold out, and their mirror images, as often from
each style, so that no long one decides; a mixture of normal distributions is fitted to them. What
the captures cannot show (wrists, which no joint follows) keeps the least spread.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

import numpy as np
import torch
from cmu_mocap import HELD_OUT, performances
from numpy.typing import NDArray
from safetensors.torch import save
from sklearn.mixture import GaussianMixture

from poseapp.learn.synth.performance import Performance, mirror_order, mirrored
from poseapp.learn.synth.retarget import body_at_rest
from poseapp.nets.body.shipped import shipped_body

PROJECT = Path(__file__).resolve().parent.parent
OUT = PROJECT / "poseapp" / "resources" / "models" / "pose_prior.safetensors"
NORMALS, SEED = 8, 0
A_STYLE = 1_500
"""Poses from one style."""
LEAST_SPREAD = 0.1
"""Radians of standard deviation, in every direction."""


def poses(found: list[Performance], rng: np.random.Generator) -> NDArray[np.float64]:
    """(N, D) with as many of each style."""
    chosen = []
    for style in sorted({one.style for one in found}):
        every = np.concatenate([one.pose[:, 1:] for one in found if one.style == style])
        few = rng.choice(len(every), A_STYLE, replace=len(every) < A_STYLE)
        chosen.append(every[few].reshape(A_STYLE, -1))
    return np.concatenate(chosen)


def main() -> None:
    """Fit, write, print what goes into the card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mocap", type=Path, required=True, help="the folder of the captures")
    body = shipped_body()
    order = mirror_order(body.joint_names)
    every = performances(parser.parse_args().mocap, body_at_rest(body))
    taught = [one for one in every if one.style not in HELD_OUT]
    taught += [mirrored(one, order) for one in taught]
    angles = poses(taught, np.random.default_rng(SEED))
    angles = angles + np.random.default_rng(SEED).normal(0, LEAST_SPREAD, angles.shape)
    mixture = GaussianMixture(NORMALS, random_state=SEED, reg_covar=1e-4).fit(angles)
    found = {
        "weights": mixture.weights_,
        "means": mixture.means_,
        "factors": mixture.precisions_cholesky_,
    }
    packed = save({name: torch.from_numpy(values).float() for name, values in found.items()})
    OUT.write_bytes(packed)
    unseen = np.concatenate([one.pose[:, 1:] for one in every if one.style in HELD_OUT])
    scores = [mixture.score(part.reshape(len(part), -1)) for part in (angles, unseen)]
    sys.stdout.write(
        f"{len(taught)} sequences, {len(angles)} poses, log likelihood {scores}, "
        f"sha256 {hashlib.sha256(packed).hexdigest()}\n"
    )


if __name__ == "__main__":
    main()
