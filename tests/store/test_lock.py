from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from poseapp.domain.errors import ProjectBusyError, ProjectError, ReadOnlyError
from poseapp.store import lock
from poseapp.store.lock import WriteLock
from tests.fixtures.projects import names_in

OPEN_FILES = Path("/proc/self/fd")
HOLD = """
import sys, time
from pathlib import Path
from poseapp.store.lock import WriteLock
held = WriteLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_lock_held_by_another_process_is_refused_with_its_number(tmp_path, holder):
    with pytest.raises(ProjectBusyError, match=f"process {holder.pid} on this machine since"):
        WriteLock(tmp_path)


def test_a_lock_dies_with_its_process(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert json.loads((tmp_path / "project.lock").read_text())["pid"] == holder.pid
    WriteLock(tmp_path).release()


def test_two_windows_of_one_process_keep_each_other_out(tmp_path):
    held = WriteLock(tmp_path)
    with pytest.raises(ProjectBusyError, match=str(os.getpid())):
        WriteLock(tmp_path)
    held.release()
    WriteLock(tmp_path).release()


def test_the_file_says_since_when(tmp_path):
    before = datetime.now().astimezone().replace(microsecond=0)
    held = WriteLock(tmp_path)
    since = datetime.fromisoformat(json.loads((tmp_path / "project.lock").read_text())["since"])
    held.release()
    assert before <= since <= datetime.now().astimezone()


def test_another_machine_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(lock.socket, "gethostname", lambda: "lab-pc")
    held = WriteLock(tmp_path)
    monkeypatch.setattr(lock.socket, "gethostname", lambda: "laptop")
    with pytest.raises(ProjectBusyError, match="on lab-pc since"):
        WriteLock(tmp_path)
    held.release()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"host": "x"}', '{"since": 3, "host": "x"}'])
def test_a_holder_that_did_not_say_who_it_is_is_still_in_the_way(tmp_path, content):
    held = WriteLock(tmp_path)
    (tmp_path / "project.lock").write_text(content)
    with pytest.raises(ProjectBusyError, match="by another program"):
        WriteLock(tmp_path)
    held.release()


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (errno.EROFS, ReadOnlyError, "may not write"),
        (errno.EACCES, ReadOnlyError, "may not write"),
        (errno.ENOENT, ProjectError, "cannot be used"),
    ],
)
def test_a_folder_that_cannot_be_written_says_so(tmp_path, monkeypatch, fault, error, said):
    def refuse(*_):
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(lock.os, "open", refuse)
    with pytest.raises(error, match=said):
        WriteLock(tmp_path)


def test_a_disk_that_cannot_lock_says_so_and_keeps_no_file_open(tmp_path, monkeypatch):
    def refuse(_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_lock", refuse)
    open_files = OPEN_FILES.exists() and names_in(OPEN_FILES)
    with pytest.raises(ProjectError, match="cannot lock files"):
        WriteLock(tmp_path)
    assert (OPEN_FILES.exists() and names_in(OPEN_FILES)) == open_files


def test_a_full_disk_does_not_keep_the_lock_from_being_taken(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lock.os, "write", full)
    held = WriteLock(tmp_path)
    with pytest.raises(ProjectBusyError):
        WriteLock(tmp_path)
    held.release()
