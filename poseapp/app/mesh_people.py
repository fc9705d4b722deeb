"""The people of a video as meshes, and how far they are from the keypoints seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from poseapp.app.followed import shown_bodies
from poseapp.app.mesh_options import MeshOptions
from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.mesh import MeshTrack, pose_at
from poseapp.domain.pose import Instance
from poseapp.domain.skeleton import Skeleton, titled
from poseapp.domain.suggestion import Reason, Suggestion
from poseapp.media.mesh_raster import View
from poseapp.nets.body.figure import Figure, PosedMesh, arrays_called
from poseapp.nets.body.naming import shared_keypoints
from poseapp.store.project import Project

SELECTOR = "mesh"
"""Who picks frames on which mesh and points disagree."""
MOST_FRAMES = 20
"""That are offered at once."""
_OF_HEIGHT, _OF_MEDIAN = 0.025, 2.0
_SAME_BODY = 0.5
"""Of a body's height in pixels: how far off on average its keypoints may be."""


@dataclass(frozen=True, slots=True, eq=False)
class MeshPerson:
    """One individual of a video, ready to be posed."""

    track: MeshTrack
    motion: BodyMotion
    figure: Figure
    refitted: frozenset[int] = frozenset()
    """Frames that were fitted again after a person moved a point."""
    options: MeshOptions = field(default_factory=MeshOptions)
    """How the motion was recovered."""

    @property
    def view(self) -> View:
        """The camera that sees them."""
        return View(self.motion.focal_px, *self.motion.size)

    def mesh(self, frame: int) -> PosedMesh | None:
        """The body in a frame; None where the individual is not in it."""
        pose = pose_at(self.motion, frame)
        return None if pose is None else self.figure.posed(pose.rotations, pose.translation)

    @property
    def height_px(self) -> float:
        """How tall the body stands in the picture, at its median distance."""
        depth = float(np.median(self.motion.translation[:, 2])) if len(self.motion) else 1.0
        return self.motion.focal_px * self.figure.height_m / max(depth, 0.1)

    @property
    def errors(self) -> NDArray[np.float64]:
        """(T,) reprojection errors in pixels, NaN where unknown."""
        errors = self.motion.error_px
        return np.full(len(self.motion), np.nan) if errors is None else errors

    @property
    def median_px(self) -> float:
        """Of the reprojection errors; NaN where none is known."""
        known = self.errors[np.isfinite(self.errors)]
        return float(np.median(known)) if len(known) else float("nan")

    @property
    def limit_px(self) -> float:
        """Error above which mesh and points disagree: twice what is usual, and not next to nothing.

        Next to nothing is a fortieth of the body's height, 8 px of a body of 320.
        """
        usual = 0.0 if np.isnan(self.median_px) else self.median_px
        return max(_OF_MEDIAN * usual, _OF_HEIGHT * self.height_px)


@dataclass(frozen=True, slots=True, eq=False)
class Apart:
    """How far the keypoints of a mesh are from those of an instance."""

    keypoints: tuple[int, ...]
    """Of the skeleton: those that both have."""
    seen: NDArray[np.float64]
    """(N, 2) pixels where the mesh has them."""
    distance: NDArray[np.float64]
    """(N,) pixels"""

    @property
    def mean_px(self) -> float:
        """NaN where nothing is shared."""
        return float(self.distance.mean()) if len(self.distance) else float("nan")

    @property
    def worst(self) -> int:
        """The place of the largest distance."""
        return int(self.distance.argmax())


def people_of(project: Project, video: VideoId) -> tuple[MeshPerson, ...]:
    """Everybody whose mesh the newest run recovered in a video. Reads files.

    Raises:
        ProjectError: when a file is gone or damaged.
        BodyError: when the body's is.
    """
    found = []
    for track in project.meshes.of_video(video):
        options = MeshOptions.of(project.runs.get(track.run))
        motion = project.meshes.motion(track.id)
        figure = Figure(arrays_called(options.body), motion.shape)
        refitted = frozenset(project.meshes.refitted(track.id))
        found.append(MeshPerson(track, motion, figure, refitted, options))
    return tuple(found)


def apart(person: MeshPerson, frame: int, instance: Instance, skeleton: Skeleton) -> Apart | None:
    """How far mesh and instance are apart; None where the individual is not in the frame."""
    mesh = person.mesh(frame)
    if mesh is None:
        return None
    own, bodys = shared_keypoints(skeleton.names, person.figure.body.keypoint_names)
    present = instance.present[own]
    kept = tuple(k for k, there in zip(own, present, strict=True) if there)
    seen = person.view.project(mesh.keypoints[np.array(bodys)[present]]).astype(np.float64)
    return Apart(kept, seen, np.linalg.norm(seen - instance.points[list(kept)], axis=1))


def instance_of(
    person: MeshPerson, frame: int, instances: Sequence[Instance], skeleton: Skeleton
) -> Instance | None:
    """Which of a frame's instances the individual is: the nearest, if it is near at all."""
    found = [
        (gap.mean_px, n)
        for n, instance in enumerate(instances)
        if (gap := apart(person, frame, instance, skeleton)) is not None and len(gap.distance)
    ]
    if not found:
        return None
    distance, nearest = min(found)
    return instances[nearest] if distance < _SAME_BODY * person.height_px else None


def disagreeing(person: MeshPerson) -> tuple[int, ...]:
    """Frames on which mesh and points disagree, the worst first; one for each stretch of them."""
    errors = np.nan_to_num(person.errors)
    over = np.flatnonzero(errors > person.limit_px)
    if not len(over):
        return ()
    stretches = np.split(over, np.flatnonzero(np.diff(person.motion.frames[over]) > 1) + 1)
    worst = sorted((int(stretch[errors[stretch].argmax()]) for stretch in stretches),
                   key=lambda n: -errors[n])  # fmt: skip
    return tuple(int(person.motion.frames[n]) for n in worst)


def suggestions_of(project: Project, video: VideoId) -> tuple[Suggestion, ...]:
    """Frames to look at, because mesh and points disagree on them, with that as the reason.

    Frames that wait in the queue already are left out.
    """
    waiting = {s.frame.frame for s in project.suggestions.open() if s.frame.video == video}
    bodies, skeleton = shown_bodies(project, video), project.skeleton
    found: dict[int, Suggestion] = {}
    for person in people_of(project, video):
        for frame in disagreeing(person)[:MOST_FRAMES]:
            if frame not in waiting and (
                made := suggestion_of(person, frame, bodies.get(frame, ()), skeleton)
            ):
                before = found.get(frame)
                found[frame] = made if before is None or made.score > before.score else before
    return tuple(sorted(found.values(), key=lambda made: -made.score)[:MOST_FRAMES])


def suggestion_of(
    person: MeshPerson, frame: int, instances: Sequence[Instance], skeleton: Skeleton
) -> Suggestion | None:
    """A frame for the queue; None where nobody there is this individual."""
    instance = instance_of(person, frame, instances, skeleton)
    gap = None if instance is None else apart(person, frame, instance, skeleton)
    if gap is None:
        return None
    keypoint, off = skeleton.names[gap.keypoints[gap.worst]], float(gap.distance[gap.worst])
    share = float(np.clip(gap.mean_px / (2 * person.limit_px), 0, 1))
    text = f"Mesh and points disagree. The {titled(keypoint).lower()} is {off:.0f} px off."
    reason = Reason("mesh", text, share, keypoint)
    return Suggestion(FrameRef(person.track.video, frame), share, (reason,), SELECTOR)
