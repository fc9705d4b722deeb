import numpy as np
from scipy.spatial.transform import Rotation

from poseapp.domain.motion import Motion


def test_a_chain_by_hand():
    """A quarter turn at the root and one back at the elbow."""
    quarter = Rotation.from_euler("z", 90, degrees=True).as_matrix()
    rotations = np.stack([quarter, quarter.T, np.eye(3)])[None]
    offsets = np.array([[0.0, 0, 0], [2, 0, 0], [1, 0, 0]])
    motion = Motion(("a", "b", "c"), (-1, 0, 1), offsets, rotations, np.array([[5.0, 0, 0]]), 30)
    np.testing.assert_allclose(motion.positions()[0], [[5, 0, 0], [5, 2, 0], [6, 2, 0]], atol=1e-12)
