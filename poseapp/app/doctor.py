"""What this machine has, what really works on it, and how to mend what does not."""

from __future__ import annotations

import base64
import ctypes
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from poseapp.app import people


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    LIMITED = "limited"
    """The app works, something in it does not or is slow."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    verdict: Verdict
    text: str
    cure: str = ""


def examine() -> tuple[Finding, ...]:
    """Look at everything; nothing is changed and nothing is fetched."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _machine,
        _torch,
        _onnxruntime,
        _people,
        _codecs,
        _window,
        _opencv,
    )
    return tuple(finding for check in checks for finding in check())


def _machine() -> Iterator[Finding]:
    cores = os.cpu_count() or 1
    free = shutil.disk_usage(Path.home()).free / 1e9
    yield Finding(
        "machine",
        Verdict.OK,
        f"{platform.system()} {platform.machine()}, {cores} cores, Python {sys.version.split()[0]}",
    )
    yield Finding(
        "disk",
        Verdict.OK if free > 2 else Verdict.LIMITED,
        f"{free:.0f} GB free in the home folder",
        "" if free > 2 else "Free some space: proxies and nets need about 2 GB.",
    )


def _torch() -> Iterator[Finding]:
    card = _graphics_card()
    if importlib.util.find_spec("torch") is None:
        yield Finding(
            "training",
            Verdict.LIMITED,
            "torch is not installed: labelling and prediction work, training does not",
            "pip install 'poseapp[train]'",
        )
        return
    import torch

    failure = _failure(lambda: _multiplies(torch, "cpu"))
    yield Finding(
        "training on the CPU",
        Verdict.BROKEN if failure else Verdict.OK,
        failure or f"torch {torch.__version__} computes",
        "Install torch again: pip install --force-reinstall torch" if failure else "",
    )
    if torch.cuda.is_available():
        failure = _failure(lambda: _multiplies(torch, "cuda:0"))
        name = torch.cuda.get_device_name(0)
        yield Finding(
            "training on the GPU",
            Verdict.LIMITED if failure else Verdict.OK,
            failure or f"{name} computes",
            f"This torch does not fit {name}: install the build for its CUDA version."
            if failure
            else "",
        )
    elif card:
        yield Finding(
            "training on the GPU",
            Verdict.LIMITED,
            f"{card} is here, but this torch ({torch.__version__}) cannot use it",
            "Install the CUDA build of torch in this environment, then run doctor again.",
        )
    else:
        yield Finding("training on the GPU", Verdict.OK, "no GPU here; the CPU is used")


def _multiplies(torch: Any, device: str) -> None:
    a, b = (np.random.default_rng(seed).normal(size=(64, 64)) for seed in (0, 1))
    product = torch.tensor(a, device=device) @ torch.tensor(b, device=device)
    if not np.allclose(product.cpu().numpy(), a @ b):
        raise ArithmeticError(f"{device} multiplies matrices wrongly")


_MATRIX_PRODUCT = base64.b64decode(
    "CAg6VQoRCgFhCgFiEgFjIgZNYXRNdWwSAWdaEwoBYRIOCgwIARIICgIICAoCCAhaEwoBYhIOCgwIARIICgIICAoC"
    "CAhiEwoBYxIOCgwIARIICgIICAoCCAhCBAoAEA0="
)
"""An ONNX net that multiplies two 8 × 8 matrices."""


def _onnxruntime() -> Iterator[Finding]:
    try:
        import onnxruntime
    except ImportError as why:
        yield Finding(
            "prediction", Verdict.BROKEN, f"onnxruntime does not load: {why}",
            "pip install --force-reinstall onnxruntime",
        )  # fmt: skip
        return
    for provider in onnxruntime.get_available_providers():
        if provider not in ("CPUExecutionProvider", "CUDAExecutionProvider"):
            continue
        failure = _failure(lambda provider=provider: _runs(onnxruntime, provider))
        where = "GPU" if provider.startswith("CUDA") else "CPU"
        broken = Verdict.LIMITED if where == "GPU" else Verdict.BROKEN
        yield Finding(
            f"prediction on the {where}",
            broken if failure else Verdict.OK,
            failure or f"onnxruntime {onnxruntime.__version__} computes",
            "Install onnxruntime-gpu for this CUDA version." if failure and where == "GPU" else "",
        )


