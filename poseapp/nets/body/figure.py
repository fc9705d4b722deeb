"""A body of one shape, posed in NumPy: the same mesh that `Body` makes, for drawing and export."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from poseapp.nets.body.arrays import ANNY, BodyArrays, shipped_arrays
from poseapp.nets.body.smpl import smpl_arrays

Floats = NDArray[np.floating]


@dataclass(frozen=True, slots=True, eq=False)
class PosedMesh:
    """A body in one frame, metres in the axes of the camera."""

    vertices: Floats
    """(V, 3)"""
    joints: Floats
    """(J, 3)"""
    keypoints: Floats
    """(K, 3)"""


class _Few:
    """Weighted means of rows, where few weights are not zero.

    A product with the whole matrix would wake all threads of the linear algebra library, which
    then wait for more to do while the window wants the cores.
    """

    def __init__(self, weights: Floats) -> None:
        """(N, M): the weight of row n in mean m."""
        mean, row = np.nonzero(weights.T)
        self._row, self._weights = row, weights.T[mean, row][:, None].astype(np.float32)
        self._starts = np.searchsorted(mean, np.arange(weights.shape[1]))

    def means(self, rows: Floats) -> Floats:
        """(M, D) of (N, D)."""
        return np.add.reduceat(self._weights * rows[self._row], self._starts, axis=0)


class Figure:
    """Linear blend skinning for one person, whose shape is the same in all frames."""

    def __init__(self, body: BodyArrays, shape: ArrayLike) -> None:
        """`shape` are (S,) standard deviations."""
        self.body = body
        coefficients = np.asarray(shape, np.float32)
        self.rest: Floats = body.template + np.tensordot(coefficients, body.shapes, 1)
        """(V, 3) vertices at rest, in the body's axes."""
        self.rest_joints: Floats = body.joints + np.tensordot(coefficients, body.joint_shapes, 1)
        """(J, 3)"""
        self._skin = _Few(body.skin.T)
        self._regressor = _Few(body.regressor.T)

    @property
    def height_m(self) -> float:
        """From the soles to the top of the head."""
        return float(np.ptp(self.rest[:, 1]))

    def posed(self, rotations: ArrayLike, translation: ArrayLike) -> PosedMesh:
        """One frame, from (J, 3) axis angles and (3,) metres."""
        moved = np.asarray(translation, np.float32)
        turns, joints = self._chain(np.asarray(rotations)[None])
        moves = joints[0] - _turned(turns[0], self.rest_joints)
        motions = np.concatenate([turns[0], moves[..., None]], axis=-1)
        blended = self._skin.means(motions.reshape(-1, 12).astype(np.float32)).reshape(-1, 3, 4)
        rest = self.rest + self._bent(rotations)
        vertices = _turned(blended[..., :3], rest) + blended[..., 3] + moved
        return PosedMesh(vertices, joints[0] + moved, self._regressor.means(vertices))

    def joints(self, rotations: ArrayLike, translation: ArrayLike) -> Floats:
        """(T, J, 3) of (T, J, 3) axis angles and (T, 3) metres."""
        _, joints = self._chain(np.asarray(rotations))
        return joints + np.asarray(translation)[:, None]

    def _chain(self, rotations: NDArray) -> tuple[Floats, Floats]:
        """(T, J, 3, 3) how the joints are turned against the camera, (T, J, 3) where they are."""
        local = matrices(rotations)
        turns, places = [local[:, 0]], [np.tile(self.rest_joints[0], (len(local), 1))]
        for joint, parent in enumerate(self.body.parents[1:], start=1):
            bone = self.rest_joints[joint] - self.rest_joints[parent]
            places.append(places[parent] + turns[parent] @ bone)
            turns.append(turns[parent] @ local[:, joint])
        return np.stack(turns, axis=1), np.stack(places, axis=1)

    def _bent(self, rotations: ArrayLike) -> Floats | float:
        if self.body.pose_shapes is None:
            return 0.0
        bent = matrices(np.asarray(rotations))[1:] - np.eye(3)
        return np.tensordot(bent.reshape(-1).astype(np.float32), self.body.pose_shapes, 1)


def matrices(rotations: NDArray) -> NDArray[np.float64]:
    """(..., 3, 3) of (..., 3) axis angles."""
    flat = Rotation.from_rotvec(rotations.reshape(-1, 3)).as_matrix()
    return flat.reshape(*rotations.shape[:-1], 3, 3)


@lru_cache(maxsize=2)
def arrays_called(name: str) -> BodyArrays:
    """The body that a run names: Anny, or the path of an `.npz` file of the SMPL family.

    Raises:
        BodyError: when the file is gone or is no body.
    """
    return shipped_arrays() if name == ANNY else smpl_arrays(Path(name))


def _turned(matrix: Floats, points: Floats) -> Floats:
    """(N, 3) matrix times vector; column by column is the quickest for so small ones."""
    x, y, z = (matrix[..., n] * points[:, n, None] for n in range(3))
    return x + y + z
