"""Torch → ONNX, and the proof that both compute the same."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from poseapp.domain.errors import TrainingError
from poseapp.nets.pose_net import PoseNet

PARITY = 1e-4
"""Largest difference allowed between both, as a share of the highest cell."""


class _Shipped(nn.Module):
    """Pictures as they lie in memory in, heatmaps out."""

    def __init__(self, net: PoseNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor) -> Tensor:
        return self.net.heatmaps(self.net(pictures.permute(0, 3, 1, 2).float()))


def run_torch(net: PoseNet, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the exported file computes: (N, h, w, 3) BGR → (N, K, h/4, w/4) heatmaps."""
    device = next(net.parameters()).device
    with torch.no_grad():
        return _Shipped(net)(torch.from_numpy(pictures).to(device)).cpu().numpy()


def export(net: PoseNet, path: Path) -> None:
    """Write the net for onnxruntime; number, height and width of the pictures stay free.

    Raises:
        TrainingError: when the file cannot be written, or does not compute what the net does.
    """
    net = net.cpu().eval()
    example = torch.zeros((1, 64, 96, 3), dtype=torch.uint8)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it misses torchvision aloud
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about torch's own insides
        program = torch.onnx.export(_Shipped(net), (example,), dynamo=True, verbose=False)
    if program is None:
        raise RuntimeError("torch.onnx.export gave no program")
    model = _with_free_sizes(program.model_proto)
    try:
        onnx.save(model, path)
    except OSError as why:
        path.unlink(missing_ok=True)
        raise TrainingError(
            f"The net could not be written to {path} ({why}). Free some disk space and start the "
            "training again: it goes on from the last checkpoint."
        ) from why
    _compare(net, path)


def _with_free_sizes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Every layer is the same for every size, so the sizes of the example need not stay.

    Tracing with symbolic sizes would say the same and takes four times as long.
    """
    for value, name, sizes in (
        (model.graph.input[0], "pictures", ("n", "height", "width", None)),
        (model.graph.output[0], "heatmaps", ("n", None, "rows", "columns")),
    ):
        for node in model.graph.node:
            node.input[:] = [name if i == value.name else i for i in node.input]
            node.output[:] = [name if o == value.name else o for o in node.output]
        value.name = name
        for dimension, size in zip(value.type.tensor_type.shape.dim, sizes, strict=True):
            if size:
                dimension.dim_param = size
    del model.graph.value_info[:]
    return model


def _compare(net: PoseNet, path: Path) -> None:
    """Run both on sizes that the export did not see."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    pictures = np.random.default_rng(0).integers(0, 256, (2, 96, 64, 3), dtype=np.uint8)
    wanted = run_torch(net, pictures)
    (got,) = session.run(None, {"pictures": pictures})
    difference = float(np.abs(np.asarray(got) - wanted).max() / wanted.max())
    if not difference < PARITY:
        raise TrainingError(
            f"The exported net does not compute what the trained one does (off by "
            f"{difference:.1e}). Its weights are kept; please report this with the versions that "
            "`poseapp doctor` prints."
        )
