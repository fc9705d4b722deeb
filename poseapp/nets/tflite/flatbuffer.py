"""FlatBuffers: tables found by offsets, read where they lie.

Only what TFLite's files use; the layout is that of the FlatBuffers internals document. Everything
is little-endian. A field of a table has a slot number; a slot that is not there means the default.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Table:
    """A table at a place in a buffer."""

    buffer: bytes
    place: int

    @classmethod
    def root(cls, buffer: bytes) -> Table:
        """The table a file begins with."""
        return cls(buffer, _u32(buffer, 0))

    def number(self, slot: int, kind: str, default: int = 0) -> int:
        """A number; `kind` is a letter of `struct`: b, B, i, I."""
        at = self._field(slot)
        return default if at is None else struct.unpack_from(f"<{kind}", self.buffer, at)[0]

    def table(self, slot: int) -> Table | None:
        """A table that this one points to."""
        at = self._field(slot)
        return None if at is None else Table(self.buffer, at + _u32(self.buffer, at))

    def tables(self, slot: int) -> list[Table]:
        """A list of tables."""
        start, count = self._vector(slot)
        places = range(start, start + 4 * count, 4)
        return [Table(self.buffer, at + _u32(self.buffer, at)) for at in places]

    def array(self, slot: int, dtype: str) -> NDArray:
        """A list of numbers."""
        start, count = self._vector(slot)
        return np.frombuffer(self.buffer, np.dtype(dtype).newbyteorder("<"), count, start)

    def _vector(self, slot: int) -> tuple[int, int]:
        at = self._field(slot)
        if at is None:
            return 0, 0
        start = at + _u32(self.buffer, at)
        return start + 4, _u32(self.buffer, start)

    def _field(self, slot: int) -> int | None:
        """Where a field lies: the table begins with how far before it its slots are listed."""
        slots = self.place - struct.unpack_from("<i", self.buffer, self.place)[0]
        (size,) = struct.unpack_from("<H", self.buffer, slots)
        if 4 + 2 * slot >= size:
            return None
        (offset,) = struct.unpack_from("<H", self.buffer, slots + 4 + 2 * slot)
        return self.place + offset if offset else None


def _u32(buffer: bytes, at: int) -> int:
    return struct.unpack_from("<I", buffer, at)[0]
