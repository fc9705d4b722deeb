"""Pictures of the window as people meet it, to be looked at.

`python -m tests.journeys.screenshots OUT`, under a display or Xvfb; else it draws off screen.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from poseapp.app.changes import Changes
from poseapp.app.demo import SCENE, make_demo
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.app.training import Choices
from poseapp.domain.errors import VideoMissingError
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.pose import Instance
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.skeleton import Keypoint
from poseapp.formats.registry import write
from poseapp.learn.synth.figure import Walker
from poseapp.nets.heatmaps import gaussians
from poseapp.ui import theme
from poseapp.ui.dialogs.new_project import NewProjectDialog
from poseapp.ui.dialogs.shortcut_editor import ShortcutEditor
from poseapp.ui.dialogs.skeleton_editor import SkeletonEditor
from poseapp.ui.dialogs.train_settings import TrainSettings, Usual
from poseapp.ui.studio import Studio

SIZES = (QSize(1280, 800), QSize(1920, 1080))
_LONG_S = 300.0


class Album:
    """Takes pictures of one window and numbers them."""

    def __init__(self, app: QApplication, out: Path) -> None:
        self._app = app
        self._out = out
        self.taken: list[Path] = []

    def spin(self, seconds: float = 0.4) -> None:
        """Let the window do what it has to do."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._app.processEvents()
            time.sleep(0.005)

    def wait(self, reached: Callable[[], bool], within_s: float = 30.0) -> None:
        """Let the window work until something is so."""
        end = time.monotonic() + within_s
        while not reached():
            if time.monotonic() > end:
                raise TimeoutError("the window did not get there")
            self.spin(0.05)

    def take(self, widget: QWidget, name: str) -> None:
        """Keep a picture of a widget."""
        self.spin()
        path = self._out / f"{len(self.taken):02d}_{name}.png"
        widget.grab().save(str(path))
        self.taken.append(path)

    def take_dialog(self, dialog: QDialog, name: str) -> None:
        """Show a dialog, keep a picture of it, and close it."""
        dialog.show()
        self.take(dialog, name)
        dialog.close()
        dialog.deleteLater()


def take_all(out: Path) -> list[Path]:
    """Walk through the program in each size, and the dark and the light theme."""
    out.mkdir(parents=True, exist_ok=True)
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication([])
    album = Album(app, out)
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder) / "settings.json")
        settings.set("device", "cpu")
        settings.set("suggest_after_training", False)
        demo = make_demo(Path(folder) / "demo")
        for number, size in enumerate(SIZES):
            theme.apply(app, "dark" if number == 0 else "light")
            studio = Studio(settings)
            studio.window.resize(size)
            studio.window.show()
            _walk(album, studio, demo, f"{size.width()}", first=number == 0)
            studio.window.close()
    return album.taken


def _walk(album: Album, studio: Studio, demo: Path, size: str, *, first: bool) -> None:
    album.take(studio.window, f"{size}_start")
    studio.open_project(demo)
    desk = studio.desk
    assert desk is not None
    album.wait(lambda: desk.label.frame.shown is not None)
    album.take(studio.window, f"{size}_label_placing")
    for k in range(5):
        desk.label.editing.place(k, 200.0 + 20 * k, 120.0 + 12 * k)
    album.take(studio.window, f"{size}_label_some_points")
    for _ in range(5):
        studio.actions["undo"].trigger()
    album.take(studio.window, f"{size}_label_undone")
    studio.actions["workspace_train"].trigger()
    album.take(studio.window, f"{size}_train_before")
    if first:
        _train(album, studio, size)
        _as_after_two_rounds(desk.session)
    studio.actions["workspace_label"].trigger()
    studio.actions["skip"].trigger()
    album.wait(lambda: desk.label.editing.predictions != ())
    album.take(studio.window, f"{size}_label_predicted")
    desk.label.view.canvas.set_options(heatmap=True)
    desk.label.view.canvas.set_heatmap(_made_up_heat(desk.label.editing.predictions[0]))
    album.take(studio.window, f"{size}_label_heatmap")
    desk.label.view.canvas.set_options(heatmap=False)
    studio.actions["next_label"].trigger()
    album.take(studio.window, f"{size}_label_corrected")
    studio.actions["workspace_train"].trigger()
    album.spin(2.0)
    album.take(studio.window, f"{size}_train_after")
    studio.actions["workspace_export"].trigger()
    album.take(studio.window, f"{size}_export")
    _dialogs(album, studio, size)
    _exchange(album, studio, size)
    _states(album, studio, size)
    studio.close_project()
    album.take(studio.window, f"{size}_start_recent")


