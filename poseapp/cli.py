"""The command line: the same services as the window, without one.

Each command collects a document and the lines that say the same to a person. With `--json` the
document goes to standard output, and nothing else does; progress and notes go to standard error.
"""

from __future__ import annotations

import functools
import json
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from poseapp.domain.errors import PoseAppError, ProjectBusyError, TrainingError
from poseapp.domain.ids import RunId
from poseapp.domain.report import Report
from poseapp.domain.run import RunState
from poseapp.domain.video import Video

if TYPE_CHECKING:
    from poseapp.app.jobs import Job
    from poseapp.app.mailbox import Mailbox
    from poseapp.app.services import Services
    from poseapp.app.session import Session

log = logging.getLogger("poseapp")

_PROJECT = click.argument("project", type=click.Path(path_type=Path))
_MINUTES = click.FloatRange(min=0, min_open=True)
_VIDEOS = click.argument("videos", nargs=-1, type=click.Path(path_type=Path))


@dataclass
class Answer:
    """What a command found out: a document for programs, lines for people."""

    document: Any = None
    lines: list[str] = field(default_factory=list)


def command(*decorators: Callable) -> Callable:
    """Make a function that returns an `Answer` a command with `--json` and sentences for errors."""

    def decorate(function: Callable[..., Answer]) -> click.Command:
        @functools.wraps(function)
        def run(*args: Any, as_json: bool, **kwargs: Any) -> None:
            try:
                answer = function(*args, **kwargs)
            except PoseAppError as why:
                raise click.ClickException(str(why)) from why
            except KeyboardInterrupt:
                raise click.ClickException("Stopped. What was finished is kept.") from None
            if as_json:
                click.echo(json.dumps(answer.document, indent=1, default=str))
            else:
                for line in answer.lines:
                    click.echo(line)

        wrapped = click.option("--json", "as_json", is_flag=True, help="One JSON document.")(run)
        for decorator in reversed(decorators):
            wrapped = decorator(wrapped)
        return main.command(function.__name__.strip("_"), help=function.__doc__)(wrapped)

    return decorate


class _InOrder(click.Group):
    """Lists its commands in the order of work, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(super().list_commands(ctx), key=list(self.commands).index)


@click.group(cls=_InOrder, invoke_without_command=True)
@click.version_option(package_name="poseapp")
@click.option("-v", "--verbose", is_flag=True, help="Log what is done to standard error.")
@click.pass_context
def main(context: click.Context, verbose: bool) -> None:
    """Label poses in video: correct the few frames that teach a net the most.

    Without a command the window opens.
    """
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, stream=sys.stderr, format="%(name)s: %(message)s")
    if context.invoked_subcommand is None:
        _open_window()


@main.command("open")
@_PROJECT
def open_(project: Path) -> None:
    """Open a project in the window."""
    from poseapp.store.project import Project

    try:
        Project.open(project, read_only=True).close()
    except PoseAppError as why:
        raise click.ClickException(str(why)) from why
    _open_window(project)


def _open_window(project: Path | None = None, video: Path | None = None) -> None:
    from poseapp.app.doctor import has_display

    if not has_display():
        raise click.ClickException(
            "There is no display, so the window cannot open. Use the commands (poseapp --help), or "
            "connect with a display."
        )
    from poseapp.ui.app import run

    sys.exit(run(project, video=video))


_FORETOLD_FROM = 0.02
"""How much must be done before the time left can be told."""


class TerminalReport:
    """A bar, the time left and notes, on standard error."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._began = time.monotonic()
        self._drawn = 0.0
        self._wide = sys.stderr.isatty()
        self.noted: list[str] = []

    def progress(self, done: float, text: str = "") -> None:
        """Draw the bar anew, a few times a second; a line every ten where nobody watches."""
        now = time.monotonic()
        if now - self._drawn < (0.2 if self._wide else 10) and done < 1:
            return
        self._drawn = now
        left = (now - self._began) * (1 - done) / done if _FORETOLD_FROM < done < 1 else None
        ahead = "" if left is None else f", {_duration(left)} left"
        if self._wide:
            bar = ("█" * round(24 * done)).ljust(24, "░")
            click.echo(
                f"\r\033[K{self._title} {bar} {done:4.0%}{ahead}  {text}", err=True, nl=False
            )
        else:
            click.echo(f"{self._title} {done:.0%}{ahead} {text}".rstrip(), err=True)

    def metrics(self, **values: float) -> None:
        """The bar says enough."""

    def send(self, value: Any) -> None:
        """Parts are kept by whoever started the work."""

    def note(self, text: str) -> None:
        """Say a sentence on a line of its own."""
        self.noted.append(text)
        self.end()
        click.echo(text, err=True)

    def end(self) -> None:
        """Leave the bar's line."""
        if self._wide and self._drawn:
            click.echo("\r\033[K", err=True, nl=False)


