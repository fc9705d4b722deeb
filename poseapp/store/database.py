"""One connection to `project.db`; what goes wrong in it is said in words a person can act on."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import numpy as np

from poseapp.domain.errors import ProjectBusyError, ProjectError, ReadOnlyError, SkeletonError

Row = tuple[Any, ...]


class Database:
    """A connection that commits every statement by itself unless it runs inside `atomic`."""

    def __init__(self, file: Path, connection: sqlite3.Connection) -> None:
        """`file` is the one that messages name."""
        self.file = file
        self.connection = connection

    @classmethod
    def connect(cls, file: Path, mode: str) -> Self:
        """`mode` is SQLite's: `ro`, `rw`, `rwc`, or `ro&immutable=1` where nothing can change."""
        address = f"file:{quote(file.as_posix())}?mode={mode}"
        with _told_in_words(file):
            connection = sqlite3.connect(address, uri=True, isolation_level=None)
            try:
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA foreign_keys = ON")
            except BaseException:
                connection.close()
                raise
        return cls(file, connection)

    def in_memory(self) -> Self:
        """The same tables without a file."""
        copy = type(self)(self.file, sqlite3.connect(":memory:", isolation_level=None))
        self.copy_to(copy)
        copy.connection.execute("PRAGMA query_only = ON")
        return copy

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """All rows of an answer."""
        with _told_in_words(self.file):
            return self.connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row of an answer."""
        with _told_in_words(self.file):
            return self.connection.execute(sql, values).fetchone()

    def value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """The first value of the first row, None where there is no row."""
        found = self.row(sql, values)
        return found[0] if found else None

    def insert(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Run an INSERT and return the number of the new row."""
        with _told_in_words(self.file):
            return self.connection.execute(sql, values).lastrowid or 0

    def change(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement that answers nothing."""
        with _told_in_words(self.file):
            self.connection.execute(sql, values)

    def change_many(self, sql: str, values: Iterable[Sequence[Any]]) -> None:
        """Run such a statement once for each row of values."""
        with _told_in_words(self.file):
            self.connection.executemany(sql, values)

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All or nothing; inside another `atomic` it is a savepoint."""
        nested = self.connection.in_transaction
        begin, end, back = _NESTED if nested else _OUTERMOST
        with _told_in_words(self.file):
            self.connection.execute(begin)
            try:
                yield
                self.connection.execute(end)
            except BaseException:
                if self.connection.in_transaction:  # a full disk may have ended it already
                    for statement in back:
                        self.connection.execute(statement)
                raise

    @contextmanager
    def sound(self) -> Iterator[None]:
        """For turning rows into values: rows that make no sense mean that the file is damaged."""
        try:
            with np.errstate(over="raise", invalid="raise"):
                yield
        except (ArithmeticError, LookupError, SkeletonError, TypeError, ValueError) as why:
            raise damaged(self.file, why) from why

    def copy_to(self, target: Database) -> None:
        """Write a complete copy of this file into another one."""
        with _told_in_words(self.file):
            self.connection.backup(target.connection)

    def close(self) -> None:
        self.connection.close()


@contextmanager
def _told_in_words(file: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.InterfaceError):
        raise  # a mistake of ours, not of the world
    except sqlite3.Error as why:
        raise _in_words(file, why) from why
    except UnicodeDecodeError as why:  # not even the name of what is wrong can be read
        raise damaged(file, why) from why


for _number in (np.int32, np.int64, np.uint8):
    sqlite3.register_adapter(_number, int)
sqlite3.register_adapter(np.float32, float)

_OUTERMOST = ("BEGIN", "COMMIT", ("ROLLBACK",))
_NESTED = ("SAVEPOINT part", "RELEASE part", ("ROLLBACK TO part", "RELEASE part"))


def damaged(file: Path, why: object) -> ProjectError:
    """What to say about a project file that cannot be understood."""
    return ProjectError(
        f"The project file {file} is damaged ({why}). Nothing in it was changed. Keep a copy of "
        f"the folder {file.parent.name}, then put back a backup of {file.name}, or import your "
        "last export into a new project."
    )


def _in_words(file: Path, why: sqlite3.Error) -> ProjectError:
    code = getattr(why, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return ProjectError(
            f"The disk is full: this step was not written to {file}, all before it was. "
            "Make room on the disk and try again."
        )
    if code == sqlite3.SQLITE_READONLY:
        return ReadOnlyError(
            f"The project {file.parent.name} is open for reading only, so nothing was changed. "
            "Close it elsewhere, or copy it to a disk that can be written, and open it again."
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ProjectBusyError(
            f"The project {file.parent.name} is being used by another program. Close it there "
            "and try again."
        )
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return ProjectError(
            f"The project file {file} cannot be read or written ({why}). Check that the disk is "
            "there, has room and lets you write."
        )
    return damaged(file, why)
