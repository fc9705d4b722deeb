"""Checkpoint: all that a training needs to go on as if it had never stopped, in one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from poseapp.domain.errors import TrainingError


def save(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write beside the old file, then replace it, so that one good file is always there.

    Raises:
        TrainingError: when the disk takes no more; the old file is untouched.
    """
    draft = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(
            {k: v.detach().contiguous() for k, v in tensors.items()},
            draft,
            {"facts": json.dumps(facts)},
        )
        draft.replace(path)
    except (OSError, SafetensorError) as why:
        draft.unlink(missing_ok=True)
        raise TrainingError(
            f"The training state could not be saved to {path.parent} ({why}). "
            "Free some disk space and start the training again: it goes on from the last "
            "checkpoint."
        ) from why


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]] | None:
    """What `save` wrote, or None when there is no readable checkpoint."""
    if not path.exists():
        return None
    try:
        with safe_open(path, "pt") as file:
            facts = json.loads((file.metadata() or {})["facts"])
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, facts
    except (OSError, SafetensorError, KeyError, ValueError):
        return None


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The optimiser's memory, by number of parameter and name."""
    return {
        f"{index}.{name}": value
        for index, memory in optimiser.state_dict()["state"].items()
        for name, value in memory.items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Give an optimiser back what `optimiser_tensors` took."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, _, name = key.partition(".")
        state.setdefault(int(index), {})[name] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": state})


def group(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names start with the prefix, without it."""
    return {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
