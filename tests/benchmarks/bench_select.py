"""How long each selector takes to pick 20 of 5,000, a trial of the oracle, and teaching agents.

    python -m tests.benchmarks.bench_select

The time includes the thinning of near-duplicates and whatever a selector trains; features,
predictions and the net's insides are there already. What each aspect of the insides costs, beside
the net itself, is told for 100 bodies.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from poseapp.app.presets import preset
from poseapp.app.rehearsing import Rehearse, teach
from poseapp.app.simulation import Simulation, simulate
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Instance
from poseapp.domain.report import SilentReport
from poseapp.learn.matal.anatomy import Anatomy
from poseapp.learn.matal.representation import Representation
from poseapp.learn.matal.settings import Settings
from poseapp.learn.matal.shipped import initialisation_file
from poseapp.learn.matal.trained import TrainedTeam, empty_team
from poseapp.learn.oracle.settings import Effort, Schedule, Sight
from poseapp.learn.select.base import Pool, Predicted
from poseapp.learn.select.matal import Matal
from poseapp.learn.select.probe import Glance, probe
from poseapp.learn.select.probed import Aspect, Probed
from poseapp.learn.select.registry import SELECTORS, propose
from poseapp.learn.synth.figure import Scene, Walker
from poseapp.media import probe as media
from poseapp.media.film_writer import write_film
from poseapp.media.reader import FrameReader
from poseapp.nets.heads import LightHead

CANDIDATES, LABELLED, BUDGET, TURNS = 5000, 140, 20, 5
CHANNELS = 64
TAUGHT = 100
FILM_FRAMES = 120


def main() -> None:
    """Print every time."""
    pool = wandering_pool()
    by_chance = times(lambda: propose(SELECTORS["random"], pool, BUDGET, SilentReport()))
    for name, selector in (SELECTORS | {"matal": agents(pool)}).items():
        taken = times(lambda chosen=selector: propose(chosen, pool, BUDGET, SilentReport()))
        report(f"{name}: {BUDGET} of {CANDIDATES:,}", taken, by_chance)
    probing()
    oracle()
    teaching()


def agents(pool: Pool) -> Matal:
    """A team of the app's sizes with weights by chance: picking takes as long as with any."""
    settings = Settings()
    assert pool.labelled_points is not None
    anatomy = Anatomy.of(pool.skeleton, pool.labelled_points)
    known = pool.labelled_points, pool.labelled_features
    representation = Representation.of(anatomy, settings.describing, *known)
    torch.manual_seed(0)
    names = pool.skeleton.names
    trained = TrainedTeam(empty_team(settings), representation, settings, names, LABELLED)
    return Matal(settings, trained)


def teaching() -> None:
    """A team learns on 100 labels of the made-up film, as the app lets it."""
    with tempfile.TemporaryDirectory() as folder:
        labels = walker_labels(Path(folder))
        labels = labels.only(labels.frames[:TAUGHT])
        frames = FrameReader(labels.videos)
        out = Path(folder) / "team"
        request = Rehearse(labels, frames, Settings(), Sight(), TAUGHT, "cpu", None, out, out, out)
        began = "the shipped" if initialisation_file() else "chance"
        taken = times(lambda: teach(request, SilentReport()), 1)
        report(f"teaching: the agents on {TAUGHT} labels, first weights by {began}", taken)


