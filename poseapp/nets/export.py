"""Torch → ONNX, and the proof that both compute the same."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from poseapp.nets.pose_net import PoseNet


class _Shipped(nn.Module):
    """Pictures as they lie in memory in, heatmaps out."""

    def __init__(self, net: PoseNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, pictures: Tensor) -> Tensor:
        return self.net.heatmaps(self.net(pictures.permute(0, 3, 1, 2).float()))


def run_torch(net: PoseNet, pictures: NDArray[np.uint8], device: str = "cpu") -> NDArray:
    """What the exported file will compute: (N, h, w, 3) BGR → (N, K, h/4, w/4) heatmaps."""
    with torch.no_grad():
        return _Shipped(net)(torch.from_numpy(pictures).to(device)).cpu().numpy()


def export(net: PoseNet, path: Path, canvas: tuple[int, int]) -> None:
    """Write the net for onnxruntime; batch, height and width stay free."""
    width, height = canvas
    shipped = _Shipped(net).cpu().eval()
    example = torch.zeros((2, height, width, 3), dtype=torch.uint8)
    free = {
        0: torch.export.Dim("n"),
        1: 32 * torch.export.Dim("h", min=1),
        2: 32 * torch.export.Dim("w", min=1),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            shipped,
            (example,),
            path,
            input_names=["pictures"],
            output_names=["heatmaps"],
            dynamic_shapes=(free,),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
