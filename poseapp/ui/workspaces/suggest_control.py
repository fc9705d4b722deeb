"""Asking a selector for frames, and what the queue says while nothing is asked."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from poseapp.app.changes import Changes
from poseapp.app.commands import AddSuggestions
from poseapp.app.jobs import Job
from poseapp.app.selection import FRAMES_A_ROUND, Selection
from poseapp.app.session import Session
from poseapp.app.teaching import Teaching
from poseapp.app.training import Training
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.learn.matal.settings import FEWEST_LABELS
from poseapp.learn.select.matal import Matal
from poseapp.learn.select.registry import USUAL, stand_in
from poseapp.ui.actions import Actions
from poseapp.ui.panels import pieces
from poseapp.ui.panels.agents_box import AgentsView
from poseapp.ui.panels.selector_menu import selector_title
from poseapp.ui.workspaces.label_control import LabelControl

_SELECTOR, _COUNT = "selector", "suggest_count"


class SuggestControl(QObject):
    """The selector and the count are settings: what was chosen last holds for the next round."""

    said = Signal(str)
    offered = Signal(str)
    """A sentence about frames that were picked without being asked for."""

    def __init__(
        self,
        session: Session,
        selection: Selection,
        training: Training,
        teaching: Teaching,
        label: LabelControl,
        actions: Actions,
    ) -> None:
        super().__init__(label)
        self._session = session
        self._selection = selection
        self._training = training
        self._teaching = teaching
        self._label = label
        self._panel = label.view.queue
        self._actions = actions
        self._was_empty = True
        self._asked = False
        menu = self._panel.menu
        menu.selector_chosen.connect(self._choose_selector)
        menu.count_chosen.connect(self._choose_count)
        menu.goal_chosen.connect(self._choose_goal)
        menu.aboutToShow.connect(self._show_numbers)
        label.queue.emptied.connect(self._show_empty)
        actions.connect_to("suggest", self.suggest, self._missing)
        actions.connect_to("suggest_here", self.suggest_here, self._missing_here)

    @property
    def selector(self) -> str:
        """The one that was chosen, or the one to begin with."""
        names = [name for name, _ in self._selection.choices]
        chosen = self._session.settings.get(_SELECTOR)
        return chosen if chosen in names else USUAL.name

    @property
    def count(self) -> int:
        return int(self._session.settings.get(_COUNT, FRAMES_A_ROUND))

    def refresh(self) -> None:
        """Show what is chosen, and why the queue is empty if it is."""
        self._panel.show_choice(self._selection.choices, self.selector, self.count)
        self._show_agents()
        self._was_empty = self._label.queue.current is None
        if self._was_empty:
            self._show_empty()

    @property
    def goal(self) -> int:
        """Labels that there will be in the end: as chosen, else twice as many as now."""
        labels = self._session.project.labels.frame_count()
        return max(self._selection.goal or 2 * max(labels, FEWEST_LABELS), labels)

    def job_changed(self, job: Job) -> None:
        """Follow the agents while they learn."""
        if job is self._teaching.job:
            self._show_agents()

    def changed(self, changes: Changes) -> None:
        if changes.runs or changes.frames:
            self._show_agents()
        before, empty = self._was_empty, self._label.queue.current is None
        self._was_empty = empty
        if before and not empty and changes.suggestions and not self._asked:
            _, total = self._session.queue.progress
            self.offered.emit(f"{pieces.count(total, 'new frame')} to answer")
        if empty and (changes.suggestions or changes.runs or changes.videos or changes.frames):
            self._show_empty()

    def suggest(self) -> None:
        """Let the chosen selector pick the next frames."""
        self._asked = True
        self._selection.suggest(self.selector, self.count, self._picked)
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

    def _picked(self, found: tuple[Suggestion, ...]) -> None:
        self._asked = False
        notes = self._selection.job.notes if self._selection.job is not None else []
        self.said.emit(" ".join([f"{pieces.count(len(found), 'frame')} picked.", *notes]))
        self._label.queue.open_current()
        self._actions.refresh()

    def _choose_selector(self, name: str) -> None:
        self._session.settings.set(_SELECTOR, name)
        self.refresh()

    def _choose_count(self, number: int) -> None:
        self._session.settings.set(_COUNT, number)
        self.refresh()

    def _choose_goal(self, labels: int) -> None:
        self._selection.set_goal(labels)
        self._show_agents()

    def _show_numbers(self) -> None:
        labels = self._session.project.labels.frame_count()
        self._panel.menu.show_numbers(self.count, self.goal, labels)

    def _show_agents(self) -> None:
        """How far the agents are, where they are chosen."""
        if self.selector != Matal.name:
            self._panel.show_agents(None)
            return
        teaching, job = self._teaching, self._teaching.job
        substitute = stand_in(has_net=self._session.project.runs.active() is not None)
        self._panel.show_agents(
            AgentsView(
                teaching.sentence,
                "" if teaching.team is not None else selector_title(substitute.name),
                None if job is None else job.progress,
                self._session.project.labels.frame_count(),
                self.goal,
            )
        )

    def _missing(self) -> str:
        return self._selection.not_yet() or ("Frames are being picked." if self._busy else "")

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
        job = self._selection.job
        return job is not None and not job.ended

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
