"""The table of shortcuts, and what a person changes in it."""

import pytest
from PySide6.QtGui import QKeySequence

from poseapp.ui.shortcuts import BY_ID, SHORTCUTS, Conflict, Keymap, conflicts, shown


def test_every_command_has_a_name_of_its_own():
    assert len(BY_ID) == len(SHORTCUTS)
    assert len({shortcut.text for shortcut in SHORTCUTS}) == len(SHORTCUTS)


def test_the_defaults_fight_for_no_key():
    assert conflicts({shortcut.id: shortcut.keys for shortcut in SHORTCUTS}) == []


@pytest.mark.parametrize("key", [key for shortcut in SHORTCUTS for key in shortcut.keys])
def test_every_default_key_is_one_that_qt_knows(key):
    sequence = QKeySequence(key)
    assert sequence.count() == 1
    assert sequence.toString(QKeySequence.SequenceFormat.PortableText) == key


def test_the_habits_of_the_field_are_kept():
    wanted = {
        "skip": "Space",
        "accept": "Return",
        "undo": "Ctrl+Z",
        "next_frame": "D",
        "next_label": "Alt+Right",
        "go_to_frame": "Ctrl+J",
        "add_instance": "Ctrl+I",
        "next_instance": "`",
        "instance_3": "3",
        "cycle_visibility": "V",
        "train": "Ctrl+L",
        "find_command": "Ctrl+Shift+P",
        "show_shortcuts": "F1",
    }
    assert {command for command, key in wanted.items() if key not in BY_ID[command].keys} == set()


def test_a_key_with_two_commands_is_found():
    keys = {"skip": ("Space",), "reject": ("Space", "X"), "fix": ("F",)}
    assert conflicts(keys) == [Conflict("Space", "skip", "reject")]


def test_only_what_differs_from_the_defaults_is_saved():
    saved = []
    keymap = Keymap({}, saved.append)
    keymap.change({"skip": ("N",), "undo": ("Ctrl+Z",)})
    assert saved == [{"skip": ["N"]}]
    assert keymap.keys("skip") == ("N",)
    assert keymap.keys("undo") == ("Ctrl+Z",)


def test_keys_of_commands_that_are_gone_are_forgotten():
    assert Keymap({"no_such_command": ["Q"]}).changed() == {}


@pytest.mark.parametrize(
    ("key", "cap"),
    [
        ("Ctrl+Shift+P", "Ctrl Shift P"),
        ("Return", "Enter"),
        ("Alt+Right", "Alt →"),
        ("Ctrl++", "Ctrl +"),
        ("Ctrl+=", "Ctrl ="),
        (".", "."),
    ],
)
def test_keys_are_shown_as_on_a_keyboard(key, cap):
    assert shown(key) == cap
