"""Exports of meshes: parameters, vertices, joints, and the film with the meshes over it.

Each is written beside its place, read back and compared, and only then takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from poseapp.app.mesh_people import MeshPerson, people_of
from poseapp.domain.errors import ExportError, VideoUnreadableError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.motion import Motion
from poseapp.domain.report import Report, SilentReport
from poseapp.domain.video import Video
from poseapp.formats import mesh_tables as tables
from poseapp.formats.atomic import taking_place_of, write_bytes
from poseapp.formats.bvh import END, read_bvh, write_bvh
from poseapp.formats.gltf import MovingBody, read_glb, write_glb
from poseapp.media.film_writer import write_film
from poseapp.media.mesh_paint import Paint, painted, vertex_normals
from poseapp.media.reader import FrameReader
from poseapp.nets.body.figure import matrices
from poseapp.store.project import Project

Floats = NDArray[np.floating]
People = tuple[MeshPerson, ...]

_UPRIGHT = np.array([1.0, -1.0, -1.0])
"""From the axes of the camera to x right, y up, z towards the viewer, as other programs have it."""
_SAME_M = 2e-4
_DIGITS = 5e-6
_END_M = 0.1
"""Length of what is put on the end of a chain."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to write meshes."""

    title: str
    suffix: str
    """Of the file; empty where it is a folder."""
    about: str


