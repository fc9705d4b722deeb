"""One open project with one video."""

from __future__ import annotations

import pytest

from tests.fixtures.projects import mouse_project


@pytest.fixture
def project_and_video(tmp_path):
    project, video = mouse_project(tmp_path / "mice")
    with project:
        yield project, video


@pytest.fixture
def project(project_and_video):
    return project_and_video[0]


@pytest.fixture
def video(project_and_video):
    return project_and_video[1]
