"""Which nets for meshes there are to choose from; no net is loaded to know that."""

from __future__ import annotations

import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from safetensors import SafetensorError, safe_open

from poseapp.domain.errors import InferenceError
from poseapp.nets.motion_hmr.architecture import Architecture

KEYPOINTS_NET, FLOW_NET, NO_NET = "keypoints", "flow", "none"
"""Of keypoints alone, of flow and keypoints, and none: bodies are fitted from nothing."""
METADATA = "motion_hmr"
"""What a net's architecture is called in its file."""

_MODELS = files("poseapp.resources") / "models"
SHIPPED: dict[str, Traversable] = {
    KEYPOINTS_NET: _MODELS / "motion_hmr_keypoints.safetensors",
    FLOW_NET: _MODELS / "motion_hmr_flow_keypoints.safetensors",
}
"""Where the nets would be that come with the app."""


def shipped_names() -> tuple[str, ...]:
    """Of the nets that did come with it."""
    return tuple(name for name, file in SHIPPED.items() if file.is_file())


def own_file(name: str) -> Path | None:
    """The user's file that is meant; None for a net that came with the app, and for `NO_NET`."""
    return None if name in (*shipped_names(), NO_NET) else Path(name)


def architecture_in(file: Path) -> Architecture:
    """Of the net in a file.

    Raises:
        InferenceError: when there is no such file, or no such net in it.
    """
    try:
        with safe_open(file, framework="np") as opened:
            return Architecture(**json.loads((opened.metadata() or {})[METADATA]))
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as why:
        raise unreadable(file, why) from why


def unreadable(file: Path, why: Exception) -> InferenceError:
    """What to say of a file that is no net, or damaged."""
    return InferenceError(
        f"{file.name} cannot be read as a net for meshes ({why}). Choose a file that Motion-HMR "
        "was trained into, or use the net that comes with the app."
    )
