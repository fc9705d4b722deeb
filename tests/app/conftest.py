"""A small project on a made-up film, and a runner of jobs whose end the test decides."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, save_model

from poseapp.app.commands import AddInstance, AddVideo
from poseapp.app.jobs import Job, JobState, Priority
from poseapp.app.messages import Start
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.pose import Instance, visibility_of
from poseapp.domain.run import Run, RunKind
from poseapp.infer.trunk import SIDE, Trunk
from poseapp.media.film_writer import write_film
from poseapp.media.probe import probe
from tests.fixtures.projects import mouse_session
from tests.infer.made_up_nets import SKELETON, draw, write_run

SIZE = (128, 96)
FRAMES = 24
NET = RunId("net")


def walker(frame: int) -> np.ndarray:
    """(3, 2): a body that fills the picture and walks a little."""
    return np.array([[14.0, 20.0], [60.0, 74.0], [100.0, 24.0]]) + np.array([frame, 0.5 * frame])


@pytest.fixture(scope="session")
def film(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("films") / "walker.mp4"
    write_film(path, (draw(walker(n)[None], SIZE) for n in range(FRAMES)), 25.0)
    return path


@pytest.fixture
def mice(tmp_path):
    """A project about mice, with a video that no test decodes."""
    session, _ = mouse_session(tmp_path / "mice")
    with session:
        yield session


@pytest.fixture
def session(tmp_path, film):
    """One film, eight labelled frames of it."""
    settings = Settings(tmp_path / "settings.json")
    settings.set("device", "cpu")
    with Session.create(tmp_path / "walk", SKELETON, settings) as session:
        session.history.do(AddVideo(probe(film, session.project.cache_folder)))
        for frame in range(0, FRAMES, 3):
            label(session, frame)
        yield session


@pytest.fixture
def store(tmp_path):
    """Holds a stand-in for the ImageNet trunk, which takes a while to be made ready."""
    nodes = [
        helper.make_node("Cast", ["pictures"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["numbers"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node(
            "AveragePool", ["planes"], ["cells"], kernel_shape=[16, 16], strides=[16, 16]
        ),
        helper.make_node("Flatten", ["cells"], ["features"]),
    ]
    pictures = helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", SIDE, SIDE, 3])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", "d"])
    graph = helper.make_graph(nodes, "cells", [pictures], [features])
    folder = tmp_path / "store"
    folder.mkdir()
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    save_model(model, folder / f"{Trunk.name}.onnx")
    return folder


def label(session: Session, frame: int) -> None:
    points = walker(frame)
    ref = FrameRef(VideoId(1), frame)
    session.history.do(AddInstance(Instance(ref, points, visibility_of(points))))


def with_net(session: Session) -> None:
    uids = [keypoint.uid for keypoint in session.project.skeleton.keypoints]
    run = Run(
        NET,
        RunKind.TRAINING,
        "supervised",
        datetime(2026, 1, 1, tzinfo=UTC),
        config={"keypoints": uids},
    )
    session.project.runs.add(run)
    session.project.runs.set_active(NET)
    write_run(session.project.runs_folder / NET)


class FakeJobs:
    """Stands in for `JobRunner`: jobs wait until the test says how they go on."""

    threads = 1

    def __init__(self) -> None:
        self.started: list[Job] = []
        self.requests: list[Any] = []
        self.orders: list[tuple[Job, str]] = []
        self.ended = False

    def start(self, task, request, *, name, priority=Priority.ASKED, device="auto", **listeners):
        begin = Start(len(self.started), task, b"")
        job = Job(
            len(self.started), name, device, priority, begin, self._steer, listeners,
            state=JobState.RUNNING,
        )  # fmt: skip
        self.started.append(job)
        self.requests.append(request)
        return job

    def shutdown(self) -> None:
        self.ended = True

    def _steer(self, job, order) -> None:
        self.orders.append((job, str(order)))

    def tell(self, listener: str, *values) -> None:
        """Call a listener of the newest job."""
        self.started[-1].listeners[listener](*values)


@pytest.fixture
def fake_jobs():
    return FakeJobs()


@pytest.fixture
def nets_folder(tmp_path, monkeypatch):
    """Where nets that come with no label are kept; nothing is there yet."""
    folder = tmp_path / "nets"
    monkeypatch.setenv("POSEAPP_PEOPLE", str(folder))
    return folder
