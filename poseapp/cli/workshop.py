"""A project that is open for one command, and waiting for its jobs."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseapp.cli.progress import TerminalReport
from poseapp.domain.errors import PoseAppError, ProjectBusyError
from poseapp.domain.video import Video

if TYPE_CHECKING:
    from poseapp.app.jobs import Job
    from poseapp.app.mailbox import Mailbox
    from poseapp.app.services import Services
    from poseapp.app.session import Session

log = logging.getLogger("poseapp")


@dataclass(frozen=True, slots=True)
class Workshop:
    """An open project with all services, for the length of one command."""

    session: Session
    services: Services
    mailbox: Mailbox

    def wait(self, job: Job, title: str) -> Any:
        """Show how far a job is until it has ended; Ctrl+C stops it and keeps what is done.

        Raises:
            KeyboardInterrupt: when that leaves no value.
            PoseAppError: what the job failed with.
        """
        report = TerminalReport(title)
        unsubscribe = self.services.jobs.subscribe(
            lambda one: report.progress(one.progress, one.text) if one is job else None
        )
        told = 0
        stopped = False
        try:
            while not self.mailbox.run_until(lambda: job.ended, within_s=0.2):
                for note in job.notes[told:]:
                    report.note(note)
                told = len(job.notes)
        except KeyboardInterrupt:
            report.note("Stopping; what was finished is kept.")
            stopped = True
            job.stop()
            self.mailbox.run_until(lambda: job.ended, within_s=60)
        finally:
            unsubscribe()
            report.end()
        for note in job.notes[told:]:
            report.note(note)
        if job.error is not None:
            log.info("%s", job.diagnostics)
            raise job.error
        if stopped and job.value is None:
            raise KeyboardInterrupt
        return job.value

    def video(self, name: str) -> Video:
        """The video of this name or number."""
        videos = self.session.project.videos.all()
        found = [v for v in videos if name in (v.name, str(v.path), str(v.id))]
        if len(found) != 1:
            known = ", ".join(f"{v.id}: {v.name}" for v in videos) or "none"
            how = "no" if not found else "more than one"
            raise PoseAppError(f"There is {how} video {name!r} here. Name one by number: {known}.")
        return found[0]


@contextmanager
def opened(path: Path, *, writing: bool) -> Iterator[Workshop]:
    """Open a project with its services; a command that writes says so when it cannot."""
    from poseapp.app.mailbox import Mailbox
    from poseapp.app.services import Services
    from poseapp.app.session import Session

    mailbox = Mailbox()
    with Session.open(path, read_only=not writing) as session:
        if writing and session.notice:
            raise ProjectBusyError(session.notice)
        services = Services(session, mailbox.post, headless=True)
        try:
            yield Workshop(session, services, mailbox)
        finally:
            services.close()
