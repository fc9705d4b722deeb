"""ASF/AMC: by hand, against the pack of captured motion's skeletons, and damaged files."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from poseapp.domain.errors import MotionError
from poseapp.formats.asf_amc import read_amc
from tests.fixtures.packs import pack

ASF = """# a leg
:version 1.10
:name leg
:units
  mass 1.0
  length 0.5
  angle deg
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
  begin
     id 1
     name femur
     direction 0 -2 0
     length 3
     axis 0 0 90 XYZ
     dof rx ry rz
  end
  begin
     id 2
     name tibia
     direction 0 -1 0
     length 2
     axis 0 0 0 XYZ
     dof rx
  end
:hierarchy
  begin
    root femur
    femur tibia
  end
"""
AMC = """:FULLY-SPECIFIED
:DEGREES
1
root 1 2 3 0 0 0
femur 0 0 0
tibia 90
2
root 0 0 0 90 0 90
femur 30 0 0
tibia 0
"""
UNIT = 0.0254 / 0.5


def _read(folder, asf=ASF, amc=AMC):
    skeleton, motion = folder / "leg.asf", folder / "leg.amc"
    skeleton.write_text(asf, encoding="utf-8")
    motion.write_text(amc, encoding="utf-8")
    return read_amc(skeleton, motion)


def test_positions_by_hand(tmp_path):
    motion = _read(tmp_path)
    assert motion.names == ("root", "femur", "tibia", "tibia end")
    assert motion.fps == 120
    # the shin turns by 90° about x: down becomes back (0, 0, -1)
    expected = UNIT * np.array([[1, 2, 3], [1, 2, 3], [1, -1, 3], [1, -1, 1]])
    np.testing.assert_allclose(motion.positions()[0], expected, atol=1e-9)


def test_angles_are_about_the_bones_own_axes(tmp_path):
    motion = _read(tmp_path)
    root = Rotation.from_euler("xyz", [90, 0, 90], degrees=True)  # fixed axes, x first
    np.testing.assert_allclose(motion.rotations[1, 0], root.as_matrix(), atol=1e-9)
    # the thigh's x axis lies along y, so its 30° are about y
    about_y = Rotation.from_euler("y", 30, degrees=True)
    np.testing.assert_allclose(motion.rotations[1, 1], about_y.as_matrix(), atol=1e-9)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (":hierarchy", ":nothing"),
        ("femur tibia", "femur fibula"),
        ("femur tibia", "femur femur"),
        ("femur tibia", "patella tibia"),
        ("length 0.5", "length 0"),
        ("length 3", "length nan"),
        ("axis 0 0 90 XYZ", "axis 0 0 XYZ"),
        ("axis 0 0 90 XYZ", "axis 0 0 90 UVW"),
        ("direction 0 -2 0", "direction 0 -2"),
        ("order TX", "order QX"),
        ("name femur", "name"),
    ],
)
def test_a_damaged_skeleton_is_told_in_a_sentence(tmp_path, old, new):
    with pytest.raises(MotionError, match=r"leg\.(asf|amc) cannot be read as"):
        _read(tmp_path, asf=ASF.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("root 1 2 3 0 0 0", "root 1 2 3 0 0"),
        ("tibia 90", "fibula 90"),
        ("tibia 90", "tibia ninety"),
        ("tibia 0\n", ""),
        ("femur 30 0 0", "femur 30 inf 0"),
        (AMC, ":DEGREES"),
    ],
)
def test_a_damaged_motion_is_told_in_a_sentence(tmp_path, old, new):
    with pytest.raises(MotionError, match=r"leg\.amc cannot be read"):
        _read(tmp_path, amc=AMC.replace(old, new))


@given(st.integers(0, len(ASF + AMC) - 1), st.text(max_size=3), st.integers(0, 30))
def test_mutated_files_are_read_or_refused(tmp_path_factory, at, put, cut):
    both = ASF + AMC
    mutated = both[:at] + put + both[at + cut :]
    asf, _, amc = mutated.partition(":FULLY")
    with suppress(MotionError):
        _read(tmp_path_factory.mktemp("fuzz"), asf, ":FULLY" + amc).positions()


def test_a_real_skeleton_stands_as_long_as_the_packs_bones(tmp_path):
    """The pack's positions were made by other code from the same skeleton."""
    folder = pack("cmu_mocap")
    amc = tmp_path / "still.amc"
    amc.write_text(":DEGREES\n1\nroot 0 0 0 0 0 0\n")
    motion = read_amc(folder / "asf" / "01.asf", amc)
    places = motion.positions()[0]
    with np.load(folder / "cmu_asfamc_positions_30fps.npz") as stored:
        names, xyz = stored["joint_names"].tolist(), stored["xyz"][0]

    def length(a: str, b: str) -> float:
        joints = [places[motion.names.index(name)] for name in (a, b)]
        return float(np.linalg.norm(joints[0] - joints[1]))

    for start, bone, parent in (("ltibia", "lfoot", "ltibia"), ("lhumerus", "lradius", "lhumerus")):
        end, begin = names.index(parent), names.index("lfemur" if "t" in start else "lclavicle")
        theirs = float(np.linalg.norm(xyz[end] - xyz[begin]))
        assert length(start, bone) == pytest.approx(theirs, rel=1e-3)
