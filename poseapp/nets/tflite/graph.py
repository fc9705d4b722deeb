"""What is in a TFLite file: tensors, constants and the operators between them.

Slot and code numbers are those of TFLite's public schema, version 3. Tensors are (N, H, W, C).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import InferenceError
from poseapp.nets.tflite.flatbuffer import Table

OPERATORS = {
    0: "ADD",
    2: "CONCATENATION",
    3: "CONV_2D",
    4: "DEPTHWISE_CONV_2D",
    5: "DEPTH_TO_SPACE",
    6: "DEQUANTIZE",
    9: "FULLY_CONNECTED",
    14: "LOGISTIC",
    17: "MAX_POOL_2D",
    22: "RESHAPE",
    23: "RESIZE_BILINEAR",
    34: "PAD",
    40: "MEAN",
    54: "PRELU",
    124: "DENSIFY",
}
"""The operators of BlazePose and of MediaPipe's hands; another net needs others."""

_DTYPES = {0: "f4", 1: "f2", 2: "i4", 3: "u1", 4: "i8"}
_SPARSE_INDICES = {1: "i4", 2: "u2", 3: "u1"}


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A value that flows, or a constant."""

    shape: tuple[int, ...]
    constant: NDArray | None


@dataclass(frozen=True, slots=True)
class Operator:
    """One step; inputs and outputs are tensor numbers, -1 for an input that is left out."""

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None

    def option(self, slot: int, kind: str = "b", default: int = 0) -> int:
        """A number among the options."""
        return default if self.options is None else self.options.number(slot, kind, default)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A net with one input."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    """In the order in which they are computed."""
    input: int
    outputs: tuple[int, ...]


def read_graph(content: bytes) -> Graph:
    """The net in a TFLite file.

    Raises:
        InferenceError: when it is none, or has an operator that is not known here.
    """
    try:
        return _graph(content)
    except (struct.error, IndexError, KeyError, ValueError, OverflowError, MemoryError) as why:
        raise InferenceError(
            f"This is no TFLite net that can be read ({why}). Fetch it again."
        ) from why


def _graph(content: bytes) -> Graph:
    if content[4:8] != b"TFL3":
        raise ValueError("it does not begin as one")
    model = Table.root(content)
    buffers = model.tables(4)
    codes = [max(code.number(0, "b"), code.number(3, "i")) for code in model.tables(1)]
    (net,) = model.tables(2)
    tensors = tuple(_tensor(table, buffers) for table in net.tables(0))
    operators = tuple(
        Operator(
            OPERATORS[codes[table.number(0, "I")]],
            tuple(table.array(1, "i4").tolist()),
            tuple(table.array(2, "i4").tolist()),
            table.table(4),
        )
        for table in net.tables(3)
    )
    (entry,) = net.array(1, "i4").tolist()
    return Graph(tensors, operators, entry, tuple(net.array(2, "i4").tolist()))


def _tensor(table: Table, buffers: list[Table]) -> Tensor:
    shape = tuple(table.array(0, "i4").tolist())
    stored = buffers[table.number(2, "I")].array(0, "u1")
    if not stored.size:
        return Tensor(shape, None)
    values = stored.view(np.dtype(_DTYPES[table.number(1, "b")]).newbyteorder("<"))
    sparse = table.table(6)
    return Tensor(shape, values.reshape(shape) if sparse is None else _dense(sparse, values, shape))


def _dense(sparse: Table, values: NDArray, shape: tuple[int, ...]) -> NDArray:
    """A tensor of which only the values that are not zero are stored.

    Its dimensions are walked one after the other in `order`: a dense one over all its places, a
    sparse one over those that are listed. Dimensions beyond the tensor's own go over the places
    inside a block of the dimension that `block_map` names.
    """
    order, block_map = sparse.array(0, "i4"), sparse.array(1, "i4")
    levels = sparse.tables(2)
    paths = np.zeros((1, 0), np.int64)
    """(stored so far, dimensions walked)"""
    for level in levels:
        if level.number(0, "b") == 0:
            size = level.number(1, "i")
            places = np.tile(np.arange(size), len(paths))
            paths = np.repeat(paths, size, axis=0)
        else:
            segments, places = (_indices(level, slot) for slot in (2, 4))
            paths = np.repeat(paths, np.diff(segments), axis=0)
        paths = np.column_stack([paths, places])
    inside = {
        column: int(block_map[dimension - len(shape)])
        for column, dimension in enumerate(order.tolist())
        if dimension >= len(shape)
    }
    stride = np.ones(len(shape), np.int64)
    for column, dimension in inside.items():
        stride[dimension] = levels[column].number(1, "i")
    where = np.zeros((len(paths), len(shape)), np.int64)
    for column, dimension in enumerate(order.tolist()):
        own = inside.get(column, dimension)
        where[:, own] += paths[:, column] * (1 if column in inside else stride[own])
    dense = np.zeros(shape, values.dtype)
    dense[tuple(where.T)] = values[: len(where)]
    return dense


def _indices(level: Table, slot: int) -> NDArray[np.int64]:
    numbers = level.table(slot + 1)
    if numbers is None:
        raise ValueError("a sparse tensor lists no places")
    return numbers.array(0, _SPARSE_INDICES[level.number(slot, "B")]).astype(np.int64)
