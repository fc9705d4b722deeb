"""Which device a training really runs on, and how it computes there."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager

import torch

from poseapp.domain.errors import TrainingError


def choose(wish: str) -> torch.device:
    """`auto` takes the GPU where there is one that computes, the CPU otherwise.

    Raises:
        TrainingError: when the wished-for device does not compute.
    """
    if wish == "auto":
        return torch.device(
            "cuda:0" if torch.cuda.is_available() and _computes("cuda:0") else "cpu"
        )
    if not _computes(wish):
        raise TrainingError(
            f"The device {wish!r} cannot be used for training on this machine. "
            "Choose 'auto' or 'cpu' in the training settings, or run `poseapp doctor`."
        )
    return torch.device(wish)


def _computes(name: str) -> bool:
    try:
        return bool(torch.ones(2, device=name).sum().item() == 2)
    except (RuntimeError, AssertionError):  # torch says "not compiled with CUDA" by assertion
        return False


def describe(device: torch.device) -> str:
    """The device as a person knows it: `cpu, 2 threads` or `cuda:0, NVIDIA …, bfloat16`."""
    if device.type == "cuda":
        return f"{device}, {torch.cuda.get_device_name(device)}, {str(_half())[6:]}"
    return f"{device}, {torch.get_num_threads()} threads"


def mixed_precision(device: torch.device) -> AbstractContextManager:
    """Half precision on a GPU; on a CPU it would be slower."""
    if device.type == "cuda":
        return torch.autocast("cuda", dtype=_half())
    return contextlib.nullcontext()


def gradient_scaler(device: torch.device) -> torch.amp.GradScaler:
    """Keeps float16 gradients from vanishing; does nothing elsewhere."""
    return torch.amp.GradScaler("cuda", enabled=device.type == "cuda" and _half() is torch.float16)


def _half() -> torch.dtype:
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def out_of_memory(error: BaseException) -> bool:
    """Whether the error says that memory ran out, on a GPU or in the machine."""
    said = str(error)
    refused = "not enough memory" in said or "can't allocate memory" in said
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or refused
