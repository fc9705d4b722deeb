"""The Label workspace on a real project, its frames rendered instead of decoded."""

from dataclasses import replace

import numpy as np
import pytest

from poseapp.app.changes import Changes
from poseapp.app.commands import ChangeSkeleton
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Origin, Visibility
from poseapp.ui.actions import Actions
from poseapp.ui.bridge import Background, MainThread
from poseapp.ui.shortcuts import Keymap
from poseapp.ui.workspaces.label import LabelWorkspace
from poseapp.ui.workspaces.label_commands import connect_label_commands
from poseapp.ui.workspaces.label_control import LabelControl
from tests.ui import fakes
from tests.ui.conftest import NOW

VIDEO = VideoId(1)


@pytest.fixture
def label(qtbot, session):
    made = []

    def open_it():
        bridge = MainThread()
        background = Background(bridge.post)
        actions = Actions(Keymap())
        view = LabelWorkspace(actions)
        qtbot.addWidget(view)
        services = fakes.FakeServices()
        control = LabelControl(session, services, background, view, actions)
        control.frames_of_test = services.frames
        control.net_of_test = services.inference
        connect_label_commands(actions, control, session)
        session.subscribe(control.changed)
        view.resize(1200, 800)
        view.show()
        control.start()
        made.append((bridge, background, control, actions))
        return control

    yield open_it
    for _, background, control, _ in made:
        control.close()
        background.close()


def ref(frame):
    return FrameRef(VIDEO, frame)


def run(control, command):
    control._actions.refresh()
    assert control._actions.missing(command) == ""
    control._actions[command].trigger()


def test_clicking_places_the_points_in_order(label, session):
    control = label()
    control.view.canvas.keypoint_placed.emit(0, 10.0, 20.0)
    control.view.canvas.keypoint_placed.emit(1, 30.0, 40.0)
    (made,) = session.project.labels.at(ref(0))
    assert made.points[:2].tolist() == [[10, 20], [30, 40]]
    assert made.present.sum() == 2
    assert control.editing.keypoint == 2


def test_undo_takes_the_last_point_away_again(label, session):
    control = label()
    control.view.canvas.keypoint_placed.emit(0, 10.0, 20.0)
    control.view.canvas.keypoint_placed.emit(1, 30.0, 40.0)
    session.history.undo()
    assert control.editing.bodies[0].instance.present.sum() == 1
    assert control.editing.keypoint == 1
    session.history.undo()
    assert (control.editing.bodies, control.editing.keypoint) == ((), 0)


def test_a_second_body_is_begun_on_request(label, session):
    control = label()
    control.view.canvas.keypoint_placed.emit(0, 10.0, 20.0)
    run(control, "add_instance")
    control.view.canvas.keypoint_placed.emit(0, 100.0, 20.0)
    assert len(session.project.labels.at(ref(0))) == 2
    assert [body.title for body in control.editing.bodies] == ["Walker 1", "Walker 2"]


def test_a_body_that_was_only_begun_is_given_up_without_an_edit(label, session):
    fakes.label_frame(session, 0)
    control = label()
    before = control.editing.who
    run(control, "add_instance")
    assert control.editing.current is None
    run(control, "cancel")
    assert control.editing.who == before
    assert session.history.undo_text is None


def test_the_figure_shows_where_the_first_point_goes(label, session, qtbot):
    control = label()

    def drawn(keypoints):
        figure = control.view.canvas._guide
        return figure is not None and figure.shape == (keypoints, 2)

    qtbot.waitUntil(lambda: drawn(len(session.project.skeleton)))
    smaller = replace(session.project.skeleton, keypoints=session.project.skeleton.keypoints[:4],
                      bones=(), pairs=(), parts=())  # fmt: skip
    session.history.do(ChangeSkeleton(smaller))
    qtbot.waitUntil(lambda: drawn(4))


