"""An ONNX file in the making: nodes, constants, and the way in for pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17


class Draft:
    """Takes nodes one by one, in the order in which they compute."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, values: NDArray | np.generic) -> str:
        """Its name."""
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def node(self, kind: str, inputs: Sequence[str], output: str, **settings: Any) -> str:
        """The output's name."""
        self._nodes.append(helper.make_node(kind, inputs, [output], **settings))
        return output

    def activated(
        self, kind: str, inputs: Sequence[str], output: str, activation: str, **settings: Any
    ) -> None:
        """A node and what follows it: nothing (""), `Relu` or `Relu6`."""
        if not activation:
            self.node(kind, inputs, output, **settings)
            return
        before = [self.node(kind, inputs, f"before {output}", **settings)]
        if activation == "Relu6":
            before += [self.constant("zero", np.float32(0)), self.constant("six", np.float32(6))]
        self.node({"Relu": "Relu", "Relu6": "Clip"}[activation], before, output)

    def picture(self, output: str, low: float, high: float) -> None:
        """From BGR bytes, channels last, to RGB with `low` for black and `high` for white."""
        self.node("Transpose", ["pictures"], "pictures upright", perm=(0, 3, 1, 2))
        self.node("Cast", ["pictures upright"], "pictures floats", to=TensorProto.FLOAT)
        rgb = self.constant("pictures rgb", np.array([2, 1, 0], np.int64))
        self.node("Gather", ["pictures floats", rgb], "pictures coloured", axis=1)
        scale = self.constant("pictures scale", np.float32((high - low) / 255))
        self.node("Mul", ["pictures coloured", scale], "pictures scaled")
        self.node(
            "Add", ["pictures scaled", self.constant("pictures base", np.float32(low))], output
        )

    def file(self, height: int, width: int, outputs: Mapping[str, Sequence[int | str]]) -> bytes:
        """Everything, for pictures of this size; `outputs` have their shapes behind the batch."""
        entry = helper.make_tensor_value_info(
            "pictures", TensorProto.UINT8, ["batch", height, width, 3]
        )
        exits = [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])
            for name, shape in outputs.items()
        ]
        constants = list(self._constants.values())
        graph = helper.make_graph(self._nodes, "converted", [entry], exits, constants)
        opsets = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        onnx.checker.check_model(model)
        return model.SerializeToString()
