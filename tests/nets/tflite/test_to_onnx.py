"""Converted nets compute what torch computes; damaged files are refused."""

from contextlib import suppress

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from poseapp.domain.errors import InferenceError
from poseapp.nets.tflite.graph import read_graph
from poseapp.nets.tflite.to_onnx import to_onnx
from tests.fixtures.tflite import Builder

ADD, CONCAT, CONV, DEPTHWISE, DEPTH_TO_SPACE, DEQUANTIZE = 0, 2, 3, 4, 5, 6
LOGISTIC, MAX_POOL, RESHAPE, RESIZE, PAD, DENSIFY = 14, 17, 22, 23, 34, 124
FULLY_CONNECTED, MEAN, PRELU = 9, 40, 54
SAME, VALID, RELU, RELU6 = 0, 1, 1, 3
RNG = np.random.default_rng(0)
PICTURES = RNG.integers(0, 256, (2, 9, 8, 3)).astype(np.uint8)


def _run(content: bytes, low: float = 0.0, high: float = 1.0) -> list[np.ndarray]:
    outputs = range(len(read_graph(content).outputs))
    session = onnxruntime.InferenceSession(to_onnx(content, outputs, low, high))
    return session.run(None, {"pictures": PICTURES})


def _seen(low: float = 0.0, high: float = 1.0) -> torch.Tensor:
    """The pictures as the net gets them: RGB, channels first."""
    rgb = torch.from_numpy(PICTURES[..., ::-1].copy()).permute(0, 3, 1, 2)
    return rgb.float() / 255 * (high - low) + low


