"""Work beside the window of which only the newest counts: what is drawn while a person drags."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

Call = Callable[[], None]
Request = tuple[Callable[[], Any], Callable[[Any], None]]


class Latest:
    """One thread that does the newest request; those between it and the running one are dropped."""

    def __init__(self, name: str, post: Callable[[Call], None]) -> None:
        """`post` brings answers to the window's thread; `name` is the thread's."""
        self._name = name
        self._post = post
        self._state = threading.Condition()
        self._waiting: Request | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Do `work` soon, then `done` with its answer in the window's thread."""
        with self._state:
            if self._closed:
                return
            self._waiting = work, done
            if self._thread is None:
                self._thread = threading.Thread(target=self._go, name=self._name, daemon=True)
                self._thread.start()
            self._state.notify()

    def close(self) -> None:
        """Answer nothing any more, and wait for what runs."""
        with self._state:
            self._closed, self._waiting = True, None
            self._state.notify()
        if self._thread is not None:
            self._thread.join()

    def _go(self) -> None:
        while True:
            with self._state:
                self._state.wait_for(lambda: self._closed or self._waiting)
                if self._waiting is None:
                    return
                (work, done), self._waiting = self._waiting, None
            self._tell(work, done)

    def _tell(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        try:
            answer = work()
        except Exception as problem:  # noqa: BLE001 - the window's excepthook tells it
            self._deliver(lambda problem=problem: _raise(problem))
        else:
            self._deliver(lambda: done(answer))

    def _deliver(self, call: Call) -> None:
        self._post(lambda: None if self._closed else call())


def _raise(problem: Exception) -> None:
    raise problem
