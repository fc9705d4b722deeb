"""The lock that lets one process at a time write to a project; it dies with its process."""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from poseapp.domain.errors import ProjectBusyError, ProjectError, ReadOnlyError

_NAME = "project.lock"
_BUSY = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


class WriteLock:
    """Held from making it until `release` or the end of the process.

    The file itself stays: a lock that is deleted could be held twice. It says who holds it.
    """

    def __init__(self, folder: Path) -> None:
        """Take the lock of a project folder.

        Raises:
            ProjectBusyError: when another process, or another window of this one, holds it.
            ReadOnlyError: when the folder cannot be written.
        """
        file = folder / _NAME
        try:
            self._file = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as why:
            if why.errno in _NOT_WRITABLE:
                raise ReadOnlyError(
                    f"The project {folder.name} stands where you may not write ({why.strerror}). "
                    "Copy it to a disk that can be written to change it."
                ) from why
            raise ProjectError(f"The project folder {folder} cannot be used: {why}.") from why
        try:
            _lock(self._file)
        except OSError as why:
            os.close(self._file)
            if why.errno not in _BUSY:
                raise ProjectError(
                    f"The disk under {folder} cannot lock files ({why.strerror}). "
                    "Copy the project to a disk of this machine."
                ) from why
            raise ProjectBusyError(_who(file, folder.name)) from why
        self._say_who()

    def release(self) -> None:
        """Let others write."""
        os.ftruncate(self._file, 0)
        os.close(self._file)

    def _say_who(self) -> None:
        since = datetime.now().astimezone().isoformat(timespec="seconds")
        who = {"host": socket.gethostname(), "pid": os.getpid(), "since": since}
        os.ftruncate(self._file, 0)
        with suppress(OSError):  # on a full disk the lock holds all the same
            os.write(self._file, json.dumps(who).encode())


def _who(file: Path, project: str) -> str:
    try:
        who = json.loads(file.read_text(encoding="utf-8"))
        since = datetime.fromisoformat(who["since"])
        where = "this machine" if who["host"] == socket.gethostname() else who["host"]
        holder = f"by process {who['pid']} on {where} since {since:%H:%M on %d %B %Y}"
    except (OSError, ValueError, KeyError, TypeError):
        holder = "by another program"  # it is just starting or ending
    return (
        f"The project {project} is open for writing {holder}. Close it there to make changes here."
    )


if sys.platform == "win32":
    import msvcrt

    _FAR_AWAY = 0x7FFF0000  # locked bytes cannot be read there, so lock none that is written

    def _lock(file: int) -> None:
        os.lseek(file, _FAR_AWAY, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
