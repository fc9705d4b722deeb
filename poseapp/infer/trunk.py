"""The ImageNet trunk: what a net that knows a thousand things sees in a picture."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from poseapp.infer.session import Net

if TYPE_CHECKING:
    from poseapp.nets.pose_net import PoseNet

SIDE = 128
"""Of the squares that pictures are shrunk to."""


class Trunk:
    """The mean over the picture of the deepest maps of EfficientNet-Lite0: 320 numbers."""

    name = f"imagenet-lite0-{SIDE}"

    def __init__(self, net: Net) -> None:
        self._net = net

    @classmethod
    def ready(
        cls, store: Path, *, device: str = "auto", threads: int | None = None
    ) -> Trunk | None:
        """The trunk from its file in `store`, written there first where it can be; else None."""
        file = store / f"{cls.name}.onnx"
        if not file.exists() and not _write(file):
            return None
        return cls(Net(file, device=device, threads=threads))

    def __call__(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        shrunk = [cv2.resize(p, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for p in pictures]
        return self._net(np.stack(shrunk).astype(np.uint8, copy=False))


def _write(file: Path) -> bool:
    """Export the trunk, which takes some seconds; false where torch or the weights are missing."""
    if any(find_spec(package) is None for package in ("torch", "onnxscript")):
        return False
    from poseapp.nets.pose_net import build
    from poseapp.nets.weights import load_imagenet

    net = build("efficientnet-lite0", keypoints=1)
    if not load_imagenet(net, "efficientnet-lite0").startswith("ImageNet"):
        return False
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{os.getpid()}.part")
    _export(net, draft)
    draft.replace(file)
    return True


def _export(net: PoseNet, out: Path) -> None:
    import torch

    class Means(torch.nn.Module):
        """Pictures as they lie in memory in, one vector each out."""

        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return self.net.features(pictures.permute(0, 3, 1, 2).float())[-1].mean(dim=(2, 3))

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision aloud
    picture = torch.zeros((1, SIDE, SIDE, 3), dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about torch's own insides
        program = torch.onnx.export(Means().eval(), (picture,), dynamo=True, verbose=False)
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    model = program.model_proto
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "n"  # no layer looks at the number
    out.write_bytes(model.SerializeToString())
