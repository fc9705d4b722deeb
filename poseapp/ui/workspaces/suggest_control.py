"""Asking a selector for frames, and what the queue says while nothing is asked."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from poseapp.app.changes import Changes
from poseapp.app.commands import AddSuggestions
from poseapp.app.jobs import Job
from poseapp.app.selection import SELECTOR_SENTENCES, Selection
from poseapp.app.session import Session
from poseapp.app.training import Training
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.ui.actions import Actions
from poseapp.ui.panels import pieces
from poseapp.ui.workspaces.label_control import LabelControl

_SELECTOR, _COUNT = "selector", "suggest_count"
_FIRST_SELECTOR, _FIRST_COUNT = "typiclust", 20


class SuggestControl(QObject):
    """The selector and the count are settings: what was chosen last holds for the next round."""

    said = Signal(str)

    def __init__(
        self,
        session: Session,
        selection: Selection,
        training: Training,
        label: LabelControl,
        actions: Actions,
    ) -> None:
        super().__init__(label)
        self._session = session
        self._selection = selection
        self._training = training
        self._label = label
        self._panel = label.view.queue
        self._actions = actions
        self._job: Job | None = None
        self._panel.selector_chosen.connect(self._choose_selector)
        self._panel.count_chosen.connect(self._choose_count)
        label.queue.emptied.connect(self._show_empty)
        actions.connect_to("suggest", self.suggest, self._missing)
        actions.connect_to("suggest_here", self.suggest_here, self._missing_here)

    @property
    def selector(self) -> str:
        chosen = self._session.settings.get(_SELECTOR, _FIRST_SELECTOR)
        return chosen if chosen in SELECTOR_SENTENCES else _FIRST_SELECTOR

    @property
    def count(self) -> int:
        return int(self._session.settings.get(_COUNT, _FIRST_COUNT))

    def refresh(self) -> None:
        """Show what is chosen, and why the queue is empty if it is."""
        self._panel.show_choice(tuple(SELECTOR_SENTENCES.items()), self.selector, self.count)
        if self._label.queue.current is None:
            self._show_empty()

    def changed(self, changes: Changes) -> None:
        empty = self._label.queue.current is None
        if empty and (changes.suggestions or changes.runs or changes.videos or changes.frames):
            self._show_empty()

    def suggest(self) -> None:
        """Let the chosen selector pick the next frames."""
        self._job = self._selection.suggest(self.selector, self.count, self._picked)
        self._show_empty()
        self._actions.refresh()

    def suggest_here(self) -> None:
        """Put the frame that is shown into the queue, before all others."""
        frame = self._label.editing.frame
        if frame is None:
            return
        reason = Reason("chosen", "You put this frame here.", 1.0)
        last = self._session.project.suggestions.last_round()
        suggestion = Suggestion(frame, 1.0, (reason,), "you", max(last, 1))
        self._session.history.do(AddSuggestions((suggestion,)))
        self.said.emit(f"Put frame {frame.frame:,} into the queue")

    # -- inside ------------------------------------------------------------------------------

    def _picked(self, found: int) -> None:
        self._job = None
        self.said.emit(f"{pieces.count(found, 'frame')} picked")
        self._label.queue.open_current()
        self._actions.refresh()

    def _choose_selector(self, name: str) -> None:
        self._session.settings.set(_SELECTOR, name)
        self.refresh()

    def _choose_count(self, number: int) -> None:
        self._session.settings.set(_COUNT, number)
        self.refresh()

    def _missing(self) -> str:
        if self._session.project.read_only:
            return "The project is open for reading only."
        if not self._label.videos.videos:
            return "Add a video first."
        return "Frames are being picked." if self._busy else ""

    def _missing_here(self) -> str:
        frame = self._label.editing.frame
        if self._session.project.read_only:
            return "The project is open for reading only."
        if frame is None:
            return "No frame is shown."
        current = self._label.queue.current
        here = current is not None and current.frame == frame
        return "This frame is asked for already." if here else ""

    @property
    def _busy(self) -> bool:
        return self._job is not None and not self._job.ended

    def _show_empty(self) -> None:
        """Say why nothing is asked, and what to do next."""
        suggest = (f"Suggest {self.count} frames", self.suggest, True)
        train = self._actions["train"]
        _, total = self._session.queue.progress
        if self._busy:
            words = ("Picking frames", "The first one opens by itself.")
            self._panel.show_empty("loader-circle", *words, ())
        elif not self._label.videos.videos:
            self._panel.show_empty("film", "No video yet", "Frames are picked from videos.", ())
        elif self._training.current is not None:
            words = ("Training", "When it ends its predictions appear and new frames are picked.")
            self._panel.show_empty("sparkles", *words, ((*suggest[:2], False),))
        elif total:
            words = (f"All {total} answered", "Train on them, or ask for more frames.")
            buttons = (("Train", train.trigger, True), (*suggest[:2], False))
            self._panel.show_empty("circle-check", *words, buttons)
        else:
            words = (
                "Which frames to label?",
                "A selector picks those that teach the most. You can also go to any frame "
                "yourself.",
            )
            self._panel.show_empty("sparkles", *words, (suggest,))
