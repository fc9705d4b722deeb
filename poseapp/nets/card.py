"""The card beside a trained net: everything inference must know, and where the net comes from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from poseapp.domain.errors import InferenceError
from poseapp.domain.skeleton import Skeleton
from poseapp.nets.heatmaps import Readout

FILE = "card.json"


@dataclass(frozen=True, slots=True)
class NetFile:
    """One ONNX file: pictures uint8 (N, height, width, 3) BGR → heatmaps float32 (N, K, h, w)."""

    file: str
    width: int
    """Of the input in pixels; a multiple of 32."""
    height: int
    stride: int
    """Input pixels per heatmap cell."""
    readout: Readout

    @property
    def canvas(self) -> tuple[int, int]:
        """(width, height) of the input."""
        return self.width, self.height


@dataclass(frozen=True, slots=True)
class Card:
    """What `card.json` holds."""

    skeleton: Skeleton
    pose: NetFile
    """Whole frames, or crops where `centroid` is given."""
    centroid: NetFile | None = None
    """Finds the middle of every body in the whole frame."""
    crop_px: float | None = None
    """Picture pixels along the side of a crop."""
    instances: int = 1
    """The most bodies to look for in a frame."""
    net: str = ""
    pretrained: str = ""
    """Which weights the training started from, in words; never empty."""
    provenance: dict[str, Any] = field(default_factory=dict)
    """Labels' digest, config, seed, device, minutes, steps, whether it was stopped."""
    metrics: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """`whole-frame` or `top-down`."""
        return "top-down" if self.centroid else "whole-frame"

    def to_json(self) -> str:
        document = asdict(self) | {
            "version": 1,
            "kind": self.kind,
            "skeleton": json.loads(self.skeleton.to_json()),
        }
        return json.dumps(document, indent=1, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Card:
        """Read what `to_json` wrote; unknown entries are left alone."""
        document = json.loads(text)
        nets = {
            name: NetFile(**document[name]) if document.get(name) else None
            for name in ("pose", "centroid")
        }
        plain = {
            name: document[name]
            for name in ("crop_px", "instances", "net", "pretrained", "provenance", "metrics")
        }
        skeleton = Skeleton.from_json(json.dumps(document["skeleton"]))
        pose = nets["pose"]
        if pose is None:
            raise ValueError("it names no pose net")
        return cls(skeleton, pose, nets["centroid"], **plain)

    @classmethod
    def read(cls, folder: Path) -> Card:
        """The card of a run's folder.

        Raises:
            InferenceError: when there is none, or it is damaged.
        """
        try:
            return cls.from_json((folder / FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as why:
            raise InferenceError(
                f"The net in {folder} cannot be used: its card.json is missing or damaged ({why}). "
                "Train again, or choose another run."
            ) from why
