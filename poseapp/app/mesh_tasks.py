"""What a worker does for meshes: recover them, and fit one frame again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poseapp.app.mesh_options import MeshOptions
from poseapp.app.worker import JobReport
from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.errors import BodyError, JobCancelled
from poseapp.domain.ids import RunId, VideoId
from poseapp.domain.mesh import BodyPose, pose_at
from poseapp.domain.report import PartOfReport, Report
from poseapp.nets.body.arrays import ANNY

if TYPE_CHECKING:
    from poseapp.app.followed import Followed
    from poseapp.nets.body.body import Body
    from poseapp.store.project import Project


@dataclass(frozen=True, slots=True)
class Recover:
    """Recover the meshes of everybody in these videos of the project at `project`."""

    project: Path
    run: RunId
    videos: tuple[VideoId, ...]
    options: MeshOptions


@dataclass(frozen=True, slots=True)
class Recovered:
    """A part of the result: one individual's motion lies in the folder of the run."""

    video: VideoId
    name: str
    file: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a run over videos."""

    people: int
    frames: int
    error_px: float
    """Median over all frames; NaN where there are none."""
    seconds: float
    stopped: bool


def recover(request: Recover, report: JobReport) -> Outcome:
    """Fit the body to everybody, one after the other; who is done is kept when it is stopped.

    Raises:
        BodyError: when nobody is there, or nobody shows enough of themselves.
    """
    from poseapp.store.motion_file import write_motion
    from poseapp.store.project import Project

    report.on_device("cpu")
    report.progress(0.0, "Reading keypoints")
    errors: list[NDArray[np.float64]] = []
    problems: list[str] = []
    stopped, frames = False, 0
    with Project.open(request.project, read_only=True) as project:
        seen = _everybody(project, request.videos)
        body = _body(request.options.body)
        ends = np.cumsum([len(one.frames) for _, one in seen])
        try:
            for n, (video, one) in enumerate(seen):
                first = ends[n - 1] if n else 0
                told = f"{one.name}, {n + 1} of {len(seen)}"
                share = PartOfReport(report, first / ends[-1], ends[n] / ends[-1], told)
                try:
                    motion = _recovered(project, body, video, one, request.options, share)
                except BodyError as why:
                    problems.append(f"{one.name}: {why}")
                    continue
                file = f"motion-{n + 1}.safetensors"
                write_motion(motion, project.runs_folder / request.run / file)
                report.send(Recovered(video, one.name, file))
                errors.append(_known_errors(motion))
                frames += len(motion)
        except JobCancelled:
            if not errors:
                raise
            stopped = True
    if problems and not errors:
        raise BodyError(" ".join(problems))
    for problem in problems:
        report.note(problem)
    every = np.concatenate([np.empty(0), *errors])
    median = float(np.median(every)) if len(every) else float("nan")
    return Outcome(len(errors), frames, median, report.clock(), stopped)


def _recovered(
    project: Project,
    body: Body,
    video: VideoId,
    one: Followed,
    options: MeshOptions,
    report: Report,
) -> BodyMotion:
    """One individual's motion; frames that show too little are filled in or left out."""
    from poseapp.infer.mesh import recover
    from poseapp.infer.pair_pictures import PairPictures
    from poseapp.infer.seen_person import SeenPerson
    from poseapp.media.reader import FrameReader
    from poseapp.nets.motion_hmr.stored import net_called

    film = project.videos.get(video)
    person = SeenPerson(
        project.skeleton.names, one.frames, one.points, one.scores, (film.width, film.height),
        film.pace,
    )  # fmt: skip
    net, pictures = net_called(options.net), None
    if net is not None and net.architecture.picture:
        reader = FrameReader((film,), project.cache_folder)
        pictures = PairPictures(reader, video, net.architecture)
    return recover(net, body, person, report, pictures, smoothing=options.smoothing)


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """Fit one frame of a motion to keypoints that were moved."""

    body: str
    """Anny's name, or the path of an `.npz` file of the SMPL family."""
    motion: BodyMotion
    """Of that frame and its neighbours."""
    frame: int
    fps: float
    names: tuple[str, ...]
    points: NDArray[np.float64]
    """(K, 2) pixels, NaN where absent."""
    scores: NDArray[np.float64]
    """(K,)"""


def refit(request: Refit, report: JobReport) -> BodyPose:
    """The body of the frame as it is now."""
    from poseapp.infer.fitting.refit import refit_frame
    from poseapp.infer.seen_person import SeenPerson

    report.on_device("cpu")
    person = SeenPerson(
        request.names, np.array([request.frame]), request.points[None], request.scores[None],
        request.motion.size, request.fps,
    )  # fmt: skip
    pose = pose_at(refit_frame(_body(request.body), person, request.motion), request.frame)
    assert pose is not None
    return pose


def get_ready(request: str, report: JobReport) -> None:
    """Practise on this body what a drag asks for, so that the first one is answered soon."""
    from poseapp.infer.fitting.refit import practise

    report.on_device("cpu")
    practise(_body(request))


@lru_cache(maxsize=2)
def _body(name: str) -> Body:
    from poseapp.nets.body.shipped import shipped_body
    from poseapp.nets.body.smpl import load_smpl

    return shipped_body() if name == ANNY else load_smpl(Path(name))


def _everybody(project: Project, videos: tuple[VideoId, ...]) -> list[tuple[VideoId, Followed]]:
    from poseapp.app.followed import followed

    found = [(video, one) for video in videos for one in followed(project, video)]
    if not found:
        raise BodyError(
            "Nobody was found in the video. Predict its keypoints first, or label a few frames."
        )
    return found


def _known_errors(motion: BodyMotion) -> NDArray[np.float64]:
    errors = np.empty(0) if motion.error_px is None else motion.error_px
    return errors[np.isfinite(errors)]
