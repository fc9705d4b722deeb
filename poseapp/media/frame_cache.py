"""FrameCache: what was used last, up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class FrameCache(Generic[K, V]):
    """Forgets what was not used for longest when it grows over its limit; safe between threads."""

    def __init__(self, limit: int, size_of: Callable[[V], int]) -> None:
        """`limit` in bytes; `size_of` says how many a value takes."""
        self._limit = limit
        self._size_of = size_of
        self._values: OrderedDict[K, V] = OrderedDict()
        self._held = 0
        self._lock = Lock()

    def __contains__(self, key: K) -> bool:
        return key in self._values

    @property
    def held(self) -> int:
        """Bytes held now, never more than the limit."""
        return self._held

    def get(self, key: K) -> V | None:
        """The value, which counts as used now."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def put(self, key: K, value: V) -> None:
        """Keep a value, unless it alone is over the limit."""
        size = self._size_of(value)
        with self._lock:
            self._remove(key)
            if size > self._limit:
                return
            self._values[key] = value
            self._held += size
            while self._held > self._limit:
                self._remove(next(iter(self._values)))

    def forget(self, which: Callable[[K], bool]) -> None:
        """Drop every value whose key this is true of."""
        with self._lock:
            for key in [key for key in self._values if which(key)]:
                self._remove(key)

    def _remove(self, key: K) -> None:
        value = self._values.pop(key, None)
        if value is not None:
            self._held -= self._size_of(value)
