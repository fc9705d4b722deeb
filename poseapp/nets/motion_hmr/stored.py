"""Motion-HMR nets in files: weights in half precision, the architecture beside them."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from importlib.resources import as_file
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from poseapp.nets.motion_hmr.choice import (
    METADATA,
    NO_NET,
    SHIPPED,
    architecture_in,
    own_file,
    unreadable,
)
from poseapp.nets.motion_hmr.net import MotionHMR


def save_net(net: MotionHMR, file: Path) -> None:
    """Write a net; the old file stands until the new one is whole."""
    words = {METADATA: json.dumps(asdict(net.architecture))}
    packed = save({name: value.half() for name, value in net.state_dict().items()}, words)
    draft = file.with_name(file.name + ".part")
    draft.write_bytes(packed)
    draft.replace(file)


def load_net(file: Path) -> MotionHMR:
    """The net in a file, ready to look at clips.

    Raises:
        InferenceError: when it is not such a file, or damaged.
    """
    net = MotionHMR(architecture_in(file))
    try:
        net.load_state_dict({name: value.float() for name, value in load_file(file).items()})
    except (OSError, SafetensorError, RuntimeError) as why:
        raise unreadable(file, why) from why
    return net.eval().requires_grad_(False)


@lru_cache(maxsize=1)
def net_called(name: str) -> MotionHMR | None:
    """A net that comes with the app, or the one in a file; the newest is kept; None for `NO_NET`.

    Raises:
        InferenceError: when there is no such file, or no such net in it.
    """
    if name == NO_NET:
        return None
    if (file := own_file(name)) is not None:
        return load_net(file)
    with as_file(SHIPPED[name]) as path:
        return load_net(path)
