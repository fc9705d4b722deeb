"""Selection: which frames the person should label next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from platformdirs import user_cache_path

from poseapp.app.changes import Changes
from poseapp.app.jobs import Job, JobRunner, Priority
from poseapp.app.picking import Pick
from poseapp.app.runs import newest_frame_agent, newest_team, skeleton_of_net
from poseapp.app.session import Session
from poseapp.app.tasks import Net
from poseapp.domain.errors import SelectionError
from poseapp.domain.ids import FrameRef
from poseapp.domain.suggestion import Suggestion
from poseapp.domain.video import Video
from poseapp.learn.select.base import Selector
from poseapp.learn.select.frame_agent import FrameAgent
from poseapp.learn.select.matal import Matal
from poseapp.learn.select.registry import NOTHING_LEFT, SELECTORS, USUAL, selector_called
from poseapp.media.reader import FrameReader

MOST_CANDIDATES = 5000
"""Of longer videos every second, third, … frame is looked at."""
FRAMES_A_ROUND = 20
_GOALS = "label_goals"


class Selection:
    """Asks a worker for the next round and puts its answer into the queue."""

    def __init__(self, session: Session, jobs: JobRunner, store: Path | None = None) -> None:
        self._session = session
        self._project = session.project
        self._jobs = jobs
        self._store = store or user_cache_path("poseapp")
        self._newest: Job | None = None
        self._asked = 0

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Every selector's name with a sentence about it."""
        return tuple((selector.name, selector.about) for selector in SELECTORS.values())

    @property
    def job(self) -> Job | None:
        """The newest request: its progress and, once it ended, its notes."""
        return self._newest

    @property
    def goal(self) -> int | None:
        """Labels that there will be in the end, as a person said; None before."""
        return self._session.settings.get(_GOALS, {}).get(str(self._project.path))

    def set_goal(self, labels: int) -> None:
        """Say how many labels there will be in the end; agents pick with that in mind."""
        goals = self._session.settings.get(_GOALS, {})
        self._session.settings.set(_GOALS, goals | {str(self._project.path): labels})

    def not_yet(self) -> str:
        """Why nothing can be suggested now, as a sentence; empty when it can."""
        if self._project.read_only:
            return "The project is open for reading only."
        if not self._project.videos.all():
            return "There is no video yet. Add one first."
        return ""

    def suggest(
        self,
        selector: str = USUAL.name,
        count: int = FRAMES_A_ROUND,
        then: Callable[[tuple[Suggestion, ...]], None] = lambda _: None,
    ) -> Job:
        """Ask for a round of suggestions; a newer request takes the place of this one.

        What was picked goes into the queue, and to `then`. It is no edit: often it arrives by
        itself, and must not take the place of the step that a person wants to undo or redo.

        Raises:
            SelectionError: when the selector is not known, or `not_yet` says why not.
        """
        selector_called(selector)
        if sentence := self.not_yet():
            raise SelectionError(sentence)
        if self._newest is not None:
            self._newest.stop()
        self._asked += 1
        self._newest = self._jobs.start(
            "poseapp.app.picking:pick",
            self._request(selector, count),
            name="Choosing frames",
            priority=Priority.ASKED,
            device=self._session.settings.get("device"),
            on_done=partial(self._keep, self._asked, then),
        )
        return self._newest

    def _request(self, selector: str, count: int) -> Pick:
        project = self._project
        videos = tuple(video for video in project.videos.all() if video.path.exists())
        if not videos:
            raise SelectionError("No video is where it was. Re-link one first.")
        candidates, step = spread_candidates(videos, self._taken(videos), MOST_CANDIDATES)
        if not candidates:
            raise SelectionError(NOTHING_LEFT)
        labelled = tuple(
            FrameRef(video.id, int(frame))
            for video in videos
            for frame in project.labels.labelled_frames(video.id)
        )
        asked = selector_called(selector)
        run = project.runs.active()
        device = self._session.settings.get("device")
        net, skeleton = None, project.skeleton
        if run is not None:
            net = Net(project.runs_folder / run.id, device, self._jobs.threads)
            skeleton = skeleton_of_net(run, net.folder)
        return Pick(
            selector,
            count,
            project.suggestions.last_round(),
            skeleton,
            videos,
            candidates,
            step,
            labelled,
            project.labels.snapshot() if asked.asks or asked.compares_labels else None,
            self._agents(asked),
            self.goal,
            net,
            device,
            self._jobs.threads,
            FrameReader(videos, project.cache_folder),
            project.path,
            project.cache_folder,
            self._store,
        )

    def _agents(self, selector: Selector) -> Path | None:
        """The folder of what this selector has learnt; None where it learns nothing, or has not."""
        if isinstance(selector, FrameAgent):
            return newest_frame_agent(self._project)
        if not isinstance(selector, Matal) or (team := newest_team(self._project)) is None:
            return None
        return self._project.runs_folder / team.id

    def _taken(self, videos: Iterable[Video]) -> set[FrameRef]:
        """Frames that are labelled, marked as empty, or were suggested before."""
        labels, suggestions = self._project.labels, self._project.suggestions
        return {
            FrameRef(video.id, int(frame))
            for video in videos
            for frames in (
                labels.labelled_frames(video.id),
                labels.empty_frames(video.id),
                suggestions.frames(video.id)[0],
            )
            for frame in frames
        }

    def _keep(
        self,
        request: int,
        then: Callable[[tuple[Suggestion, ...]], None],
        picked: Iterable[Suggestion],
    ) -> None:
        """Put them into the queue, but for frames that were labelled or suggested meanwhile."""
        if request != self._asked:
            return
        videos = self._project.videos.all()
        known, taken = {video.id for video in videos}, self._taken(videos)
        round_ = self._project.suggestions.last_round() + 1
        kept = tuple(
            replace(suggestion, round=round_)
            for suggestion in picked
            if suggestion.frame.video in known and suggestion.frame not in taken
        )
        if kept:
            self._project.suggestions.add(kept)
            self._session.announce(Changes(suggestions=True))
        then(kept)


def spread_candidates(
    videos: Iterable[Video], taken: Collection[FrameRef], most: int
) -> tuple[tuple[FrameRef, ...], int]:
    """The frames that may be picked, at most about `most`, and the step between them.

    The same frames come again round after round, so that what is known of them can be kept.
    """
    videos = sorted(videos, key=lambda video: video.id)
    total = sum(video.frame_count for video in videos)
    step = max(1, -(-total // most))
    refs = (
        FrameRef(video.id, frame)
        for video in videos
        for frame in range(min(step, video.frame_count) // 2, video.frame_count, step)
    )
    return tuple(ref for ref in refs if ref not in taken), step
