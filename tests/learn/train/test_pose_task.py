import numpy as np
import pytest
import torch
from torch import nn

from poseapp.learn.augment import NONE
from poseapp.learn.batches import Teaching, make_sample
from poseapp.learn.train.pose_task import measure
from poseapp.nets.framing import letterbox
from poseapp.nets.heads import STRIDE
from poseapp.nets.heatmaps import gaussians, pixel_to_cell

CANVAS = (96, 64)


class Steady(nn.Module):
    """Sees its keypoints in the same places of every picture."""

    readout = "softmax"

    def __init__(self, places):
        super().__init__()
        cells = pixel_to_cell(places, STRIDE)
        bells = gaussians(cells, (CANVAS[0] // STRIDE, CANVAS[1] // STRIDE), 1.0)
        self.raw = nn.Parameter(torch.from_numpy(np.log(bells + 1e-9)), requires_grad=False)

    def forward(self, pictures):
        return self.raw.expand(len(pictures), *self.raw.shape)

    def heatmaps(self, raw):
        return raw.flatten(2).softmax(dim=2).view_as(raw)


def sample(points):
    picture = np.zeros((CANVAS[1], CANVAS[0], 3), np.uint8)
    return make_sample(picture, letterbox(CANVAS, CANVAS), np.asarray(points, float))


def test_errors_are_pixels_of_the_picture_between_what_is_seen_and_what_is_labelled():
    seen, moved = np.array([[20.0, 30.0], [60.0, 40.0]]), np.array([[3.0, 4.0], [0.0, 1.0]])
    held_out = [sample(seen), sample(seen + moved), sample([[np.nan] * 2] * 2)]
    found = measure(Steady(seen), held_out, Teaching(NONE, (0, 1)))
    errors = [0.0, 0.0, 5.0, 1.0]
    assert found["held_out_px"] == pytest.approx(np.median(errors), abs=0.05)
    assert found["held_out_p95_px"] == pytest.approx(np.percentile(errors, 95), abs=0.05)
    assert found["score"] == pytest.approx(np.mean(errors), abs=0.05)


def test_places_of_whole_bodies_are_not_told_as_an_error_of_keypoints():
    seen = np.array([[48.0, 32.0]])
    found = measure(Steady(seen), [sample(seen + 2.0)], Teaching(NONE, (0,), several=True))
    assert set(found) == {"held_out_loss", "score"}
    assert found["score"] == pytest.approx(np.sqrt(8), abs=0.05)


def test_nothing_held_out_is_nothing_measured():
    assert np.isnan(measure(Steady(np.zeros((1, 2))), [], Teaching(NONE, (0,)))["score"])
