"""`kill -9` at any moment: what was acknowledged is there, and so is the way back."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from poseapp.app.session import Session
from poseapp.app.settings import Settings
from tests.app.made_up_edits import edits, prepared, state

ROOT = Path(__file__).resolve().parents[2]


def killed(project: Path, seed: int, after_s: float) -> list[str]:
    """Let a process edit and kill it; returns the states that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.app.made_up_edits", str(project), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(after_s)
        process.kill()
        said = process.stdout.read()
    return said[: said.rfind("\n") + 1].split()


def assert_nothing_is_lost(tmp_path: Path, seed: int, after_s: float) -> None:
    acknowledged = killed(tmp_path / "killed", seed, after_s)
    with prepared(tmp_path / "calm") as calm:
        editing = edits(calm, seed)
        for said in acknowledged:
            next(editing)
            assert state(calm) == said
        possible = [state(calm)]
        next(editing)  # the edit it died in may have reached the disk
        possible.append(state(calm))
    with Session.open(tmp_path / "killed", settings=Settings(tmp_path / "s.json")) as again:
        assert not again.notice
        found = state(again)
        assert found in possible
        redone = 0
        while again.history.redo():
            redone += 1
        newest = state(again)
        undone = 0
        while again.history.undo():
            undone += 1
        assert again.project.labels.count() == 0
        assert again.project.suggestions.all() == ()
        assert undone >= redone
        for _ in range(undone):
            assert again.history.redo()
        assert state(again) == newest
        for _ in range(redone):
            assert again.history.undo()
        assert state(again) == found
    connection = sqlite3.connect(tmp_path / "killed.pose" / "project.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


@pytest.mark.parametrize("seed", range(5))
def test_a_killed_window_loses_no_acknowledged_edit(tmp_path, seed):
    assert_nothing_is_lost(tmp_path, seed, random.Random(seed).uniform(0, 0.4))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 150))
def test_a_killed_window_loses_no_acknowledged_edit_fifty_times(tmp_path, seed):
    assert_nothing_is_lost(tmp_path, seed, random.Random(seed).uniform(0, 1.5))