@contextmanager
def _reporting(title: str) -> Iterator[Report]:
    report = TerminalReport(title)
    try:
        yield report
    finally:
        report.end()


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole} s" if whole < 90 else f"{whole // 60} min {whole % 60:02d} s"


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
def _opened(path: Path, *, writing: bool) -> Iterator[Workshop]:
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


@command(
    _PROJECT,
    click.option(
        "--skeleton",
        required=True,
        help="A skeleton file, or a preset: fly, hand, mouse_top, person, quadruped, walker.",
    ),
    _VIDEOS,
)
def new(project: Path, skeleton: str, videos: tuple[Path, ...]) -> Answer:
    """Make a project, with videos or without."""
    from poseapp.app.presets import skeleton_of
    from poseapp.app.session import Session

    with Session.create(project, skeleton_of(skeleton)) as session:
        folder = session.project.path
    try:
        return _add(project, videos)
    except (PoseAppError, KeyboardInterrupt):
        shutil.rmtree(folder)  # else the same command, mended, would find a project in its way
        raise


@command(_PROJECT, _VIDEOS)
def add(project: Path, videos: tuple[Path, ...]) -> Answer:
    """Add videos: films, pictures, or folders of pictures."""
    if not videos:
        raise PoseAppError("Name one video or more to add.")
    return _add(project, videos)


def _add(project: Path, videos: tuple[Path, ...]) -> Answer:
    with _opened(project, writing=True) as workshop:
        if videos:
            workshop.services.library.add(videos)
        return _information(workshop)


@command(_PROJECT, click.argument("video"), click.argument("path", type=click.Path(path_type=Path)))
def relink(project: Path, video: str, path: Path) -> Answer:
    """Say where a video that moved is now. VIDEO is its name or number."""
    with _opened(project, writing=True) as workshop:
        workshop.services.library.relink(workshop.video(video).id, path)
        return _information(workshop)


@command(
    _PROJECT,
    click.argument("path", type=click.Path(path_type=Path)),
    click.option("--format", "format_", help="sleap, dlc, lightning_pose or coco; else guessed."),
)
def import_(project: Path, path: Path, format_: str | None) -> Answer:
    """Import another tool's labels. The project is made if it is not there."""
    from poseapp.app.exchange import create_project_from
    from poseapp.formats.base import count
    from poseapp.store.project import project_folder

    if project_folder(project).exists():
        with _opened(project, writing=True) as workshop:
            summary = workshop.services.exchange.import_(path, format_)
    else:
        summary = create_project_from(path, project, format_)
    there = f", {summary.already_there:,} were there already" if summary.already_there else ""
    said = (
        f"{summary.project}: {count(summary.labels, 'label')} in {count(summary.frames, 'frame')}, "
        f"{count(summary.videos, 'new video')}{there}."
    )
    return Answer(asdict(summary), [said, *summary.notes])


@command(_PROJECT)
def info(project: Path) -> Answer:
    """Show videos, skeleton, labels, predictions, runs."""
    with _opened(project, writing=False) as workshop:
        return _information(workshop)


def _information(workshop: Workshop) -> Answer:
    from poseapp.app.information import information, lines

    found = information(workshop.session.project)
    return Answer(found, lines(found))


@command(
    _PROJECT,
    click.option("--recipe", default="supervised", show_default=True, help="How to train."),
    click.option("--minutes", type=_MINUTES, default=5.0, show_default=True, help="How long."),
    click.option("--net", help="The backbone; else the one that learns most in the time."),
    click.option("--seed", type=int, default=0, show_default=True, help="Of everything random."),
    click.option("--from", "parent", help="A run whose net it starts from; else from ImageNet's."),
    click.option("--resume", is_flag=True, help="Go on with the last training that broke off."),
)
def train(
    project: Path,
    recipe: str,
    minutes: float,
    net: str | None,
    seed: int,
    parent: str | None,
    resume: bool,
) -> Answer:
    """Train a net on the labels. It is in use when it is done.

    Ctrl+C ends the training and keeps the best net so far. One that broke off, as when the power
    fails, goes on with --resume, with the settings it was started with.
    """
    from poseapp.app.training import Choices

    again = f"poseapp train {project} --resume"
    with _opened(project, writing=True) as workshop:
        training = workshop.services.training
        if resume:
            run = training.resume_last()
        else:
            start_from = workshop.session.project.runs.get(RunId(parent)).id if parent else None
            run = training.start(
                Choices(recipe, minutes, start_from=start_from, net=net, seed=seed)
            )
        assert training.job is not None
        try:
            with suppress(KeyboardInterrupt):
                workshop.wait(training.job, "Training")
        except PoseAppError as why:
            if training.can_resume(workshop.session.project.runs.get(run.id)):
                raise TrainingError(f"{why} To go on where it broke off: {again}") from why
            raise
    with _opened(project, writing=False) as workshop:
        done = workshop.session.project.runs.get(run.id)
        if workshop.services.training.can_resume(done):
            raise TrainingError(f"{done.message} To go on: {again}")
        if done.message:
            raise TrainingError(f"{done.message} Nothing else was changed.")
    kept = {k: v for k, v in done.metrics.items() if k != "history"}
    error = kept.get("held_out_px")
    measured = f"held-out error {error:.1f} px" if error is not None else "no held-out frames"
    longer = [f"To train it longer: poseapp train {project} --from {done.id}"]
    return Answer(
        {"run": done.id, "state": done.state, "frames": done.labelled_frames, "metrics": kept},
        [
            f"{done.id}: {done.state}, {done.labelled_frames} labelled frames, {measured}. "
            "Its net is in use.",
            *(longer if done.state is RunState.STOPPED else ()),
        ],
    )


@command(_PROJECT, click.option("--video", help="Name or number; else all videos."))
def predict(project: Path, video: str | None) -> Answer:
    """Predict every frame with the net in use."""
    with _opened(project, writing=True) as workshop:
        inference = workshop.services.inference
        job = (
            inference.predict_video(workshop.video(video).id) if video else inference.predict_all()
        )
        outcome = workshop.wait(job, "Predicting")
        count = workshop.session.project.predictions.count()
    return Answer(
        {"predictions": count, "outcome": asdict(outcome) if outcome else None},
        [f"{count} predictions are in the project."],
    )


@command(
    _PROJECT,
    click.option("--selector", required=True, help="Who picks: typiclust, entropy, random, …"),
    click.option("--count", type=click.IntRange(1), default=20, show_default=True, help="Frames."),
)
def suggest(project: Path, selector: str, count: int) -> Answer:
    """Pick frames to label next, and say why."""
    with _opened(project, writing=True) as workshop:
        job = workshop.services.selection.suggest(selector, count)
        picked = workshop.wait(job, "Picking frames")
        names = {video.id: video.name for video in workshop.session.project.videos.all()}
    rows = [
        {
            "video": names[s.frame.video],
            "frame": s.frame.frame,
            "score": s.score,
            "selector": s.selector,
            "reasons": [asdict(reason) for reason in s.reasons],
        }
        for s in picked
    ]
    said = (f"{r['video']} frame {r['frame']}: {r['reasons'][0]['text']}" for r in rows)
    return Answer(rows, list(said))


@command(
    _PROJECT,
    click.option("--format", "format_", required=True, help="sleap, dlc, lightning_pose or coco."),
    click.argument("out", type=click.Path(path_type=Path)),
    click.option(
        "--pictures/--no-pictures",
        default=True,
        show_default=True,
        help="The labelled frames as pictures, where the format holds them.",
    ),
)
def export(project: Path, format_: str, out: Path, pictures: bool) -> Answer:
    """Write the labels in another tool's format.

    What is written is read back and compared before it takes its place.
    """
    from poseapp.formats.base import count

    with _opened(project, writing=False) as workshop, _reporting("Exporting") as report:
        summary = workshop.services.exchange.export(
            format_, out, with_pictures=pictures, report=report
        )
    return Answer(
        asdict(summary),
        [
            f"{count(summary.labels, 'label')} in {count(summary.frames, 'frame')}: {summary.path}",
            *summary.notes,
        ],
    )


def _number(name: str, default: int, text: str) -> Callable:
    """An option for a whole number above 0."""
    return click.option(name, type=click.IntRange(1), default=default, show_default=True, help=text)


@command(
    _PROJECT,
    click.option("--selectors", required=True, help="Names with commas between: random,typiclust."),
    _number("--seeds", 5, "Repetitions of each selector."),
    _number("--rounds", 5, "How often frames are picked, labelled and learnt."),
    _number("--batch", 10, "Frames a round, and to begin with."),
    _number("--jobs", 1, "Trials at the same time."),
    click.option("--out", type=click.Path(path_type=Path), required=True, help="A folder."),
)
def simulate(
    project: Path, selectors: str, seeds: int, rounds: int, batch: int, jobs: int, out: Path
) -> Answer:
    """Measure selectors with a simulated annotator.

    It answers from the project's labels, which the selectors cannot see.
    """
    from poseapp.app.session import Session
    from poseapp.app.simulation import Simulation
    from poseapp.app.simulation import simulate as run
    from poseapp.learn.oracle.settings import Schedule

    with Session.open(project, read_only=True) as session:
        labels, name = session.project.labels.snapshot(), session.project.name
    wanted = Simulation(
        name,
        tuple(selector.strip() for selector in selectors.split(",")),
        seeds,
        Schedule(rounds, batch, batch),
        jobs=jobs,
    )
    said = (
        f"poseapp simulate {name} --selectors {selectors} --seeds {seeds} --rounds {rounds} "
        f"--batch {batch}"
    )
    with _reporting("Simulating") as report:
        document = run(labels, wanted, out, report, said)
    return Answer(document, [f"Curves: {out / 'curves.png'}, .csv and .json"])


@command(
    click.option("--headless", is_flag=True, help="Walk through the loop without the window."),
    click.option("--video", type=click.Path(path_type=Path), help="A film of your own instead."),
    click.option(
        "--minutes", type=_MINUTES, default=1.0, show_default=True, help="Of each training."
    ),
    click.option("--out", type=click.Path(path_type=Path), help="Where pictures are left."),
)
def demo(headless: bool, video: Path | None, minutes: float, out: Path | None) -> Answer:
    """Open the demo project.

    Without a display, walk through the loop on it and leave pictures. With a film of your own, make
    a project, pick the frames to label first and leave pictures: only you can label them.
    """
    from poseapp.app.demo import make_demo
    from poseapp.app.doctor import has_display

    if has_display() and not headless:
        if video is not None:
            _open_window(video=video)
        with _reporting("Making the demo") as report:
            project = make_demo(report=report)
        _open_window(project)
    out = (out or Path(tempfile.mkdtemp(prefix="poseapp-demo-"))).absolute()
    return _begin(video, out) if video else _walk(minutes, out)


def _walk(minutes: float, out: Path) -> Answer:
    """The loop from end to end on the demo."""
    from poseapp.app.demo import make_demo
    from poseapp.app.walkthrough import walk

    with _reporting("Making the demo") as report:
        project = make_demo(out, report)
    with _opened(project, writing=True) as workshop:
        steps = walk(workshop.session, workshop.services, workshop.wait, out, minutes)
    return _shown(project, steps, (f"Label more where there is a display: poseapp open {project}",))


def _begin(film: Path, out: Path) -> Answer:
    """A project about a person's own film, up to where only a person can go on."""
    from poseapp.app.walkthrough import begin, project_about

    project = project_about(film, out)
    with _opened(project, writing=True) as workshop:
        steps = begin(workshop.session, workshop.services, workshop.wait)
    return _shown(
        project,
        steps,
        (
            f"Label the frames in the queue where there is a display: poseapp open {project}",
            f"Then train: poseapp train {project}",
            f"Then predict the whole film: poseapp predict {project}",
            f"For another skeleton: poseapp new PROJECT --skeleton PRESET {film}",
        ),
    )


def _shown(project: Path, steps: list[dict[str, Any]], ahead: tuple[str, ...]) -> Answer:
    """What was done, pictures of it, and what to do next."""
    from poseapp.ui.portrait import portraits

    pictures = [str(path) for path in portraits(project, project.parent)]
    pictures += [str(path) for path in project.parent.glob("overlays.png")]
    lines = []
    for step in steps:
        figures = ", ".join(f"{k} {v}" for k, v in step.items() if k != "step")
        lines.append(f"{step['step']}: {figures}")
    lines += [f"Project: {project}", f"Pictures are in {project.parent}:", *pictures]
    document = {"project": str(project), "steps": steps, "pictures": pictures, "next": ahead}
    return Answer(document, [*lines, "Next:", *ahead])


@command()
def doctor() -> Answer:
    """Check this machine, and say how to mend what is missing."""
    from poseapp.app.doctor import Verdict, examine

    findings = examine()
    marks = {Verdict.OK: "✓", Verdict.LIMITED: "!", Verdict.BROKEN: "✗"}
    lines = []
    for finding in findings:
        lines.append(f"{marks[finding.verdict]} {finding.name}: {finding.text}")
        if finding.cure:
            lines.append(f"    {finding.cure}")
    return Answer([asdict(finding) for finding in findings], lines)
