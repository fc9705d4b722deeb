"""What workers do: each function gets a frozen request and returns a plain value.

The window reads the requests and values here, so heavy libraries load inside the functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from poseapp.app.worker import JobReport
from poseapp.domain.ids import FrameRef, RunId
from poseapp.domain.labels import LabelSet
from poseapp.domain.prediction import PredictionSet
from poseapp.infer.outcome import Outcome
from poseapp.infer.reading import Wanted
from poseapp.media.packing import unpacked
from poseapp.media.reader import FrameReader

if TYPE_CHECKING:
    from poseapp.infer.estimator import Estimator


@dataclass(frozen=True, slots=True)
class Train:
    """Train a net on these labels."""

    labels: LabelSet
    frames: FrameReader
    recipe: str
    options: dict[str, Any]
    """Fields of the recipe's `Config`."""
    out: Path


@dataclass(frozen=True, slots=True)
class TrainedNet:
    """A net that lies in its run's folder."""

    metrics: dict[str, Any]
    stopped: bool
    """By a person; the net is the best up to then."""


def train(request: Train, report: JobReport) -> TrainedNet:
    """Run a recipe; its minutes do not pass while the job is paused or overtaken."""
    from poseapp.learn.train import device

    recipe = import_module(f"poseapp.learn.recipes.{request.recipe}")
    config = recipe.Config(**request.options)
    report.on_device(device.describe(device.choose(config.device)))
    trained = recipe.train(
        request.labels, request.frames, config, report, request.out, now=report.clock
    )
    return TrainedNet(trained.metrics, trained.stopped)


@dataclass(frozen=True, slots=True)
class Net:
    """A trained net and where to run it."""

    folder: Path
    device: str
    threads: int | None


@dataclass(frozen=True, slots=True)
class PredictVideos:
    """Predict these frames; the parts are `PredictionSet`s under the number of `run`."""

    net: Net
    run: RunId
    wanted: tuple[Wanted, ...]
    frames: FrameReader
    cache: Path


def predict_videos(request: PredictVideos, report: JobReport) -> Outcome:
    """Predict whole videos, and keep how sure the net was for selectors."""
    from poseapp.infer.beliefs import beliefs_shelf
    from poseapp.infer.videos import predict_videos

    predictor = _loaded(request.net)
    report.on_device(predictor.device)
    shelf = beliefs_shelf(request.cache, request.net.folder)
    return predict_videos(
        predictor, request.wanted, request.frames, request.run, report, shelf, report.clock
    )


@dataclass(frozen=True, slots=True, eq=False)
class PredictFrame:
    """Look at one frame, from its picture where the window has it decoded already."""

    net: Net
    run: RunId
    frame: FrameRef
    picture: NDArray[np.uint8] | bytes | None
    """Whole, or packed for a quick way here."""
    frames: FrameReader

    def look(self) -> NDArray[np.uint8]:
        """The picture, wherever it comes from."""
        if isinstance(self.picture, bytes):
            return unpacked(self.picture)
        return self.frames.read(self.frame) if self.picture is None else self.picture


def predict_frame(request: PredictFrame, report: JobReport) -> PredictionSet:
    """The bodies of one frame, without track numbers."""
    predictor = _loaded(request.net)
    report.on_device(predictor.device)
    (bodies,) = predictor.predict([request.look()])
    count = len(bodies.points)
    return PredictionSet(
        request.frame.video,
        request.run,
        np.full(count, request.frame.frame, np.int64),
        bodies.points.astype(np.float32),
        bodies.scores,
        np.full(count, -1, np.int64),
    )


def heat_of_frame(request: PredictFrame, report: JobReport) -> NDArray[np.float32]:
    """Where in one frame the keypoints may be: (H, W) in 0..1, see `infer.heat`."""
    predictor = _loaded(request.net)
    report.on_device(predictor.device)
    return predictor.heat(request.look())


def _loaded(net: Net) -> Estimator:
    """The net, kept from one job to the next unless its folder changed."""
    card = net.folder / "card.json"
    return _load(net, card.stat().st_mtime_ns if card.exists() else 0)


@lru_cache(maxsize=2)
def _load(net: Net, _stamp: int) -> Estimator:
    from poseapp.infer.estimator import load_estimator

    return load_estimator(net.folder, device=net.device, threads=net.threads)
