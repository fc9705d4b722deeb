"""A TFLite net as an ONNX net: the same numbers, channels first, any number of pictures at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseapp.nets.onnx_draft import Draft
from poseapp.nets.tflite.graph import Graph, Operator, read_graph

_FIRST_CHANNELS = (0, 3, 1, 2)
_LAST_CHANNELS = (0, 2, 3, 1)
_SAME = 0
_ACTIVATIONS = {0: "", 1: "Relu", 3: "Relu6"}


def to_onnx(content: bytes, outputs: Sequence[int], low: float, high: float) -> bytes:
    """The net of a TFLite file, for BGR pictures.

    Args:
        content: of the file.
        outputs: which of its outputs to keep, in this order; what only others need is left out.
        low: what the net was trained to see black as.
        high: the same for white; it saw RGB.

    Returns:
        An ONNX file: `pictures` uint8 (N, height, width, 3) BGR → float32 outputs, those with
        height and width as (N, channels, height, width).

    Raises:
        InferenceError: when the file cannot be read.
    """
    graph = read_graph(content)
    draft = Draft()
    draft.picture(_name(graph.input), low, high)
    writer = _Writer(graph, draft)
    wanted = [graph.outputs[number] for number in outputs]
    for operator in _needed(graph, wanted):
        writer.add(operator)
    height, width = graph.tensors[graph.input].shape[1:3]
    return draft.file(height, width, {_name(n): writer.shape_out(n) for n in wanted})


def _needed(graph: Graph, wanted: Sequence[int]) -> list[Operator]:
    """The operators that these tensors come from, in order."""
    open_, needed = set(wanted), []
    for operator in reversed(graph.operators):
        if open_ & set(operator.outputs):
            needed.append(operator)
            open_ |= set(operator.inputs)
    return needed[::-1]


class _Writer:
    """Turns operators into nodes one by one."""

    def __init__(self, graph: Graph, draft: Draft) -> None:
        self._graph = graph
        self._draft = draft
        self._values: dict[int, NDArray] = {
            n: tensor.constant
            for n, tensor in enumerate(graph.tensors)
            if tensor.constant is not None
        }

    def add(self, operator: Operator) -> None:
        """The nodes that do what the operator does."""
        getattr(self, f"_{operator.name.lower()}")(operator)

    def shape_out(self, number: int) -> list[int | str]:
        """Of an output, behind the batch."""
        shape = self._graph.tensors[number].shape
        order = _FIRST_CHANNELS if len(shape) == 4 else range(len(shape))
        return [shape[axis] for axis in order if axis]

    # -- operators ---------------------------------------------------------------------------

    def _dequantize(self, operator: Operator) -> None:
        self._values[operator.outputs[0]] = self._values[operator.inputs[0]].astype(np.float32)

    def _densify(self, operator: Operator) -> None:
        self._values[operator.outputs[0]] = self._values[operator.inputs[0]]

    def _conv_2d(self, operator: Operator) -> None:
        dilation = operator.option(5, "i", 1), operator.option(4, "i", 1)
        kernel = self._values[operator.inputs[1]].transpose(0, 3, 1, 2)
        self._convolve(operator, kernel, 1, dilation, operator.option(3))

    def _depthwise_conv_2d(self, operator: Operator) -> None:
        dilation = operator.option(6, "i", 1), operator.option(5, "i", 1)
        kernel = self._values[operator.inputs[1]].transpose(3, 0, 1, 2)
        self._convolve(operator, kernel, self._channels(operator), dilation, operator.option(4))

    def _convolve(
        self,
        operator: Operator,
        kernel: NDArray,
        groups: int,
        dilation: tuple[int, int],
        activation: int,
    ) -> None:
        source, weights, bias = operator.inputs
        names = [
            _name(source),
            self._draft.constant(f"weights {weights} {operator.outputs[0]}", kernel),
            self._draft.constant(f"bias {bias}", self._values[bias]),
        ]
        strides = operator.option(2, "i", 1), operator.option(1, "i", 1)
        reach = [(k - 1) * d + 1 for k, d in zip(kernel.shape[2:], dilation, strict=True)]
        pads = self._pads(operator, reach, strides)
        self._activated("Conv", names, operator, activation, group=groups, strides=strides,
                        dilations=dilation, pads=pads)  # fmt: skip

    def _max_pool_2d(self, operator: Operator) -> None:
        strides = operator.option(2, "i", 1), operator.option(1, "i", 1)
        kernel = [operator.option(4, "i", 1), operator.option(3, "i", 1)]
        pads = self._pads(operator, kernel, strides)
        names = [_name(operator.inputs[0])]
        self._activated("MaxPool", names, operator, operator.option(5), kernel_shape=kernel,
                        strides=strides, pads=pads)  # fmt: skip

    def _add(self, operator: Operator) -> None:
        names = [self._operand(n) for n in operator.inputs]
        self._activated("Add", names, operator, operator.option(0))

    def _logistic(self, operator: Operator) -> None:
        self._draft.node("Sigmoid", [_name(operator.inputs[0])], _name(operator.outputs[0]))

    def _prelu(self, operator: Operator) -> None:
        source, slopes = operator.inputs
        upright = self._values[slopes].transpose(2, 0, 1)
        names = [_name(source), self._draft.constant(f"slopes {slopes}", upright)]
        self._draft.node("PRelu", names, _name(operator.outputs[0]))

    def _mean(self, operator: Operator) -> None:
        source, over = operator.inputs
        axes = sorted(_FIRST_CHANNELS.index(axis) for axis in self._values[over].ravel().tolist())
        target = _name(operator.outputs[0])
        self._draft.node("ReduceMean", [_name(source)], target, axes=axes,
                   keepdims=operator.option(0))  # fmt: skip

    def _fully_connected(self, operator: Operator) -> None:
        source, weights, bias = operator.inputs
        names = [
            _name(source),
            self._draft.constant(f"weights {weights}", self._values[weights]),
            self._draft.constant(f"bias {bias}", self._values[bias]),
        ]
        self._activated("Gemm", names, operator, operator.option(0), transB=1)

    def _pad(self, operator: Operator) -> None:
        source, widths = operator.inputs
        around = self._values[widths][list(_FIRST_CHANNELS)].T.ravel().astype(np.int64)
        pads = self._draft.constant(f"pads {operator.outputs[0]}", around)
        self._draft.node("Pad", [_name(source), pads], _name(operator.outputs[0]))

    def _depth_to_space(self, operator: Operator) -> None:
        names = [_name(operator.inputs[0])]
        block = operator.option(0, "i")
        self._draft.node("DepthToSpace", names, _name(operator.outputs[0]), blocksize=block)

    def _resize_bilinear(self, operator: Operator) -> None:
        source, size = operator.inputs
        before = np.array(self._graph.tensors[source].shape[1:3])
        scale = self._values[size] / before
        scales = self._draft.constant(
            f"scales {operator.outputs[0]}", np.array([1, 1, *scale], np.float32)
        )
        mode = "half_pixel" if operator.option(3) else "asymmetric"
        self._draft.node(
            "Resize",
            [_name(source), "", scales],
            _name(operator.outputs[0]),
            mode="linear",
            coordinate_transformation_mode="align_corners" if operator.option(2) else mode,
        )

    def _reshape(self, operator: Operator) -> None:
        source, target = operator.inputs[0], operator.outputs[0]
        name = _name(source)
        if len(self._graph.tensors[source].shape) == 4:
            name = self._draft.node("Transpose", [name], f"last {target}", perm=_LAST_CHANNELS)
        shape = np.array([0, *self._graph.tensors[target].shape[1:]], np.int64)
        sizes = self._draft.constant(f"shape {target}", shape)
        if len(shape) != 4:
            self._draft.node("Reshape", [name, sizes], _name(target))
            return
        name = self._draft.node("Reshape", [name, sizes], f"reshaped {target}")
        self._draft.node("Transpose", [name], _name(target), perm=_FIRST_CHANNELS)

    def _concatenation(self, operator: Operator) -> None:
        rank = len(self._graph.tensors[operator.outputs[0]].shape)
        axis = operator.option(0, "i") % rank
        if rank == 4:
            axis = _FIRST_CHANNELS.index(axis)
        names = [self._operand(n) for n in operator.inputs]
        self._activated("Concat", names, operator, operator.option(1), axis=axis)

    # -- pieces ------------------------------------------------------------------------------

    def _activated(
        self, kind: str, names: list[str], operator: Operator, activation: int, **settings: Any
    ) -> None:
        target = _name(operator.outputs[0])
        self._draft.activated(kind, names, target, _ACTIVATIONS[activation], **settings)

    def _pads(
        self, operator: Operator, reach: Sequence[int], strides: tuple[int, int]
    ) -> list[int]:
        """Begin and end of both sides; an odd pixel goes to the end."""
        if operator.option(0) != _SAME:
            return [0, 0, 0, 0]
        sides = self._graph.tensors[operator.inputs[0]].shape[1:3]
        missing = [
            max((-(-side // stride) - 1) * stride + far - side, 0)
            for side, far, stride in zip(sides, reach, strides, strict=True)
        ]
        begin = [m // 2 for m in missing]
        return [*begin, *(m - b for m, b in zip(missing, begin, strict=True))]

    def _channels(self, operator: Operator) -> int:
        return self._graph.tensors[operator.inputs[0]].shape[3]

    def _operand(self, number: int) -> str:
        """A tensor that may be a constant."""
        if number not in self._values:
            return _name(number)
        value = self._values[number]
        upright = value.transpose(_FIRST_CHANNELS) if value.ndim == 4 else value
        return self._draft.constant(f"constant {number}", upright)


def _name(number: int) -> str:
    return f"tensor {number}"
