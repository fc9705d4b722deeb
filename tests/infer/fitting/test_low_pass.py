"""The low-pass against the linear system that it stands for."""

import numpy as np
import pytest
import torch

from poseapp.infer.fitting.low_pass import LowPass


def test_twice_it_is_the_smoother():
    """(1 + τ⁴ D²) x = y with D the second derivative, here by Fourier's own waves."""
    frames, tau = np.arange(40), 3.0
    given = torch.from_numpy(np.random.default_rng(0).normal(size=(40, 2)))
    low_pass = LowPass(frames, 1.0, tau)
    smooth = low_pass(low_pass(given)).numpy()
    places = (np.arange(40) + 0.5) * np.pi / 40
    waves = np.stack([np.cos(k * places) for k in range(40)], axis=1)  # of a mirrored run
    shares = 1 / (1 + (tau * np.arange(40) * np.pi / 40) ** 4)
    expected = waves @ (shares[:, None] * np.linalg.solve(waves, given.numpy()))
    np.testing.assert_allclose(smooth, expected, atol=1e-6)


def test_what_stands_still_stays():
    still = torch.full((17, 3, 2), 2.5)
    np.testing.assert_allclose(LowPass(np.arange(17), 30.0, 0.2)(still), still, atol=1e-5)


def test_nothing_goes_across_a_gap():
    frames = np.array([0, 1, 2, 3, 9, 10, 11])
    values = torch.zeros(7)
    values[4:] = 5.0
    np.testing.assert_allclose(LowPass(frames, 30.0, 1.0)(values), values, atol=1e-5)


@pytest.mark.parametrize("every", [1, 5])
def test_seconds_count_and_not_frames(every):
    values = torch.from_numpy(np.random.default_rng(1).normal(size=12)).float()
    one = LowPass(np.arange(12), 10.0, 0.3)(values)
    other = LowPass(every * np.arange(12), 10.0 * every, 0.3)(values)
    np.testing.assert_allclose(one, other, atol=1e-6)


def test_one_frame_is_as_it_was():
    values = torch.tensor([[1.0, -2.0]])
    np.testing.assert_allclose(LowPass(np.array([7]), 30.0, 1.0)(values), values, atol=1e-6)
