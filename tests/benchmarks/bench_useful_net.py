"""How good a net is after a few minutes of training, on real labels; prints one JSON document.

    python -m tests.benchmarks.bench_useful_net --pack dlc_openfield --minutes 5 --train 80

With `--cpu-budget` the minutes are counted in CPU time of this process (two CPU-seconds are one
second of a quiet machine with two cores), for machines that are busy with other things. `--inner`
measures on a part of the training frames, for tuning without a look at the test frames.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

import cv2
import h5py
import numpy as np

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.report import SilentReport
from poseapp.domain.skeleton import Keypoint, Skeleton, guess_pairs
from poseapp.domain.video import Video, VideoKind
from poseapp.learn.augment import Augmentation
from poseapp.learn.recipes.supervised import Config, train
from poseapp.learn.train.outcome import judge, weights_file
from poseapp.nets.card import Card
from poseapp.nets.pose_net import build
from tests.fixtures.packs import data_folder

STILLS = {
    "dlc_openfield": "labeled-data/m4s1/CollectedData_Pranav.csv",
    "mirror_mouse": "CollectedData.csv",
}


class Stills:
    """Pictures by number."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    def read_many(self, refs: Sequence[FrameRef]) -> Iterator[tuple[FrameRef, np.ndarray]]:
        for ref in refs:
            yield ref, cv2.imread(str(self._paths[ref.frame]))


class Film:
    """Frames of one film, all kept."""

    def __init__(self, path: Path) -> None:
        film = cv2.VideoCapture(str(path))
        self._frames = []
        while (got := film.read())[0]:
            self._frames.append(got[1])

    def read_many(self, refs: Sequence[FrameRef]) -> Iterator[tuple[FrameRef, np.ndarray]]:
        for ref in refs:
            yield ref, self._frames[ref.frame]


def load_stills(pack: str) -> tuple[LabelSet, Stills, list[str]]:
    folder = data_folder() / pack
    with (folder / STILLS[pack]).open() as file:
        rows = list(csv.reader(file))
    names = rows[1][1::2]
    labelled = sorted((row[0], row[1:]) for row in rows[3:])
    paths = [folder / name for name, _ in labelled]
    height, width = cv2.imread(str(paths[0])).shape[:2]
    pictures = [name for name, _ in labelled]
    video = Video(
        VideoId(1), folder, width, height, len(paths), 0, VideoKind.IMAGES, tuple(pictures)
    )
    instances = []
    for frame, (_, values) in enumerate(labelled):
        points = np.array([float(v) if v else np.nan for v in values]).reshape(-1, 2)
        instances.append(Instance(FrameRef(video.id, frame), points, visibility_of(points)))
    return LabelSet(skeleton(pack, names), (video,), tuple(instances)), Stills(paths), pictures


def load_flies() -> tuple[LabelSet, Film, list[int]]:
    folder = data_folder() / "sleap_fly_centered"
    with h5py.File(folder / "centered_pair.slp") as file:
        frames, bodies, points = (file[name][:] for name in ("frames", "instances", "points"))
    reader = Film(folder / "centered_pair_small.mp4")
    video = Video(
        VideoId(1), folder / "centered_pair_small.mp4", 384, 384, len(reader._frames), 15.0
    )
    instances = []
    for row in frames:
        for body in bodies[row["instance_id_start"] : row["instance_id_end"]]:
            own = points[body["point_id_start"] : body["point_id_end"]]
            xy = np.column_stack([own["x"], own["y"]]) - 0.5
            instances.append(
                Instance(FrameRef(video.id, int(row["frame_idx"])), xy, visibility_of(xy))
            )
    names = [f"node{k}" for k in range(instances[0].points.shape[0])]
    labels = LabelSet(skeleton("fly", names), (video,), tuple(instances))
    return labels, reader, list(range(video.frame_count))


def skeleton(name: str, names: Sequence[str]) -> Skeleton:
    return Skeleton(name, tuple(Keypoint(n) for n in names), pairs=guess_pairs(names))


