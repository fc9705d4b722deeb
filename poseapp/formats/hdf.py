"""HDF5 files of strangers through h5py: plain arrays, nothing too large, nothing unpickled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

_MOST_BYTES = 2**32
_PACKED = 1000
"""No compression in use makes data smaller than by this much: a damaged size would take hours."""
_SMALL = 2**16


def attribute(node: Any, name: str) -> Any:
    """An attribute of a group or array; KeyError when it has none of the name."""
    value = node.attrs[name]
    return value.tobytes() if isinstance(value, np.ndarray) and value.dtype.kind == "S" else value


def array(group: Any, name: str) -> NDArray:
    """All of a dataset.

    Raises:
        KeyError: when there is none of the name.
        ValueError: when it is not a plain array, or says that it is enormous.
    """
    dataset = group[name]
    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
        raise ValueError(f"{name} is no array")
    stored = min(dataset.id.get_storage_size(), _MOST_BYTES)
    if dataset.size * dataset.dtype.itemsize > _PACKED * stored + _SMALL:
        raise ValueError(f"{name} says it is larger than what is stored of it")
    return np.asarray(dataset[()])


def text(value: Any) -> str:
    """Text, however HDF5 keeps it."""
    return value.decode() if isinstance(value, bytes) else str(value)


@contextmanager
def image() -> Iterator[tuple[h5py.File, list[bytes]]]:
    """A file in memory, and the list that holds its bytes afterwards.

    The disk is written in one place, `atomic.write_bytes`: a full disk inside the HDF5 library
    leaves files that can neither be written nor closed.
    """
    content: list[bytes] = []
    with h5py.File("image.h5", "w", driver="core", backing_store=False) as file:
        yield file, content
        file.flush()
        content.append(file.id.get_file_image())
