"""A frame fitted again: the dragged keypoint is followed, and the neighbours hold the rest."""

import numpy as np
import pytest

from poseapp.domain.errors import BodyError
from poseapp.domain.report import SilentReport
from poseapp.infer.fitting.fit import fit
from poseapp.infer.fitting.refit import practise, refit_frame
from poseapp.nets.body.shipped import shipped_body
from tests.fixtures.mannequin import mannequin
from tests.fixtures.people_seen import COCO, FPS, keypoints_of, person_of, pixels_of, walker


@pytest.fixture(scope="module")
def body():
    return shipped_body()


@pytest.fixture(scope="module")
def pixels(body):
    motion = walker()
    return pixels_of(keypoints_of(body, motion), motion)[:, :17]


@pytest.fixture(scope="module")
def found(body, pixels):
    return fit(body, person_of(pixels), SilentReport())


def dragged(pixels, frame: int, name: str, by: tuple[int, int], fps: float = FPS):
    """The person in a frame with a keypoint elsewhere."""
    moved = pixels[frame].copy()
    moved[COCO.index(name)] += by
    return person_of(moved[None], first=frame, fps=fps)


def test_a_dragged_keypoint_is_followed_and_nothing_else_moves(body, pixels, found):
    person = dragged(pixels, 4, "right wrist", (0, -12))
    changed = refit_frame(body, person, found)
    again = pixels_of(keypoints_of(body, changed), changed)
    wrist = COCO.index("right wrist")
    assert np.linalg.norm(again[4, wrist] - person.points[0, wrist]) < 4
    others = np.arange(len(found)) != 4
    np.testing.assert_array_equal(changed.rotations[others], found.rotations[others])
    np.testing.assert_array_equal(changed.translation[others], found.translation[others])
    np.testing.assert_array_equal(changed.shape, found.shape)
    assert changed.error_px is not None
    assert np.isfinite(changed.error_px).all()


@pytest.mark.parametrize("frame", [0, 4, 11])
@pytest.mark.parametrize(
    ("name", "by"), [("left ankle", (30, 20)), ("left wrist", (40, -30)), ("nose", (0, -25))]
)
def test_the_neighbours_hold_the_body_in_depth(body, pixels, found, frame, name, by):
    """Left to itself the body of frame 4 comes 19 cm nearer when its ankle is pulled down."""
    changed = refit_frame(body, dragged(pixels, frame, name, by), found)
    assert abs(changed.translation[frame, 2] - found.translation[frame, 2]) < 0.02


def test_a_whole_body_is_followed_across_the_picture(body, pixels, found):
    moved = person_of(pixels[[4]] + (30, 0), first=4)
    changed = refit_frame(body, moved, found)
    again = pixels_of(keypoints_of(body, changed), changed)[4, :17]
    assert np.linalg.norm(again - moved.points[0], axis=1).mean() < 2
    assert abs(changed.translation[4, 2] - found.translation[4, 2]) < 0.02


def test_neighbours_that_are_long_ago_hold_nothing(body, pixels, found):
    """A second away a body may be metres farther: keypoints half as far apart are twice as far."""
    sparse = found.part(slice(3, 6))
    middle = pixels[4].mean(axis=0)
    smaller = person_of((0.5 * (pixels[4] - middle) + middle)[None], first=4)
    near = refit_frame(body, smaller, sparse)
    far = refit_frame(body, person_of(smaller.points, first=4, fps=1.0), sparse)
    assert near.translation[1, 2] < 1.1 * found.translation[4, 2]
    assert far.translation[1, 2] > 1.6 * found.translation[4, 2]


def test_a_frame_without_a_mesh_is_told(body, found):
    with pytest.raises(BodyError, match="no mesh in frame 99"):
        refit_frame(body, person_of(np.zeros((1, 17, 2)), first=99), found)


def test_any_body_can_practise(body):
    practise(body)
    practise(mannequin())
