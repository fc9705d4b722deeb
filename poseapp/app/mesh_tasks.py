"""What a worker does for meshes: recover them, and fit one frame again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from poseapp.app.worker import JobReport
from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.errors import BodyError, JobCancelled
from poseapp.domain.ids import RunId, VideoId
from poseapp.domain.mesh import BodyPose, pose_at
from poseapp.domain.report import PartOfReport
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
    body: str
    """Anny's name, or the path of an `.npz` file of the SMPL family."""


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
    """Fit the body to everybody, one after the other; who is done is kept when it is stopped."""
    from poseapp.infer.body_fit import fit
    from poseapp.store.motion_file import write_motion
    from poseapp.store.project import Project

    report.on_device("cpu")
    report.progress(0.0, "Reading keypoints")
    errors: list[NDArray[np.float64]] = []
    people, stopped = 0, False
    with Project.open(request.project, read_only=True) as project:
        names = project.skeleton.names
        seen = _everybody(project, request.videos)
        body = _body(request.body)
        done, total = 0, sum(len(one.frames) for _, one in seen)
        try:
            for number, (video_id, one) in enumerate(seen, start=1):
                video = project.videos.get(video_id)
                share = PartOfReport(
                    report, done / total, (done + len(one.frames)) / total,
                    f"{one.name}, {number} of {len(seen)}",
                )  # fmt: skip
                motion = fit(
                    body, names, one.points, one.scores, (video.width, video.height),
                    video.fps or 25.0, share, frames=one.frames,
                )  # fmt: skip
                file = f"motion-{number}.safetensors"
                write_motion(motion, project.runs_folder / request.run / file)
                report.send(Recovered(video_id, one.name, file))
                people, done = people + 1, done + len(one.frames)
                errors.append(_known_errors(motion))
        except JobCancelled:
            if not people:
                raise
            stopped = True
    every = np.concatenate([np.empty(0), *errors])
    median = float(np.median(every)) if len(every) else float("nan")
    return Outcome(people, done, median, report.clock(), stopped)


@dataclass(frozen=True, slots=True, eq=False)
class Refit:
    """Fit one frame of a motion to keypoints that were moved."""

    body: str
    motion: BodyMotion
    """Of that one frame."""
    names: tuple[str, ...]
    points: NDArray[np.float64]
    """(K, 2) pixels, NaN where absent."""
    scores: NDArray[np.float64]
    """(K,)"""


def refit(request: Refit, report: JobReport) -> BodyPose:
    """The body of the frame as it is now."""
    from poseapp.infer.body_fit import refit_frame

    report.on_device("cpu")
    (frame,) = request.motion.frames.tolist()
    body = _body(request.body)
    motion = refit_frame(body, request.names, request.motion, frame, request.points, request.scores)
    pose = pose_at(motion, frame)
    assert pose is not None
    return pose


def get_ready(request: str, report: JobReport) -> None:
    """Load what fitting a frame of this body needs, so that the first drag is answered soon."""
    from poseapp.infer import body_fit  # noqa: F401 - loading it is what takes long

    report.on_device("cpu")
    _body(request)


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