def _weights(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def test_pictures_come_in_as_the_net_was_trained():
    net = Builder()
    entry, out = net.value(1, 9, 8, 3), net.value(1, 9, 8, 3)
    zero = net.constant(np.zeros((1, 1, 1, 3), np.float32))
    net.add(ADD, [entry, zero], out)
    (got,) = _run(net.file(entry, [out]), -1.0, 1.0)
    np.testing.assert_allclose(got, _seen(-1.0, 1.0), atol=1e-6)


def test_a_strided_convolution_pads_more_at_the_end():
    net = Builder()
    entry, out = net.value(1, 9, 8, 3), net.value(1, 5, 4, 4)
    kernel, bias = _weights(4, 3, 3, 3), _weights(4)
    half, full = net.constant(kernel.astype(np.float16)), net.value(4, 3, 3, 3)
    net.add(DEQUANTIZE, [half], full)
    net.add(CONV, [entry, full, net.constant(bias)], out, {0: SAME, 1: 2, 2: 2, 3: RELU6})
    (got,) = _run(net.file(entry, [out]))
    # 9 rows, stride 2, reach 3: one row at both ends; 8 columns: one, at the end
    padded = functional.pad(_seen(), (0, 1, 1, 1))
    rounded = torch.from_numpy(kernel.astype(np.float16).astype(np.float32)).permute(0, 3, 1, 2)
    expected = functional.conv2d(padded, rounded, torch.from_numpy(bias), stride=2).clamp(0, 6)
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_depthwise_pool_resize_and_depth_to_space():
    net = Builder()
    entry = net.value(1, 9, 8, 3)
    kernel, bias = _weights(1, 3, 3, 3), _weights(3)
    deep = net.add(
        DEPTHWISE,
        [entry, net.constant(kernel), net.constant(bias)],
        net.value(1, 7, 6, 3),
        {0: VALID, 1: 1, 2: 1, 3: 1, 4: RELU},
    )
    pooled = net.add(
        MAX_POOL, [deep], net.value(1, 3, 3, 3), {0: VALID, 1: 2, 2: 2, 3: 2, 4: 2, 5: 0}
    )
    size = net.constant(np.array([6, 6], np.int32))
    grown = net.add(RESIZE, [pooled, size], net.value(1, 6, 6, 3), {2: 0, 3: 1})
    widths = net.constant(np.array([[0, 0], [1, 0], [0, 2], [0, 1]], np.int32))
    padded = net.add(PAD, [grown, widths], net.value(1, 7, 8, 4))
    spread = net.add(DEPTH_TO_SPACE, [padded], net.value(1, 14, 16, 1), {0: 2})
    got = _run(net.file(entry, [grown, spread]))

    weights = torch.from_numpy(kernel).permute(3, 0, 1, 2)
    relu = functional.conv2d(_seen(), weights, torch.from_numpy(bias), groups=3).relu()
    expected = functional.interpolate(
        functional.max_pool2d(relu, 2), size=(6, 6), mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(got[0], expected, atol=1e-5)
    around = functional.pad(expected, (0, 2, 1, 0, 0, 1))
    cells = around.permute(0, 2, 3, 1).reshape(2, 7, 8, 2, 2)  # TF: block row, block column
    np.testing.assert_allclose(
        got[1][:, 0], cells.permute(0, 1, 3, 2, 4).reshape(2, 14, 16), atol=1e-5
    )


def test_reshapes_keep_the_order_of_the_file_and_any_batch():
    net = Builder()
    entry = net.value(1, 9, 8, 3)
    flat = net.value(1, 72, 3)
    net.add(RESHAPE, [entry, net.constant(np.array([1, 72, 3], np.int32))], flat)
    both = net.add(CONCAT, [flat, flat], net.value(1, 144, 3), {0: 1})
    sure = net.add(LOGISTIC, [both], net.value(1, 144, 3))
    (got,) = _run(net.file(entry, [sure]))
    rows = _seen().permute(0, 2, 3, 1).reshape(2, 72, 3)
    np.testing.assert_allclose(got, torch.cat([rows, rows], 1).sigmoid(), atol=1e-6)


def test_slopes_means_and_full_connections():
    net = Builder()
    entry = net.value(1, 9, 8, 3)
    slopes, kernel, bias = _weights(1, 1, 3), _weights(5, 3), _weights(5)
    bent = net.add(PRELU, [entry, net.constant(slopes)], net.value(1, 9, 8, 3))
    axes = net.constant(np.array([1, 2], np.int32))
    flat = net.add(MEAN, [bent, axes], net.value(1, 3))
    inputs = [flat, net.constant(kernel), net.constant(bias)]
    out = net.add(FULLY_CONNECTED, inputs, net.value(1, 5), {0: RELU})
    got = _run(net.file(entry, [bent, flat, out]), -1.0, 1.0)

    expected = functional.prelu(_seen(-1.0, 1.0), torch.from_numpy(slopes.ravel()))
    np.testing.assert_allclose(got[0], expected, atol=1e-6)
    means = expected.mean(dim=(2, 3))
    np.testing.assert_allclose(got[1], means, atol=1e-6)
    whole = functional.linear(means, torch.from_numpy(kernel), torch.from_numpy(bias)).relu()
    np.testing.assert_allclose(got[2], whole, atol=1e-5)
    assert (whole > 0).any()


def test_only_what_is_wanted_is_converted():
    net = Builder()
    entry = net.value(1, 9, 8, 3)
    zero = net.constant(np.zeros((1, 1, 1, 3), np.float32))
    wanted = net.add(ADD, [entry, zero], net.value(1, 9, 8, 3))
    left = net.add(LOGISTIC, [wanted], net.value(1, 9, 8, 3))
    one = to_onnx(net.file(entry, [left, wanted]), [1], 0, 1)
    names = [output.name for output in onnxruntime.InferenceSession(one).get_outputs()]
    assert names == [f"tensor {wanted}"]
    assert b"Sigmoid" not in one


def test_a_sparse_kernel_in_blocks_is_filled_up():
    """4 × 6 in blocks of 2 × 3: the blocks (0, 1) and (1, 0) are stored."""
    net = Builder()
    first, second = np.arange(1, 7, dtype=np.float16), np.arange(7, 13, dtype=np.float16)
    sparse = {
        0: np.array([0, 1, 2, 3], "i4"),
        1: np.array([0, 1], "i4"),
        2: [
            {0: 0, 1: 2},
            {0: 1, 2: 1, 3: {0: np.array([0, 1, 2], "i4")}, 4: 3, 5: {0: np.array([1, 0], "u1")}},
            {0: 0, 1: 2},
            {0: 0, 1: 3},
        ],
    }
    stored = net.constant(np.concatenate([first, second]), sparse, shape=(4, 6))
    entry = net.value(1, 9, 8, 3)
    dense = read_graph(net.file(entry, [entry])).tensors[stored].constant
    expected = np.zeros((4, 6))
    expected[0:2, 3:6] = first.reshape(2, 3)
    expected[2:4, 0:3] = second.reshape(2, 3)
    np.testing.assert_array_equal(dense, expected)


def _small() -> bytes:
    net = Builder()
    entry, out = net.value(1, 9, 8, 3), net.value(1, 9, 8, 3)
    kernel = net.constant(_weights(3, 1, 1, 3))
    net.add(CONV, [entry, kernel, net.constant(_weights(3))], out, {0: SAME, 1: 1, 2: 1, 3: 0})
    return net.file(entry, [out])


@pytest.mark.parametrize("content", [b"", b"TFL3", b"\x08\0\0\0TFLX" + bytes(40), bytes(100)])
def test_what_is_no_net_is_refused(content):
    with pytest.raises(InferenceError, match="no TFLite net"):
        read_graph(content)


def test_an_unknown_operator_is_refused():
    net = Builder()
    entry, out = net.value(1, 9, 8, 3), net.value(1, 9, 8, 3)
    net.add(99, [entry], out)
    with pytest.raises(InferenceError, match="99"):
        read_graph(net.file(entry, [out]))


SMALL = _small()


@given(st.integers(8, len(SMALL) - 1), st.integers(0, 255))
def test_a_damaged_file_is_read_or_refused(place, value):
    damaged = bytearray(SMALL)
    damaged[place] = value
    with suppress(InferenceError):
        read_graph(bytes(damaged))


@given(st.integers(0, len(SMALL) - 1))
def test_a_file_that_ends_early_is_read_or_refused(length):
    with suppress(InferenceError):
        read_graph(SMALL[:length])
