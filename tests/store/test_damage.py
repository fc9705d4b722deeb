"""Whatever happened to a project file, opening it ends in a project or in a sentence."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.errors import PoseAppError, ProjectError
from poseapp.domain.ids import FrameRef
from poseapp.domain.run import RunKind
from poseapp.store.project import Project
from tests.fixtures.projects import MOUSE, mouse_session, names_in, predicted, suggestion
from tests.store.test_runs import TRAINING

MANY_FILES = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def sound_file(tmp_path_factory) -> Path:
    """A project file with something in every table."""
    session, video = mouse_session(tmp_path_factory.mktemp("sound") / "mice")
    with session:
        for n in range(20):
            session.labelling.add_instance(FrameRef(video, n), "template")
        session.tracks.add("Ann")
        session.labelling.mark_empty(FrameRef(video, 99))
        session.project.predictions.write(predicted(video, range(50)))
        session.project.suggestions.add(suggestion(FrameRef(video, n)) for n in range(30))
        session.project.runs.add(TRAINING)
        session.history.undo()
    return session.project.path / "project.db"


@st.composite
def damages(draw):
    """A function from the bytes of a file to what is left of them."""
    kind = draw(st.sampled_from(["cut", "flip", "flip", "flip", "zero", "noise"]))
    places = draw(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20))
    noise = draw(st.binary(min_size=1, max_size=300))

    def damage(sound: bytes) -> bytes:
        if kind == "cut":
            return sound[: int(places[0] * len(sound))]
        inhabited = [n for n, byte in enumerate(sound) if byte] if kind == "flip" else sound
        spoilt = bytearray(sound)
        for place in places:
            at = int(place * len(inhabited))
            if kind == "flip":
                spoilt[inhabited[at]] ^= noise[0] or 1
            else:
                spoilt[at : at + len(noise)] = noise if kind == "noise" else bytes(len(noise))
        return bytes(spoilt[: len(sound)])

    return damage


@pytest.fixture
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged") / "mice.pose"
    folder.mkdir()
    return folder


def put(folder: Path, content: bytes) -> None:
    """Let the folder hold this file and nothing that SQLite keeps beside it."""
    for file in folder.glob("project*"):
        file.unlink()
    (folder / "project.db").write_bytes(content)


def refusal(folder: Path) -> str:
    """What opening a project for writing says against it; empty when it opens."""
    try:
        Project.open(folder).close()
    except ProjectError as why:
        return str(why)
    return ""


def use_everything(session: Session) -> None:
    """Each part by itself, since the first may meet the damage."""
    project = session.project
    frame = FrameRef(1, 3)
    for step in (
        project.labels.snapshot,
        lambda: session.labelling.view(frame),
        lambda: project.predictions.of_video(1),
        lambda: project.predictions.curve(1),
        project.suggestions.open,
        lambda: project.suggestions.frames(1),
        lambda: project.runs.all(RunKind.TRAINING),
        session.queue.current,
        session.history.redo,
        session.history.undo,
        session.history.undo,
    ):
        with suppress(PoseAppError, sqlite3.IntegrityError):  # an edit may not fit what is left
            step()


@MANY_FILES
@given(damages())
def test_a_damaged_file_opens_or_is_refused_in_words_and_unharmed(
    sound_file, folder, tmp_path, damage
):
    content = damage(sound_file.read_bytes())
    put(folder, content)
    refused = refusal(folder)
    if refused:
        assert (folder / "project.db").read_bytes() == content
        assert refusal(folder) == refused  # so no lock is left behind
    else:
        with Session.open(folder, settings=Settings(tmp_path / "settings.json")) as session:
            use_everything(session)


@MANY_FILES
@given(damages())
def test_reading_a_damaged_file_never_writes_to_it(sound_file, folder, damage):
    content = damage(sound_file.read_bytes())
    put(folder, content)
    with suppress(PoseAppError), Project.open(folder, read_only=True) as project:
        project.labels.snapshot()
        project.predictions.at(FrameRef(1, 3))
    assert (folder / "project.db").read_bytes() == content


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=5000))
def test_any_other_bytes_are_no_project(tmp_path_factory, content):
    folder = tmp_path_factory.mktemp("noise") / "mice.pose"
    folder.mkdir()
    put(folder, content)
    with pytest.raises(ProjectError):
        Project.open(folder)


@settings(max_examples=25, deadline=None)
@given(damages())
def test_a_damaged_log_loses_the_edits_in_it_at_most(tmp_path_factory, damage):
    session, video = mouse_session(tmp_path_factory.mktemp("log") / "mice")
    with session:
        for n in range(5):
            session.labelling.add_instance(FrameRef(video, n), "template")
        crashed = session.project.path.with_name("crashed.pose")
        shutil.copytree(session.project.path, crashed)
    log = crashed / "project.db-wal"
    log.write_bytes(damage(log.read_bytes()))
    (crashed / "project.db-shm").unlink()
    if not refusal(crashed):
        with Project.open(crashed) as project:
            frames = project.labels.labelled_frames(video).tolist()
            assert frames == list(range(len(frames)))
            assert project._database.value("PRAGMA integrity_check") == "ok"


DAMAGED_VALUES = {
    "UPDATE skeleton SET document = '{'": "open",
    'UPDATE skeleton SET document = \'{"name": "x", "keypoints": []}\'': "open",
    "DELETE FROM skeleton": "open",
    "DROP TABLE videos": "open",
    "UPDATE videos SET kind = 'opera'": "open",
    "UPDATE videos SET images = '[1, 2]'": "open",
    "DROP TABLE journal": "open",
    "UPDATE points SET visibility = 9": "snapshot",
    "UPDATE points SET visibility = 900": "snapshot",
    "UPDATE points SET x = NULL": "snapshot",
    "UPDATE instances SET origin = 'Mars'": "snapshot",
    "UPDATE instances SET frame = -1": "snapshot",
    "UPDATE points SET score = 1e300": "snapshot",
    "DROP TABLE points": "snapshot",
    "UPDATE predictions SET score = 1e300": "curve",
    "UPDATE predictions SET points = x'0102'": "at",
    "UPDATE prediction_sets SET keypoints = '[1]'": "at",
    "UPDATE suggestions SET answer = 'maybe', reasons = '[3]'": "suggestions",
    "UPDATE runs SET config = '{'": "runs",
    "UPDATE runs SET started = 'yesterday'": "runs",
    'UPDATE journal SET command = \'{"is": "Explode"}\'': "undo",
    "UPDATE journal SET command = '[]'": "undo",
}


@pytest.mark.parametrize(("sql", "where"), DAMAGED_VALUES.items())
def test_values_that_make_no_sense_are_said_to_be_damage(sound_file, folder, tmp_path, sql, where):
    put(folder, sound_file.read_bytes())
    with sqlite3.connect(folder / "project.db") as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(sql)
    connection.close()
    settings = Settings(tmp_path / "settings.json")
    if where == "open":
        with pytest.raises(ProjectError, match=r"damaged|never finished"):
            Session.open(folder, settings=settings)
        return
    with Session.open(folder, settings=settings) as session:
        step = {
            "snapshot": session.project.labels.snapshot,
            "curve": lambda: session.project.predictions.curve(1),
            "at": lambda: session.project.predictions.at(FrameRef(1, 3)),
            "suggestions": session.project.suggestions.all,
            "runs": session.project.runs.all,
            "undo": session.history.undo,
        }[where]
        with pytest.raises(ProjectError, match="damaged"):
            step()


def test_the_sentence_names_the_file_and_what_to_do(folder):
    put(folder, b"x" * 9000)
    with pytest.raises(ProjectError, match=r"project\.db is damaged .* put back a backup"):
        Project.open(folder)
    assert names_in(folder) == ["project.db", "project.lock"]


def test_a_skeleton_survives_only_whole(folder, sound_file):
    put(folder, sound_file.read_bytes())
    with Project.open(folder) as project:
        assert project.skeleton == MOUSE
