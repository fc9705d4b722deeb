"""What the Mesh workspace draws of a frame; worked out beside the window's thread."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from poseapp.app.mesh_people import Apart, MeshPerson, apart, instance_of
from poseapp.domain.pose import Instance
from poseapp.domain.skeleton import Skeleton, titled
from poseapp.media.mesh_paint import Paint, painted
from poseapp.nets.body.figure import PosedMesh
from poseapp.nets.body.naming import shared_keypoints
from poseapp.ui.canvas.foreground import Disagreement
from poseapp.ui.canvas.meshes_item import Painted, painted_image
from poseapp.ui.orbit import WORLD
from poseapp.ui.panels.mesh_inspector import MeshFigures
from poseapp.ui.widgets.orbit_view import Scene

_TRAIL_S = 2.0
_ROOM = 0.15
"""Round a person who is brought into view, as a share of their height."""
_SOLE_M = 0.08
"""How far the floor lies below the lowest ankle."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Everything that a drawing depends on."""

    frame: int
    people: tuple[MeshPerson, ...]
    current: int
    """The person who is looked at, by place."""
    instances: tuple[Instance, ...]
    """The bodies of the frame."""
    skeleton: Skeleton
    paint: Paint
    scale: int
    """Pixels drawn for one of the picture, across and down."""
    fps: float


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What there is to show."""

    asked: Asked
    overlays: tuple[Painted, ...]
    scene: Scene | None
    figures: MeshFigures
    disagreements: tuple[Disagreement, ...]
    missing: str
    """Why the frame cannot be fitted again; empty when it can."""
    box: tuple[float, float, float, float] | None = None
    """Left, top, width, height round the current person, with room."""


def draw(asked: Asked) -> Drawn:
    """Paint everybody, and look closely at the current person."""
    meshes = [(one, mesh) for one in asked.people if (mesh := one.mesh(asked.frame)) is not None]
    meshes.sort(key=lambda pair: -float(pair[1].joints[0, 2]))
    overlays = tuple(
        painted_image(
            painted(
                mesh.vertices, one.figure.body.faces, one.view.scaled(asked.scale), asked.paint
            ),
            asked.scale,
        )
        for one, mesh in meshes
    )
    person = asked.people[asked.current] if asked.people else None
    mesh = person.mesh(asked.frame) if person is not None else None
    if person is None or mesh is None:
        missing = f"{person.track.name} is not on this frame." if person else "There is no mesh."
        return Drawn(asked, overlays, None, MeshFigures(), (), missing)
    instance = instance_of(person, asked.frame, asked.instances, asked.skeleton)
    gap = None if instance is None else apart(person, asked.frame, instance, asked.skeleton)
    return Drawn(
        asked,
        overlays,
        scene_of(person, mesh, asked),
        figures_of(person, mesh, gap, asked),
        disagreements_of(person, instance, gap),
        "" if instance is not None else f"No keypoints of {person.track.name} are on this frame.",
        box_of(person, mesh),
    )


def box_of(person: MeshPerson, mesh: PosedMesh) -> tuple[float, float, float, float]:
    """Left, top, width and height of a person in the picture, with some room."""
    seen = person.view.project(mesh.vertices)
    (left, top), (right, bottom) = seen.min(axis=0).tolist(), seen.max(axis=0).tolist()
    room = _ROOM * (bottom - top)
    return left - room, top - room, right - left + 2 * room, bottom - top + 2 * room


def scene_of(person: MeshPerson, mesh: PosedMesh, asked: Asked) -> Scene:
    """The person in the axes of the world, with their way up to now."""
    skeleton, motion = asked.skeleton, person.motion
    points = np.full((len(skeleton), 3), np.nan)
    own, bodys = shared_keypoints(skeleton.names, person.figure.body.keypoint_names)
    points[own] = mesh.keypoints[bodys] * WORLD
    lately = (motion.frames <= asked.frame) & (motion.frames >= asked.frame - _TRAIL_S * asked.fps)
    trail = (motion.translation[lately] + person.figure.rest_joints[0]) * WORLD
    return Scene(
        mesh.vertices * WORLD,
        person.figure.body.faces,
        points,
        skeleton.bones,
        tuple(skeleton.side(k) for k in range(len(skeleton))),
        mesh.joints[0] * WORLD,
        trail,
        floor_of(person),
    )


def floor_of(person: MeshPerson) -> float:
    """Height of the floor in the world: just below where ankles usually are when they are low."""
    motion, figure = person.motion, person.figure
    some = slice(None, None, max(1, len(motion) // 60))
    joints = figure.joints(motion.rotations[some], motion.translation[some])
    lowest = (joints[..., 1] * WORLD[1]).min(axis=1)
    return float(np.median(lowest)) - _SOLE_M


def figures_of(person: MeshPerson, mesh: PosedMesh, gap: Apart | None, asked: Asked) -> MeshFigures:
    """How far the mesh is off, and what is known of the person."""
    depth = float(mesh.joints[0, 2])
    refitted = asked.frame in person.refitted
    known = MeshFigures(
        height=f"{person.figure.height_m:.2f} m",
        distance=f"{depth:.1f} m",
        source="fitted again by hand" if refitted else "fitted to 2D",
    )
    if gap is None or not len(gap.distance):
        return known
    median = person.median_px
    usual = "" if math.isnan(median) else f", median {median:.1f}"
    name = titled(asked.skeleton.names[gap.keypoints[gap.worst]]).lower()
    off = float(gap.distance[gap.worst])
    return MeshFigures(
        f"{gap.mean_px:.1f} px{usual}",
        f"{name}, {off:.0f} px",
        off > person.limit_px,
        known.height,
        known.distance,
        known.source,
    )


def disagreements_of(
    person: MeshPerson, instance: Instance | None, gap: Apart | None
) -> tuple[Disagreement, ...]:
    """The points that lie farther from the mesh than they should."""
    if instance is None or gap is None:
        return ()
    return tuple(
        Disagreement(k, _pair(instance.points[k]), _pair(gap.seen[n]))
        for n, k in enumerate(gap.keypoints)
        if gap.distance[n] > person.limit_px
    )


def stretches(people: Sequence[MeshPerson]) -> list[tuple[str, int, int]]:
    """(name, first, last frame) of every uninterrupted stretch with a mesh."""
    found: list[tuple[str, int, int]] = []
    for one in people:
        frames = one.motion.frames
        parts = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1)
        found += [(one.track.name, int(part[0]), int(part[-1])) for part in parts if len(part)]
    return found


def _pair(point: np.ndarray) -> tuple[float, float]:
    x, y = point.tolist()
    return x, y
