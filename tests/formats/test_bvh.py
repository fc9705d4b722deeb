"""BVH: by hand, round trips, and damaged files."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from poseapp.domain.errors import MotionError
from poseapp.domain.motion import Motion
from poseapp.formats.bvh import read_bvh, write_bvh

ARM = """HIERARCHY
ROOT Hips
{
  OFFSET 0 1 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Left Arm
  {
    OFFSET 2 0 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 1 0 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.025
10 20 30 90 0 0 0 0 0
0 0 0 0 0 90 30 40 50
"""


def _file(tmp_path, text):
    file = tmp_path / "arm.bvh"
    file.write_text(text)
    return file


def test_positions_by_hand(tmp_path):
    motion = read_bvh(_file(tmp_path, ARM), metres=0.1)
    assert motion.names == ("Hips", "Left Arm", "Left Arm end")
    assert motion.fps == pytest.approx(40)
    expected = 0.1 * np.array([[10, 20, 30], [10, 22, 30], [10, 23, 30]])
    np.testing.assert_allclose(motion.positions()[0], expected, atol=1e-9)


def test_angles_are_applied_in_the_order_of_the_channels(tmp_path):
    motion = read_bvh(_file(tmp_path, ARM))
    turned = Rotation.from_euler("ZXY", [30, 40, 50], degrees=True)
    np.testing.assert_allclose(motion.rotations[1, 1], turned.as_matrix(), atol=1e-9)
    quarter = Rotation.from_euler("y", 90, degrees=True)
    tip = quarter.apply([2, 0, 0]) + (quarter * turned).apply([1, 0, 0])
    np.testing.assert_allclose(motion.positions()[1, 2], tip, atol=1e-9)


@given(st.integers(0, 10_000))
def test_what_is_written_is_read_back(tmp_path_factory, seed):
    rng = np.random.default_rng(seed)
    parents = (-1, *(int(rng.integers(0, n)) for n in range(1, 6)))
    leaves = [n for n in range(6) if n not in parents]
    rotations = Rotation.random(18, rng=rng).as_matrix().reshape(3, 6, 3, 3)
    rotations[:, leaves] = np.eye(3)  # an end of a chain has no angles
    offsets = rng.normal(size=(6, 3))
    names = tuple(f"j{n}" for n in range(6))
    motion = Motion(names, parents, offsets, rotations, rng.normal(size=(3, 3)), 30)
    file = tmp_path_factory.mktemp("bvh") / "made.bvh"
    write_bvh(motion, file)
    again = read_bvh(file)
    order = [_original(name, again, motion) for name in range(len(again.names))]
    assert again.fps == pytest.approx(30)
    np.testing.assert_allclose(again.positions(), motion.positions()[:, order], atol=1e-6)


def _original(joint: int, again: Motion, motion: Motion) -> int:
    """Ends of chains lose their names: they are known by their offsets."""
    same = np.abs(motion.offsets - again.offsets[joint]).max(axis=1) < 1e-5
    return int(np.flatnonzero(same)[0])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("HIERARCHY", "NOTHING"),
        ("MOTION", "MUSIC"),
        ("Frames: 2", "Frames: 3"),
        ("Frames: 2", "Frames: 99999999999"),
        ("Frame Time: 0.025", "Frame Time: 0"),
        ("Xposition", "Uposition"),
        ("OFFSET 2 0 0", "OFFSET 2 0 nan"),
        ("OFFSET 2 0 0", "OFFSET 2 zero 0"),
        ("CHANNELS 3", "CHANNELS 300"),
        ("End Site", "End Place"),
        ("10 20 30", "10 20 inf"),
    ],
)
def test_damage_is_told_in_a_sentence(tmp_path, old, new):
    with pytest.raises(MotionError, match=r"arm\.bvh is not a BVH file that can be read"):
        read_bvh(_file(tmp_path, ARM.replace(old, new)))


def test_a_tree_without_end_is_refused(tmp_path):
    text = "HIERARCHY ROOT a { " + "JOINT a { " * 5_000
    with pytest.raises(MotionError, match="too many joints"):
        read_bvh(_file(tmp_path, text + "MOTION Frames: 1 Frame Time: 1"))


@given(st.integers(0, len(ARM) - 1), st.text(max_size=3), st.integers(0, 40))
def test_a_mutated_file_is_read_or_refused(tmp_path_factory, at, put, cut):
    file = tmp_path_factory.mktemp("fuzz") / "arm.bvh"
    file.write_text(ARM[:at] + put + ARM[at + cut :], encoding="utf-8")
    with suppress(MotionError):
        read_bvh(file).positions()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MotionError, match=r"gone\.bvh cannot be read"):
        read_bvh(tmp_path / "gone.bvh")
