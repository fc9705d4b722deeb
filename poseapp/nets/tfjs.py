"""A net of TensorFlow.js as an ONNX net: the same numbers, channels first, many pictures at once.

Of the operators, those of nets for pictures that are convolutions and what lies between them; what
such a file does with their outputs afterwards can be left out.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import InferenceError
from poseapp.nets.onnx_draft import Draft

_SPREAD = {"Sub": "Sub", "Mul": "Mul", "AddV2": "Add"}
_PADDING = {"SAME": "SAME_UPPER", "VALID": "VALID"}


def to_onnx(model: bytes, weights: bytes, outputs: Sequence[str], side: int) -> bytes:
    """The net of a graph model, for BGR pictures.

    Args:
        model: the JSON file; its net scales pictures of 0..255 by itself.
        weights: the binary file beside it.
        outputs: nodes whose first output to keep, in this order.
        side: of the square pictures that the net is to be shown.

    Returns:
        An ONNX file: `pictures` uint8 (N, side, side, 3) BGR → float32 outputs, those with height
        and width as (N, channels, height, width).

    Raises:
        InferenceError: when a file is damaged, or holds what is not known here.
    """
    try:
        graph = _Graph.read(model, weights)
        writer = _Writer(graph)
        for name in outputs:
            writer.add(name)
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as why:
        raise InferenceError(
            f"This is not a net of TensorFlow.js that can be converted ({why}). Fetch it again."
        ) from why
    shapes = dict.fromkeys(outputs, ("channels", "rows", "columns"))
    return writer.draft.file(side, side, shapes)


@dataclass(frozen=True, slots=True)
class _Node:
    kind: str
    inputs: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def word(self, name: str) -> str:
        return base64.b64decode(self.settings[name]["s"]).decode()

    def words(self, name: str) -> list[str]:
        found = self.settings.get(name, {}).get("list", {}).get("s", [])
        return [base64.b64decode(word).decode() for word in found]

    def numbers(self, name: str) -> list[int]:
        return [int(number) for number in self.settings[name]["list"]["i"]]


@dataclass(frozen=True, slots=True)
class _Graph:
    nodes: dict[str, _Node]
    values: dict[str, NDArray]
    """Constants, as TensorFlow has them: channels last."""

    @classmethod
    def read(cls, model: bytes, weights: bytes) -> _Graph:
        document = json.loads(model)
        nodes = {
            node["name"]: _Node(
                node["op"],
                tuple(name.partition(":")[0] for name in node.get("input", ())),
                node.get("attr", {}),
            )
            for node in document["modelTopology"]["node"]
        }
        values, place = {}, 0
        for entry in (e for group in document["weightsManifest"] for e in group["weights"]):
            stored = np.dtype(entry.get("quantization", {}).get("dtype", entry["dtype"]))
            if "scale" in entry.get("quantization", {}):
                raise ValueError("its weights are quantized")
            count = int(np.prod(entry["shape"]))
            flat = np.frombuffer(weights, stored, count, place)
            values[entry["name"]] = flat.reshape(entry["shape"]).astype(entry["dtype"])
            place += count * stored.itemsize
        if place != len(weights):
            raise ValueError(f"weights of {len(weights)} bytes, not {place}")
        return cls(nodes, values)


class _Writer:
    """Follows nodes back to the picture and writes them from there."""

    def __init__(self, graph: _Graph) -> None:
        self.draft = Draft()
        self._graph = graph
        self._written: set[str] = set()

    def add(self, name: str) -> None:
        """A node and all that it needs."""
        if name in self._written or name in self._graph.values:
            return
        self._written.add(name)
        node = self._graph.nodes[name]
        if node.kind == "Placeholder":
            self.draft.picture(name, 0.0, 255.0)
            return
        sources = node.inputs[:1] if node.kind == "ResizeBilinear" else node.inputs
        for source in sources:
            self.add(source)
        self._write(name, node)

    def _write(self, name: str, node: _Node) -> None:
        if node.kind in _SPREAD:
            self.draft.node(_SPREAD[node.kind], [self._operand(n) for n in node.inputs], name)
        elif node.kind == "Sigmoid":
            self.draft.node("Sigmoid", node.inputs, name)
        elif node.kind in ("Cast", "Identity"):
            self.draft.node("Identity", node.inputs, name)
        elif node.kind in ("Conv2D", "_FusedConv2D"):
            kernel = self._graph.values[node.inputs[1]].transpose(3, 2, 0, 1)
            self._convolve(name, node, kernel, 1)
        elif node.kind in ("DepthwiseConv2dNative", "FusedDepthwiseConv2dNative"):
            upright = self._graph.values[node.inputs[1]].transpose(2, 3, 0, 1)
            kernel = upright.reshape(-1, 1, *upright.shape[2:])
            self._convolve(name, node, kernel, len(upright))
        elif node.kind == "ResizeBilinear":
            self._resize(name, node)
        else:
            raise ValueError(f"the operator {node.kind} is not known")

    def _convolve(self, name: str, node: _Node, kernel: NDArray, groups: int) -> None:
        if set(node.numbers("dilations")) != {1}:
            raise ValueError("a convolution with holes is not known")
        bias, *after = node.words("fused_ops") or [""]
        if bias not in ("", "BiasAdd"):
            raise ValueError(f"a convolution fused with {bias} is not known")
        inputs = [node.inputs[0], self.draft.constant(node.inputs[1], kernel)]
        if bias:
            inputs.append(self.draft.constant(node.inputs[2], self._graph.values[node.inputs[2]]))
        self.draft.activated(
            "Conv",
            inputs,
            name,
            after[0] if after else "",
            group=groups,
            strides=node.numbers("strides")[1:3],
            auto_pad=_PADDING[node.word("padding")],
        )

    def _resize(self, name: str, node: _Node) -> None:
        """To a multiple of the size, which the net computes from the size itself."""
        computed = self._graph.nodes[node.inputs[1]]
        (times,) = (self._graph.values[n] for n in computed.inputs if n in self._graph.values)
        if computed.kind != "Mul" or not node.settings["half_pixel_centers"]["b"]:
            raise ValueError("only a resize to a multiple of the size is known")
        scales = np.array([1, 1, *np.broadcast_to(times, 2)], np.float32)
        self.draft.node(
            "Resize",
            [node.inputs[0], "", self.draft.constant(f"scales {name}", scales)],
            name,
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )

    def _operand(self, name: str) -> str:
        """A node, or a number for each channel, or one for all."""
        if name not in self._graph.values:
            return name
        value = self._graph.values[name]
        return self.draft.constant(name, value.reshape(-1, 1, 1) if value.ndim else value)
