from __future__ import annotations

import pytest

from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.pose import Origin
from poseapp.domain.suggestion import Answer
from tests.fixtures.projects import NOSE, POSE, body, predicted, suggestion

VIDEO = VideoId(1)


@pytest.fixture
def session(mice):
    return mice


@pytest.fixture
def queue(session):
    """Frames 0 to 3 are asked in this order; 0 to 2 have a prediction."""
    session.project.suggestions.add(
        suggestion(FrameRef(VIDEO, n), 1 - n / 10, round_=1) for n in range(4)
    )
    session.project.predictions.write(predicted(VIDEO, [0, 1, 2]))
    return session.queue


def answers(session):
    return [s.answer.value for s in session.project.suggestions.all()]


def frame(found):
    return found and found.frame.frame


def test_an_empty_queue_asks_nothing_and_takes_no_answers(session):
    queue = session.queue
    assert queue.current() is None
    assert queue.progress == (0, 0)
    for step in (queue.next, queue.previous, queue.accept, queue.skip, queue.reject):
        assert step() is None
    assert session.history.undo_text is None


def test_the_first_one_is_current_until_someone_moves_on(queue):
    assert frame(queue.current()) == 0
    assert frame(queue.next()) == 1
    assert frame(queue.current()) == 1
    assert frame(queue.previous()) == 0
    assert frame(queue.previous()) == 3
    assert frame(queue.next()) == 0


def test_accepting_labels_the_predictions_and_goes_on_in_one_edit(session, queue):
    assert frame(queue.accept()) == 1
    (label,) = session.project.labels.at(FrameRef(VIDEO, 0))
    assert (label.origin, label.run) == (Origin.ACCEPTED, "run 1")
    assert answers(session) == ["accepted", "open", "open", "open"]
    assert queue.progress == (1, 4)
    assert session.history.undo() == "Accepted a frame"
    assert session.project.labels.count() == 0
    assert answers(session) == ["open"] * 4


def test_a_frame_whose_label_was_made_or_corrected_by_hand_was_fixed(session, queue):
    prediction = session.labelling.view(FrameRef(VIDEO, 0)).predictions[0]
    session.labelling.touch(prediction, NOSE, (1, 2))
    queue.accept()
    session.project.labels.insert(body(FrameRef(VIDEO, 1), POSE + 5))
    queue.accept()
    assert answers(session)[:2] == ["fixed", "fixed"]
    assert session.project.labels.count() == 2


@pytest.mark.parametrize("origin", [Origin.ACCEPTED, Origin.IMPORTED])
def test_a_frame_whose_labels_nobody_touched_was_accepted(session, queue, origin):
    session.project.labels.insert(body(FrameRef(VIDEO, 0), origin=origin))
    queue.accept()
    assert answers(session)[0] == "accepted"


def test_a_frame_with_nothing_on_it_cannot_be_accepted_but_marked_as_empty(session, queue):
    queue.go(session.project.suggestions.at(FrameRef(VIDEO, 3))[0])
    with pytest.raises(PoseAppError, match="nothing on this frame to accept"):
        queue.accept()
    assert answers(session) == ["open"] * 4
    session.labelling.mark_empty(FrameRef(VIDEO, 3))
    assert frame(queue.accept()) == 0
    assert answers(session)[3] == "fixed"


def test_what_was_skipped_comes_back_after_all_others(session, queue):
    assert frame(queue.skip()) == 1
    seen = [frame(queue.reject()) for _ in range(3)]
    assert seen == [2, 3, 0]
    assert frame(queue.skip()) == 0
    assert queue.progress == (3, 4)
    assert queue.reject() is None
    assert queue.progress == (4, 4)


def test_skipping_goes_on_from_where_it_stands(session, queue):
    assert [frame(queue.skip()) for _ in range(6)] == [1, 2, 3, 0, 1, 2]


def test_rejecting_leaves_predictions_and_labels_alone(session, queue):
    assert frame(queue.reject()) == 1
    assert session.project.labels.count() == 0
    assert len(session.labelling.view(FrameRef(VIDEO, 0)).predictions) == 1
    assert answers(session)[0] == Answer.REJECTED


def test_going_somewhere_makes_it_current_and_an_answered_one_cannot_be(session, queue):
    last = session.project.suggestions.at(FrameRef(VIDEO, 3))[0]
    assert frame(queue.go(last)) == 3
    assert frame(queue.reject()) == 0
    assert frame(queue.go(last)) == 0


def test_a_new_round_waits_until_the_current_one_was_answered(session, queue):
    queue.next()
    session.project.suggestions.add([suggestion(FrameRef(VIDEO, 50), 0.1, round_=2)])
    assert frame(queue.current()) == 1
    assert queue.progress == (0, 4)
    queue.go(session.project.suggestions.open(1)[0])
    assert queue.progress == (0, 1)


def test_a_current_one_whose_video_was_removed_is_left(session, queue):
    session.project.videos.remove(VIDEO)
    assert queue.current() is None
    session.project.videos.restore(VIDEO)
    assert frame(queue.current()) == 0


def test_an_answer_undone_waits_again(session, queue):
    queue.reject()
    session.history.undo()
    assert frame(queue.current()) == 1
    assert frame(queue.previous()) == 0