def _train(album: Album, studio: Studio, size: str) -> None:
    desk = studio.desk
    assert desk is not None
    training, jobs = desk.services.training, desk.services.jobs
    desk.train.start(Choices(minutes=None, steps=200, batch=2))
    album.wait(lambda: training.current is None or len(_rows(desk)) > 2, _LONG_S)
    album.take(studio.window, f"{size}_train_live")
    training.stop()
    album.wait(lambda: training.current is None, _LONG_S)
    album.wait(lambda: not jobs.jobs, _LONG_S)


def _as_after_two_rounds(session: Session) -> None:
    """Two trainings with what their nets would have predicted, made up: pictures alone need it."""
    project, walker, random = session.project, Walker(SCENE), np.random.default_rng(3)
    (video,) = project.videos.all()
    truth = np.stack([walker.render(n)[1] for n in range(SCENE.frames)])
    begun = datetime(2026, 3, 1, 9, tzinfo=UTC)
    for number, (error, score) in enumerate(((14.0, 0.5), (3.0, 0.8)), start=1):
        steps = np.arange(20, 2000, 20)
        history = [
            {"step": int(n), "loss": 4 * np.exp(-n / 400) + 0.2, "held_out_loss": 0.3 + 4 *
             np.exp(-n / 450), "held_out_px": error * (1 + 8 * np.exp(-n / 300)),
             "held_out_p95_px": 3 * error * (1 + 8 * np.exp(-n / 300))}
            for n in steps
        ]  # fmt: skip
        metrics = {
            "held_out_px": error, "held_out_p95_px": 3 * error, "pck": 1 - error / 60,
            "px_by_keypoint": {"left_wrist": 2 * error}, "images_per_s": 41.0, "device": "CPU",
            "history": history,
        }  # fmt: skip
        net = Run(
            RunId(f"net-{number}"), RunKind.TRAINING, "supervised", begun + timedelta(days=number),
            RunState.DONE, round=number, labelled_frames=24 * number, metrics=metrics,
        )  # fmt: skip
        seen = Run(
            RunId(f"seen-{number}"), RunKind.INFERENCE, "supervised", net.started, RunState.DONE,
            parent=net.id,
        )  # fmt: skip
        project.runs.add(net)
        project.runs.add(seen)
        noise = random.normal(
            0, error * (1 + random.random(len(truth)))[:, None, None], truth.shape
        )
        scores = np.clip(random.normal(score, 0.15, truth.shape[:2]), 0.05, 1.0)
        project.predictions.write(
            PredictionSet(
                video.id, seen.id, np.arange(len(truth)), (truth + noise).astype(np.float32),
                scores.astype(np.float32), np.zeros(len(truth), np.int64),
            )
        )  # fmt: skip
        project.predictions.complete(seen.id, video.id)
    project.runs.set_active(RunId("net-2"))
    session.announce(Changes(runs=True, predictions=frozenset({video.id})))


