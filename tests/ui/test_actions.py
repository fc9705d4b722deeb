"""One action a command: off with a reason, on with its keys."""

import pytest

from poseapp.ui.actions import Actions
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
