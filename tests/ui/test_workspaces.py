"""What the Train and Export workspaces say, and the lists of the past."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QAction, QColor, QImage, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from poseapp.app.before_after import Pair
from poseapp.app.commands import ChangeSkeleton
from poseapp.app.jobs import Job, JobState, Priority
from poseapp.app.messages import Order
from poseapp.app.presets import preset
from poseapp.app.settings import Settings
from poseapp.domain.errors import WorkerDiedError
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.pose import Instance, Origin, visibility_of
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.remote.album import Album
from poseapp.learn.remote.shown import Picked, Reconstructions
from poseapp.ui.canvas.poses import SkeletonLook
from poseapp.ui.dialogs.new_project import NewProjectDialog
from poseapp.ui.dialogs.skeleton_editor import SkeletonEditor
from poseapp.ui.dialogs.skeleton_table import PART
from poseapp.ui.dialogs.train_settings import TrainSettings, Usual
from poseapp.ui.panels.agents_box import AgentsBox, AgentsView
from poseapp.ui.panels.curves import Curve, CurvePlot
from poseapp.ui.panels.job_strip import JobStrip, JobView, time_left
from poseapp.ui.panels.partners_box import QUARTET, PartnersBox
from poseapp.ui.panels.selector_menu import SelectorMenu
from poseapp.ui.tables.rows import Row
from poseapp.ui.workspaces.editing import noun_of
from poseapp.ui.workspaces.export_control import checks, chosen_frames, preview
from poseapp.ui.workspaces.job_control import JobControl
from poseapp.ui.workspaces.overview import read_lanes, trails
from poseapp.ui.workspaces.queue_control import sentences
from poseapp.ui.workspaces.recent import RecentProjects
from poseapp.ui.workspaces.train_pairs import paint_pair
from poseapp.ui.workspaces.train_partners import paint_quartet, read_partners
from poseapp.ui.workspaces.train_words import Live, curves, figures, run_detail, run_row
from tests.ui import fakes
from tests.ui.conftest import NOW

HISTORY = (
    {"step": 10.0, "loss": 0.5, "images_per_s": 40.0},
    {"step": 20.0, "loss": 0.25, "held_out_loss": 0.3, "held_out_px": 6.0},
    {"step": 30.0, "loss": 0.2, "held_out_loss": 0.2, "held_out_px": 4.0, "held_out_p95_px": 9.5},
)


def run(state=RunState.RUNNING, **metrics):
    return Run(RunId("r"), RunKind.TRAINING, "supervised", NOW, state, metrics=metrics)


def test_curves_hold_only_what_was_measured():
    (training, held_out), (median, p95) = curves(HISTORY, None)
    assert (training.x, training.y) == ([10, 20, 30], [0.5, 0.25, 0.2])
    assert (held_out.x, held_out.y) == ([20, 30], [0.3, 0.2])
    assert median.y == [6.0, 4.0]
    assert (p95.x, p95.y) == ([30], [9.5])


def test_the_training_before_is_drawn_beside_this_one():
    before = replace(run(RunState.DONE, history=HISTORY), round=3)
    *_, loss = curves((), before)[0]
    *_, error = curves((), before)[1]
    assert (loss.name, loss.x, loss.y) == ("Round 3", [20, 30], [0.3, 0.2])
    assert (error.name, error.y) == ("Round 3", [6.0, 4.0])
    assert len(curves(HISTORY, run(RunState.DONE))[0]) == 2


def test_a_plot_without_points_says_so(qtbot):
    plot = CurvePlot("Loss")
    qtbot.addWidget(plot)
    plot.show_curves(curves((), None)[0])
    plot.show()
    assert (plot._nothing.isVisible(), plot._plot.isVisible()) == (True, False)
    plot.show_curves(curves(HISTORY, None)[0])
    assert (plot._nothing.isVisible(), plot._plot.isVisible()) == (False, True)


@pytest.mark.parametrize(("most", "ticks"), [(1, [0, 1]), (9, [0, 3, 6, 9])])
def test_bars_are_counts_and_marked_by_whole_ones(qtbot, most, ticks):
    plot = CurvePlot("Offsets")
    qtbot.addWidget(plot)
    plot.show()
    plot.show_curves([Curve("picks", "accent", [-1, 0, 1], [most, 0, 1], bars=True)])
    ((_, told),) = plot._plot.getAxis("left").tickValues(0, most, 200)
    assert list(told) == ticks
    plot.show_curves(curves(HISTORY, None)[0])
    assert len(plot._plot.getAxis("left").tickValues(0.2, 0.5, 200)) > 1


def test_nothing_is_compared_with_what_was_not_measured():
    before = run(RunState.DONE, held_out_px=5.0, held_out_p95_px=12.0)
    assert [f.detail for f in figures(run(), (), before)] == ["", ""]


def test_figures_compare_with_the_training_before():
    before = run(RunState.DONE, held_out_px=5.0, held_out_p95_px=12.0)
    shown = {f.name: (f.value, f.detail) for f in figures(run(), HISTORY, before)}
    assert shown["Held-out error"] == ("4.0 px", "1.0 less than before")
    assert shown["95 % of points within"] == ("9.5 px", "was 12.0")
    assert shown["Speed"] == ("40 /s", "pictures trained on")


def test_a_finished_run_shows_its_own_figures():
    done = run(RunState.DONE, held_out_px=3.0, pck=0.93, px_by_keypoint={"nose": 1, "tail_tip": 8})
    shown = {f.name: f.value for f in figures(done, HISTORY, None)}
    assert shown["Held-out error"] == "3.0 px"
    assert shown["PCK at 0.1 body"] == "0.93"
    assert shown["Worst keypoint"] == "Tail tip"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, ""), (2, "5 s left"), (42, "40 s left"), (130, "2 min left"), (7200, "2.0 h left")],
)
def test_time_left_is_said_in_round_numbers(seconds, words):
    assert time_left(seconds) == words


def test_the_strip_shows_the_first_job_and_how_many_more(qtbot):
    strip = JobStrip()
    qtbot.addWidget(strip)
    strip.show()
    job = JobView("Training", 0.5, 130, "CPU", paused=False)
    strip.show_jobs((job, job, job))
    assert (strip._left.text(), strip._more.text()) == ("2 min left", "+2")
    strip.show_jobs(())
    assert strip._name.text() == "No jobs running"
    assert not strip._bar.isVisible()


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (("Right wrist unsure. Two places fit.",), ("Right wrist unsure", "Two places fit.")),
        (("New pose.", "Stands for 9 frames."), ("New pose", "Stands for 9 frames.")),
        ((), ("Picked for you", "")),
    ],
)
def test_a_card_is_headed_by_the_first_sentence(texts, words):
    reasons = tuple(Reason("uncertainty", text, 0.5) for text in texts)
    assert sentences(Suggestion(FrameRef(VideoId(1), 3), 1.0, reasons, "entropy")) == words


def test_a_body_is_called_by_its_skeleton():
    assert noun_of(preset("walker")) == "Walker"


def test_lanes_say_where_labels_suggestions_and_tracks_are(session):
    fakes.label_frame(session, 7)
    fakes.predict_all(session, NOW)
    fakes.suggest(session, 30, 10)
    lanes = read_lanes(session.project, VideoId(1))
    assert lanes.labels.tolist() == [7]
    assert lanes.suggestions.tolist() == [10, 30]
    assert lanes.tracks == (("Track 1", 0, fakes.SCENE.frames - 1),)
    assert lanes.confidence == pytest.approx(0.8)


def test_trails_follow_the_last_frames(session):
    fakes.predict_all(session, NOW)
    (trail,) = trails(session.project, FrameRef(VideoId(1), 40))
    assert trail.shape == (25, len(session.project.skeleton), 2)
    (now,) = session.project.predictions.at(FrameRef(VideoId(1), 40))
    np.testing.assert_array_equal(trail[-1], now.points)


def test_an_export_says_what_it_holds_and_loses(session):
    fakes.label_frame(session, 7)
    points = np.ones((len(session.project.skeleton), 2))
    session.project.labels.insert(
        Instance(FrameRef(VideoId(1), 9), points, visibility_of(points), origin=Origin.IMPORTED)
    )
    labels = session.project.labels.snapshot()
    everything = preview(labels, "all", "coco")
    assert len(everything.labels.frames) == 2
    assert everything.unreviewed == 1
    assert [check.tone for check in checks(everything)][:2] == ["good", "warning"]
    assert chosen_frames(labels, "person") == (FrameRef(VideoId(1), 7),)
    assert chosen_frames(labels, "1") == labels.frames


def test_recent_projects_are_newest_first_and_still_there(tmp_path):
    recent = RecentProjects(Settings(tmp_path / "s.json"))
    now = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
    for name, days in (("a", 3), ("b", 1), ("c", 0)):
        (tmp_path / f"{name}.pose").mkdir()
        recent.remember(tmp_path / f"{name}.pose", "2 labels", now - timedelta(days=days))
    (tmp_path / "b.pose").rmdir()
    rows = recent.rows(now)
    assert [row.title for row in rows] == ["c", "a"]
    assert [row.detail for row in rows] == ["2 labels · today 09:00", "2 labels · 2 March"]


def test_a_new_project_needs_a_name_that_is_free(qtbot, tmp_path):
    film = tmp_path / "walk.mp4"
    film.touch()
    dialog = NewProjectDialog([film])
    qtbot.addWidget(dialog)
    assert dialog.folder == tmp_path / "walk.pose"
    assert dialog._make.isEnabled()
    (tmp_path / "walk.pose").mkdir()
    dialog._judge()
    assert "already" in dialog._make.toolTip()
    dialog._name.setText(" ")
    assert dialog._make.toolTip() == "Give the project a name."


def test_the_skeleton_editor_says_what_a_change_does_to_labels(qtbot):
    numbered = preset("walker").with_uids(range(len(preset("walker"))))
    editor = SkeletonEditor(numbered, labels=12)
    qtbot.addWidget(editor)
    editor._table.selectRow(0)
    editor._remove()
    assert "12 labels" in editor._verdict.text()
    editor._model.setData(editor._model.index(0, 0), "neck")
    assert not editor._keep.isEnabled()
    assert "more than once" in editor._keep.toolTip()


def test_bones_are_drawn_by_two_clicks(qtbot):
    editor = SkeletonEditor(preset("walker"))
    qtbot.addWidget(editor)
    bones = len(preset("walker").bones)
    editor._preview.joined.emit(0, 15)
    assert len(editor.result_skeleton.bones) == bones + 1


def test_suggested_parts_are_one_edit_that_can_be_undone(qtbot, session):
    before = replace(session.project.skeleton, parts=())
    session.history.do(ChangeSkeleton(before))
    editor = SkeletonEditor(session.project.skeleton)
    qtbot.addWidget(editor)
    editor._suggest_parts()
    assert editor._verdict.text().startswith("5 new body parts suggested.")
    editor._model.setData(editor._model.index(0, PART), "head, face")
    session.history.do(ChangeSkeleton(editor.result_skeleton))
    kept = {part.name: part.keypoints for part in session.project.skeleton.parts}
    assert kept["head"] == kept["face"] == (0,)
    assert kept["left elbow"] == (4, 6, 8)
    session.history.undo()
    assert session.project.skeleton == before


def test_parts_that_are_there_are_offered_while_typing(qtbot):
    editor = SkeletonEditor(preset("walker"))
    qtbot.addWidget(editor)
    index = editor._model.index(0, PART)
    line = editor._choices.createEditor(editor, QStyleOptionViewItem(), index)
    offered = line.completer().model().stringList()
    assert offered == sorted(part.name for part in preset("walker").parts)


def test_the_menu_passes_on_what_was_chosen_and_keeps_its_numbers(qtbot):
    menu = SelectorMenu(QAction("Suggest"))
    qtbot.addWidget(menu)
    chosen = []
    menu.selector_chosen.connect(chosen.append)
    menu.count_chosen.connect(chosen.append)
    menu.goal_chosen.connect(chosen.append)
    menu.show_selectors([("typiclust", "Typical."), ("matal", "Agents.")], "typiclust")
    assert not menu._budget.isVisible()
    menu.show_selectors([("typiclust", "Typical."), ("matal", "Agents.")], "matal")
    assert menu._budget.isVisible()
    menu.show_numbers(20, 180, 90)
    assert (menu._goal_words.text(), menu._made_words.text()) == ("180 labels", "90 made so far")
    menu.actions()[1].trigger()
    menu._count.setValue(100)
    menu._count.setValue(101)
    menu._goal.triggerAction(menu._goal.SliderAction.SliderSingleStepAdd)
    assert chosen == [20, "matal", 100, 190]
    menu.show_numbers(100, 30, 90)
    assert chosen == [20, "matal", 100, 190]
    assert menu._goal_words.text() == "100 labels"


def test_the_queue_says_how_far_the_agents_are(qtbot):
    box = AgentsBox()
    qtbot.addWidget(box)
    box.show()
    box.show_agents(AgentsView("They learn.", "TypiClust", 0.25, 43, 200))
    assert box._sentence.text() == "They learn. Until then TypiClust picks."
    assert (box._bar.value(), box._bar.isVisible()) == (250, True)
    assert box._budget.text() == "Budget: 43 of 200 labels made"
    box.show_agents(AgentsView("They learnt.", "", None, 43, 200))
    assert (box._sentence.text(), box._bar.isVisible()) == ("They learnt.", False)


USUAL = Usual("cpu", "remote", {"supervised": 3, "remote": 12}, "resnet-18", "large")


def train_dialog(qtbot, **changed):
    made = TrainSettings(
        **{"usual": USUAL, "labels": 40, "start_from": None, "remote_not_yet": ""} | changed
    )
    qtbot.addWidget(made)
    return made


def test_remote_is_offered_first_and_each_recipe_has_its_own_minutes(qtbot):
    dialog = train_dialog(qtbot)
    assert (dialog.recipe, dialog.minutes, dialog.recipe_chosen) == ("remote", 12, True)
    assert [dialog._recipe.itemText(n) for n in range(2)] == [
        "Supervised",
        "REMOTE (also learns from unlabelled frames)",
    ]
    dialog._recipe.setCurrentIndex(0)
    assert (dialog.recipe, dialog.minutes) == ("supervised", 3)


def test_with_too_few_labels_it_says_why_training_is_supervised(qtbot):
    why = "REMOTE needs 20 labelled frames, and there are 7. Until then training is supervised."
    dialog = train_dialog(qtbot, remote_not_yet=why)
    assert (dialog.recipe, dialog.minutes, dialog.recipe_chosen) == ("supervised", 3, False)
    assert dialog._recipe_words.text() == why
    assert not dialog._recipe.isEnabled()


def test_training_goes_on_from_a_net_only_when_there_is_one(qtbot):
    dialog = train_dialog(qtbot)
    assert (dialog.minutes, dialog.device, dialog.goes_on) == (12, "cpu", False)
    assert (dialog.net, dialog.size_name) == ("resnet-18", "large")
    assert dialog._goes_on.isHidden()


def test_a_net_without_pretrained_weights_says_what_that_costs(qtbot):
    dialog = train_dialog(qtbot, start_from="Round 1")
    assert "many more labels" in dialog._warning.text()
    dialog._goes_on.setChecked(True)
    assert dialog._warning.text() == ""
    assert (dialog._net.isEnabled(), bool(dialog._net.toolTip())) == (False, True)
    assert train_dialog(qtbot, usual=replace(USUAL, net="of-tomorrow")).net == "efficientnet-lite0"


def test_a_training_in_the_list_shows_its_newest_error_and_the_time_left():
    job = Job(1, "Training", "cpu", Priority.BACKGROUND, None, lambda *_: None, {})
    job.state, job.progress, job.working_s = JobState.RUNNING, 0.25, 40.0
    row = run_row(run(), in_use=False, live=Live(job, HISTORY))
    assert (row.right, row.right_detail) == ("4.0", "training")
    assert row.detail == "25% · 2 min left · EfficientNet-Lite0"


def test_the_strip_draws_both_sides_of_what_changed(qtbot, session):
    points = np.full((len(session.project.skeleton), 2), 60.0)
    points[:, 1] += np.arange(len(points))
    old = Instance(FrameRef(VideoId(1), 7), points, visibility_of(points), score=0.4)
    new = Instance(FrameRef(VideoId(1), 7), points + 30, visibility_of(points), score=0.9)
    pair = Pair(FrameRef(VideoId(1), 7), (old,), (new,), 0, 42.0, 42.0)
    look = SkeletonLook(session.project.skeleton)
    apart = sides_apart(paint_pair(pair, None, (320, 200), look, 1.0))
    alike = sides_apart(paint_pair(replace(pair, after=(old,)), None, (320, 200), look, 1.0))
    assert apart > 10 * alike


def sides_apart(drawn):
    """How much the two halves of a strip differ above their tags, on average."""
    image = drawn.toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.array(image.constBits()).reshape(image.height(), image.width(), 4)[:148, :, :3]
    half = image.width() // 2 - 2
    return np.abs(pixels[:, :half].astype(int) - pixels[:, -half:]).mean() + 1e-3


def test_covers_lie_in_the_cache(tmp_path):
    from poseapp.ui.workspaces.recent import cover

    assert cover(Path("/a/b.pose")) == Path("/a/b.pose/cache/cover.jpg")


class FakeJobs:
    """Jobs as the runner tells of them."""

    def __init__(self):
        self.jobs, self.watchers = (), []

    def subscribe(self, watcher):
        self.watchers.append(watcher)

    def tell(self, job, *running):
        self.jobs = running
        for watcher in self.watchers:
            watcher(job)


def test_a_worker_that_died_is_said_with_its_diagnostics(qtbot):
    jobs, strip = FakeJobs(), JobStrip()
    qtbot.addWidget(strip)
    control = JobControl(strip)
    control.watch(jobs, tell_failures=True)
    job = Job(1, "Training", "cpu", Priority.BACKGROUND, None, lambda *_: None, {})
    job.state = JobState.RUNNING
    jobs.tell(job, job)
    assert strip._name.text() == "Training"
    job.state, job.diagnostics = JobState.FAILED, "Traceback"
    job.error = WorkerDiedError("Training broke off.")
    with qtbot.waitSignal(control.failed) as failed:
        jobs.tell(job)
    assert failed.args == ["Training", "Training broke off.", "Traceback"]
    assert strip._name.text() == "No jobs running"


def test_work_for_spare_time_is_shown_when_nothing_else_runs(qtbot):
    jobs, strip = FakeJobs(), JobStrip()
    qtbot.addWidget(strip)
    JobControl(strip, strip).watch(jobs, tell_failures=True)
    spare, training = (
        Job(n, name, "cpu", priority, None, lambda *_: None, {}, state=JobState.RUNNING)
        for n, (name, priority) in enumerate(
            [("Teaching the agents", Priority.SPARE), ("Training", Priority.BACKGROUND)]
        )
    )
    jobs.tell(spare, spare)
    assert strip._name.text() == "Teaching the agents"
    jobs.tell(training, spare, training)
    assert strip._name.text() == "Training"


def test_pause_and_stop_reach_the_first_job(qtbot):
    jobs, strip, orders = FakeJobs(), JobStrip(), []
    qtbot.addWidget(strip)
    control = JobControl(strip)
    control.watch(jobs, tell_failures=True)
    job = Job(
        1, "Training", "cpu", Priority.BACKGROUND, None, lambda _, order: orders.append(order), {}
    )
    job.state = JobState.RUNNING
    jobs.tell(job, job)
    strip._pause.click()
    strip._pause.click()
    strip._stop.click()
    assert orders == [Order.PAUSE, Order.RESUME, Order.STOP]
    assert control.parent() is None


def test_what_the_agent_chose_is_shown_as_offsets_and_pairs(qtbot):
    box = PartnersBox()
    qtbot.addWidget(box)
    assert box.isHidden()
    box.show_offsets(10, Counter({-6: 3, 4: 1}), "4 picks around 2 labelled frames")
    assert not box.isHidden()
    (bars,) = box._offsets._curves
    assert (bars.x[0], bars.x[-1]) == (-10, 10)
    assert {n: count for n, count in zip(bars.x, bars.y, strict=True) if count} == {-6: 3, 4: 1}
    rows = [Row(FrameRef(VideoId(1), 14), "Frame 10 and 4 later")]
    box.show_pairs(rows)
    with qtbot.waitSignal(box.chosen) as chosen:
        box._strip.clicked.emit(box._strip.model().index(0, 0))
    assert chosen.args == [FrameRef(VideoId(1), 14)]
    box.show_offsets(10, Counter(), "")
    assert box.isHidden()


def test_of_four_pictures_the_real_ones_stand_above_the_drawn_ones(qtbot):
    strip = QImage(80, 20, QImage.Format.Format_RGB32)
    colours = ["#ff0000", "#00ff00", "#0000ff", "#ffffff"]  # label, drawn, partner, drawn
    painter = QPainter(strip)
    for n, colour in enumerate(colours):
        painter.fillRect(20 * n, 0, 20, 20, QColor(colour))
    painter.end()
    shown = paint_quartet(strip, 1.0).toImage()
    near, far = QUARTET.width() // 4, 3 * QUARTET.width() // 4
    places = [(near, near), (near, far), (far, near), (far, far)]
    assert [shown.pixelColor(*place).name() for place in places] == colours


def test_the_partners_of_a_run_are_read_from_its_folder(qtbot, tmp_path):
    assert read_partners(tmp_path) is None
    album = Album(tmp_path, 10)
    for n in range(3):
        refs = (FrameRef(VideoId(1), 10 * n), FrameRef(VideoId(1), 10 * n + 4))
        album.add(Reconstructions(n, Picked(*refs, 0.0), *[np.full((8, 6, 3), 99, np.uint8)] * 4))
    (tmp_path / "partners" / "1-10.jpg").write_bytes(b"damaged")
    found = read_partners(tmp_path)
    assert found is not None
    assert [picked.offset for picked in found.kept.picks] == [4, 4, 4]
    assert [picked.labelled.frame for picked, _ in found.pictures] == [0, 20]
    assert found.pictures[0][1].width() == 24


def test_a_run_says_that_it_learnt_from_unlabelled_frames_too():
    run = Run(RunId("a"), RunKind.TRAINING, "remote", NOW, labelled_frames=30)
    assert run_detail(run) == "30 labelled frames, and unlabelled ones (REMOTE)"
    assert run_detail(replace(run, recipe="supervised")) == "30 labelled frames"
