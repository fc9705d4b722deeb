import numpy as np
import pytest

from poseapp.app.presets import preset
from poseapp.domain.pose import Visibility
from poseapp.learn.synth.figure import KEYPOINTS, Scene, Walker

SMALL = Scene(width=240, height=180, frames=200, seed=1)


@pytest.fixture(scope="module")
def walker():
    return Walker(SMALL)


def test_the_preset_names_the_walkers_keypoints_in_order():
    assert preset("walker").names == KEYPOINTS


def test_a_frame_is_the_same_whenever_it_is_asked_for(walker):
    first = walker.render(17)
    walker.render(40)
    again = walker.render(17)
    for one, two in zip(first, again, strict=True):
        assert np.array_equal(one, two)


def test_bones_keep_their_lengths_while_the_body_moves(walker):
    skeleton = preset("walker")
    rigid = [b for b in skeleton.bones if "nose" not in (KEYPOINTS[b[0]], KEYPOINTS[b[1]])]
    rigid = [b for b in rigid if {KEYPOINTS[b[0]], KEYPOINTS[b[1]]} & {"left knee", "left elbow"}]
    lengths = [
        [np.linalg.norm(body[a] - body[b]) for a, b in rigid]
        for body in (walker.body(frame) for frame in range(0, 200, 20))
    ]
    assert np.allclose(lengths, lengths[0], atol=1e-9)


def test_the_body_moves_and_so_does_the_background(walker):
    (early, points, _), (late, moved, _) = walker.render(0), walker.render(60)
    assert np.abs(points - moved).max() > 10
    corner = np.s_[:20, :20]
    assert np.abs(early[corner].astype(int) - late[corner]).mean() > 2


def test_hidden_points_occur_but_most_can_be_seen(walker):
    seen = np.stack([walker.render(frame)[2] for frame in range(0, 200, 10)])
    assert (seen == Visibility.OCCLUDED).mean() > 0.03
    assert (seen == Visibility.VISIBLE).mean() > 0.6


def test_points_lie_on_the_figure_not_on_the_background():
    """Where a wrist is seen, the picture shows the skin's cloth rather than what is behind."""
    scene = Scene(width=320, height=240, seed=4)
    walker = Walker(scene)
    wrist = KEYPOINTS.index("left wrist")
    differences = []
    for frame in range(0, 300, 15):
        picture, points, seen = walker.render(frame)
        x, y = np.round(points[wrist]).astype(int)
        if seen[wrist] == Visibility.VISIBLE:
            differences.append(
                np.abs(picture[y, x].astype(int) - walker._backdrop(frame)[y, x]).mean()
            )
    assert np.median(differences) > 15
