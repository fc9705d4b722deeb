"""Sets of made-up people on the disk: whole, the same again, and continued."""

import json

import cv2
import numpy as np
import pytest

from poseapp.domain.errors import TrainingError
from poseapp.domain.ids import VideoId
from poseapp.domain.report import SilentReport
from poseapp.domain.video import Video, VideoKind
from poseapp.learn.synth.studio import Studio
from poseapp.learn.synth.synthetic_set import write_synthetic_set
from tests.fixtures.performances import panned, swaying

FRAMES = 3


@pytest.fixture(scope="module")
def backdrop(tmp_path_factory):
    """A video of six pictures."""
    folder = tmp_path_factory.mktemp("film")
    names = []
    for n, picture in enumerate(panned(6, (1, 0))):
        names.append(f"{n}.png")
        cv2.imwrite(str(folder / names[-1]), picture)
    return Video(VideoId(1), folder, 320, 240, 6, 25.0, VideoKind.IMAGES, tuple(names))


def _studio(backdrop, **options) -> Studio:
    return Studio([swaying()], [backdrop], FRAMES, **{"seed": 5} | options)


def test_a_set_holds_what_the_studio_made(backdrop, tmp_path):
    studio = _studio(backdrop)
    write_synthetic_set(tmp_path / "set", studio, 2, SilentReport())
    folder = tmp_path / "set" / "clips" / "00001"
    clip = studio.clip(1)
    with np.load(folder / "truth.npz", allow_pickle=False) as truth:
        np.testing.assert_allclose(truth["keypoints_px"], clip.seen)
        assert truth["flow"].shape == (FRAMES - 1, 240, 320, 2)
        assert truth["pose"].shape == (FRAMES, 20, 3)
    np.testing.assert_array_equal(cv2.imread(str(folder / "frame_02.png")), clip.pictures[2])
    mask = cv2.imread(str(folder / "mask_02.png"), cv2.IMREAD_GRAYSCALE)
    np.testing.assert_array_equal(mask == 255, clip.mask[2])
    about = json.loads((tmp_path / "set" / "set.json").read_text())
    assert about["seed"] == 5
    assert len(about["keypoints"]) == 14


def test_a_set_is_continued_and_nothing_is_made_twice(backdrop, tmp_path):
    studio = _studio(backdrop)
    write_synthetic_set(tmp_path, studio, 1, SilentReport())
    first = (tmp_path / "clips" / "00000" / "truth.npz").stat().st_mtime_ns
    write_synthetic_set(tmp_path, studio, 2, SilentReport())
    assert (tmp_path / "clips" / "00000" / "truth.npz").stat().st_mtime_ns == first
    assert sorted(p.name for p in (tmp_path / "clips").iterdir()) == ["00000", "00001"]


def test_another_set_is_not_mixed_in(backdrop, tmp_path):
    write_synthetic_set(tmp_path, _studio(backdrop), 0, SilentReport())
    with pytest.raises(TrainingError, match="holds clips that were made otherwise"):
        write_synthetic_set(tmp_path, _studio(backdrop, seed=6), 0, SilentReport())


def test_workers_make_the_same_clips_in_order(backdrop):
    studio = _studio(backdrop)
    alone = [clip.seen for clip in studio.clips([0, 1], 1)]
    together = [clip.seen for clip in studio.clips([0, 1], 2)]
    np.testing.assert_array_equal(alone, together)
