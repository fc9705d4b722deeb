"""Motion put on a body: what was posed comes back, and real motion keeps its directions."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from poseapp.domain.errors import MotionError
from poseapp.formats.bvh import read_bvh
from poseapp.learn.synth.retarget import NEEDED, body_at_rest, named_points, retargeted
from poseapp.nets.body.rotations import matrix_of_axis_angle
from poseapp.nets.body.shipped import shipped_body
from tests.fixtures.packs import pack

BONES = [
    (f"{side} {a}", f"{side} {b}")
    for side in ("left", "right")
    for a, b in (("hip", "knee"), ("knee", "ankle"), ("shoulder", "elbow"), ("elbow", "wrist"))
]


@pytest.fixture(scope="module")
def body():
    return shipped_body()


@pytest.fixture(scope="module")
def captured(body):
    """The body as captured motion is put on it."""
    return body_at_rest(body)


@pytest.fixture(scope="module")
def rest(body, captured):
    """The same when the points are the body's own joints."""
    return replace(captured, head=captured.joints[body.joint_names.index("head")])


def _joints(body, pose: np.ndarray) -> np.ndarray:
    turns = matrix_of_axis_angle(torch.from_numpy(pose).float())
    return body.keypoints(turns, torch.zeros(len(pose), body.shape_count))[1].double().numpy()


def _directions(joints, names, bones=BONES) -> np.ndarray:
    steps = [joints[:, names.index(b)] - joints[:, names.index(a)] for a, b in bones]
    return np.stack([s / np.linalg.norm(s, axis=-1, keepdims=True) for s in steps], axis=1)


def _points(body, pose) -> dict[str, np.ndarray]:
    joints = _joints(body, pose)
    return {name: joints[:, body.joint_names.index(name)] for name in NEEDED}


def test_a_posed_body_is_found_again(body, rest):
    rng = np.random.default_rng(0)
    pose = np.zeros((20, 20, 3))
    limbs = [n for n, name in enumerate(body.joint_names) if name.split()[-1] in
             ("hip", "knee", "shoulder", "elbow")]  # fmt: skip
    pose[:, limbs] = rng.normal(0, 0.5, (20, len(limbs), 3))
    pose[:, 0] = rng.normal(0, 1.0, (20, 3))
    found = retargeted(_points(body, pose), rest)
    got, wanted = _joints(body, found), _joints(body, pose)
    np.testing.assert_allclose(got - got[:, :1], wanted - wanted[:, :1], atol=1e-4)


def test_rest_stays_rest(body, rest):
    found = retargeted(_points(body, np.zeros((1, 20, 3))), rest)
    np.testing.assert_allclose(found, 0, atol=1e-5)


def test_a_bent_knee_turns_about_its_own_hinge(body, rest):
    """A thigh turned outwards with a bent knee is twisted, not swung sideways."""
    pose = np.zeros((1, 20, 3))
    hip, knee = (body.joint_names.index(f"left {joint}") for joint in ("hip", "knee"))
    thigh = rest.joints[knee] - rest.joints[hip]
    pose[0, hip] = 0.8 * thigh / np.linalg.norm(thigh)
    pose[0, knee] = [1.2, 0, 0]
    found = retargeted(_points(body, pose), rest)
    np.testing.assert_allclose(found[0, hip], pose[0, hip], atol=0.06)


def test_unknown_names_are_told():
    with pytest.raises(MotionError, match="no joint that can be taken for left hip"):
        named_points(["thing", "other"], np.zeros((1, 2, 3)))


@pytest.mark.parametrize(
    "names",
    [
        "LeftHip LeftKnee LeftAnkle RightHip RightKnee RightAnkle LeftShoulder LeftElbow LeftWrist "
        "RightShoulder RightElbow RightWrist Neck Head",
        "mixamorig:LeftUpLeg mixamorig:LeftLeg mixamorig:LeftFoot mixamorig:RightUpLeg "
        "mixamorig:RightLeg mixamorig:RightFoot mixamorig:LeftArm mixamorig:LeftForeArm "
        "mixamorig:LeftHand mixamorig:RightArm mixamorig:RightForeArm mixamorig:RightHand "
        "mixamorig:Neck mixamorig:Head",
        "lfemur ltibia lfoot rfemur rtibia rfoot lhumerus lradius lwrist rhumerus rradius rwrist "
        "lowerneck head",
    ],
)
def test_three_ways_of_naming_are_known(names):
    places = np.arange(14.0)[None, :, None].repeat(3, axis=2)
    points = named_points(names.split(), places)
    assert set(points) == set(NEEDED)
    assert points["left knee"][0, 0] == 1
    assert points["right wrist"][0, 0] == 11


@pytest.mark.parametrize("sequence", ["01_01", "02_01"])
def test_real_places_of_bone_ends_keep_their_directions(body, captured, sequence):
    with np.load(pack("cmu_mocap") / "cmu_asfamc_positions_30fps.npz") as stored:
        number = stored["names"].tolist().index(sequence)
        first = int(stored["lengths"][:number].sum())
        places = stored["xyz"][first : first + int(stored["lengths"][number]) : 10].astype(float)
        points = named_points(stored["joint_names"].tolist(), places, bone_ends=True)
    pose = retargeted(points, captured)
    source = np.stack([points[name] for name in NEEDED], axis=1)
    got = _directions(_joints(body, pose), body.joint_names)
    assert (got * _directions(source, NEEDED)).sum(axis=-1).min() > 0.9999


def test_real_motion_keeps_its_directions(body, captured):
    motion = read_bvh(pack("cmu_mocap") / "bvh" / "131_01.bvh", metres=0.0564)
    points = {name: values[::10] for name, values in
              named_points(motion.names, motion.positions()).items()}  # fmt: skip
    pose = retargeted(points, captured)
    source = np.stack([points[name] for name in NEEDED], axis=1)
    got = _directions(_joints(body, pose), body.joint_names)
    wanted = _directions(source, NEEDED)
    assert (got * wanted).sum(axis=-1).min() > 0.9999
    steps = np.linalg.norm(np.diff(pose, axis=0), axis=-1)
    assert np.isfinite(pose).all()
    assert np.percentile(steps, 99) < 1.0


def test_a_walker_carries_the_head_upright(body, captured):
    """Between eyes and ears the head of who walks straight on is level within ten degrees."""
    motion = read_bvh(pack("cmu_mocap") / "bvh" / "131_01.bvh", metres=0.0564)
    points = {name: values[:200:10] for name, values in
              named_points(motion.names, motion.positions()).items()}  # fmt: skip
    turns = matrix_of_axis_angle(torch.from_numpy(retargeted(points, captured)).float())
    seen = body.keypoints(turns, torch.zeros(len(turns), body.shape_count))[0].double().numpy()
    still = (body.regressor @ body.template).double().numpy()[None]
    assert abs(np.median(_gaze(body, seen)) - _gaze(body, still)[0]) < 10


def _gaze(body, keypoints) -> np.ndarray:
    """(T,) degrees by which the nose lies above the ears."""
    nose, left, right = (
        keypoints[:, body.keypoint_names.index(name)] for name in ("nose", "left ear", "right ear")
    )
    ahead = nose - (left + right) / 2
    return np.degrees(np.arctan2(ahead[:, 1], np.linalg.norm(ahead[:, [0, 2]], axis=1)))
