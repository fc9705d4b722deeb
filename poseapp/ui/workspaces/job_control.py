"""The jobs that run now, in the status bar."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from poseapp.app.jobs import Job, JobRunner, JobState, Priority
from poseapp.ui.panels.job_strip import JobStrip, JobView

_PAUSABLE = (JobState.RUNNING, JobState.PAUSED)


class JobControl(QObject):
    """Shows the oldest job of all runners and passes pause and stop on to it."""

    failed = Signal(str, str, str)
    """(name, sentence, diagnostics) of a job that ended badly, where its runner is to be told of"""

    def __init__(self, strip: JobStrip, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runners: list[JobRunner] = []
        self._strip = strip
        strip.pause_wanted.connect(self._pause)
        strip.stop_wanted.connect(self._stop)
        self._show()

    def watch(self, jobs: JobRunner, *, tell_failures: bool) -> None:
        """Show the jobs of a runner from now on."""

        def changed(job: Job) -> None:
            self._show()
            if tell_failures and job.state is JobState.FAILED and job.error is not None:
                self.failed.emit(job.name, str(job.error), job.diagnostics)

        self._runners.append(jobs)
        jobs.subscribe(changed)
        self._show()

    def forget(self, jobs: JobRunner) -> None:
        """Show the jobs of a runner that was shut down no more."""
        self._runners.remove(jobs)
        self._show()

    def _jobs(self) -> list[Job]:
        return [job for runner in self._runners for job in runner.jobs]

    def _show(self) -> None:
        self._strip.show_jobs(tuple(_view(job) for job in self._told()))

    def _told(self) -> list[Job]:
        """All but what is done for the frame on screen, which ends before anybody could read it.

        Work for spare time comes last: it rests while another job runs.
        """
        told = [job for job in self._jobs() if job.priority < Priority.AT_ONCE]
        return sorted(told, key=lambda job: job.priority is Priority.SPARE)

    def _first(self) -> Job | None:
        return next(iter(self._told()), None)

    def _pause(self) -> None:
        job = self._first()
        if job is not None:
            job.resume() if job.state is JobState.PAUSED else job.pause()

    def _stop(self) -> None:
        if job := self._first():
            job.stop()


def _view(job: Job) -> JobView:
    return JobView(
        job.name,
        job.progress,
        job.eta_s,
        job.device_used or job.device.upper(),
        job.state is JobState.PAUSED,
        job.state in _PAUSABLE,
    )
