import numpy as np
import pytest

from poseapp.app import demo
from poseapp.app.demo import known_label, make_demo
from poseapp.app.information import information, lines
from poseapp.app.session import Session
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.learn.synth.figure import Scene, Walker
from poseapp.media.reader import FrameReader

SHORT = Scene(width=160, height=120, frames=96, seed=1)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(demo, "SCENE", SHORT)
        patched.setattr(demo, "_ASKED", 5)
        patched.setattr(demo, "_LABELLED", 6)
        yield make_demo(tmp_path_factory.mktemp("demo"))


def test_the_demo_is_ready_to_label(project):
    with Session.open(project, read_only=True) as session:
        assert session.project.labels.frame_count() == 6
        assert session.queue.progress == (0, 5)
        asked = session.project.suggestions.all()
        labelled = session.project.labels.snapshot().frames
    assert not {s.frame for s in asked} & set(labelled)
    assert all(s.reasons for s in asked)


def test_its_labels_are_where_the_film_shows_the_body(project):
    with Session.open(project, read_only=True) as session:
        labels = session.project.labels.snapshot()
    walker = Walker(SHORT)
    reader = FrameReader(labels.videos, None)
    for ref in labels.frames:
        (label,) = labels.at(ref)
        assert label.same_pose(known_label(walker, ref))
        difference = np.abs(reader.read(ref).astype(float) - walker.render(ref.frame)[0])
        assert difference.mean() < 6, "the film's frame is not the one that was labelled"
    reader.close()


def test_a_demo_that_is_there_is_opened_as_it_was_left(project):
    before = (project / "project.db").stat().st_mtime_ns
    assert make_demo(project.parent) == project
    assert (project / "project.db").stat().st_mtime_ns == before


def test_a_demo_that_breaks_off_leaves_no_half_project(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "SCENE", SHORT)

    def fall(*_):
        raise RuntimeError("the lights went out")

    monkeypatch.setattr(demo, "_typical", fall)
    with pytest.raises(RuntimeError, match="lights"):
        make_demo(tmp_path)
    assert not list(tmp_path.glob("*.pose"))
    assert not list(tmp_path.glob(".making-*"))


def test_information_counts_what_is_there(project):
    with Session.open(project, read_only=True) as session:
        found = information(session.project)
    assert (found["labelled_frames"], found["suggestions"]["open"]) == (6, 5)
    assert found["videos"][0]["frames"] == 96
    assert found["skeleton"]["pairs"] == 7
    said = "\n".join(lines(found))
    assert "6 frames" in said
    assert "5 open" in said


def test_the_known_label_is_the_walkers():
    walker = Walker(SHORT)
    label = known_label(walker, FrameRef(VideoId(1), 30))
    _, points, visibility = walker.render(30)
    assert np.array_equal(label.visibility, visibility)
    assert np.allclose(label.points[label.present], points[label.present])
