"""The importer of the human film clips, which only tests and evidence use."""

import numpy as np
import pytest

from poseapp.domain.pose import Visibility
from poseapp.learn.oracle.annotator import annotator
from poseapp.learn.oracle.scores import torso_of
from poseapp.media.reader import FrameReader
from tests.fixtures.jhmdb import read_jhmdb
from tests.fixtures.packs import pack


@pytest.fixture(scope="module")
def clips():
    return read_jhmdb(pack("jhmdb_human_video"))


def test_every_frame_and_every_joint_in_the_picture_is_there(clips):
    labels, films = clips
    assert len(labels.videos) == 105
    assert len(set(films.values())) == 74
    assert len(labels.frames) == 3557
    assert (labels.visibility() == Visibility.VISIBLE).sum() == 48619
    present = labels.points()[np.isfinite(labels.points()).all(axis=2)]
    assert present.min() >= 0
    assert (present.max(axis=0) <= (320, 240)).all()


def test_the_skeleton_knows_its_sides(clips):
    skeleton = clips[0].skeleton
    assert len(skeleton.pairs) == 6
    assert torso_of(skeleton) == (skeleton.index("l_shoulder"), skeleton.index("r_hip"))


def test_the_films_hold_as_many_frames_as_their_labels(clips):
    labels, _ = clips
    reader = FrameReader(labels.videos[:3])
    for video in labels.videos[:3]:
        last = [ref for ref in labels.frames if ref.video == video.id][-1]
        assert reader.read(last).shape == (240, 320, 3)
    reader.close()


def test_no_film_is_both_asked_for_and_measured_on(clips):
    labels, films = clips
    teacher = annotator(labels, groups=films)
    asked = {films[ref.video] for ref in teacher.pool}
    measured = {films[ref.video] for ref in teacher.held_out}
    assert len(asked) + len(measured) == 74
    assert 0.2 < len(teacher.held_out) / 3557 < 0.3
