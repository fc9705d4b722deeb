"""Oracle: the made-up net's keypoints are where the dots were drawn."""

from __future__ import annotations

import numpy as np
import pytest

from poseapp.infer.predict import Predictor
from tests.infer.made_up_nets import draw, write_run

BODY = np.array([[75.0, 85.0], [90.0, 120.0], [105.0, 85.0]])
CELL_PX = 8
"""Of the picture, on the whole frame; crops are finer."""


@pytest.mark.parametrize("crop_px", [None, 100.0])
def test_the_tops_of_the_map_lie_where_the_keypoints_are(tmp_path, crop_px):
    folder = write_run(tmp_path / "run", instances=2, crop_px=crop_px)
    warmth = Predictor.load(folder, device="cpu", threads=1).heat(draw(BODY[None]))
    assert warmth.shape == (192, 256)
    assert warmth.min() >= 0
    assert warmth.max() == pytest.approx(1.0, abs=0.15)
    for x, y in BODY:
        around = warmth[int(y) - 12 : int(y) + 13, int(x) - 12 : int(x) + 13]
        row, column = np.unravel_index(around.argmax(), around.shape)
        assert max(abs(row - 12), abs(column - 12)) <= CELL_PX / 2
        assert around.max() > 0.7
    assert warmth[180, 10] < 0.2


def test_a_large_picture_has_a_map_of_its_shape_and_where_there_is_nobody_it_is_cold(tmp_path):
    folder = write_run(tmp_path / "run", instances=3, crop_px=100.0)
    warmth = Predictor.load(folder, device="cpu", threads=1).heat(
        np.zeros((1080, 1920, 3), np.uint8)
    )
    assert warmth.shape == (270, 480)
    assert not warmth.any()
