"""The queue as it is worked through: answer, and the next frame opens by itself."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage, QPixmap

from poseapp.app.queue import Queue
from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import FrameRef
from poseapp.domain.suggestion import Suggestion
from poseapp.store.suggestions import SuggestionTable
from poseapp.ui.canvas.view import to_image
from poseapp.ui.panels.queue_panel import TONES, Card, QueuePanel
from poseapp.ui.panels.selector_menu import selector_title
from poseapp.ui.tables.rows import Row

_NEXT_SHOWN = 8
_PREFETCHED = 3
_THUMBNAIL = (320, 180)
_THUMBNAILS_KEPT = 300


class Thumbnails(QObject):
    """Small pictures of frames, asked for once and kept."""

    arrived = Signal(object)
    """The frame whose thumbnail is there now."""

    def __init__(
        self,
        ask: Callable[..., Any],
        parent: QObject | None = None,
        size: tuple[int, int] = _THUMBNAIL,
    ) -> None:
        """`size`: the (width, height) that each fits into."""
        super().__init__(parent)
        self._ask = ask
        self._size = size
        self._kept: OrderedDict[FrameRef, QPixmap | None] = OrderedDict()

    def get(self, ref: FrameRef) -> QPixmap | None:
        """The thumbnail, or None while it is being made."""
        if ref in self._kept:
            self._kept.move_to_end(ref)
            return self._kept[ref]
        self._kept[ref] = None
        self._ask(ref, self._size, self._ready)
        while len(self._kept) > _THUMBNAILS_KEPT:
            self._kept.popitem(last=False)
        return self._kept.get(ref)

    def forget(self) -> None:
        """Ask for all of them anew, after a video was found or changed."""
        self._kept.clear()

    def _ready(self, ref: FrameRef, picture: NDArray[np.uint8]) -> None:
        image: QImage = to_image(picture)
        self._kept[ref] = QPixmap.fromImage(image)
        self.arrived.emit(ref)


class QueueControl(QObject):
    """Shows the queue and passes the person's answers on."""

    opened = Signal(object)
    """The suggestion whose frame should be shown now."""
    answered = Signal(str)
    """A sentence about an answer worth a toast."""
    refused = Signal(str)
    """Why an answer is not possible."""
    emptied = Signal()

    def __init__(
        self,
        queue: Queue,
        suggestions: SuggestionTable,
        panel: QueuePanel,
        thumbnails: Thumbnails,
        prefetch: Callable[[list[FrameRef]], None],
        video_name: Callable[[FrameRef], str],
    ) -> None:
        super().__init__(panel)
        self._queue = queue
        self._suggestions = suggestions
        self._panel = panel
        self._thumbnails = thumbnails
        self._prefetch = prefetch
        self._video_name = video_name
        self._following: dict[object, Suggestion] = {}
        self._shown: Suggestion | None = None
        panel.suggestion_chosen.connect(self._go)
        thumbnails.arrived.connect(self._picture_arrived)

    @property
    def current(self) -> Suggestion | None:
        return self._queue.current()

    def refresh(self) -> None:
        """Show the queue as it is; nothing is opened by that."""
        answered, total = self._queue.progress
        self._panel.show_progress(answered, total)
        current = self._shown = self._queue.current()
        if current is None:
            self._following = {}
            self.emptied.emit()
            return
        following = self._after(current)
        self._following = {suggestion.id: suggestion for suggestion in following}
        self._panel.show_card(
            self._card(current), [self._row(suggestion) for suggestion in following]
        )

    def open_current(self) -> None:
        """Show the frame of the current suggestion, and decode those after it."""
        current = self._queue.current()
        if current is not None:
            self.opened.emit(current)
            self._prefetch([s.frame for s in self._after(current)[:_PREFETCHED]])

    # -- answers -----------------------------------------------------------------------------

    def accept(self) -> None:
        try:
            self._queue.accept()
        except PoseAppError as problem:
            self.refused.emit(str(problem))
            return
        self._go_on()

    def skip(self) -> None:
        self._queue.skip()
        self._go_on()

    def reject(self) -> None:
        self._queue.reject()
        self.answered.emit("Rejected the frame")
        self._go_on()

    def previous(self) -> None:
        self._queue.previous()
        self._go_on()

    def _go(self, key: object) -> None:
        if suggestion := self._following.get(key):
            self._queue.go(suggestion)
            self._go_on()

    def _go_on(self) -> None:
        """Show what is current now: the queue moves on only after its edit was told."""
        self.refresh()
        self.open_current()

    # -- drawing -----------------------------------------------------------------------------

    def _after(self, current: Suggestion) -> list[Suggestion]:
        """The open suggestions that come after the current one, and round again before it."""
        found: list[Suggestion] = []
        at = current
        while at.id is not None and len(found) < _NEXT_SHOWN:
            following = self._suggestions.beside(at.id)
            if following is None or following.id == current.id:
                break
            found.append(following)
            at = following
        return found

    def _card(self, suggestion: Suggestion) -> Card:
        title, detail = sentences(suggestion)
        return Card(
            title,
            detail,
            suggestion.reasons[:3],
            selector_title(suggestion.selector),
            suggestion.frame.frame,
            self._thumbnails.get(suggestion.frame),
        )

    def _row(self, suggestion: Suggestion) -> Row:
        title, _ = sentences(suggestion)
        place = f"frame {suggestion.frame.frame:,}"
        bars = tuple((TONES.get(r.kind, "text3"), r.value) for r in suggestion.reasons[:2])
        return Row(
            suggestion.id,
            title,
            " · ".join(part for part in (place, self._video_name(suggestion.frame)) if part),
            picture=self._thumbnails.get(suggestion.frame),
            bars=bars,
            tip=" ".join(reason.text for reason in suggestion.reasons),
        )

    def _picture_arrived(self, ref: FrameRef) -> None:
        shown = [self._shown, *self._following.values()]
        if any(suggestion is not None and suggestion.frame == ref for suggestion in shown):
            self.refresh()


def sentences(suggestion: Suggestion) -> tuple[str, str]:
    """The first sentence of the weightiest reason, and what else the reasons say."""
    texts = [reason.text.strip() for reason in suggestion.reasons if reason.text.strip()]
    if not texts:
        return "Picked for you", ""
    head, _, rest = texts[0].partition(". ")
    others = [rest.strip(), *texts[1:2]] if not rest else [rest.strip()]
    return head.rstrip("."), " ".join(part for part in others if part)
