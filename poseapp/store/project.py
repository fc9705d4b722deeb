"""The project: a folder `<name>.pose/` whose `project.db` holds everything a person made."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from platformdirs import user_cache_path

from poseapp.domain.errors import ProjectError, ReadOnlyError
from poseapp.domain.skeleton import Skeleton
from poseapp.store.database import Database, damaged
from poseapp.store.journal import Journal
from poseapp.store.labels import LabelTable
from poseapp.store.lock import WriteLock
from poseapp.store.meshes import MeshTable
from poseapp.store.predictions import PredictionTable
from poseapp.store.runs import RunTable
from poseapp.store.schema import APPLICATION, VERSION
from poseapp.store.skeletons import SkeletonTable
from poseapp.store.suggestions import SuggestionTable
from poseapp.store.videos import VideoTable

SUFFIX = ".pose"
_FILE = "project.db"


class Project:
    """One open project. It belongs to the thread that opened it; others ask for a `reader`.

    One process at a time may write; any number may read beside it.
    """

    def __init__(
        self, database: Database, lock: WriteLock | None, *, read_only: bool = False
    ) -> None:
        """Use `create` or `open`."""
        self._database = database
        self._lock = lock
        self._skeletons = SkeletonTable(database)
        self.path = database.file.parent
        self.read_only = read_only
        self.videos = VideoTable(database)
        self.labels = LabelTable(database, self._skeletons, self.videos)
        self.predictions = PredictionTable(database, self._skeletons)
        self.suggestions = SuggestionTable(database)
        self.runs = RunTable(database)
        self.meshes = MeshTable(database, self.runs_folder)
        self.journal = Journal(database)

    @classmethod
    def create(cls, path: Path, skeleton: Skeleton) -> Self:
        """Make a new project folder and open it.

        Raises:
            ProjectError: when something is there already, or the disk refuses.
        """
        folder = project_folder(path)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ProjectError(f"{folder} is there already. Open it, or choose another name.")
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as half:
                unfinished = Path(half) / folder.name
                _fill(unfinished, skeleton)
                unfinished.replace(folder)  # appears whole or not at all
        except OSError as why:
            raise ProjectError(f"The project {folder} cannot be made: {why}.") from why
        return cls.open(folder)

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> Self:
        """Open the project at a folder, its `project.db`, or its name without the suffix.

        An older project is brought up to date, after a copy, when it is opened for writing.

        Raises:
            ProjectBusyError: when someone else has it open for writing; says who.
            ReadOnlyError: when it stands where nothing can be written.
            ProjectError: when it is not there, is damaged, or comes from a newer program.
        """
        folder = project_folder(path)
        file = folder / _FILE
        if not file.is_file():
            raise ProjectError(
                f"There is no project at {folder}. Make one with "
                f"`poseapp new {folder.name} --skeleton PRESET`."
            )
        if read_only:
            return cls(_for_reading(file), None, read_only=True)
        lock = WriteLock(folder)
        try:
            return cls(_for_writing(file), lock)
        except BaseException:
            lock.release()
            raise

    def reader(self) -> Project:
        """The same project for reading in the calling thread; close it there."""
        return type(self)(_for_reading(self.path / _FILE), None, read_only=True)

    def writer(self) -> Project:
        """The same project for writing in the calling thread; close it there, and before this one.

        While it is in an edit, an edit of this one waits.

        Raises:
            ReadOnlyError: when this one is for reading only.
        """
        if self.read_only:
            raise ReadOnlyError(f"The project {self.name} is open for reading only.")
        return type(self)(_for_writing(self.path / _FILE), None)

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(SUFFIX)

    @property
    def skeleton(self) -> Skeleton:
        """What is labelled, its keypoints carrying the project's numbers."""
        return self._skeletons.current()

    def write_skeleton(self, skeleton: Skeleton) -> Skeleton:
        """Replace the skeleton; keypoints are the same when their number is, else by name."""
        return self._skeletons.write(skeleton)

    @property
    def runs_folder(self) -> Path:
        """Where each run keeps its net, in a folder of its number."""
        return self.path / "runs"

    @property
    def cache_folder(self) -> Path:
        """A folder for what can be made again; outside the project where that cannot be written."""
        if os.access(self.path, os.W_OK):
            folder = self.path / "cache"
        else:
            folder = user_cache_path("poseapp") / self.path.name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """All or nothing, and one wait for the disk; nests."""
        with self._database.atomic():
            yield

    def close(self) -> None:
        """Let go of the files and let others write."""
        self._database.close()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def project_folder(path: Path) -> Path:
    """The folder a person means by a folder, its `project.db`, or a name without `.pose`."""
    path = Path(path).expanduser().absolute()
    if not path.name:
        raise ProjectError(f"{path} cannot be a project. Give the project a name.")
    if path.name == _FILE:
        return path.parent
    if path.suffix == SUFFIX or (path / _FILE).is_file():
        return path
    return path.with_name(path.name + SUFFIX)


