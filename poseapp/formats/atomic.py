"""Writing that either happens or does not: a new file or folder takes the place of an old one.

Everything is written beside its place under another name and brought to the disk; only then do the
names change. A failure at any moment leaves what was there. A power cut between the two renames
that exchange a folder leaves the old one beside its place, called `.<name>.<letters>.old`.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from poseapp.domain.errors import ExportError


@contextmanager
def taking_place_of(*places: Path) -> Iterator[tuple[Path, ...]]:
    """Gives free names beside the places; what stands under them at the end is moved there.

    The last place matters most: when it cannot be taken, the others are put back.

    Raises:
        ExportError: when the disk is full or cannot be written; the places are as they were.
    """
    letters = secrets.token_hex(4)
    new = tuple(place.with_name(f".{place.name}.{letters}.new") for place in places)
    try:
        try:
            places[0].parent.mkdir(parents=True, exist_ok=True)
            yield new
            for path in new:
                _bring_to_disk(path)
            _exchange(new, places, letters)
        except OSError as why:
            raise ExportError(_sentence(places[-1], why)) from why
    finally:
        for path in new:
            remove(path)


def write_bytes(path: Path, content: bytes | memoryview) -> None:
    """The one place where an export puts bytes on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)


def remove(path: Path) -> None:
    """Take away a file or folder of our own; what the disk will not give up stays."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
        return
    with suppress(OSError):  # a leftover under a name of our own harms nobody
        path.unlink(missing_ok=True)


def _exchange(new: tuple[Path, ...], places: tuple[Path, ...], letters: str) -> None:
    """Rename all of them, or none."""
    aside: list[Path] = []
    with ExitStack() as undo:
        for source, place in zip(new, places, strict=True):
            if place.is_dir() or (place.exists() and place != places[-1]):
                old = place.with_name(f".{place.name}.{letters}.old")
                place.rename(old)
                undo.callback(old.replace, place)
                aside.append(old)
            source.replace(place)
            undo.callback(remove, place)
        undo.pop_all()
    for folder in {place.parent for place in places}:
        _flush_folder(folder)
    for old in aside:
        remove(old)


def _bring_to_disk(path: Path) -> None:
    if path.is_dir():
        for inside in path.iterdir():
            _bring_to_disk(inside)
        _flush_folder(path)
        return
    with path.open("r+b") as file:  # some systems flush only what may be written
        os.fsync(file.fileno())


def _flush_folder(folder: Path) -> None:
    if os.name != "posix":  # elsewhere a folder cannot be opened, and renames are journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network drives refuse to flush a folder
            os.fsync(handle)
    finally:
        os.close(handle)


def _sentence(place: Path, why: OSError) -> str:
    safe = f"{place.name} is untouched." if place.exists() else "Nothing was written."
    if why.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"Not exported: the disk is full. {safe} Free some space or choose another place."
    reason = why.strerror or str(why)
    return f"Not exported to {place}: {reason}. {safe} Choose another place."
