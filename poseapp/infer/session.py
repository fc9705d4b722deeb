"""Running ONNX nets, on the device that really works."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from poseapp.domain.errors import InferenceError

log = logging.getLogger(__name__)

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


class Net:
    """One loaded net: pictures (N, height, width, 3) BGR uint8 → float32, rows as pictures."""

    def __init__(self, file: Path, *, device: str = "auto", threads: int | None = None) -> None:
        """`device` is "auto", "cpu" or "cuda:0"; a GPU that does not work gives way to the CPU.

        Raises:
            InferenceError: when the file is missing or is no net.
        """
        self._session, self.device = _working_session(file, device, threads)
        self._input = self._session.get_inputs()[0].name

    def __call__(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The first output; see `outputs`."""
        return self.outputs(pictures)[0]

    def outputs(self, pictures: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """All outputs. Memory that runs out halves the batch.

        Raises:
            InferenceError: when even one picture is too much, or the net does not fit it.
        """
        try:
            return self._session.run(None, {self._input: pictures})
        except Exception as why:  # onnxruntime's classes have no other root
            if len(pictures) > 1 and _out_of_memory(why):
                half = len(pictures) // 2
                parts = self.outputs(pictures[:half]), self.outputs(pictures[half:])
                return [np.concatenate(both) for both in zip(*parts, strict=True)]
            raise InferenceError(
                f"The net cannot be run on {self.device} ({_first_line(why)}). "
                "Close other programs, choose another device in the settings, or train again."
            ) from why


def _working_session(file: Path, device: str, threads: int | None) -> tuple[Any, str]:
    if not file.is_file():
        raise InferenceError(f"The net {file} is not there. Train again, or choose another run.")
    if device != "cpu" and _CUDA in onnxruntime.get_available_providers():
        onnxruntime_cuda = [(_CUDA, {"device_id": int(device.partition(":")[2] or 0)}), _CPU]
        session = _session(file, onnxruntime_cuda, threads)
        if session.get_providers()[0] == _CUDA and _computes(session):
            return session, f"GPU ({device if device != 'auto' else 'cuda:0'})"
        log.warning("the GPU was asked for and does not work with onnxruntime; the CPU is used")
    session = _session(file, [_CPU], threads)
    count = threads or "all"
    return session, f"CPU, {count} thread{'' if threads == 1 else 's'}"


def _session(file: Path, providers: list[Any], threads: int | None) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Threads that wait by spinning take the cores from the decoder and the window: beside other
    # work, two threads gave 17 frames/s with it and 60 without, for less than half the CPU time.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if threads:
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=providers)
    except Exception as why:  # onnxruntime's classes have no other root
        raise InferenceError(
            f"{file.name} is not a net that can be run ({_first_line(why)}). "
            "Train again, or choose another run."
        ) from why


def _computes(session: Any) -> bool:
    """Whether a small input comes through; a provider may be listed and still fail here."""
    entry = session.get_inputs()[0]
    shape = [1, *(size if isinstance(size, int) else 64 for size in entry.shape[1:])]
    try:
        session.run(None, {entry.name: np.zeros(shape, np.uint8)})
    except Exception as why:  # noqa: BLE001 - a broken driver may raise anything
        log.warning("the GPU failed on a first picture: %s", _first_line(why))
        return False
    return True


def _out_of_memory(why: Exception) -> bool:
    text = str(why).lower()
    return isinstance(why, MemoryError) or "alloc" in text or "out of memory" in text


def _first_line(why: Exception) -> str:
    return (str(why).strip() or type(why).__name__).splitlines()[0]
