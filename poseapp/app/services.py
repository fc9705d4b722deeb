"""Services: all that can be done with an open project, built once for the window or a command."""

from __future__ import annotations

import logging

from poseapp.app.exchange import Exchange
from poseapp.app.frames import FrameService
from poseapp.app.inference import Inference
from poseapp.app.jobs import JobRunner, Post, Priority, core_count
from poseapp.app.library import Library
from poseapp.app.meshing import Meshing
from poseapp.app.selection import FRAMES_A_ROUND, Selection
from poseapp.app.session import Session
from poseapp.app.teaching import Teaching
from poseapp.app.training import Training
from poseapp.app.worth import Weighing
from poseapp.domain.errors import SelectionError
from poseapp.domain.run import Run
from poseapp.learn.select.registry import USUAL

log = logging.getLogger(__name__)


class Services:
    """Answers come through `post`, which brings calls to the thread that built this."""

    def __init__(self, session: Session, post: Post, *, headless: bool = False) -> None:
        """`headless`: all cores may work, and one step of the loop does not start the next."""
        self._session = session
        cores = core_count() if headless else max(1, core_count() - 1)
        self.jobs = JobRunner(post, session.settings.get("threads") or cores)
        self.frames = FrameService(session, post)
        self.library = Library(session)
        self.training = Training(session, self.jobs)
        self.inference = Inference(session, self.jobs)
        self.meshing = Meshing(session, self.jobs)
        self.selection = Selection(session, self.jobs)
        self.weighing = Weighing(session, self.jobs)
        self.teaching = Teaching(session, self.jobs, by_itself=not headless)
        self.exchange = Exchange(session)
        if not headless:
            self.training.when_usable = self._predict_all

    def close(self) -> None:
        """End what runs, keep what it has, and let the files go."""
        self.jobs.shutdown()
        self.training.close()
        self.teaching.close()
        self.inference.close()
        self.meshing.close()
        self.frames.close()

    def _predict_all(self, run: Run) -> None:
        log.info("the net of %s is in use; predicting with it", run.id)
        self.inference.predict_all(self._suggest, Priority.BACKGROUND)

    def _suggest(self) -> None:
        settings = self._session.settings
        if not settings.get("suggest_after_training"):
            return
        selector = settings.get("selector", USUAL.name)
        count = settings.get("suggest_count", FRAMES_A_ROUND)
        try:
            self.selection.suggest(selector, count)
        except SelectionError as why:
            log.info("no next round: %s", why)  # nobody asked for it just now
