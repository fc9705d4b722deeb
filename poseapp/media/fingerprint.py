"""Fingerprints: whether a file found elsewhere is the same video."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

_CHUNK = 1 << 16
_CHUNKS = 16


def film_fingerprint(path: Path) -> str:
    """Of a file's length and sixteen stretches of its bytes: equal for copies, fast for any size.

    Raises:
        OSError: when the file cannot be read.
    """
    size = path.stat().st_size
    sha = hashlib.sha256(str(size).encode())
    last = max(size - _CHUNK, 0)
    with path.open("rb") as file:
        for start in sorted({last * n // (_CHUNKS - 1) for n in range(_CHUNKS)}):
            file.seek(start)
            sha.update(file.read(_CHUNK))
    return sha.hexdigest()[:32]


def images_fingerprint(folder: Path, names: Sequence[str]) -> str:
    """Of the names and lengths of the pictures, and of the bytes of the first, middle and last.

    Raises:
        OSError: when a picture is not there or cannot be read.
    """
    sha = hashlib.sha256()
    for name in names:
        sha.update(f"{name}|{(folder / name).stat().st_size}\n".encode())
    for name in {names[0]: 0, names[len(names) // 2]: 0, names[-1]: 0}:
        with (folder / name).open("rb") as file:
            sha.update(file.read(_CHUNK))
    return sha.hexdigest()[:32]
