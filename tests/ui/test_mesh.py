"""The Mesh workspace on a made-up person: what it draws, what gestures ask for, what it says."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from poseapp.app.commands import AddInstance, AddVideo
from poseapp.app.mesh_export import KINDS, MeshSummary
from poseapp.app.mesh_options import MeshOptions
from poseapp.app.mesh_people import people_of
from poseapp.app.presets import preset
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.errors import ExportError
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.run import Run, RunKind
from poseapp.media.film_writer import write_film
from poseapp.media.mesh_paint import Overlay, Paint, Style
from poseapp.media.probe import probe
from poseapp.nets.body.naming import shared_keypoints
from poseapp.nets.motion_hmr.architecture import LIGHT
from poseapp.nets.motion_hmr.choice import NO_NET
from poseapp.nets.motion_hmr.net import MotionHMR
from poseapp.nets.motion_hmr.stored import save_net
from poseapp.ui.bridge import MainThread
from poseapp.ui.canvas.meshes_item import painted_image
from poseapp.ui.error_lane import ErrorLane
from poseapp.ui.lanes import TimeScale
from poseapp.ui.latest import Latest
from poseapp.ui.orbit import WORLD, Orbit, grid, view_of
from poseapp.ui.panels.mesh_exports import MeshExports
from poseapp.ui.panels.mesh_inspector import MeshFigures, MeshInspector
from poseapp.ui.studio import Studio
from poseapp.ui.widgets.orbit_view import OrbitView, Shown
from poseapp.ui.workspaces.mesh_drawing import Asked, draw, stretches
from poseapp.ui.workspaces.mesh_export_control import MeshExportControl
from tests.app.conftest import FakeJobs
from tests.fixtures.motions import SIZE, keep_motion, walking
from tests.fixtures.smpl import write_smpl_like

HUMAN = preset("human")
VIDEO, RUN = VideoId(1), RunId("mesh-1")
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
FRAMES = 12


def seen_by(person, frame: int) -> Instance:
    own, bodys = shared_keypoints(HUMAN.names, person.figure.body.keypoint_names)
    points = np.full((len(HUMAN), 2), np.nan)
    points[own] = person.view.project(person.mesh(frame).keypoints[bodys])
    return Instance(FrameRef(VIDEO, frame), points, visibility_of(points))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("films") / "grey.mp4"
    write_film(path, [np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)] * FRAMES, 25.0)
    return path


@pytest.fixture
def settings(tmp_path):
    made = Settings(tmp_path / "settings.json")
    made.set("device", "cpu")
    made.set("suggest_after_training", False)
    return made


@pytest.fixture
def project(tmp_path, film, settings):
    """A film with the meshes of one person, and a label on frame 3."""
    with Session.create(tmp_path / "walk", HUMAN, settings) as session:
        session.history.do(AddVideo(probe(film, session.project.cache_folder)))
        run = Run(RUN, RunKind.MESH, "fit", BEGUN, config={"body": "Anny"})
        session.project.runs.add(run)
        errors = np.where(np.arange(FRAMES) == 7, 40.0, 2.0)
        motion = replace(walking(FRAMES), error_px=errors)
        keep_motion(session.project, RUN, VIDEO, "Ann", motion)
        (person,) = people_of(session.project, VIDEO)
        session.history.do(AddInstance(seen_by(person, 3)))
        return session.project.path


@pytest.fixture
def studio(qtbot, qapp, project, settings):
    made = Studio(settings)
    made.window.resize(1280, 800)
    made.window.show()
    made.open_project(project)
    made.desk.services.meshing._jobs = made.fake = FakeJobs()
    yield made
    made.window.close()
    made.window.deleteLater()


@pytest.fixture
def mesh(qtbot, studio):
    """The workspace on frame 3, its meshes drawn."""
    control, label = studio.desk.mesh, studio.desk.label
    label.go(3)
    qtbot.waitUntil(lambda: label.frame.shown == FrameRef(VIDEO, 3), timeout=20_000)
    studio.actions["workspace_mesh"].trigger()
    qtbot.waitUntil(lambda: bool(control.shown.people) and bool(painted(control)), timeout=20_000)
    return control


def painted(control):
    return control.view.canvas._meshes_item._painted


# -- the workspace -------------------------------------------------------------------------------


def test_meshes_lie_over_the_video_with_their_figures(mesh, qtbot):
    view = mesh.view
    assert view.shows_meshes
    ((_, rect),) = painted(mesh)
    joints = mesh.shown.person.view.project(mesh.shown.person.mesh(3).joints)
    assert all(rect.contains(QPointF(*point)) for point in joints.tolist())
    assert view.canvas.magnification > 2  # the person was brought into view
    values = view.inspector._values
    assert values["Reprojection error"].text() == "0.0 px, median 2.0"
    assert values["Height, from video"].text().endswith(" m")
    assert values["Source"].text() == "fitted to 2D"
    assert view.inspector._asked.text() == "1 frame disagrees"
    assert view.orbit._scene is not None


def test_a_drag_is_an_edit_and_the_mesh_is_fitted_to_it(mesh, studio):
    editing, jobs = studio.desk.label.editing, studio.fake
    wrist = HUMAN.index("left wrist")
    started = len(jobs.started)
    x, y = editing.current.instance.points[wrist].tolist()
    mesh.view.canvas.keypoint_moved.emit(editing.current_label, wrist, x + 5, y)
    assert editing.current.instance.points[wrist].tolist() == pytest.approx([x + 5, y])
    assert len(jobs.started) == started + 1
    request = jobs.requests[-1]
    assert (request.frame, request.motion.frames.tolist()) == (3, [1, 2, 3, 4, 5])
    assert request.points[wrist].tolist() == pytest.approx([x + 5, y])
    assert mesh.view.inspector._refit.text() == "Fitting …"


def test_the_worker_practises_when_the_workspace_opens(mesh, studio):
    tasks = [job.name for job in studio.fake.started]
    assert tasks == ["Getting the body ready"]
    assert studio.fake.requests == ["Anny"]
    mesh.open()
    assert len(studio.fake.started) == 1


def test_smoothing_is_for_the_next_fit(mesh, studio):
    panel = mesh.view.inspector.fit
    assert (panel._times.text(), panel._later.isHidden()) == ("1 ×", True)
    panel._smoothing.setValue(2)
    assert mesh.fitting.options == MeshOptions("Anny", 2.0)
    assert (panel._times.text(), panel._later.isHidden()) == ("2 ×", False)
    panel._smoothing.setValue(0)
    assert panel._later.isHidden()
    panel._smoothing.setValue(-4)
    panel._again.click()
    assert studio.fake.requests[-1].options == MeshOptions("Anny", 0.25)


def test_a_body_of_the_users_is_read_before_it_is_taken(mesh, studio, qtbot, tmp_path, monkeypatch):
    wrong, right = tmp_path / "notes.npz", write_smpl_like(tmp_path / "my_body.npz")
    wrong.write_bytes(b"no body")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(wrong), ""))
    panel = mesh.view.inspector.fit
    with qtbot.waitSignal(mesh.failed, timeout=20_000) as said:
        panel.body.menu().actions()[-1].trigger()
    assert said.args[0].startswith("notes.npz cannot be read as a body")
    assert "SMPL or SMPL-X" in said.args[0]
    assert panel.body.text() == "Anny"
    with qtbot.waitSignal(mesh.failed, timeout=20_000) as said:
        panel.body_chosen.emit(str(tmp_path / "gone.npz"))
    assert "gone.npz cannot be read" in said.args[0]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(right), ""))
    panel.body.menu().actions()[-1].trigger()
    qtbot.waitUntil(lambda: panel.body.text() == "my_body", timeout=20_000)
    assert not panel._later.isHidden()
    assert [action.text() for action in panel.body.menu().actions()[:2]] == ["Anny", "my_body"]
    panel._again.click()
    assert studio.fake.requests[-1].options == MeshOptions(str(right))


def test_a_net_is_chosen_and_one_of_the_users_is_read_first(
    mesh, studio, qtbot, tmp_path, monkeypatch
):
    panel, wrong, right = (
        mesh.view.inspector.fit,
        tmp_path / "a.safetensors",
        tmp_path / "my.safetensors",
    )

    def offered():
        return [action.text() for action in panel._net.menu().actions()]

    assert (panel._net.text(), offered()[0], offered()[-1]) == (
        "Keypoints", "Keypoints", "Net from a file …",
    )  # fmt: skip
    next(a for a in panel._net.menu().actions() if a.text() == "None, fit alone").trigger()
    assert (panel._net.text(), panel._later.isHidden()) == ("None, fit alone", False)
    panel._again.click()
    assert studio.fake.requests[-1].options == MeshOptions(net=NO_NET)
    wrong.write_bytes(b"no net")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(wrong), ""))
    with qtbot.waitSignal(mesh.failed, timeout=20_000) as said:
        panel._net.menu().actions()[-1].trigger()
    assert said.args[0].startswith("a.safetensors cannot be read as a net")
    assert panel._net.text() == "None, fit alone"
    save_net(MotionHMR(replace(LIGHT, memory=8, hidden=16)), right)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(right), ""))
    panel._net.menu().actions()[-1].trigger()
    qtbot.waitUntil(lambda: panel._net.text() == "my", timeout=20_000)
    assert "my" in offered()
    assert mesh.fitting.options == MeshOptions(net=str(right))


def test_a_fit_is_shown_and_can_be_undone(mesh, studio, qtbot):
    person = mesh.shown.person
    mesh.refitting.refit()
    pose = replace_pose(person, 3)
    studio.fake.tell("on_done", pose)
    qtbot.waitUntil(
        lambda: mesh.shown.person is not None and 3 in mesh.shown.person.refitted, timeout=20_000
    )
    qtbot.waitUntil(
        lambda: mesh.view.inspector._values["Source"].text() == "fitted again by hand",
        timeout=20_000,
    )
    studio.actions["undo"].trigger()
    qtbot.waitUntil(lambda: 3 not in mesh.shown.person.refitted, timeout=20_000)


def test_a_drag_and_the_mesh_that_followed_it_are_undone_as_one(mesh, studio):
    project, history = studio.desk.session.project, studio.desk.session.history
    editing, track = studio.desk.label.editing, mesh.shown.person.track.id
    before = history.undo_text
    x, y = editing.current.instance.points[0].tolist()
    mesh.view.canvas.keypoint_moved.emit(editing.current_label, 0, x + 5, y)
    moved = history.undo_text
    assert moved != before
    studio.fake.tell("on_done", replace_pose(mesh.shown.person, 3))
    assert (project.meshes.refitted(track), history.undo_text) == ((3,), moved)
    studio.actions["undo"].trigger()
    assert (project.meshes.refitted(track), history.undo_text) == ((), before)
    studio.actions["redo"].trigger()
    assert (project.meshes.refitted(track), history.undo_text) == ((3,), moved)


def replace_pose(person, frame):
    from poseapp.domain.mesh import BodyPose, pose_at

    pose = pose_at(person.motion, frame)
    return BodyPose(pose.rotations, pose.translation + 0.1, 1.5)


def test_space_goes_from_one_worst_frame_to_the_next(mesh, studio, qtbot):
    studio.actions["next_disagreeing"].trigger()
    assert studio.desk.label.frame.wanted == FrameRef(VIDEO, 7)
    qtbot.waitUntil(lambda: studio.desk.label.frame.settled, timeout=20_000)


def test_a_frame_goes_into_the_queue_with_its_reason(mesh, studio):
    mesh.add_to_queue()
    (waiting,) = studio.desk.session.project.suggestions.open()
    assert waiting.frame == FrameRef(VIDEO, 3)
    assert waiting.reasons[0].text.startswith("Mesh and points disagree. The ")


def test_styles_go_round_and_are_remembered(mesh, studio, settings):
    styles = []
    for _ in range(3):
        studio.actions["mesh_style"].trigger()
        styles.append(mesh.paint.style)
    assert styles == [Style.TRANSPARENT, Style.WIRE, Style.SHADED]
    mesh.view.inspector._opacity.setValue(40)
    assert mesh.paint == Paint(Style.SHADED, 0.4)
    mesh.view._styles.button(2).click()
    mesh.close()
    assert settings.get("mesh_look") == {"style": "wire", "opacity": 0.4}


def test_keypoints_can_be_left_out(mesh):
    mesh.view._points.click()
    assert mesh.view.canvas._bodies.visible() == []
    mesh.view._points.click()
    assert len(mesh.view.canvas._bodies.visible()) == 1


def test_a_damaged_file_is_said_in_place_of_the_meshes(mesh, studio, qtbot):
    folder = studio.desk.session.project.runs_folder / RUN
    (folder / "motion-1.safetensors").write_bytes(b"no")
    mesh.shown.load()
    qtbot.waitUntil(lambda: not mesh.view.shows_meshes, timeout=20_000)
    assert "gone or damaged" in mesh.view._instead._detail.text()


def test_without_meshes_it_says_what_to_do(qtbot, qapp, tmp_path, film, settings):
    with Session.create(tmp_path / "mice", preset("mouse_top"), settings) as session:
        session.history.do(AddVideo(probe(film, session.project.cache_folder)))
        path = session.project.path
    studio = Studio(settings)
    studio.window.show()
    studio.open_project(path)
    studio.actions["workspace_mesh"].trigger()
    view = studio.desk.mesh.view
    qtbot.waitUntil(lambda: not view.shows_meshes, timeout=20_000)
    assert view._instead._title.text() == "No mesh yet"
    assert view._instead._detail.text().startswith("A body can be laid over people only")
    assert not studio.actions["recover_meshes"].isEnabled()
    assert view.inspector.exports._buttons[0].toolTip() == "There is no mesh to export yet."
    studio.window.close()
    studio.window.deleteLater()


# -- drawing -------------------------------------------------------------------------------------


def test_what_is_far_from_the_mesh_is_drawn_as_a_disagreement(project):
    with Session.open(project, read_only=True) as session:
        (person,) = people_of(session.project, VIDEO)
    seen = seen_by(person, 3)
    points = seen.points.copy()
    points[HUMAN.index("nose")] += (30, 0)
    asked = Asked(3, (person,), 0, (replace(seen, points=points),), HUMAN, Paint(), 2, 25.0)
    drawn = draw(asked)
    (off,) = drawn.disagreements
    assert off.keypoint == HUMAN.index("nose")
    assert off.first[0] - off.second[0] == pytest.approx(30, abs=0.01)
    assert (drawn.figures.worst, drawn.figures.worst_is_off) == ("nose, 30 px", True)
    assert len(drawn.scene.trail) == 4
    knee = HUMAN.index("left knee")
    seen_in_space = person.view.project(drawn.scene.points[[knee]] * WORLD)
    np.testing.assert_allclose(seen_in_space[0], points[knee], atol=0.01)
    soles = drawn.scene.vertices[:, 1].min()
    assert abs(drawn.scene.floor - soles) < 0.12
    assert draw(replace(asked, frame=99)).missing == "Ann is not on this frame."
    assert draw(replace(asked, instances=())).missing == "No keypoints of Ann are on this frame."


def test_stretches_are_broken_by_gaps(project):
    with Session.open(project, read_only=True) as session:
        (person,) = people_of(session.project, VIDEO)
    kept = np.isin(np.arange(FRAMES), (0, 1, 4, 5, 6))
    one = replace(person, motion=person.motion.part(kept))
    assert stretches([one]) == [("Ann", 0, 1), ("Ann", 4, 6)]


def test_a_finer_overlay_covers_the_same_pixels():
    pixels = np.zeros((4, 6, 4), np.uint8)
    _, coarse = painted_image(Overlay(10, 20, pixels))
    assert (coarse.left(), coarse.top(), coarse.width(), coarse.height()) == (9.5, 19.5, 6, 4)
    _, fine = painted_image(Overlay(20, 40, pixels), 2)
    assert (fine.left(), fine.top(), fine.width(), fine.height()) == (9.5, 19.5, 3, 2)


# -- the body in space ---------------------------------------------------------------------------


def test_the_camera_goes_round_what_it_looks_at():
    orbit = Orbit(target=(1.0, 2.0, 3.0), yaw=0.0, pitch=0.0, distance=4.0)
    np.testing.assert_allclose(orbit.seen([[1, 2, 3], [2, 2, 3], [1, 3, 3]]),
                               [[0, 0, 4], [1, 0, 4], [0, -1, 4]], atol=1e-12)  # fmt: skip
    for turned in (orbit.turned(0.7, -0.3), orbit.turned(3.0, 9.0)):
        np.testing.assert_allclose(turned.seen([[1, 2, 3]]), [[0, 0, 4]], atol=1e-9)
    np.testing.assert_allclose(orbit.zoomed(0.5).seen([[1, 2, 3]]), [[0, 0, 2]], atol=1e-12)
    # dragging to the right brings what is nearer to the right
    assert orbit.turned(0.2, 0).seen([[1, 2, 4]])[0, 0] > 0
    assert orbit.moved(0.1, 0).seen([[1, 2, 3]])[0, 0] > 0


def test_lines_end_at_the_camera_and_not_behind_it():
    orbit = Orbit(target=(0.0, 0.0, 0.0), yaw=0.0, pitch=0.0, distance=2.0)
    view = view_of(200, 100)
    lines = orbit.lines(
        [[0, 0, 0], [0.5, 0, 0], [0, 0, 9]], [[1, 0, 0], [0.5, 0, 9], [1, 0, 9]], view
    )
    assert len(lines) == 2
    assert np.isfinite(lines).all()
    assert lines[0].tolist() == pytest.approx([99.5, 49.5, 99.5 + 75, 49.5])
    starts, ends = grid((0.3, 9.0, -1.1), floor=-1.0)
    assert (starts[:, 1] == -1).all()
    assert np.abs(ends - starts).max() == pytest.approx(8.0)


def send(widget, kind, at, buttons=Qt.MouseButton.LeftButton):
    event = QMouseEvent(kind, at, at, Qt.MouseButton.LeftButton, buttons,
                        Qt.KeyboardModifier.NoModifier)  # fmt: skip
    QApplication.sendEvent(widget, event)


def test_the_view_turns_zooms_and_goes_back(qtbot, project):
    with Session.open(project, read_only=True) as session:
        (person,) = people_of(session.project, VIDEO)
    drawn = draw(Asked(3, (person,), 0, (), HUMAN, Paint(), 1, 25.0))
    thread = MainThread()
    view = OrbitView(thread.post)
    qtbot.addWidget(view)
    view.resize(320, 280)
    view.show()
    view.show_scene(drawn.scene)
    at_first = view.orbit
    qtbot.waitUntil(lambda: view._drawn[0] is not None, timeout=20_000)
    shown = view.grab().toImage()
    middle = shown.pixelColor(shown.width() // 2, shown.height() // 2)
    assert middle.lightness() > 60  # the body stands there

    send(view, QEvent.Type.MouseButtonPress, QPointF(100, 100))
    send(view, QEvent.Type.MouseMove, QPointF(150, 110))
    send(view, QEvent.Type.MouseButtonRelease, QPointF(150, 110))
    assert view.orbit.yaw < at_first.yaw
    assert view.orbit.pitch > at_first.pitch
    turned = QWheelEvent(
        QPointF(9, 9), QPointF(9, 9), QPointF(0, 0).toPoint(), QPointF(0, 120).toPoint(),
        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
        False,
    )  # fmt: skip
    QApplication.sendEvent(view, turned)
    assert view.orbit.distance < at_first.distance
    qtbot.keyClick(view, Qt.Key.Key_Left)
    view.reset()
    assert view.orbit == at_first
    view.show_parts(Shown(mesh=False, skeleton=False, floor=False, trail=False))
    view.show_scene(None)
    assert view._drawn[0] is None
    view.close_renderer()


def test_only_the_newest_request_is_drawn():
    begun, go, done = threading.Event(), threading.Event(), []
    latest = Latest("test", lambda call: call())

    def slow():
        begun.set()
        go.wait(10)
        return "slow"

    latest.run(slow, done.append)
    begun.wait(10)
    for n in range(5):
        latest.run(lambda n=n: n, done.append)
    go.set()
    ended = threading.Event()
    while 4 not in done and not ended.wait(0.01):
        pass
    assert done == ["slow", 4]
    latest.close()
    latest.run(lambda: 9, done.append)
    assert done == ["slow", 4]


# -- panels --------------------------------------------------------------------------------------


def test_the_lane_of_errors_shows_the_largest_and_says_pixels():
    lane = ErrorLane("Reprojection")
    lane.set_errors(np.arange(1000), np.where(np.arange(1000) == 501, 30.0, 3.0), 10.0)
    scale = TimeScale(0, 999, 0, 100)
    assert lane.points(scale)[1].max() * 30 == pytest.approx(30)
    assert lane.threshold == pytest.approx(1 / 3)
    assert lane.describe(TimeScale(0, 999, 0, 999), 501) == "Frame 501: 30.0 px off"
    lane.set_errors([0, 1], [1.0, np.nan], 10.0)
    assert lane.threshold == 0.5
    assert len(lane.points(TimeScale(0, 2, 0, 2))[0]) == 1


def test_the_inspector_says_what_is_missing(qtbot):
    inspector = MeshInspector()
    qtbot.addWidget(inspector)
    inspector.show_figures(MeshFigures(error="1.0 px", worst="nose, 9 px", worst_is_off=True), "")
    assert inspector._refit.isEnabled()
    assert inspector._values["Worst point"].property("role") == "warning"
    assert inspector._values["Distance"].text() == "–"
    inspector.show_figures(MeshFigures(), "There is no mesh.")
    assert (inspector._refit.isEnabled(), inspector._refit.toolTip()) == (
        False,
        "There is no mesh.",
    )
    inspector.show_people(["Ann", "Bob"], 1)
    assert inspector._person.text() == "Bob"
    with qtbot.waitSignal(inspector.person_chosen) as chosen:
        inspector._person.menu().actions()[0].trigger()
    assert chosen.args == [0]


def test_exports_are_written_one_at_a_time_and_told_of(qtbot, project, fake_files, tmp_path):
    with Session.open(project) as session:
        view = MeshExports()
        qtbot.addWidget(view)
        (video,) = session.project.videos.all()
        control = MeshExportControl(session, fake_files, lambda: video, Paint, (view,))
        said, failed = [], []
        control.said.connect(said.append)
        control.failed.connect(failed.append)
        assert control.usual_place("glb").name == "grey_mesh.glb"
        assert control.usual_place("obj").name == "grey_obj"
        out = tmp_path / "a.glb"
        control.export("glb", out)
        control.export("npz", tmp_path / "b.npz")
        assert [request.kind for request in fake_files.requests] == ["glb"]
        fake_files.tell("on_progress", 0.5, "frame 3")
        assert view._bar.value() == 500
        assert not view._running.isHidden()
        fake_files.tell("on_done", MeshSummary(str(out), "glb", 1, 12))
        assert said == ["Exported 1 person to a.glb; read back"]
        assert view._running.isHidden()
        control.export("film", out)
        fake_files.tell("on_failed", ExportError("Not exported: the disk is full."))
        assert failed == ["Not exported: the disk is full."]
        control.export("csv", out)
        fake_files.tell("on_stopped")
        assert said[-1] == "Stopped; nothing was written"


@pytest.fixture
def fake_files():
    return FakeJobs()


def test_every_export_has_its_place_in_the_rows():
    from poseapp.ui.panels.mesh_exports import _ROWS

    assert sorted(kind for row in _ROWS for kind in row.kinds) == sorted(KINDS)
