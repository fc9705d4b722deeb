"""The steps from an empty file to today's tables. Steps are added, never changed.

This module is imported only when a file needs a step: sqlite-utils loads slowly.
"""

from __future__ import annotations

from contextlib import closing

from sqlite_utils import Database as Tables
from sqlite_utils.migrations import Migrations

from poseapp.store.database import Database
from poseapp.store.schema import APPLICATION, VERSION

migrations = Migrations("poseapp")


def migrate(database: Database) -> None:
    """Bring a file to today's version; either all steps are taken or none."""
    tables = Tables(database.connection)
    with database.atomic():
        migrations.apply(tables)
        tables.execute(f"PRAGMA application_id = {APPLICATION}")
        tables.execute(f"PRAGMA user_version = {VERSION}")


def copy_before_migrating(database: Database, version: int) -> None:
    """Write a complete copy of the file as it is beside it."""
    copy = database.file.with_name(f"{database.file.stem}-version-{version}.db")
    unfinished = copy.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        with closing(Database.connect(unfinished, "rwc")) as target:
            database.copy_to(target)
        unfinished.replace(copy)
    finally:
        unfinished.unlink(missing_ok=True)


@migrations()
def first_tables(tables: Tables) -> None:
    """Everything of version 1."""
    for statement in _FIRST_TABLES.split(";"):
        tables.execute(statement)


@migrations()
def mesh_tables(tables: Tables) -> None:
    """Version 2: motions of bodies, and the frames of them that were fitted again by hand."""
    for statement in _MESH_TABLES.split(";"):
        tables.execute(statement)


_MESH_TABLES = """
CREATE TABLE mesh_tracks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    video INTEGER NOT NULL REFERENCES videos (id),
    name TEXT NOT NULL,
    file TEXT NOT NULL
) STRICT;
CREATE INDEX mesh_tracks_by_video ON mesh_tracks (video, id);

CREATE TABLE mesh_refits (
    mesh_track INTEGER NOT NULL REFERENCES mesh_tracks (id),
    frame INTEGER NOT NULL,
    rotations BLOB NOT NULL,
    translation BLOB NOT NULL,
    error_px REAL,
    PRIMARY KEY (mesh_track, frame)
) STRICT, WITHOUT ROWID
"""

_FIRST_TABLES = """
CREATE TABLE keypoints (
    uid INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE skeleton (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    document TEXT NOT NULL
) STRICT;

CREATE TABLE videos (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL,
    relative_path TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    frame_count INTEGER NOT NULL,
    fps REAL NOT NULL,
    kind TEXT NOT NULL,
    images TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE tracks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL
) STRICT;

CREATE TABLE instances (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    video INTEGER NOT NULL REFERENCES videos (id),
    frame INTEGER NOT NULL,
    track INTEGER,
    origin TEXT NOT NULL,
    run TEXT,
    score REAL
) STRICT;
CREATE INDEX instances_by_frame ON instances (video, frame);

CREATE TABLE points (
    instance INTEGER NOT NULL,
    keypoint INTEGER NOT NULL REFERENCES keypoints (uid),
    x REAL,
    y REAL,
    visibility INTEGER NOT NULL,
    score REAL,
    PRIMARY KEY (instance, keypoint)
) STRICT, WITHOUT ROWID;

CREATE TABLE empty_frames (
    video INTEGER NOT NULL REFERENCES videos (id),
    frame INTEGER NOT NULL,
    PRIMARY KEY (video, frame)
) STRICT, WITHOUT ROWID;

CREATE TABLE prediction_sets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL,
    video INTEGER NOT NULL REFERENCES videos (id),
    keypoints TEXT NOT NULL,
    recency INTEGER NOT NULL,
    complete INTEGER NOT NULL DEFAULT 0,
    most_bodies INTEGER NOT NULL DEFAULT 0,
    UNIQUE (run, video)
) STRICT;
CREATE UNIQUE INDEX prediction_sets_by_recency ON prediction_sets (video, recency);

CREATE TABLE predictions (
    id INTEGER PRIMARY KEY,
    prediction_set INTEGER NOT NULL REFERENCES prediction_sets (id),
    frame INTEGER NOT NULL,
    track INTEGER NOT NULL,
    score REAL NOT NULL,
    points BLOB NOT NULL,
    scores BLOB NOT NULL
) STRICT;
CREATE INDEX predictions_by_frame ON predictions (prediction_set, frame, score);

CREATE TABLE suggestions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    video INTEGER NOT NULL REFERENCES videos (id),
    frame INTEGER NOT NULL,
    round INTEGER NOT NULL,
    score REAL NOT NULL,
    selector TEXT NOT NULL,
    reasons TEXT NOT NULL,
    answer TEXT NOT NULL,
    waits INTEGER AS (CASE answer WHEN 'open' THEN 0 WHEN 'skipped' THEN 1 END),
    newest INTEGER AS (-round),
    best REAL AS (-score)
) STRICT;
CREATE INDEX suggestions_by_frame ON suggestions (video, frame);
CREATE INDEX suggestions_by_turn ON suggestions (waits, newest, best, id);
CREATE INDEX suggestions_by_round ON suggestions (round, video, waits);

CREATE TABLE runs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    recipe TEXT NOT NULL,
    started TEXT NOT NULL,
    state TEXT NOT NULL,
    parent TEXT,
    round INTEGER NOT NULL,
    labels_digest TEXT NOT NULL,
    labelled_frames INTEGER NOT NULL,
    config TEXT NOT NULL,
    metrics TEXT NOT NULL,
    message TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE journal (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    text TEXT NOT NULL,
    command TEXT NOT NULL,
    undone INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX journal_by_state ON journal (undone, id)
"""