def _fill(folder: Path, skeleton: Skeleton) -> None:
    """Make the content of a new project folder."""
    from poseapp.store.migrations import migrate

    for inner in (folder, folder / "runs", folder / "cache"):
        inner.mkdir()
    with closing(Database.connect(folder / _FILE, "rwc")) as database:
        database.value("PRAGMA journal_mode = WAL")
        migrate(database)
        SkeletonTable(database).write(skeleton)


def _for_writing(file: Path) -> Database:
    """A connection that writes, after a look that could not; older files are brought up to date."""
    if not os.access(file, os.W_OK):
        raise ReadOnlyError(
            f"{file} may not be written. Give yourself the right to, or copy the project."
        )
    with closing(Database.connect(file, "ro")) as looked_at:
        version = _version(looked_at)
        if version < VERSION:
            from poseapp.store.migrations import copy_before_migrating

            copy_before_migrating(looked_at, version)
        else:
            _look(looked_at)
    database = Database.connect(file, "rw")
    try:
        database.value("PRAGMA journal_mode = WAL")
        if version < VERSION:
            from poseapp.store.migrations import migrate

            migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _for_reading(file: Path) -> Database:
    database = _connect_for_reading(file)
    try:
        _must_be_of_today(database)
        _look(database)
    except BaseException:
        database.close()
        raise
    return database


def _connect_for_reading(file: Path) -> Database:
    """SQLite wants to write beside the file even to read it, so media that forbid it need care."""
    log, index = (file.with_name(file.name + suffix) for suffix in ("-wal", "-shm"))
    if os.access(file.parent, os.W_OK) or index.exists():
        return Database.connect(file, "ro")
    if not (log.exists() and log.stat().st_size):
        return Database.connect(file, "ro&immutable=1")
    with tempfile.TemporaryDirectory() as folder:  # the last edits are still in the log
        for part in (file, log):
            shutil.copy(part, folder)
        with closing(Database.connect(Path(folder) / file.name, "rw")) as complete:
            return Database(file, complete.in_memory().connection)


def _version(database: Database) -> int:
    """Which version a file has.

    Raises:
        ProjectError: when it is not a project or comes from a newer program.
    """
    if database.value("PRAGMA application_id") != APPLICATION:
        raise ProjectError(
            f"{database.file} is not a project of this program. Choose a folder that ends in "
            f"{SUFFIX}."
        )
    version = database.value("PRAGMA user_version")
    if version > VERSION:
        raise ProjectError(
            f"The project {database.file.parent.name} comes from a newer version of this program "
            f"(its files are of version {version}, this one knows {VERSION}). Update the program."
        )
    if version < 1:
        raise damaged(database.file, "it has no version")
    return version


def _must_be_of_today(database: Database) -> None:
    if _version(database) < VERSION:
        raise ProjectError(
            f"The project {database.file.parent.name} comes from an older version of this "
            "program. Open it once for writing, so that it is brought up to date."
        )


def _look(database: Database) -> None:
    """Read what every window needs at once, so that a damaged file is found on opening."""
    SkeletonTable(database).current()
    VideoTable(database).all()
    Journal(database).to_undo()
