"""The demo: a project that is ready to label, about a made-up walker whose every point is known."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path

from poseapp.app.commands import AddInstance, AddSuggestions, AddVideo, Batch, RemoveVideo
from poseapp.app.presets import preset
from poseapp.app.session import Session
from poseapp.domain.ids import FrameRef
from poseapp.domain.pose import Instance
from poseapp.domain.report import Report, SilentReport
from poseapp.domain.suggestion import Suggestion
from poseapp.learn.synth.figure import Scene, Walker
from poseapp.media.film_writer import write_film
from poseapp.media.probe import probe

SCENE = Scene(seed=3)
_LABELLED = 24
_ASKED = 20
_LOOK_EVERY = 4
"""Neighbouring frames look alike: the first suggestions are picked from every fourth."""
_NAME = "walker"


def demo_folder() -> Path:
    """Where the demo is kept between starts."""
    return user_data_path("poseapp") / "demo"


def make_demo(folder: Path | None = None, report: Report | None = None) -> Path:
    """The demo project in the folder, made where it is not there yet.

    It holds a film, labels on a few frames and a queue of frames that are asked for.
    """
    folder = folder or demo_folder()
    report = report or SilentReport()
    project = folder / f"{_NAME}.pose"
    if project.is_dir():
        return project
    folder.mkdir(parents=True, exist_ok=True)
    walker = Walker(SCENE)
    film = folder / f"{_NAME}.mp4"
    if not film.is_file():
        _film(walker, film, report)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as making:
        unfinished = Path(making) / project.name
        with Session.create(unfinished, preset("walker")) as session:
            _fill(session, walker, film, report)
        unfinished.replace(project)
    return project


def known_label(walker: Walker, frame: FrameRef) -> Instance:
    """What a person who makes no mistakes would label in this frame."""
    _, points, visibility = walker.render(frame.frame)
    return Instance(frame, points, visibility)


def _film(walker: Walker, film: Path, report: Report) -> None:
    def pictures() -> Iterator[NDArray[np.uint8]]:
        for frame in range(SCENE.frames):
            report.progress(0.9 * frame / SCENE.frames, "Filming the walker")
            yield walker.render(frame)[0]

    write_film(film, pictures(), SCENE.fps)


def _fill(session: Session, walker: Walker, film: Path, report: Report) -> None:
    """The film, the labels a person would have made, and a queue."""
    report.progress(0.9, "Labelling a few frames")
    added = session.history.do(AddVideo(probe(film)))
    assert isinstance(added, RemoveVideo)
    candidates = range(0, SCENE.frames, _LOOK_EVERY)
    labelled = [*candidates][:: len(candidates) // _LABELLED][:_LABELLED]
    labels = (known_label(walker, FrameRef(added.video, frame)) for frame in labelled)
    session.history.do(Batch("Labelled the first frames", tuple(map(AddInstance, labels))))
    asked = _typical(session, walker, [FrameRef(added.video, frame) for frame in candidates])
    session.history.do(AddSuggestions(tuple(asked)))
    report.progress(1.0)


def _typical(session: Session, walker: Walker, refs: list[FrameRef]) -> list[Suggestion]:
    """The frames asked for first: typical ones, as for every project without a net."""
    from poseapp.infer.features import SmallCopies
    from poseapp.learn.select.base import Pool
    from poseapp.learn.select.registry import WITHOUT_A_NET, propose

    describe = SmallCopies()
    seen = {ref: describe([walker.render(ref.frame)[0]])[0] for ref in refs}
    labelled = session.project.labels.snapshot().frames
    free = tuple(ref for ref in refs if ref not in labelled)
    pool = Pool(
        session.project.skeleton,
        free,
        np.stack([seen[ref] for ref in free]),
        np.full(len(free), _LOOK_EVERY),
        labelled,
        np.stack([seen[ref] for ref in labelled]),
        SCENE.seed,
    )
    picked = propose(WITHOUT_A_NET, pool, _ASKED, SilentReport())
    return [replace(suggestion, round=1) for suggestion in picked]
