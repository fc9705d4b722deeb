"""A short film of the walker and the whole program on a project about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from poseapp.app.presets import preset
from poseapp.app.session import Session
from poseapp.app.settings import Settings
from poseapp.learn.synth.figure import Scene, Walker
from poseapp.media.film_writer import write_film
from poseapp.ui import theme
from poseapp.ui.studio import Studio

SCENE = Scene(width=160, height=128, frames=40, seed=3)


@pytest.fixture(scope="session")
def walker() -> Walker:
    return Walker(SCENE)


@pytest.fixture(scope="session")
def film(walker, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("films") / "walk.mp4"
    write_film(path, (walker.render(n)[0] for n in range(SCENE.frames)), SCENE.fps)
    return path


@pytest.fixture
def settings(tmp_path) -> Settings:
    made = Settings(tmp_path / "settings.json")
    made.set("device", "cpu")
    made.set("suggest_after_training", False)
    return made


@pytest.fixture
def project(tmp_path, settings) -> Path:
    with Session.create(tmp_path / "walk.pose", preset("walker"), settings) as session:
        return session.project.path


@pytest.fixture
def start(qtbot, qapp, settings):
    """Starts the program like a person does; whatever is open is closed at the end."""
    running: list[Studio] = []

    def start_it(project: Path | None = None) -> Studio:
        theme.apply(qapp, "dark")
        studio = Studio(settings)
        studio.window.resize(1280, 800)
        studio.window.show()
        if project is not None:
            studio.open_project(project)
        running.append(studio)
        return studio

    yield start_it
    for studio in running:
        studio.window.close()
        studio.window.deleteLater()
