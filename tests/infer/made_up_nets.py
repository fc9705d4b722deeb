"""A net that needs no training: its keypoints are the bluest, greenest and reddest spots.

And films in which they are known: bodies of three coloured dots on a dark ground.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, save_model

from poseapp.domain.errors import JobCancelled, VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.domain.video import Video
from poseapp.nets.card import FILE, Card, NetFile

SKELETON = Skeleton("dots", (Keypoint("blue"), Keypoint("green"), Keypoint("red")))
CANVAS = (128, 96)
STRIDE = 4


def write_run(folder: Path, *, instances: int = 1, crop_px: float | None = None) -> Path:
    """A run's folder as training leaves it: whole frames, or crops when `crop_px` is given."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_net(folder / "net.onnx", softmax=True)
    pose = NetFile("net.onnx", *(CANVAS if crop_px is None else (64, 64)), STRIDE, "softmax")
    centroid = None
    if crop_px is not None:
        _write_net(folder / "centroid.onnx", softmax=False)
        centroid = NetFile("centroid.onnx", *CANVAS, STRIDE, "sigmoid")
    card = Card(
        SKELETON, pose, centroid, crop_px, instances, net="dots", pretrained="none: made up"
    )
    (folder / FILE).write_text(card.to_json(), encoding="utf-8")
    return folder


def _write_net(file: Path, *, softmax: bool) -> None:
    """Softmax: a map for each colour. Otherwise one map of green alone, 1 where it is brightest."""
    picked = [0, 1, 2] if softmax else [1]
    constants = [
        helper.make_tensor("brightest", TensorProto.FLOAT, [], [255.0]),
        helper.make_tensor("dark", TensorProto.FLOAT, [], [1e-5]),
        helper.make_tensor("picked", TensorProto.INT64, [len(picked)], picked),
        helper.make_tensor("flat", TensorProto.INT64, [3], [0, 0, -1]),
    ]
    nodes = [
        helper.make_node("Cast", ["pictures"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["numbers"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Gather", ["planes", "picked"], ["colours"], axis=1),
        helper.make_node(
            "AveragePool",
            ["colours"],
            ["cells"],
            kernel_shape=[STRIDE] * 2,
            strides=[STRIDE] * 2,
        ),
        helper.make_node("Div", ["cells", "brightest"], ["shining"]),
    ]
    if softmax:  # of the logarithm, so that a soft dot becomes a bell
        nodes += [
            helper.make_node("Add", ["shining", "dark"], ["lit"]),
            helper.make_node("Log", ["lit"], ["raw"]),
            helper.make_node("Shape", ["raw"], ["shape"]),
            helper.make_node("Reshape", ["raw", "flat"], ["rows"]),
            helper.make_node("Softmax", ["rows"], ["shares"], axis=2),
            helper.make_node("Reshape", ["shares", "shape"], ["heatmaps"]),
        ]
    else:
        nodes.append(helper.make_node("Identity", ["shining"], ["heatmaps"]))
    graph = helper.make_graph(
        nodes,
        "dots",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", "h", "w", 3])],
        [helper.make_tensor_value_info("heatmaps", TensorProto.FLOAT, ["n", "k", "y", "x"])],
        constants,
    )
    opset = helper.make_opsetid("", 17)
    save_model(helper.make_model(graph, opset_imports=[opset], ir_version=8), file)


def draw(bodies: NDArray, size: tuple[int, int] = (256, 192)) -> NDArray[np.uint8]:
    """A picture of (I, 3, 2) bodies: a soft dot in the colour of each keypoint."""
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    picture = np.zeros((size[1], size[0], 3))
    for body in bodies:
        for colour, (px, py) in enumerate(body):
            dot = 255 * np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * 5.0**2))
            picture[..., colour] = np.maximum(picture[..., colour], dot)
    return picture.round().astype(np.uint8)


class DrawnFrames:
    """A `FrameReader` over drawn pictures; damaged frames raise as those of a film do."""

    def __init__(self, bodies: dict[VideoId, list[NDArray]], damaged: Iterable[int] = ()) -> None:
        self.bodies = bodies
        self.damaged = set(damaged)
        self.read_count = 0

    def video(self, number: int) -> Video:
        count = len(self.bodies[VideoId(number)])
        path = Path(f"/films/{number}.mp4")
        return Video(VideoId(number), path, 256, 192, count, 25.0, fingerprint=f"print {number}")

    def read_many(
        self,
        refs: Iterable[FrameRef],
        unreadable: Callable[[FrameRef, VideoUnreadableError], None] | None = None,
    ) -> Iterator[tuple[FrameRef, NDArray[np.uint8]]]:
        for ref in sorted(set(refs)):
            if ref.frame in self.damaged:
                assert unreadable is not None
                unreadable(ref, VideoUnreadableError(f"Frame {ref.frame} is damaged."))
                continue
            self.read_count += 1
            yield ref, draw(self.bodies[ref.video][ref.frame])


def walking(count: int, step: float = 3.0) -> list[NDArray]:
    """`count` frames of one body that walks to the right."""
    body = np.array([[40.0, 60.0], [60.0, 80.0], [80.0, 60.0]])
    return [(body + np.array([n * step, 0.3 * n * step]))[None] for n in range(count)]


class Kept:
    """A report that keeps everything, and stops the work after so many reports."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.shares: list[float] = []
        self.notes: list[str] = []
        self.sent: list = []
        self.stop_after = stop_after

    @property
    def predictions(self) -> list[PredictionSet]:
        return [part for part in self.sent if isinstance(part, PredictionSet)]

    def progress(self, done: float, text: str = "") -> None:
        self.shares.append(done)
        if self.stop_after is not None and len(self.shares) >= self.stop_after:
            raise JobCancelled

    def metrics(self, **values: float) -> None:
        pass

    def send(self, value) -> None:
        self.sent.append(value)

    def note(self, text: str) -> None:
        self.notes.append(text)
