"""Pictures per second, trained and inferred, of every net: `python -m tests.benchmarks.bench_nets`.

Every line's ratio compares with the first net of the same run, so that busy machines mislead less.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from poseapp.learn.batches import Batch
from poseapp.learn.train.pose_task import heatmap_loss
from poseapp.nets.export import export
from poseapp.nets.pose_net import BACKBONES, build

NETS = (*BACKBONES, "efficientnet-lite0+deconv", "resnet-18+deconv")


def timed(work: Callable[[], object], repeats: int) -> np.ndarray:
    """Milliseconds of each repeat, after one that does not count."""
    work()
    marks = [time.perf_counter()]
    for _ in range(repeats):
        work()
        marks.append(time.perf_counter())
    return 1000 * np.diff(marks)


def training_step(net: str, side: int, batch: int) -> Callable[[], object]:
    model = build(net, 10).train()
    optimiser = torch.optim.AdamW(p for p in model.parameters() if p.requires_grad)
    rng = np.random.default_rng(0)
    given = Batch(
        rng.integers(0, 256, (batch, side, side, 3), dtype=np.uint8),
        rng.random((batch, 10, side // 4, side // 4), dtype=np.float32),
        np.ones((batch, 10), np.float32),
    )

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        heatmap_loss(model, given, torch.device("cpu")).backward()
        optimiser.step()

    return step


def inference(net: str, side: int, threads: int) -> Callable[[], object]:
    with tempfile.TemporaryDirectory() as folder:
        export(build(net, 10), Path(folder) / "net.onnx")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(Path(folder) / "net.onnx", options)
    pictures = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), dtype=np.uint8)
    return lambda: session.run(None, {"pictures": pictures})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    first: dict[str, float] = {}
    for net in NETS:
        kinds = {
            "train": (training_step(net, args.side, args.batch), args.batch),
            "infer": (inference(net, args.side, args.threads), 1),
        }
        for kind, (work, pictures) in kinds.items():
            times = timed(work, args.repeats * (1 if kind == "train" else 5))
            speed = 1000 * pictures / np.median(times)
            reference = first.setdefault(kind, speed)
            sys.stdout.write(
                f"{kind} {net} at {args.side} px: median {np.median(times):.1f} ms, "
                f"p95 {np.percentile(times, 95):.1f} ms, {speed:.1f} images/s, "
                f"{speed / reference:.2f} times {NETS[0]}\n"
            )


if __name__ == "__main__":
    main()
