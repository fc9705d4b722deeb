"""Moving figures of three keypoints: a bright limb that swings about a shoulder."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from poseapp.learn.remote.objective import Pairs
from poseapp.nets.heatmaps import gaussians, pixel_to_cell

SIDE = 32
COLOURS = ((90, 200, 240), (240, 160, 60))


def pose(angle):
    """(3, 2) pixels: shoulder, elbow and wrist."""
    return two_limbs(angle, 2 * angle)


def two_limbs(upper, lower):
    """(3, 2) pixels: shoulder, elbow and wrist."""
    shoulder = np.array([16.0, 16.0])
    elbow = shoulder + 7 * np.array([np.cos(upper), np.sin(upper)])
    return np.stack([shoulder, elbow, elbow + 6 * np.array([np.cos(lower), np.sin(lower)])])


def picture(points):
    """(32, 32, 3) BGR."""
    ground = np.random.default_rng(5).integers(60, 100, (SIDE, SIDE, 3)).astype(np.uint8)
    return limbs_on(ground, points, COLOURS)


def limbs_on(ground, points, colours):
    """(32, 32, 3) BGR: the ground with both limbs drawn on it."""
    drawn = ground.copy()
    for a, b, colour in zip(points[:-1], points[1:], colours, strict=True):
        ends = (tuple(np.round(16 * p).astype(int).tolist()) for p in (a, b))
        cv2.line(drawn, *ends, tuple(int(c) for c in colour), 3, cv2.LINE_AA, shift=4)
    return drawn


def tensors(angles):
    """Pictures in -1..1 and bells of these poses."""
    points = [pose(a) for a in angles]
    pictures = np.stack([picture(p) for p in points])
    bells = np.stack([gaussians(pixel_to_cell(p, 4), (SIDE // 4, SIDE // 4), 1.0) for p in points])
    return torch.from_numpy(pictures).permute(0, 3, 1, 2) / 127.5 - 1, torch.from_numpy(bells)


def pairs(seed, count=8):
    """Two moments of the figure each, and the poses of the second ones."""
    angles = np.random.default_rng(seed).uniform(0, 2 * np.pi, (2, count))
    (labelled, truth), (unlabelled, partners) = tensors(angles[0]), tensors(angles[1])
    return Pairs(labelled, unlabelled, truth, torch.ones(count, 3)), partners
