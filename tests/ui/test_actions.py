"""One action a command: off with a reason, on with its keys."""

import pytest
from PySide6.QtWidgets import QLabel, QToolButton

from poseapp.ui.actions import Actions
from poseapp.ui.panels.context_line import ContextLine
from poseapp.ui.shortcuts import Keymap


@pytest.fixture
def actions(qapp):
    return Actions(Keymap())


def test_a_command_without_a_project_says_so(actions):
    assert not actions["undo"].isEnabled()
    assert actions["undo"].toolTip() == "Open a project first."


def test_a_command_that_misses_something_says_what(actions):
    missing = ["Choose a body first."]
    actions.connect_to("delete_instance", lambda: None, lambda: missing[0])
    actions.refresh()
    assert actions["delete_instance"].toolTip() == "Choose a body first."
    missing[0] = ""
    actions.refresh()
    assert actions["delete_instance"].isEnabled()
    assert actions["delete_instance"].toolTip() == "Delete the body (Delete)"


def test_a_triggered_command_calls_its_handler_once(actions):
    called = []
    actions.connect_to("fit", lambda: called.append("fit"))
    actions.refresh()
    actions["fit"].trigger()
    assert called == ["fit"]


def test_commands_of_a_closed_project_are_off_again(actions):
    actions.connect_to("fit", lambda: None)
    actions.refresh()
    actions.disconnect_from({"fit"})
    assert not actions["fit"].isEnabled()


def test_changed_keys_reach_the_actions(actions):
    actions.keymap.change({"fit": ("Ctrl+0",)})
    actions.renew_keys()
    assert [key.toString() for key in actions["fit"].shortcuts()] == ["Ctrl+0"]
    assert actions.caps("fit") == "Ctrl 0"


def test_the_context_line_cuts_no_word(actions, qapp):
    """Gestures but the first go first, then the keys; what is left is there in full."""
    line = ContextLine(actions)
    line.show_mode("Reviewing", ("Enter accepts", "Drag a point to correct it", "Shift: loupe"))
    line.show()
    told = []
    for width in (1200, 900, 760, 600):
        line.resize(width, line.height())
        qapp.processEvents()
        buttons = line.findChildren(QToolButton)
        assert all(b.width() >= b.sizeHint().width() for b in buttons)
        labels = [w for w in line.findChildren(QLabel) if w.isVisible()]
        assert all(w.width() >= w.sizeHint().width() for w in labels)
        keys = any(b.text().endswith("Shift T") for b in buttons)
        told.append((sum("accepts" in w.text() or "point" in w.text() for w in labels), keys))
    assert told[0] == (2, True)
    assert told == sorted(told, reverse=True)
    assert told[-1] == (1, False)