def _made_up_heat(body: Instance) -> np.ndarray:
    """A map that is warm around the keypoints of a body in the demo's film."""
    bells = gaussians(body.points / 2, (SCENE.width // 2, SCENE.height // 2), 4.0)
    return bells.max(axis=0)


def _rows(desk: object) -> tuple:
    training = desk.services.training  # type: ignore[attr-defined] - a Desk
    return training.history(training.current.id) if training.current else ()


def _dialogs(album: Album, studio: Studio, size: str) -> None:
    desk = studio.desk
    assert desk is not None
    window = studio.window
    studio.actions["workspace_label"].trigger()
    skeleton = desk.session.project.skeleton
    album.take_dialog(SkeletonEditor(skeleton, window), f"{size}_skeleton")
    album.take_dialog(ShortcutEditor(studio.actions.keymap, window), f"{size}_shortcuts")
    album.take_dialog(NewProjectDialog([Path("walk.mp4")], window), f"{size}_new_project")
    album.take_dialog(
        TrainSettings(
            usual=Usual("auto", "remote", {"supervised": 5, "remote": 20}, "resnet-18", "usual"),
            labels=24,
            start_from="Round 1",
            remote_not_yet="",
            parent=window,
        ),
        f"{size}_train_settings",
    )


def _exchange(album: Album, studio: Studio, size: str) -> None:
    """The tracks, an import of the project's own labels under other names, a failed export."""
    desk = studio.desk
    assert desk is not None
    desk.tracks.edit()
    editor = desk.tracks.editor
    assert editor is not None
    album.take(editor, f"{size}_tracks_none")
    for name in ("Ann", "Bob"):
        if not any(track.name == name for track in desk.session.tracks.all()):
            desk.session.tracks.add(name)
    first = desk.session.project.labels.nearest_labelled(FrameRef(VideoId(1), 0), before=False)
    if first is not None:
        desk.label.go_to(first)
        album.wait(lambda: desk.label.frame.shown == first)
    editor.assigned.emit(desk.session.tracks.all()[0].id)
    album.take(editor, f"{size}_tracks")
    desk.tracks.close()
    _import(album, studio, size)
    studio.actions["workspace_export"].trigger()
    desk.export.view.show_progress(0.42, "Writing pictures")
    album.take(studio.window, f"{size}_export_running")
    desk.export.view.show_progress(None, "")
    desk.export.view.show_failure(
        "Not exported: the disk is full. demo_coco is untouched. Free some space or choose "
        "another place."
    )
    album.take(studio.window, f"{size}_export_failed")
    desk.export.view.show_failure("")


def _import(album: Album, studio: Studio, size: str) -> None:
    desk = studio.desk
    assert desk is not None
    labels = desk.session.project.labels.snapshot()
    names = [f"{n.title().replace('_', '')}" for n in labels.skeleton.names]
    theirs = replace(labels.skeleton, keypoints=tuple(map(Keypoint, (*names[:-1], "thing"))))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.slp"
        write(replace(labels, skeleton=theirs), path, "sleap")
        studio.import_from(path)
        dialog = studio._imports.dialog  # type: ignore[union-attr]
        assert dialog is not None
        album.take(dialog, f"{size}_import_reading")
        album.wait(lambda: not studio.files.jobs, _LONG_S)
        album.take(dialog, f"{size}_import")
        dialog._new.click()
        album.take(dialog, f"{size}_import_new")
        dialog.reject()
        album.wait(lambda: not studio.files.jobs, _LONG_S)


def _states(album: Album, studio: Studio, size: str) -> None:
    """What is said when something is wrong."""
    desk = studio.desk
    assert desk is not None
    window = studio.window
    studio.actions["workspace_label"].trigger()
    read_only = "It is open in another window on lab-pc-2. You can look, play and export."
    window.banner("read-only", "warning", "Read only", read_only)
    window.toast("Deleted Person 2", "trash-2", "Undo Ctrl Z")
    album.take(window, f"{size}_state_read_only")
    window.drop_banners()
    (video, *_rest) = desk.label.videos.videos
    desk.label._picture_failed(FrameRef(video.id, 0), VideoMissingError("gone"))
    album.take(window, f"{size}_state_video_missing")
    desk.label.view.show_canvas()
    studio.actions["workspace_train"].trigger()
    studio.show_problem(
        "Training stopped",
        "The graphics card ran out of memory. Your labels are safe; the best net so far is kept.",
        "Traceback",
    )
    album.take(window, f"{size}_state_worker_died")
    window.drop_banners()


if __name__ == "__main__":
    for taken in take_all(Path(sys.argv[1])):
        sys.stdout.write(f"{taken}\n")
