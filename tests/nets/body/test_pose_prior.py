"""The prior of poses against SciPy, and what it thinks of poses."""

import numpy as np
import torch
from scipy.stats import multivariate_normal

from poseapp.nets.body.pose_prior import PosePrior, shipped_prior


def test_the_energy_is_the_mixtures():
    rng = np.random.default_rng(0)
    means = rng.normal(size=(2, 3))
    factors = np.triu(rng.normal(size=(2, 3, 3))) + 2 * np.eye(3)
    weights = np.array([0.3, 0.7])
    points = rng.normal(size=(5, 3))
    density = sum(
        weight * multivariate_normal(mean, np.linalg.inv(factor @ factor.T)).pdf(points)
        for weight, mean, factor in zip(weights, means, factors, strict=True)
    )
    prior = PosePrior(*(torch.from_numpy(values) for values in (weights, means, factors)))
    energy = prior.energy(torch.from_numpy(points)).numpy()
    np.testing.assert_allclose(np.diff(energy), np.diff(-np.log(density)), rtol=1e-9)


def test_knees_that_bend_forward_are_odd():
    """A knee of the shipped body bends back by a positive angle about x."""
    prior = shipped_prior()
    usual = prior.means[prior.means[:, 33].argmin()].clone()
    forward = usual.clone()
    forward[(11 - 1) * 3] = -1.0
    assert prior.energy(forward[None]) > prior.energy(usual[None]) + 10