def parts(
    pack: str, count: int, names: Sequence[object], inner: int | None
) -> tuple[set[int], set[int]]:
    """Frames to train on and to test on: the pack's, or a fifth of its training part."""
    split = json.loads((data_folder() / "splits.json").read_text())[pack]
    at = {name: n for n, name in enumerate(names)}
    trained = sorted(at[name] for name in split[f"train{count}"])
    tested = {
        at[n] for key in split if key.startswith("test") and key[4:].isdigit() for n in split[key]
    }
    if inner is None:
        return set(trained), tested
    everything = max((k for k in split if k.startswith("train")), key=lambda k: len(split[k]))
    pool = sorted(at[name] for name in split[everything])
    order = np.random.default_rng(7).permutation(len(pool))
    fold = {pool[k] for k in order[inner::4]}
    return set(trained) - fold, fold


class Progress(SilentReport):
    def metrics(self, **values: float) -> None:
        if "held_out_loss" in values:
            sys.stderr.write(f"{ {k: round(v, 3) for k, v in values.items()} }\n")


def measure(args: argparse.Namespace, seed: int) -> dict[str, object]:
    labels, frames, names = load_flies() if "fly" in args.pack else load_stills(args.pack)
    trained, tested = parts(args.pack, args.train, names, args.inner)
    chosen = json.loads(args.config)
    augmentation = Augmentation(**chosen.pop("augmentation", {}))
    config = Config(
        minutes=args.minutes, seed=seed, threads=args.threads, augmentation=augmentation, **chosen
    )
    now = (lambda: time.process_time() / 2) if args.cpu_budget else time.monotonic
    test = labels.only([r for r in labels.frames if r.frame in tested])
    learn = labels.only([r for r in labels.frames if r.frame in trained])
    with tempfile.TemporaryDirectory() as folder:
        began, wall = now(), time.monotonic()
        outcome = train(learn, frames, config, Progress(), Path(folder), now=now)
        minutes, wall_minutes = (now() - began) / 60, (time.monotonic() - wall) / 60
        card = Card.read(outcome.folder)
        nets = {
            name: net
            for name, net in (("pose", card.pose), ("centroid", card.centroid))
            if net is not None
        }
        loaded = {}
        for name, file in nets.items():
            from safetensors.torch import load_file

            loaded[name] = build(
                card.net, len(labels.skeleton) if name == "pose" else 1, file.readout
            ).eval()
            loaded[name].load_state_dict(load_file(outcome.folder / weights_file(name)))
        result = judge(card, loaded, test, frames.read_many(test.frames))
    steps = card.provenance["steps"]
    seconds = card.provenance["seconds"]
    return {
        "pack": args.pack,
        "train_frames": len(trained),
        "test": "inner" if args.inner is not None else "held-out part",
        "seed": seed,
        "minutes": round(minutes, 2),
        "wall_minutes": round(wall_minutes, 2),
        "median_px": result["held_out_px"],
        "p95_px": result["held_out_p95_px"],
        "within_5": result["within_5"],
        "within_10": result["within_10"],
        "pck": result["pck"],
        "mean_px": result["mean_px"],
        "images_per_s": {k: round(8 * steps[k] / max(seconds[k], 1e-6), 1) for k in steps},
        "steps": steps,
        "own_held_out": outcome.metrics,
        "device": card.provenance["device"],
        "pretrained": card.pretrained,
        "config": {f.name: str(getattr(config, f.name)) for f in fields(config)},
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pack", default="dlc_openfield")
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--train", type=int, default=80)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpu-budget", action="store_true")
    parser.add_argument("--inner", type=int)
    parser.add_argument("--config", default="{}", help="JSON of Config fields")
    args = parser.parse_args()
    runs = [measure(args, args.first_seed + n) for n in range(args.seeds)]
    keys = ("median_px", "p95_px", "within_5", "within_10", "pck", "mean_px")
    summary = {key: round(float(np.mean([run[key] for run in runs])), 3) for key in keys}
    command = "python -m tests.benchmarks.bench_useful_net " + " ".join(sys.argv[1:])
    sys.stdout.write(
        json.dumps({"command": command, "summary": summary, "runs": runs}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