def test_a_bare_frame_is_predicted_once_a_person_stays_on_it(label, qtbot):
    control = label()
    for _ in range(4):
        run(control, "next_frame")
    predicted = control.net_of_test.predicted
    qtbot.waitUntil(lambda: predicted == [ref(4)])
    control._actions["predict_shown"].trigger()
    run(control, "next_frame")
    control.net._look()
    assert predicted == [ref(4)]
    assert not control.net.predicts
    control.net_of_test.bare = False
    control._actions["predict_shown"].trigger()
    control.net._look()
    assert predicted == [ref(4)]
    assert control.net.predicts


def test_the_asked_point_is_chosen_when_its_prediction_comes_later(label, session):
    fakes.suggest(session, 12)
    control = label()
    assert (control.frame.shown, control.editing.keypoint) == (ref(12), 0)
    fakes.predict_all(session, NOW)
    session.announce(Changes(predictions=frozenset({VIDEO})))
    assert control.editing.keypoint == session.project.skeleton.index("right wrist")


def test_while_it_plays_nothing_is_predicted(label, qtbot):
    control = label()
    control.player.start()
    control.net._look()
    assert not control._background._newest.get("packing")
    control.player.stop()
    qtbot.waitUntil(lambda: len(control.net_of_test.predicted) == 1)


def test_a_heatmap_is_of_the_frame_that_is_shown(label, qtbot):
    control = label()
    run(control, "show_heatmap")
    assert control.view.canvas.options.heatmap
    heats = control.net_of_test.heats
    qtbot.waitUntil(lambda: len(heats) == 1)
    shown, then = heats[0]
    assert shown == ref(0)
    item = control.view.canvas._heatmap_item
    then(np.ones((20, 32), np.float32))
    assert item.image.width() == 32
    run(control, "next_frame")
    assert item.image.isNull()
    then(np.ones((20, 32), np.float32))
    assert item.image.isNull()


def test_without_a_net_the_heatmap_says_what_is_missing(label):
    control = label()
    control.net_of_test.missing = "There is no net yet. Train one first."
    control._actions.refresh()
    assert control._actions["show_heatmap"].toolTip() == control.net_of_test.missing
    control.net._look()
    assert control.net_of_test.predicted == []


def test_touching_a_prediction_makes_it_a_label_that_knows_its_run(label, session):
    fakes.predict_all(session, NOW)
    control = label()
    (prediction,) = control.editing.predictions
    control.view.canvas.prediction_touched.emit(prediction, 4, 50.0, 60.0)
    (made,) = session.project.labels.at(ref(0))
    assert (made.origin, made.run) == (Origin.CORRECTED, "run-1")
    assert made.points[4].tolist() == [50, 60]
    assert control.editing.predictions == ()
    assert control.editing.moved == {4: tuple(prediction.points[4])}


@pytest.mark.parametrize("command", ["swap_sides", "cycle_visibility", "clear_keypoint"])
def test_a_changed_prediction_is_a_label_in_one_step(label, session, command):
    fakes.predict_all(session, NOW)
    control = label()
    (prediction,) = control.editing.predictions
    run(control, command)
    assert len(session.project.labels.at(ref(0))) == 1
    assert control.editing.current_label is not None
    session.history.undo()
    assert session.project.labels.at(ref(0)) == ()
    assert control.editing.predictions[0].same_pose(prediction)


def test_an_eye_cycles_the_visibility(label, session):
    instance = fakes.label_frame(session, 0)
    control = label()
    control.view.side.keypoints.eye_clicked.emit(2)
    assert session.project.labels.get(instance.id).visibility[2] == Visibility.OCCLUDED


def test_backspace_goes_one_point_back(label, session):
    control = label()
    for k in range(3):
        control.view.canvas.keypoint_placed.emit(k, 10.0 + k, 20.0)
    run(control, "clear_keypoint")
    assert control.editing.keypoint == 2
    (made,) = session.project.labels.at(ref(0))
    assert made.present.tolist()[:4] == [True, True, False, False]