def _runs(onnxruntime: Any, provider: str) -> None:
    session = onnxruntime.InferenceSession(_MATRIX_PRODUCT, providers=[provider])
    if session.get_providers()[0] != provider:
        raise RuntimeError(f"{provider} did not start; the CPU would be used instead")
    a, b = (np.random.default_rng(s).normal(size=(8, 8)).astype(np.float32) for s in (0, 1))
    if not np.allclose(session.run(None, {"a": a, "b": b})[0], a @ b, atol=1e-4):
        raise ArithmeticError(f"{provider} multiplies matrices wrongly")


def _people() -> Iterator[Finding]:
    there = people.are_there()
    by = "MoveNet" if people.finds_crowds() else "BlazePose's own detector"
    yield Finding(
        "people",
        Verdict.OK if there else Verdict.LIMITED,
        f"the nets that find people (by {by}) and hands before any label are here"
        if there
        else "the nets that find people and hands before any label were not all fetched",
        "" if there else people.HOW_TO_FETCH,
    )


def _codecs() -> Iterator[Finding]:
    import av

    wanted = {"h264": "H.264", "hevc": "H.265", "vp9": "VP9", "av1": "AV1", "mjpeg": "Motion JPEG"}
    missing = [name for codec, name in wanted.items() if codec not in av.codecs_available]
    yield Finding(
        "video",
        Verdict.LIMITED if missing else Verdict.OK,
        f"cannot decode {', '.join(missing)}"
        if missing
        else f"decodes {', '.join(wanted.values())}",
        "Install PyAV from its wheel: pip install --force-reinstall av" if missing else "",
    )


def _window() -> Iterator[Finding]:
    found = importlib.util.find_spec("PySide6")
    if found is None or found.origin is None:
        yield Finding(
            "window", Verdict.BROKEN, "PySide6 is not installed",
            "pip install 'PySide6-Essentials>=6.9,<6.12'",
        )  # fmt: skip
        return
    version = importlib.metadata.version("PySide6-Essentials")
    plugin = Path(found.origin).parent / "Qt/plugins/platforms/libqxcb.so"
    failure = _failure(lambda: ctypes.CDLL(str(plugin))) if plugin.exists() else None
    yield Finding(
        "window",
        Verdict.BROKEN if failure else Verdict.OK,
        failure or f"Qt {version} finds its system libraries",
        "Run make setup; it installs or names the system libraries that Qt needs."
        if failure
        else "",
    )
    if not has_display():
        yield Finding(
            "display",
            Verdict.LIMITED,
            "no display: the window cannot open, the command line can do everything",
            "Use the commands (poseapp --help), or connect with a display.",
        )


def has_display() -> bool:
    """Whether a window can be shown; only Linux machines may lack that."""
    wanted = ("DISPLAY", "WAYLAND_DISPLAY")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in wanted)


def _opencv() -> Iterator[Finding]:
    installed = {d.metadata["Name"].lower() for d in importlib.metadata.distributions()}
    if "opencv-python" in installed:
        yield Finding(
            "opencv",
            Verdict.LIMITED,
            "opencv-python is installed beside the headless one and brings a second Qt",
            "pip uninstall opencv-python; pip install --force-reinstall opencv-python-headless",
        )


def _graphics_card() -> str | None:
    """The name of an NVIDIA card that the driver sees, whether or not torch can use it."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    asked = subprocess.run(
        [tool, "--query-gpu=name", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    names = asked.stdout.strip().splitlines()
    return names[0] if asked.returncode == 0 and names else None


def _failure(attempt: Callable[[], object]) -> str | None:
    """What went wrong in an attempt, or None; a broken driver may raise anything."""
    try:
        attempt()
    except Exception as why:  # noqa: BLE001 - the point is to report whatever a driver throws
        return str(why).strip().splitlines()[0] if str(why).strip() else type(why).__name__
    return None
