"""Work of other threads reaches the window in its own thread, newest answer only."""

import threading

import pytest

from poseapp.ui.bridge import Background, MainThread


def test_posted_calls_run_in_the_thread_of_the_bridge(qtbot):
    bridge, seen = MainThread(), []
    caller = threading.Thread(
        target=lambda: bridge.post(lambda: seen.append(threading.get_ident()))
    )
    caller.start()
    qtbot.waitUntil(lambda: bool(seen))
    caller.join()
    assert seen == [threading.get_ident()]


def test_posted_calls_keep_their_order(qtbot):
    bridge, seen = MainThread(), []
    for n in range(100):
        bridge.post(lambda n=n: seen.append(n))
    qtbot.waitUntil(lambda: len(seen) == 100)
    assert seen == list(range(100))


@pytest.fixture
def background():
    bridge = MainThread()
    made = Background(bridge.post)
    yield made
    made.close()


def test_work_is_done_elsewhere_and_its_answer_comes_here(qtbot, background):
    answers = []
    background.run("ident", threading.get_ident, lambda value: answers.append(value))
    qtbot.waitUntil(lambda: bool(answers))
    assert answers[0] != threading.get_ident()


def test_a_late_answer_is_no_answer(qtbot, background):
    go_on, answers = threading.Event(), []
    background.run("scan", lambda: go_on.wait(5) and "old", answers.append)
    background.run("scan", lambda: "new", answers.append)
    background.run("other", lambda: "another", answers.append)
    go_on.set()
    qtbot.waitUntil(lambda: len(answers) == 2)
    assert answers == ["new", "another"]


def test_a_failure_goes_to_whoever_asked(qtbot, background):
    failures = []
    background.run("bad", lambda: 1 / 0, lambda _value: None, failures.append)
    qtbot.waitUntil(lambda: bool(failures))
    assert isinstance(failures[0], ZeroDivisionError)


def test_nothing_is_answered_after_closing(qtbot):
    bridge, answers = MainThread(), []
    background = Background(bridge.post)
    background.run("scan", lambda: 1, answers.append)
    background.close()
    background.run("scan", lambda: 2, answers.append)
    qtbot.wait(50)
    assert answers == []
