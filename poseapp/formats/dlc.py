"""DeepLabCut: projects, folders of labelled pictures, tables of labels and of predictions.

Positions are pixels with (0, 0) in the centre of the top-left pixel, which is where DeepLabCut's
labelling tools (napari, matplotlib) put it; they are taken over as they stand. They belong to the
extracted pictures, so the pictures are the frames here: cropped or not, they always fit.

The .h5 table is the authoritative one and the .csv its copy. A missing position means absent: the
format cannot tell hidden from visible, nor an empty frame from one that nobody looked at. Several
animals are told apart by names (`individuals`); names of our making (`individual1`, …) in a project
whose configuration says `identity: false` tell apart the animals of one frame only, and are no
tracks. Tables with `likelihood` are predictions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from poseapp.domain.errors import FormatError
from poseapp.formats.base import Format, Imported, listed, reading, texts
from poseapp.formats.dlc_export import PLACEHOLDER, fit, save
from poseapp.formats.table_import import Hints, films_in, import_tables, read_table

_TABLES = ("*.h5", "*.csv")


def read(path: Path) -> Imported:
    """Read a project, its config.yaml, a folder of labelled pictures, or one table.

    Raises:
        FormatError: when the path holds nothing of the kind, or something damaged.
    """
    with reading(path, "DeepLabCut data"):
        if path.name == "config.yaml":
            path = path.parent
        if (path / "config.yaml").is_file():
            return _project(path)
        files = _tables_of(path, "") if path.is_dir() else (path,)
        if not files:
            raise FormatError(
                f"{path} has neither a config.yaml nor a CollectedData table. Choose the project's "
                "folder, or a folder in labeled-data."
            )
        config = _configuration_above(files[0])
        return import_tables(files, _hints(config, files))


def _project(folder: Path) -> Imported:
    config = _configuration(folder / "config.yaml")
    scorer = str(config.get("scorer") or "")
    labelled = folder / "labeled-data"
    folders = sorted(p for p in labelled.iterdir() if p.is_dir()) if labelled.is_dir() else []
    files = [file for inside in folders for file in _tables_of(inside, scorer)]
    if not files:
        raise FormatError(
            f"Nothing is labelled yet in {folder.name}: there is no CollectedData table in "
            "labeled-data. Start a new project with its videos instead."
        )
    return import_tables(files, _hints(config, files, folder))


def _tables_of(folder: Path, scorer: str) -> tuple[Path, ...]:
    """The one table of labels of a folder: the scorer's if there are several, .h5 before .csv."""
    for pattern in _TABLES:
        found = sorted(folder.glob(f"CollectedData{pattern}"))
        mine = [file for file in found if file.stem == f"CollectedData_{scorer}"]
        if found:
            return tuple((mine or found)[:1])
    return ()


def _configuration_above(file: Path) -> Mapping[str, Any]:
    for folder in file.absolute().parents[:3]:
        if (folder / "config.yaml").is_file():
            return _configuration(folder / "config.yaml")
    return {}


def _configuration(file: Path) -> Mapping[str, Any]:
    config = yaml.safe_load(file.read_text("utf-8"))
    if not isinstance(config, dict):
        raise FormatError(f"{file} is no DeepLabCut configuration. Choose another folder.")
    return config


def _hints(config: Mapping[str, Any], files: Sequence[Path], folder: Path | None = None) -> Hints:
    notes = []
    bones = [texts(bone, "the ends of a bone") for bone in config.get("skeleton") or ()]
    placeholders = config.get("identity") is False and all(
        re.fullmatch(rf"{PLACEHOLDER}\d+", name)
        for file in files
        for name in read_table(file).individuals
    )
    films = _films(config, folder) if folder else ()
    if films:
        names = listed([film.name for film in films])
        notes.append(f"Films of the project taken in as well: {names}.")
    return Hints(
        str(config.get("Task") or files[0].parent.name or "imported"),
        tuple((bone[0], bone[1]) for bone in bones if len(bone) == 2),
        films,
        placeholders,
        tuple(notes),
    )


def _films(config: Mapping[str, Any], folder: Path) -> tuple[Path, ...]:
    """The project's films that are there: those in its videos folder and those it names."""
    films = {film.name: film for film in films_in(folder / "videos")}
    for recorded in config.get("video_sets") or ():
        film = Path(str(recorded).replace("\\", "/"))
        if film.is_absolute() and film.is_file():
            films.setdefault(film.name, film)
    return tuple(films.values())


FORMAT = Format("DeepLabCut project", read, fit, save, lambda _: True, "")
