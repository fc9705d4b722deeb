"""Train the net of keypoints that comes with the app: `motion_hmr_keypoints.safetensors`.

    .venv/bin/python packaging/train_mesh.py --mocap ../shared/data/cmu_mocap --steps 9000

It learns from captured motion alone (see `cmu_mocap.py`), before made-up cameras: no picture is
drawn and nobody's labels are used. Work is kept under `out/mesh` and goes on where it stopped; all
of it takes about forty minutes of one core.
What the card needs is printed at the end.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from pathlib import Path
from typing import Any

import torch
from cmu_mocap import HELD_OUT, performances

from poseapp.learn.motion_hmr.objective import Weights
from poseapp.learn.motion_hmr.training import keypoint_task
from poseapp.learn.synth.retarget import body_at_rest
from poseapp.learn.train.loop import Loop, Options
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import LIGHT_KEYPOINTS
from poseapp.nets.motion_hmr.stored import save_net

PROJECT = Path(__file__).resolve().parent.parent
OUT = PROJECT / "poseapp" / "resources" / "models" / "motion_hmr_keypoints.safetensors"
BATCH, RATE, EVALUATIONS = 24, 6e-4, 60
WEIGHTS = Weights(turns=1.0)


class Telling:
    """Prints how far it is, now and then."""

    def __init__(self) -> None:
        self._last = 0.0

    def progress(self, done: float, text: str = "") -> None:
        """A line a minute."""
        if time.monotonic() - self._last > 60:
            self._last = time.monotonic()
            self.note(f"{100 * done:.1f} % {text}")

    def metrics(self, **values: float) -> None:
        """What was measured on held-out styles."""
        if "pa_mpjpe_mm" in values:
            self.note(" ".join(f"{name} {value:.4g}" for name, value in values.items()))

    def send(self, value: Any) -> None:
        """Nothing is kept."""

    def note(self, text: str) -> None:
        """A line with the time."""
        print(time.strftime("%T"), text, flush=True)  # noqa: T201 - this is what the script says


def main() -> None:
    """Train, or go on; write the best net."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mocap", type=Path, required=True, help="the folder of the captures")
    parser.add_argument("--steps", type=int, default=9_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    every = performances(given.mocap, body_at_rest(shipped_body()))
    taught = [one for one in every if one.style not in HELD_OUT]
    strangers = [one for one in every if one.style in HELD_OUT]
    task = keypoint_task(LIGHT_KEYPOINTS, taught, strangers, WEIGHTS, given.seed)
    options = Options(
        minutes=None,
        steps=given.steps,
        batch=BATCH,
        lr=RATE,
        evaluations=EVALUATIONS,
        patience=EVALUATIONS,
        average=0.998,
    )
    saved = PROJECT / "out" / "mesh" / f"keypoints_{given.seed}.safetensors"
    fitted = Loop(task, options, Telling(), torch.device("cpu"), saved).run()
    save_net(fitted.net, given.out)
    digest = hashlib.sha256(given.out.read_bytes()).hexdigest()
    sys.stdout.write(
        f"{fitted.steps} steps of {BATCH} clips, {fitted.best}, "
        f"{sum(map(len, taught))} frames learnt from, sha256 {digest}\n"
    )


if __name__ == "__main__":
    main()
