"""Long edits: taken in the background while the window holds the person's input back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from PySide6.QtWidgets import QDialog, QProgressBar, QVBoxLayout, QWidget

from poseapp.app.changes import Changes
from poseapp.app.history import History
from poseapp.app.session import Session
from poseapp.ui.bridge import Background
from poseapp.ui.panels import pieces

Answer = TypeVar("Answer")

_WIDTH = 320


class Waiting(QDialog):
    """Says what goes on; it can be neither answered nor closed, and is gone in a moment."""

    def __init__(self, doing: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setModal(True)
        self.setWindowTitle(doing)
        self.setMinimumWidth(_WIDTH)
        column = QVBoxLayout(self)
        column.addWidget(pieces.text(doing))
        column.addWidget(QProgressBar(maximum=0, textVisible=False))

    def reject(self) -> None:
        """Esc ends nothing: an edit is whole or not there at all."""


class LongSteps:
    """Takes one step of the history after the other."""

    def __init__(self, session: Session, background: Background, window: QWidget) -> None:
        self._session = session
        self._background = background
        self._window = window
        self._taken = 0
        self._waiting: Waiting | None = None

    def take(
        self,
        doing: str,
        step: Callable[[History], Answer],
        done: Callable[[Answer], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        """Take `step`, tell everyone of its changes, then call `done` with its answer."""
        self.close()

        def taken(found: tuple[Answer, Changes]) -> None:
            answer, changes = found
            self.close()
            self._session.announce(changes)
            done(answer)

        def not_taken(problem: BaseException) -> None:
            self.close()
            failed(problem)

        self._waiting = Waiting(doing, self._window)
        self._waiting.open()
        self._taken += 1
        work = partial(self._session.history.aside, step)
        self._background.run(f"long step {self._taken}", work, taken, not_taken)

    def close(self) -> None:
        """Let the person go on."""
        if self._waiting is not None:
            self._waiting.done(0)
            self._waiting.deleteLater()
            self._waiting = None
