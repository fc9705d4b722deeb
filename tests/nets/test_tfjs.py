"""Converted nets of TensorFlow.js compute what torch computes; damaged files are refused."""

import base64
import json

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional

from poseapp.domain.errors import InferenceError
from poseapp.nets.tfjs import to_onnx

RNG = np.random.default_rng(0)
SIDE = 8
PICTURES = RNG.integers(0, 256, (2, SIDE, SIDE, 3)).astype(np.uint8)


def _word(text):
    return base64.b64encode(text.encode()).decode()


class Builder:
    """Writes a graph model node by node."""

    def __init__(self):
        self.nodes, self.weights, self.bytes = [{"name": "picture", "op": "Placeholder"}], [], b""

    def constant(self, name, values, half=False):
        kind = "int32" if values.dtype.kind == "i" else "float32"
        entry = {"name": name, "shape": list(values.shape), "dtype": kind}
        if half:
            entry["quantization"] = {"dtype": "float16", "original_dtype": "float32"}
        self.weights.append(entry)
        self.bytes += values.astype(np.float16 if half else kind).tobytes()
        self.nodes.append({"name": name, "op": "Const"})
        return name

    def node(self, kind, name, inputs, **settings):
        self.nodes.append({"name": name, "op": kind, "input": inputs, "attr": settings})
        return name

    def convolution(self, kind, name, inputs, stride=1, padding="SAME", fused=(), holes=1):
        return self.node(
            kind,
            name,
            inputs,
            padding={"s": _word(padding)},
            strides={"list": {"i": ["1", str(stride), str(stride), "1"]}},
            dilations={"list": {"i": ["1", str(holes), str(holes), "1"]}},
            fused_ops={"list": {"s": [_word(word) for word in fused]}},
        )

    def files(self):
        document = {
            "modelTopology": {"node": self.nodes},
            "weightsManifest": [{"paths": ["net.bin"], "weights": self.weights}],
        }
        return json.dumps(document).encode(), self.bytes


def _weights(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def _run(net, *outputs):
    session = onnxruntime.InferenceSession(to_onnx(*net.files(), outputs, SIDE))
    return session.run(None, {"pictures": PICTURES})


def _rgb():
    return torch.from_numpy(PICTURES[..., ::-1].copy()).permute(0, 3, 1, 2).float()


def _small():
    net = Builder()
    scaled = net.node("Mul", "scaled", ["picture", net.constant("by", np.float32([0.5, 1, 2]))])
    return net, scaled


MODEL, WEIGHTS = _small()[0].files()
OUTPUT = "scaled"


def test_pictures_are_shown_as_rgb_of_0_to_255_and_scaled_by_channel():
    net, scaled = _small()
    less = net.node("Sub", "less", [f"{scaled}:0", net.constant("one", np.float32(1))])
    (got,) = _run(net, net.node("Identity", "out", [net.node("Cast", "cast", [less])]))
    expected = _rgb() * torch.tensor([0.5, 1, 2]).view(3, 1, 1) - 1
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_a_strided_convolution_pads_more_at_the_end_and_weights_may_be_halves():
    net = Builder()
    kernel, bias = _weights(3, 3, 3, 4) / 100, _weights(4)
    names = ["picture", net.constant("kernel", kernel, half=True), net.constant("bias", bias)]
    out = net.convolution("_FusedConv2D", "out", names, 2, fused=("BiasAdd", "Relu6"))
    (got,) = _run(net, out)
    rounded = torch.from_numpy(kernel.astype(np.float16).astype(np.float32)).permute(3, 2, 0, 1)
    padded = functional.pad(_rgb(), (0, 1, 0, 1))
    expected = functional.conv2d(padded, rounded, torch.from_numpy(bias), stride=2).clamp(0, 6)
    np.testing.assert_allclose(got, expected, atol=1e-4)


def test_depthwise_resize_sum_and_sigmoid():
    net = Builder()
    deep, one = _weights(3, 3, 3, 2) / 1000, _weights(1, 1, 3, 6) / 100
    left = net.convolution(
        "DepthwiseConv2dNative", "left", ["picture", net.constant("deep", deep)], padding="VALID"
    )
    right = net.convolution("Conv2D", "right", ["picture", net.constant("one", one)])
    size = net.node("Mul", "size", ["shape", net.constant("twice", np.int32([2, 2]))])
    grown = net.node("ResizeBilinear", "grown", [right, size], half_pixel_centers={"b": True})
    total = net.node("AddV2", "total", [grown, grown])
    got_left, got_right = _run(net, left, net.node("Sigmoid", "out", [total]))
    wide = torch.from_numpy(deep).permute(2, 3, 0, 1).reshape(6, 1, 3, 3)
    np.testing.assert_allclose(got_left, functional.conv2d(_rgb(), wide, groups=3), atol=1e-4)
    narrow = functional.conv2d(_rgb(), torch.from_numpy(one).permute(3, 2, 0, 1))
    large = functional.interpolate(narrow, scale_factor=2, mode="bilinear")
    np.testing.assert_allclose(got_right, torch.sigmoid(2 * large), atol=1e-5)


def test_what_the_outputs_do_not_need_may_be_unknown():
    net, scaled = _small()
    net.node("TopKV2", "best", [scaled])
    assert _run(net, scaled)[0].shape == (2, 3, SIDE, SIDE)
    with pytest.raises(InferenceError, match="TopKV2 is not known"):
        to_onnx(*net.files(), ["best"], SIDE)


def _with(change):
    document = json.loads(MODEL)
    change(document)
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("model", "weights", "why"),
    [
        (b"", WEIGHTS, "Expecting value"),
        (b"[]", WEIGHTS, "Fetch it again"),
        (b"{}", WEIGHTS, "modelTopology"),
        (MODEL, WEIGHTS[:-1], "Fetch it again"),
        (MODEL, WEIGHTS + b"0", "13 bytes, not 12"),
        (_with(lambda d: d["weightsManifest"][0]["weights"][0].update(
            quantization={"dtype": "uint8", "scale": 1})), WEIGHTS, "quantized"),
        (_with(lambda d: d["modelTopology"]["node"].pop(0)), WEIGHTS, "picture"),
    ],
)  # fmt: skip
def test_damaged_files_are_refused(model, weights, why):
    with pytest.raises(InferenceError, match=why):
        to_onnx(model, weights, [OUTPUT], SIDE)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"holes": 2}, "holes"), ({"fused": ("FusedBatchNorm",)}, "FusedBatchNorm")],
)
def test_convolutions_of_other_kinds_are_refused(change, why):
    net = Builder()
    names = ["picture", net.constant("kernel", _weights(3, 3, 3, 4))]
    net.convolution("_FusedConv2D", "out", names, **change)
    with pytest.raises(InferenceError, match=why):
        to_onnx(*net.files(), ["out"], SIDE)


def test_a_resize_to_any_size_is_refused():
    net = Builder()
    size = net.node("Add", "size", ["shape", net.constant("more", np.int32([2, 2]))])
    net.node("ResizeBilinear", "out", ["picture", size], half_pixel_centers={"b": True})
    with pytest.raises(InferenceError, match="multiple of the size"):
        to_onnx(*net.files(), ["out"], SIDE)
