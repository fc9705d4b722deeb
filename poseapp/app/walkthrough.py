"""The loop from end to end on the demo, with a made-up person who knows every answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from poseapp.app.demo import SCENE, known_label
from poseapp.app.training import Choices
from poseapp.domain.ids import VideoId
from poseapp.domain.metrics import pixel_errors
from poseapp.domain.pose import Visibility
from poseapp.learn.synth.figure import Walker

if TYPE_CHECKING:
    from poseapp.app.jobs import Job
    from poseapp.app.services import Services
    from poseapp.app.session import Session

Wait = Callable[["Job", str], Any]
"""Waits for a job under a title and returns its value."""

_FORMATS = {"sleap": "walker.slp", "dlc": "dlc", "lightning_pose": "lightning", "coco": "coco"}
_DRAWN = 6


def walk(
    session: Session, services: Services, wait: Wait, out: Path, minutes: float
) -> list[dict[str, Any]]:
    """Answer the queue, train, predict, correct what is asked next, train again, export.

    The project is the demo's; `minutes` is the length of each of the two trainings. Pictures and
    exports go to `out`.

    Returns:
        what was done, each step with its figures, as plain JSON.
    """
    walker = Walker(SCENE)
    steps: list[dict[str, Any]] = []

    def did(text: str, **figures: Any) -> None:
        steps.append({"step": text, **figures})

    (video,) = session.project.videos.all()
    for round_ in (1, 2):
        answered = _answer_queue(session, walker)
        did(f"Round {round_}: answered the queue", frames=answered)
        began = time.monotonic()
        run = services.training.start(Choices(minutes=minutes))
        assert services.training.job is not None
        wait(services.training.job, "Training")
        wait(services.inference.predict_all(), "Predicting")
        error = _errors(session, walker, video.id)
        did(
            "Trained and predicted the whole film",
            labelled_frames=session.project.labels.frame_count(),
            minutes=round((time.monotonic() - began) / 60, 2),
            held_out_px=session.project.runs.get(run.id).metrics.get("held_out_px"),
            median_px_of_film=round(float(np.median(error)), 2),
            p95_px_of_film=round(float(np.percentile(error, 95)), 2),
        )
        if round_ == 1:
            picked = wait(services.selection.suggest("entropy", 16), "Picking frames")
            did("Asked which frames the net is unsure of", frames=len(picked or ()))
    undone = session.history.undo()
    session.history.redo()
    did("Undid and redid the last edit", edit=undone)
    for format_, name in _FORMATS.items():
        summary = services.exchange.export(format_, out / "exports" / name)
        did(f"Exported to {format_}, read back equal", labels=summary.labels)
    _overlays(session, walker, video.id, out / "overlays.png")
    return steps


def project_about(film: Path, folder: Path) -> Path:
    """A project in the folder with a film of the person's own; the one that is there already."""
    from poseapp.app.commands import AddVideo
    from poseapp.app.presets import preset
    from poseapp.app.session import Session
    from poseapp.media.probe import probe

    project = folder / f"{film.stem}.pose"
    if project.is_dir():
        return project
    video = probe(film)
    with Session.create(project, preset("person")) as session:
        session.history.do(AddVideo(video))
    return project


def begin(session: Session, services: Services, wait: Wait) -> list[dict[str, Any]]:
    """Pick the frames of a new project that are to be labelled first.

    Returns:
        what was done, each step with its figures, as plain JSON.
    """
    (video,) = session.project.videos.all()
    skeleton = session.project.skeleton
    steps: list[dict[str, Any]] = [
        {"step": f"Made a project about {video.name}", "frames": video.frame_count}
        | {"skeleton": skeleton.name, "keypoints": len(skeleton)}
    ]
    if session.queue.current() is None:
        wait(services.selection.suggest(), "Picking frames")
    asked = [s.frame.frame for s in session.project.suggestions.open()]
    return [*steps, {"step": "Picked the frames to label first", "picked": sorted(asked)}]


def _answer_queue(session: Session, walker: Walker) -> int:
    """Label every frame that is asked for, as a person without faults would."""
    answered = 0
    while (asked := session.queue.current()) is not None:
        truth = known_label(walker, asked.frame)
        view = session.labelling.view(asked.frame)
        number = None
        if not view.labels and view.predictions:
            number = session.labelling.touch(view.predictions[0], None, None)
        for keypoint, position in enumerate(truth.points):
            if truth.visibility[keypoint] == Visibility.ABSENT:
                continue
            x, y = (float(value) for value in position)
            number = session.labelling.place_keypoint(asked.frame, number, keypoint, (x, y))
            if truth.visibility[keypoint] == Visibility.OCCLUDED:
                session.labelling.set_visibility(number, keypoint, Visibility.OCCLUDED)
        session.queue.accept()
        answered += 1
    return answered


def _errors(session: Session, walker: Walker, video: VideoId) -> NDArray[np.float64]:
    """Distances in pixels of all predicted keypoints of the film from where they really are."""
    predicted = session.project.predictions.of_video(video)
    assert predicted is not None
    truth = np.stack([walker.render(int(frame))[1] for frame in predicted.frames])
    errors = pixel_errors(predicted.points, truth)
    return errors[np.isfinite(errors)]


def _overlays(session: Session, walker: Walker, video: VideoId, out: Path) -> None:
    """Frames across the film with what was predicted in them."""
    import cv2

    skeleton = session.project.skeleton
    predicted = session.project.predictions.of_video(video)
    assert predicted is not None
    tiles = []
    for row in np.linspace(0, len(predicted) - 1, _DRAWN).round().astype(int):
        picture = walker.render(int(predicted.frames[row]))[0]
        points = predicted.points[row]
        for a, b in skeleton.bones:
            if np.isfinite(points[[a, b]]).all():
                ends = [tuple(round(float(v)) for v in points[k]) for k in (a, b)]
                cv2.line(picture, ends[0], ends[1], (255, 255, 255), 2, cv2.LINE_AA)
        tiles.append(picture)
    sheet = np.concatenate([np.concatenate(tiles[i : i + 3], axis=1) for i in (0, 3)])
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(cv2.imencode(".png", sheet)[1].tobytes())