def wandering_pool() -> Pool:
    """Five films of a body that wanders among poses; a net is unsure of some of it."""
    rng = np.random.default_rng(0)
    count = CANDIDATES + LABELLED
    walk = np.cumsum(rng.normal(size=(count, 12)), axis=0)
    mixed = np.tanh(walk / 8) @ rng.normal(size=(12, 320)) + rng.normal(0, 0.05, (count, 320))
    features = mixed.astype(np.float32)
    skeleton = preset("walker")
    labelled = np.sort(rng.choice(count, LABELLED, replace=False))
    others = np.setdiff1d(np.arange(count), labelled)
    refs = [FrameRef(VideoId(1 + 5 * n // count), 3 * n) for n in range(count)]
    shape = CANDIDATES, len(skeleton)
    beliefs = [rng.random(shape, np.float32) for _ in range(5)]
    points = rng.uniform(0, 640, (*shape, 2)).astype(np.float32)
    swapped = rng.random((CANDIDATES, len(skeleton.pairs))) < 0.01
    said = Predicted(points, *beliefs, swapped)
    return Pool(
        skeleton,
        tuple(refs[n] for n in others),
        features[others],
        np.full(CANDIDATES, 3),
        tuple(refs[n] for n in labelled),
        features[labelled],
        0,
        said,
        Probed(insides(CANDIDATES, len(skeleton)), insides(LABELLED, len(skeleton)), 0.5),
        said.rows(np.arange(LABELLED)),
        rng.uniform(0, 640, (LABELLED, len(skeleton), 2)),
    )


def insides(count: int, keypoints: int) -> dict[Aspect, np.ndarray]:
    """What a light head of 64 channels says, made up."""
    rng = np.random.default_rng(count)
    shapes = {
        Aspect.EMBEDDING: (CHANNELS,),
        Aspect.LEVELS: (4, 320),
        Aspect.SHARED: (CHANNELS, 8, 8),
        Aspect.PEAKS: (keypoints, 5),
        Aspect.SPREAD: (keypoints, 2, 2),
        Aspect.GRADIENT: (keypoints * CHANNELS,),
        Aspect.CONTINUITY: (),
        Aspect.EXPECTED_GRADIENT: (LABELLED,),
        Aspect.LOSS: (),
        Aspect.POSE: (keypoints, 2),
    }
    return {aspect: rng.random((count, *shape), np.float32) for aspect, shape in shapes.items()}


def probing() -> None:
    """What each aspect of 100 bodies costs on maps of 48 × 48 cells, with 140 labelled frames."""
    torch.manual_seed(0)
    levels = (24, 40, 112, 320)
    head = LightHead(levels, len(preset("walker"))).eval()
    maps = [torch.rand(4, width, 48 >> n, 48 >> n) for n, width in enumerate(levels)]
    glances = [
        Glance(maps, np.arange(first, first + 4), np.arange(first - 1, first + 3))
        for first in range(0, 100, 4)
    ]
    poses = np.random.default_rng(0).uniform(0, 192, (4, len(preset("walker")), 2))
    known = [
        Glance(maps, np.arange(first, first + 4), labelled=poses, poses=poses)
        for first in range(0, LABELLED, 4)
    ]
    nothing = times(lambda: probe(head, (), known, LABELLED, glances, 100, 0.0), 2)
    report("probe: 140 labels and 100 bodies through the head", nothing)
    for aspect in sorted({a for selector in SELECTORS.values() for a in selector.asks}):
        asked = (aspect,)
        taken = times(lambda a=asked: probe(head, a, known, LABELLED, glances, 100, 0.0), 2)
        report(f"probe: {aspect}", taken, nothing)


def oracle() -> None:
    """A trial of three rounds on a made-up film, seen for the first time and again."""
    wanted = Simulation(
        "walker",
        ("random",),
        seeds=1,
        schedule=Schedule(rounds=3, batch=10, initial=10),
        effort=Effort(steps=100),
    )
    with tempfile.TemporaryDirectory() as folder:
        labels = walker_labels(Path(folder))
        out = Path(folder) / "out"
        first = times(lambda: simulate(labels, wanted, out, SilentReport()), 1)
        report("oracle: one trial of 3 rounds, 100 steps each, frames looked at first", first)
        longer = replace(wanted, seeds=2)
        again = times(lambda: simulate(labels, longer, out, SilentReport()), 1)
        report("oracle: the same with another seed, frames seen before", again, first)
        kept = times(lambda: simulate(labels, longer, out, SilentReport()), 1)
        report("oracle: both again, from what was kept", kept, again)


def walker_labels(folder: Path) -> LabelSet:
    """A film of the made-up walker with all its labels."""
    walker = Walker(Scene(frames=FILM_FRAMES))
    drawn = [walker.render(n) for n in range(FILM_FRAMES)]
    write_film(folder / "walker.mp4", (picture for picture, *_ in drawn), 25.0)
    video = replace(media.probe(folder / "walker.mp4"), id=VideoId(1))
    instances = tuple(
        Instance(FrameRef(VideoId(1), n), points, visibility)
        for n, (_, points, visibility) in enumerate(drawn)
    )
    return LabelSet(preset("walker"), (video,), instances)


def times(work: Callable[[], object], turns: int = TURNS) -> list[float]:
    """Seconds that each of some turns took."""
    taken = []
    for _ in range(turns):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return taken


def report(name: str, taken: list[float], beside: list[float] | None = None) -> None:
    """One line: median, 95th percentile, and the ratio to another measurement's."""
    middle, high = np.percentile(taken, [50, 95]) * 1000
    line = f"{name}: median {middle:.0f} ms, p95 {high:.0f} ms"
    if beside:
        line += f", ratio {np.median(taken) / np.median(beside):.2f}"
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