def test_deleting_says_what_was_deleted(label, session, qtbot):
    fakes.label_frame(session, 0)
    control = label()
    with qtbot.waitSignal(control.said) as said:
        run(control, "delete_instance")
    assert said.args == ["Deleted Walker 1"]
    assert session.project.labels.at(ref(0)) == ()


def test_keys_step_through_the_video(label):
    control = label()
    for command in ("next_frame", "forward_10", "forward_100", "previous_frame"):
        run(control, command)
    assert control.frame.shown == ref(58)
    run(control, "first_frame")
    assert control.frame.shown == ref(0)


def test_next_label_goes_to_the_nearest_one(label, session):
    fakes.label_frame(session, 5)
    fakes.label_frame(session, 40)
    control = label()
    run(control, "next_label")
    assert control.frame.shown == ref(5)
    run(control, "next_label")
    assert control.frame.shown == ref(40)
    run(control, "previous_label")
    assert control.frame.shown == ref(5)


def test_the_queue_opens_its_first_frame_with_the_asked_point_chosen(label, session):
    fakes.predict_all(session, NOW)
    fakes.suggest(session, 30, 10, 50)
    control = label()
    assert control.frame.shown == ref(30)
    assert control.editing.keypoint == session.project.skeleton.index("right wrist")


def test_accepting_labels_the_frame_and_opens_the_next(label, session):
    fakes.predict_all(session, NOW)
    fakes.suggest(session, 30, 10, 50)
    control = label()
    run(control, "accept")
    (made,) = session.project.labels.at(ref(30))
    assert made.origin is Origin.ACCEPTED
    assert control.frame.shown == ref(10)
    assert ref(50) in control.frames_of_test.prefetched


def test_a_skipped_frame_comes_back_last_and_a_rejected_one_never(label, session):
    fakes.predict_all(session, NOW)
    fakes.suggest(session, 30, 10, 50)
    control = label()
    run(control, "skip")
    assert control.frame.shown == ref(10)
    assert control.view.queue._frame.text == "frame 10"
    run(control, "reject")
    assert control.frame.shown == ref(50)
    run(control, "accept")
    assert control.frame.shown == ref(30)


def test_accepting_an_empty_frame_says_why_not(label, session, qtbot):
    fakes.suggest(session, 30)
    control = label()
    with qtbot.waitSignal(control.hinted) as hinted:
        run(control, "accept")
    assert "nothing on this frame" in hinted.args[0]


def test_a_missing_video_says_where_it_was(label, session):
    control = label()
    from poseapp.domain.errors import VideoMissingError

    control.frame._failed(control.frame.wanted, VideoMissingError("gone"))
    assert not control.view.canvas.isVisible()
    assert control.editing.bodies == ()


def test_counts_and_lanes_are_read_in_the_background(label, session, qtbot):
    fakes.label_frame(session, 5)
    fakes.predict_all(session, NOW)
    fakes.suggest(session, 30)
    control = label()
    qtbot.waitUntil(lambda: control.videos._counts != {})
    assert control.videos._counts[VIDEO].labelled == 1
    qtbot.waitUntil(lambda: not control.view.timeline._lanes.confidence.is_empty())
    assert not control.view.timeline._lanes.labels.is_empty()


def test_the_bars_follow_a_new_skeleton(label, session):
    from dataclasses import replace

    from poseapp.app.commands import ChangeSkeleton

    fakes.label_frame(session, 0)
    control = label()
    smaller = session.project.skeleton
    kept = tuple(range(len(smaller) - 1))
    session.history.do(
        ChangeSkeleton(
            replace(
                smaller,
                keypoints=smaller.keypoints[:-1],
                bones=tuple(b for b in smaller.bones if max(b) in kept),
                pairs=(),
                parts=(),
            )
        )
    )
    assert len(control.editing.bodies[0].instance.visibility) == len(kept)
    session.history.undo()
    assert np.isfinite(control.editing.bodies[0].instance.points).all()
