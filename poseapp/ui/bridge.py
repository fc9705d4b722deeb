"""The only place where work of other threads reaches the window."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

log = logging.getLogger(__name__)

Call = Callable[[], None]


class MainThread(QObject):
    """Runs calls in the thread it was made in, in the order in which they were posted."""

    _posted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._posted.connect(self._run, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Call) -> None:
        """Run `call` soon in the window's thread; may be called from any thread."""
        self._posted.emit(call)

    @Slot(object)
    def _run(self, call: Call) -> None:
        call()


class Background:
    """One thread for scans and file work that would hold the window up.

    A request that carries the key of an earlier one replaces it: the earlier answer is dropped.
    """

    def __init__(self, post: Callable[[Call], None]) -> None:
        self._post = post
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="background")
        self._newest: dict[str, int] = {}
        self._closed = False

    def run(
        self,
        key: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Do `work` in the background, then `done` with its answer in the window's thread.

        Without `failed` an exception reaches the window's excepthook.
        """
        if self._closed:
            return
        number = self._newest[key] = self._newest.get(key, 0) + 1
        future = self._pool.submit(work)

        def answer(finished: Future[Any]) -> None:
            if self._closed or finished.cancelled() or self._newest[key] != number:
                return
            problem = finished.exception()
            if problem is None:
                done(finished.result())
            elif failed is not None:
                failed(problem)
            else:
                raise problem

        future.add_done_callback(lambda finished: self._post(lambda: answer(finished)))

    def close(self) -> None:
        """Drop what waits, let what runs end, and answer nothing any more."""
        self._closed = True
        self._pool.shutdown(wait=True, cancel_futures=True)
