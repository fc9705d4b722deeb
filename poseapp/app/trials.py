"""Trials in processes of their own: as many at once as there are cores to spare."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from poseapp.domain.errors import JobCancelled, WorkerDiedError
from poseapp.domain.report import Report, SilentReport
from poseapp.learn.matal.shipped import initialisation_digest
from poseapp.learn.oracle.settings import Effort, Schedule, Sight
from poseapp.learn.remote.settings import AGENT_FILE
from poseapp.learn.select.frame_agent import FrameAgent
from poseapp.learn.select.matal import Matal
from poseapp.learn.select.registry import USUAL, for_trials

if TYPE_CHECKING:
    from poseapp.learn.oracle.annotator import Annotator
    from poseapp.learn.oracle.course import Course

_METHOD = 1
"""Raised when trials come out differently from before, so that no table mixes the two."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all trials of a table share."""

    dataset: str
    annotator: Annotator
    data: dict[str, Any]
    """What the annotator knows, as plain JSON: its labels' digest and what is held out."""
    schedule: Schedule
    sight: Sight
    effort: Effort
    seen: Path
    """Folder of what the trunk saw."""
    kept: Path
    """Folder of finished courses."""
    frame_agent: Path | None = None
    """Folder of the frame selection agent that the selector `fsa` asks."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One selector with one seed."""

    bench: Bench
    selector: str
    seed: int

    @property
    def name(self) -> str:
        return f"{self.bench.dataset}-{self.selector}-{self.seed}"

    @property
    def facts(self) -> dict[str, Any]:
        """All that decides its course, as plain JSON."""
        bench = self.bench
        return {
            "method": _METHOD,
            "dataset": bench.dataset,
            "data": bench.data,
            "schedule": asdict(bench.schedule),
            "sight": asdict(bench.sight),
            "effort": asdict(bench.effort),
            "selector": self.selector,
            "seed": self.seed,
        } | self._learnt()

    def _learnt(self) -> dict[str, Any]:
        """What a selector that learns begins with and how it learns; nothing for all others."""
        selector = for_trials(self.selector)
        if isinstance(selector, FrameAgent) and self.bench.frame_agent is not None:
            learnt = (self.bench.frame_agent / AGENT_FILE).read_bytes()
            return {"frame_agent": hashlib.sha256(learnt).hexdigest()}
        if not isinstance(selector, Matal):
            return {}
        settings = selector.settings
        first = initialisation_digest() if settings.ablation.meta else ""
        own = settings.adapting() if first else settings
        return {"matal": asdict(own), "initialisation": first, "stand_in": USUAL.name}


def run_trials(trials: Sequence[Trial], jobs: int, report: Report) -> list[Course]:
    """The courses of all trials in their order; those that are kept already are not run again.

    Raises:
        JobCancelled: when a person stopped it.
        WorkerDiedError: when a trial's process was ended from outside.
    """
    missing = [trial for trial in trials if _kept(trial) is None]

    def tell(left: int) -> None:
        done = len(trials) - left
        report.progress(done / len(trials), f"{done} of {len(trials)} trials")

    tell(len(missing))
    if missing:
        _run_in_processes(missing, jobs, tell)
    return [course for trial in trials if (course := _kept(trial)) is not None]


def _kept(trial: Trial) -> Course | None:
    from poseapp.learn.oracle.course import Kept

    return Kept(trial.bench.kept).find(trial.name, trial.facts)


def _run_in_processes(trials: Sequence[Trial], jobs: int, tell: Callable[[int], None]) -> None:
    """Run them, calling `tell` with how many are left, often: that is where it may be stopped."""
    context = multiprocessing.get_context("spawn")
    with (
        _one_thread_each(),
        tempfile.TemporaryDirectory() as scratch,
        ProcessPoolExecutor(min(jobs, len(trials)), context) as pool,
    ):
        stop = Path(scratch) / "stop"
        left = {pool.submit(_run, trial, stop) for trial in trials}
        try:
            while left:
                finished, left = wait(left, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in finished:
                    future.result()
                tell(len(left))
        except BrokenProcessPool as why:
            raise WorkerDiedError(
                "A trial's process was ended from outside, as happens when memory runs out. The "
                "finished trials are kept: start again, perhaps with fewer jobs."
            ) from why
        finally:
            stop.touch()
            pool.shutdown(cancel_futures=True)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let new processes compute with one thread, so that as many fit as there are cores."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _run(trial: Trial, stop: Path) -> None:
    """In a process of its own: run a trial and keep its course."""
    from poseapp.learn.oracle.course import Course, Kept
    from poseapp.learn.oracle.frozen_trunk import FrozenTrunk
    from poseapp.learn.oracle.seen import Places, Seen
    from poseapp.learn.oracle.trial import run

    bench = trial.bench
    seen = Seen(Places.of(bench.annotator, bench.sight.copies), bench.seen)
    selector = for_trials(trial.selector)
    if isinstance(selector, FrameAgent) and bench.frame_agent is not None:
        selector = FrameAgent.load(bench.frame_agent)
    turns = run(
        selector,
        bench.annotator,
        FrozenTrunk(seen, bench.effort, bench.seen / "heads"),
        bench.schedule,
        trial.seed,
        _UntilThereIs(stop),
    )
    course = Course.of(bench.dataset, trial.selector, trial.seed, turns)
    Kept(bench.kept).keep(trial.name, trial.facts, course)


class _UntilThereIs(SilentReport):
    """A report that ends its work once a file appears: processes share nothing else."""

    def __init__(self, stop: Path) -> None:
        self._stop = stop

    def progress(self, done: float, text: str = "") -> None:  # noqa: ARG002 - nobody watches
        """Raises JobCancelled once the file is there."""
        if self._stop.exists():
            raise JobCancelled
