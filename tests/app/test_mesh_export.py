"""Exports of meshes, read back by hand or by the readers that other programs have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import av
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from poseapp.app import mesh_export
from poseapp.app.commands import AddVideo
from poseapp.app.mesh_export import KINDS, drawn_over, export_meshes
from poseapp.app.mesh_people import people_of
from poseapp.app.presets import preset
from poseapp.app.session import Session
from poseapp.domain.errors import ExportError, FormatError, JobCancelled
from poseapp.domain.ids import RunId, VideoId
from poseapp.domain.report import SilentReport
from poseapp.domain.run import Run, RunKind
from poseapp.formats.bvh import read_bvh
from poseapp.formats.gltf import read_glb
from poseapp.formats.mesh_tables import read_table
from poseapp.media.film_writer import write_film
from poseapp.media.mesh_paint import Paint
from poseapp.media.probe import probe
from tests.fixtures.motions import SIZE, keep_motion, walking
from tests.fixtures.projects import names_in

VIDEO, FPS = VideoId(1), 25.0
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
GREY = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
UPRIGHT = np.array([1, -1, -1])


@pytest.fixture
def project(tmp_path):
    film = tmp_path / "film.mp4"
    write_film(film, [GREY] * 6, FPS)
    with Session.create(tmp_path / "walk", preset("human")) as session:
        session.history.do(AddVideo(probe(film, session.project.cache_folder)))
        run = RunId("mesh-1")
        session.project.runs.add(Run(run, RunKind.MESH, "fit", BEGUN, config={"body": "Anny"}))
        keep_motion(session.project, run, VIDEO, "Person 1", walking(6))
        keep_motion(session.project, run, VIDEO, "Ann/B", walking(3, first=2))
        yield session.project


@pytest.fixture
def people(project):
    return people_of(project, VIDEO)


def test_parameters_come_back_from_the_archive(project, tmp_path):
    summary = export_meshes(project, VIDEO, "npz", tmp_path / "out.npz")
    assert (summary.people, summary.frames) == (2, 9)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as stored:
        assert stored["people"].tolist() == ["Person 1", "Ann/B"]
        assert stored["joints"].tolist()[:2] == ["pelvis", "spine1"]
        np.testing.assert_allclose(stored["Ann/B/rotations"], walking(3, 2).rotations, atol=1e-6)
        assert stored["Person 1/focal_px"] == walking().focal_px
        assert stored["Person 1/size"].tolist() == list(SIZE)


def test_a_table_has_a_row_for_each_frame_of_each_person(project, tmp_path):
    export_meshes(project, VIDEO, "csv", tmp_path / "out.csv")
    columns, rows = read_table(tmp_path / "out.csv")
    assert [row[:3] for row in rows][5:8] == [
        ["Person 1", 5, 0.2], ["Ann/B", 2, 0.08], ["Ann/B", 3, 0.12],
    ]  # fmt: skip
    at = columns.index("left_hip_x_rad")
    assert rows[6][at] == pytest.approx(walking(3, 2).rotations[0, 10, 0], abs=1e-6)
    assert len(columns) == 7 + 3 * 20 + 16


def test_joints_are_where_the_bodies_have_them(project, people, tmp_path):
    export_meshes(project, VIDEO, "joints", tmp_path / "joints.csv")
    columns, rows = read_table(tmp_path / "joints.csv")
    assert columns[3:6] == ["pelvis_x_m", "pelvis_y_m", "pelvis_z_m"]
    mesh = people[0].mesh(4)
    np.testing.assert_allclose(np.reshape(rows[4][3:], (20, 3)), mesh.joints, atol=1e-5)


def test_every_frame_is_an_obj_with_y_up(project, people, tmp_path):
    export_meshes(project, VIDEO, "obj", tmp_path / "meshes")
    assert names_in(tmp_path / "meshes") == ["Ann_B", "Person 1"]
    assert names_in(tmp_path / "meshes" / "Ann_B") == [f"frame_{n:06d}.obj" for n in (2, 3, 4)]
    lines = (tmp_path / "meshes" / "Person 1" / "frame_000003.obj").read_text().splitlines()
    points = np.array([line.split()[1:] for line in lines if line.startswith("v ")], float)
    faces = np.array([line.split()[1:] for line in lines if line.startswith("f ")], int)
    np.testing.assert_allclose(points, people[0].mesh(3).vertices * UPRIGHT, atol=1e-5)
    np.testing.assert_array_equal(faces - 1, people[0].figure.body.faces)
    head, sole = points[:, 1].max(), points[:, 1].min()
    assert 1.4 < head - sole < 2.0


def skinned(document, arrays, body: int, frame: int):
    """The vertices of a frame as the glTF specification says that they are."""
    animation, skin = document["animations"][body], document["skins"][body]
    moved = {}
    for channel in animation["channels"]:
        sampler = animation["samplers"][channel["sampler"]]
        target = channel["target"]
        moved[target["node"], target["path"]] = arrays[sampler["output"]][frame]
    above = {c: n for n, node in enumerate(document["nodes"]) for c in node.get("children", ())}

    def standing(node):
        local = np.eye(4)
        local[:3, 3] = moved.get((node, "translation"), document["nodes"][node]["translation"])
        local[:3, :3] = Rotation.from_quat(moved[node, "rotation"]).as_matrix()
        return standing(above[node]) @ local if node in above else local

    bind = arrays[skin["inverseBindMatrices"]].reshape(-1, 4, 4).swapaxes(1, 2)
    motions = np.stack([standing(n) @ bind[k] for k, n in enumerate(skin["joints"])])
    (primitive,) = document["meshes"][body]["primitives"]
    attributes = {name: arrays[n] for name, n in primitive["attributes"].items()}
    shares = attributes["WEIGHTS_0"]
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    points = np.concatenate([attributes["POSITION"], np.ones((len(shares), 1))], axis=1)
    each = np.einsum("vnxy,vy->vnx", motions[attributes["JOINTS_0"].astype(int)], points)
    return (shares[..., None] * each).sum(axis=1)[:, :3]


def test_the_skin_of_a_glb_moves_as_the_body_does(project, people, tmp_path):
    export_meshes(project, VIDEO, "glb", tmp_path / "walk.glb")
    document, arrays = read_glb(tmp_path / "walk.glb")
    assert [mesh["name"] for mesh in document["meshes"]] == ["Person 1", "Ann/B"]
    for body, frame in ((0, 4), (1, 0)):
        truth = people[body].mesh(int(people[body].motion.frames[frame])).vertices * UPRIGHT
        np.testing.assert_allclose(skinned(document, arrays, body, frame), truth, atol=2e-4)
    times = arrays[document["animations"][1]["samplers"][0]["input"]]
    np.testing.assert_allclose(times[:, 0], [0.08, 0.12, 0.16], atol=1e-6)


def test_a_glb_cut_short_costs_a_sentence(project, tmp_path):
    path = tmp_path / "walk.glb"
    export_meshes(project, VIDEO, "glb", path)
    whole = path.read_bytes()
    for length in (0, 11, 30, 400, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError, match="cannot be read as GLB"):
            read_glb(path)


def test_a_bvh_comes_back_as_the_joints_were(project, people, tmp_path):
    export_meshes(project, VIDEO, "bvh", tmp_path / "bvh")
    assert names_in(tmp_path / "bvh") == ["Ann_B.bvh", "Person 1.bvh"]
    motion = read_bvh(tmp_path / "bvh" / "Person 1.bvh")
    assert motion.fps == pytest.approx(FPS)
    truth = np.stack([people[0].mesh(n).joints * UPRIGHT for n in range(6)])
    at = [motion.names.index(name) for name in people[0].figure.body.joint_names]
    np.testing.assert_allclose(motion.positions()[:, at], truth, atol=2e-4)


def test_the_film_shows_the_people_where_they_are(project, people, tmp_path):
    export_meshes(project, VIDEO, "film", tmp_path / "over.mp4", paint=Paint(opacity=1.0))
    with av.open(str(tmp_path / "over.mp4")) as film:
        pictures = [frame.to_ndarray(format="bgr24") for frame in film.decode(video=0)]
    assert len(pictures) == 6
    x, y = people[0].view.project(people[0].mesh(3).joints)[0].round().astype(int)
    assert np.abs(pictures[3][y, x].astype(int) - 90).max() > 25
    assert np.abs(pictures[3][5, 5].astype(int) - 90).max() < 12


def test_the_nearer_person_covers_the_other(people):
    near = people[0]
    far = replace(near, motion=replace(near.motion, translation=near.motion.translation * 1.5))
    solid = Paint(opacity=1.0)
    alone = drawn_over(GREY, (near,), 3, solid)
    covered = (alone != GREY).any(axis=-1)
    for order in ((near, far), (far, near)):
        np.testing.assert_array_equal(drawn_over(GREY, order, 3, solid)[covered], alone[covered])


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_stopped_leaves_what_was_there(project, tmp_path, kind, monkeypatch):
    class Stops(SilentReport):
        def progress(self, done, text=""):
            if done > 0.3:
                raise JobCancelled

    out = tmp_path / "out"
    out.write_text("before")
    if kind in ("obj", "film"):
        with pytest.raises(JobCancelled):
            export_meshes(project, VIDEO, kind, out, report=Stops())
    else:
        monkeypatch.setattr(mesh_export, "_require", lambda same, what: refuse())
        with pytest.raises(ExportError):
            export_meshes(project, VIDEO, kind, out)
    assert out.read_text() == "before"
    assert sorted(p.name for p in tmp_path.iterdir() if "out" in p.name) == ["out"]


def refuse():
    raise ExportError("Not exported.")


def test_without_meshes_an_export_says_what_to_do(project, tmp_path):
    other = project.videos.add(project.videos.get(VIDEO))
    with pytest.raises(ExportError, match="has no meshes yet"):
        export_meshes(project, other, "npz", tmp_path / "out.npz")
    with pytest.raises(ExportError, match="no export 'fbx'"):
        export_meshes(project, VIDEO, "fbx", tmp_path / "out.fbx")