KINDS: Mapping[str, Kind] = {
    "npz": Kind("Parameters (NPZ)", ".npz", "Shape, rotations, place and camera, for Python."),
    "csv": Kind("Parameters (CSV)", ".csv", "A row for each frame of each person."),
    "obj": Kind("Meshes (OBJ)", "", "A folder with one file for each frame of each person."),
    "glb": Kind("Animation (GLB)", ".glb", "Everybody as a moving, skinned mesh, for 3D programs."),
    "joints": Kind("3D joints (CSV)", ".csv", "Where the joints are, in metres from the camera."),
    "bvh": Kind("3D joints (BVH)", "", "A folder with the motion of each person."),
    "film": Kind("Overlay video (MP4)", ".mp4", "The video with the meshes over it."),
}


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What a writer needs to know."""

    people: People
    video: Video
    paint: Paint
    cache: Path
    draft: Path
    """Where to write."""
    report: Report

    @property
    def fps(self) -> float:
        return self.video.pace

    @property
    def joints(self) -> tuple[str, ...]:
        return self.people[0].figure.body.joint_names


@dataclass(frozen=True, slots=True)
class MeshSummary:
    """What was written; everything in it is plain JSON."""

    path: str
    kind: str
    people: int
    frames: int


def export_meshes(
    project: Project,
    video: VideoId,
    kind: str,
    out: Path,
    *,
    paint: Paint | None = None,
    report: Report | None = None,
) -> MeshSummary:
    """Write the meshes of a video.

    Args:
        project: open in the calling thread.
        video: whose people are written.
        kind: a key of `KINDS`.
        out: the file or folder.
        paint: how a film shows them.
        report: asked now and then.

    Raises:
        ExportError: when nothing was written; what was there before is untouched.
        JobCancelled: when the report stopped it; likewise.
    """
    if kind not in KINDS:
        raise ExportError(f"There is no export {kind!r} of meshes. Choose {', '.join(KINDS)}.")
    of, people = project.videos.get(video), people_of(project, video)
    if not people:
        raise ExportError(
            f"{of.name} has no meshes yet. Recover them first: poseapp mesh {project.path.name}"
        )
    told = report or SilentReport()
    out = out.expanduser().absolute()
    with taking_place_of(out) as (draft,):
        work = _Work(people, of, paint or Paint(), project.cache_folder, draft, told)
        _WRITERS[kind](work)
    return MeshSummary(str(out), kind, len(people), sum(len(one.motion) for one in people))


# -- parameters ----------------------------------------------------------------------------------


def _archive(work: _Work) -> None:
    tables.write_archive(
        {one.track.name: one.motion for one in work.people}, work.joints, work.draft
    )
    with work.draft.open("rb") as written, np.load(written, allow_pickle=False) as stored:
        for one in work.people:
            for name in ("frames", "rotations", "translation"):
                same = np.array_equal(stored[f"{one.track.name}/{name}"], getattr(one.motion, name))
                _require(same, f"{name} of {one.track.name}")


def _parameters(work: _Work) -> None:
    columns = tables.parameter_columns(work.joints, len(work.people[0].motion.shape))
    rows = [
        row
        for one in work.people
        for row in tables.parameter_rows(one.track.name, one.motion, work.fps)
    ]
    _table(columns, rows, work.draft)


def _joints(work: _Work) -> None:
    rows = [
        row
        for one in work.people
        for row in tables.joint_rows(one.track.name, one.motion.frames, _places(one), work.fps)
    ]
    _table(tables.joint_columns(work.joints), rows, work.draft)


def _table(columns: list[str], rows: list[list[str | float | int]], draft: Path) -> None:
    tables.write_table(columns, rows, draft)
    again, values = tables.read_table(draft)
    _require(again == columns and len(values) == len(rows), "the rows of the table")
    there = np.array([row[1:] for row in values], float)
    meant = np.array([row[1:] for row in rows], float)
    _require(np.allclose(there, meant, rtol=_DIGITS, atol=1e-9, equal_nan=True), "its numbers")


# -- meshes --------------------------------------------------------------------------------------


def _objs(work: _Work) -> None:
    total, done = sum(len(one.motion) for one in work.people), 0
    for one in work.people:
        folder, triangles = work.draft / _as_file(one), tables.faces_text(one.figure.body.faces)
        for frame in one.motion.frames.tolist():
            work.report.progress(done / total, f"{one.track.name}, frame {frame:,}")
            done += 1
            mesh = one.mesh(frame)
            assert mesh is not None
            path = folder / f"frame_{frame:06d}.obj"
            text = tables.obj_text(mesh.vertices * _UPRIGHT, one.figure.body.faces[:0]) + triangles
            write_bytes(path, text.encode("ascii"))
            _require(path.stat().st_size == len(text), path.name)


def _glb(work: _Work) -> None:
    bodies = [_moving(one, work.fps) for one in work.people]
    write_glb(bodies, work.draft)
    document, arrays = read_glb(work.draft)
    _require(len(document["meshes"]) == len(bodies), "the meshes")
    for body, mesh in zip(bodies, document["meshes"], strict=True):
        (primitive,) = mesh["primitives"]
        points = arrays[primitive["attributes"]["POSITION"]]
        _require(np.allclose(points, body.vertices, atol=_SAME_M), f"the vertices of {body.name}")


def _moving(one: MeshPerson, fps: float) -> MovingBody:
    """A person in the axes of glTF: only the root stands against the camera's."""
    figure, motion = one.figure, one.motion
    turn = Rotation.from_rotvec([np.pi, 0, 0])
    rotations = motion.rotations.copy()
    rotations[:, 0] = (turn * Rotation.from_rotvec(motion.rotations[:, 0])).as_rotvec()
    return MovingBody(
        one.track.name,
        figure.body.joint_names,
        figure.body.parents,
        figure.rest_joints,
        figure.rest,
        vertex_normals(figure.rest, figure.body.faces),
        figure.body.faces,
        figure.body.skin,
        motion.frames / fps,
        rotations,
        (figure.rest_joints[0] + motion.translation) * _UPRIGHT,
    )


# -- joints --------------------------------------------------------------------------------------


def _bvhs(work: _Work) -> None:
    work.draft.mkdir()
    for one in work.people:
        path, motion = work.draft / f"{_as_file(one)}.bvh", captured(one, work.fps)
        write_bvh(motion, path)
        again = read_bvh(path)
        at = [again.names.index(name) for name in motion.names]
        off = np.abs(again.positions()[:, at] - motion.positions())
        _require(off.max() < _SAME_M, path.name)


