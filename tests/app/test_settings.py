from __future__ import annotations

import json

import pytest

from poseapp.app.settings import DEFAULTS, Settings
from poseapp.domain.errors import PoseAppError
from tests.fixtures.projects import names_in


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config" / "settings.json"


def test_defaults_hold_until_a_person_chooses(file):
    settings = Settings(file)
    assert settings.get("theme") == DEFAULTS["theme"]
    assert settings.get("layout") is None
    assert settings.get("layout", "wide") == "wide"
    assert not file.exists()
    settings.set("theme", "dark")
    assert settings.get("theme") == "dark"
    assert Settings(file).get("theme") == "dark"


def test_a_value_that_is_changed_in_place_is_no_choice(file):
    Settings(file).get("recent_projects").append("mice")
    assert Settings(file).get("recent_projects") == []


def test_keys_of_a_newer_program_and_choices_of_another_window_are_kept(file):
    one = Settings(file)
    one.set("theme", "dark")
    file.write_text(json.dumps({"theme": "light", "telepathy": True}))
    one.set("threads", 3)
    assert json.loads(file.read_text()) == {"theme": "light", "telepathy": True, "threads": 3}
    assert one.get("telepathy") is True


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'"x"'])
def test_a_damaged_file_means_defaults_and_is_replaced_by_the_next_choice(file, content):
    file.parent.mkdir()
    file.write_bytes(content)
    settings = Settings(file)
    assert settings.get("theme") == "system"
    settings.set("theme", "dark")
    assert json.loads(file.read_text()) == {"theme": "dark"}


def test_a_choice_that_cannot_be_kept_holds_and_is_said(file, monkeypatch):
    settings = Settings(file)
    settings.set("theme", "dark")

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.write_text", full)
        with pytest.raises(PoseAppError, match="No space left"):
            settings.set("theme", "light")
    assert settings.get("theme") == "light"
    assert Settings(file).get("theme") == "dark"
    assert names_in(file.parent) == ["settings.json"]


def test_without_a_file_the_system_says_where(monkeypatch, tmp_path):
    monkeypatch.setattr("poseapp.app.settings.user_config_path", lambda name: tmp_path / name)
    Settings().set("theme", "dark")
    assert (tmp_path / "poseapp" / "settings.json").is_file()
