"""Queue: the picked frames that wait for an answer, one of them current."""

from __future__ import annotations

from poseapp.app.commands import AnswerSuggestion, Batch, Command
from poseapp.app.history import History
from poseapp.app.labelling import Labelling, acceptance
from poseapp.domain.errors import PoseAppError
from poseapp.domain.ids import SuggestionId
from poseapp.domain.pose import Origin
from poseapp.domain.suggestion import Answer, Suggestion
from poseapp.store.project import Project

_BY_HAND = (Origin.PERSON, Origin.CORRECTED)


class Queue:
    """Each answer is one edit and goes on to the next frame; what is skipped comes back last."""

    def __init__(self, labelling: Labelling, history: History, project: Project) -> None:
        self._labelling = labelling
        self._history = history
        self._project = project
        self._current: SuggestionId | None = None

    def current(self) -> Suggestion | None:
        """What is asked now; None when nothing waits."""
        suggestions = self._project.suggestions
        found = suggestions.waiting(self._current) or next(iter(suggestions.open(1)), None)
        self._current = found and found.id
        return found

    def go(self, suggestion: Suggestion) -> Suggestion | None:
        """Make a waiting suggestion the current one."""
        self._current = suggestion.id
        return self.current()

    def next(self) -> Suggestion | None:
        """The one after the current one, and after the last the first."""
        return self._step(backwards=False)

    def previous(self) -> Suggestion | None:
        """The one before the current one, and before the first the last."""
        return self._step(backwards=True)

    def accept(self) -> Suggestion | None:
        """Let the frame stand as it is: its predictions become labels. Returns the next one.

        The answer is "fixed" where a person made or changed a label of the frame.

        Raises:
            PoseAppError: when there is nothing on the frame to accept.
        """
        current = self.current()
        if current is None:
            return None
        view = self._labelling.view(current.frame)
        if not (view.labels or view.predictions or view.empty):
            raise PoseAppError(
                "There is nothing on this frame to accept. Label it, mark it as empty, or skip it."
            )
        fixed = view.empty or any(label.origin in _BY_HAND for label in view.labels)
        answer = Answer.FIXED if fixed else Answer.ACCEPTED
        accepted = tuple(acceptance(prediction) for prediction in view.predictions)
        return self._answer(current, answer, "Accepted a frame", accepted)

    def skip(self) -> Suggestion | None:
        """Ask this one again after all others. Returns the next one."""
        return self._answer(self.current(), Answer.SKIPPED, "Skipped a frame")

    def reject(self) -> Suggestion | None:
        """Never ask this one again; its labels stay as they are. Returns the next one."""
        return self._answer(self.current(), Answer.REJECTED, "Rejected a frame")

    @property
    def progress(self) -> tuple[int, int]:
        """Answered and all suggestions of the current round."""
        current = self.current()
        round_ = self._project.suggestions.last_round() if current is None else current.round
        return self._project.suggestions.progress(round_)

    def _step(self, *, backwards: bool) -> Suggestion | None:
        current = self.current()
        if current is None or current.id is None:
            return None
        following = self._project.suggestions.beside(current.id, backwards=backwards)
        self._current = following and following.id
        return following

    def _answer(
        self,
        current: Suggestion | None,
        answer: Answer,
        text: str,
        labels: tuple[Command, ...] = (),
    ) -> Suggestion | None:
        if current is None or current.id is None:
            return None
        following = self._project.suggestions.beside(current.id)
        self._history.do(Batch(text, (*labels, AnswerSuggestion(current.id, answer))))
        self._current = following and following.id
        return self.current()
