"""The window's colours, and a project to look at."""

from datetime import UTC, datetime

import pytest

from poseapp.ui import theme
from tests.ui import fakes

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def dressed(qapp):
    """Dark, and dressed anew only when a test left it otherwise: that repaints all there is."""
    if not theme.is_dark() or not qapp.styleSheet():
        theme.apply(qapp, "dark")


@pytest.fixture
def session(tmp_path):
    with fakes.make_session(tmp_path) as made:
        yield made
