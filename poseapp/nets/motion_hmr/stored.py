"""Motion-HMR nets in files: weights in half precision, the architecture beside them."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from poseapp.domain.errors import InferenceError
from poseapp.nets.motion_hmr.architecture import Architecture
from poseapp.nets.motion_hmr.net import MotionHMR

_SHIPPED = files("poseapp.resources") / "models" / "motion_hmr_keypoints.safetensors"


def save_net(net: MotionHMR, file: Path) -> None:
    """Write a net; the old file stands until the new one is whole."""
    words = {"motion_hmr": json.dumps(asdict(net.architecture))}
    packed = save({name: value.half() for name, value in net.state_dict().items()}, words)
    draft = file.with_name(file.name + ".part")
    draft.write_bytes(packed)
    draft.replace(file)


def load_net(file: Path) -> MotionHMR:
    """The net in a file, ready to look at clips.

    Raises:
        InferenceError: when it is not such a file, or damaged.
    """
    try:
        with safe_open(file, framework="pt") as opened:
            words = json.loads((opened.metadata() or {})["motion_hmr"])
            tensors = {name: opened.get_tensor(name).float() for name in opened.keys()}  # noqa: SIM118
        net = MotionHMR(Architecture(**words))
        net.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as why:
        raise InferenceError(
            f"{file.name} cannot be read as a net for meshes ({why}). Choose a file that "
            "Motion-HMR was trained into, or leave it out to use the one that comes with the app."
        ) from why
    return net.eval().requires_grad_(False)


@lru_cache(maxsize=1)
def shipped_net() -> MotionHMR | None:
    """The net of keypoints that comes with the app, loaded once; None where none is shipped."""
    if not _SHIPPED.is_file():
        return None
    with as_file(_SHIPPED) as path:
        return load_net(path)