def captured(one: MeshPerson, fps: float) -> Motion:
    """A person's joints as captured motion, y up; frames between those known are the one before."""
    motion, figure = one.motion, one.figure
    wanted = np.arange(motion.frames[0], motion.frames[-1] + 1)
    at = np.searchsorted(motion.frames, wanted, side="right") - 1
    rotations = matrices(motion.rotations)[at]
    rotations[:, 0] = np.diag(_UPRIGHT) @ rotations[:, 0]
    parents = figure.body.parents
    offsets = figure.rest_joints - figure.rest_joints[np.maximum(parents, 0)]
    root = (figure.rest_joints[0] + motion.translation[at]) * _UPRIGHT
    joints = Motion(
        figure.body.joint_names, parents, offsets.astype(np.float64), rotations, root, fps
    )
    return _with_ends(joints)


def _with_ends(motion: Motion) -> Motion:
    """Joints at the end of a chain get one more: a BVH keeps no rotation of the last one."""
    ends = [j for j in range(len(motion.names)) if j not in motion.parents]
    along = motion.offsets[ends]
    along = _END_M * along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    still = np.tile(np.eye(3), (len(motion), len(ends), 1, 1))
    return replace(
        motion,
        names=(*motion.names, *(motion.names[j] + END for j in ends)),
        parents=(*motion.parents, *ends),
        offsets=np.concatenate([motion.offsets, along]),
        rotations=np.concatenate([motion.rotations, still], axis=1),
    )


def _places(one: MeshPerson) -> Floats:
    return one.figure.joints(one.motion.rotations, one.motion.translation)


# -- film ----------------------------------------------------------------------------------------


def _film(work: _Work) -> None:
    """Every frame of the video with the meshes over it; of odd sizes the last row goes."""
    video, reader = work.video, FrameReader((work.video,), work.cache)
    width, height = video.width // 2 * 2, video.height // 2 * 2
    damaged: list[FrameRef] = []

    def pictures() -> Iterator[NDArray[np.uint8]]:
        refs = [FrameRef(video.id, frame) for frame in range(video.frame_count)]
        for ref, picture in reader.read_many(refs, lambda ref, _: damaged.append(ref)):
            work.report.progress(ref.frame / video.frame_count, f"frame {ref.frame:,}")
            yield drawn_over(picture, work.people, ref.frame, work.paint)[:height, :width]

    try:
        written = write_film(work.draft, pictures(), work.fps)
    except VideoUnreadableError as why:
        raise ExportError(f"Not exported: {why}") from why
    finally:
        reader.close()
    _require(written == video.frame_count - len(damaged), "the frames of the film")


def drawn_over(
    picture: NDArray[np.uint8], people: People, frame: int, paint: Paint
) -> NDArray[np.uint8]:
    """A BGR picture with the meshes of its frame over it, the nearest person on top."""
    meshes = [(one, mesh) for one in people if (mesh := one.mesh(frame)) is not None]
    meshes.sort(key=lambda pair: -float(pair[1].joints[0, 2]))
    for one, mesh in meshes:
        picture = painted(mesh.vertices, one.figure.body.faces, one.view, paint).over(picture)
    return picture


def _as_file(one: MeshPerson) -> str:
    """The name of a person as files may have it."""
    return "".join(c if c.isalnum() or c in " -_" else "_" for c in one.track.name)


def _require(same: bool, what: str) -> None:
    if not same:
        raise ExportError(
            f"Not exported: {what} could not be read back as written. Try another disk."
        )


_WRITERS: Mapping[str, Callable[[_Work], None]] = {
    "npz": _archive,
    "csv": _parameters,
    "obj": _objs,
    "glb": _glb,
    "joints": _joints,
    "bvh": _bvhs,
    "film": _film,
}
