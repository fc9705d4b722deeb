"""For all tests: time is never asserted, not even by hypothesis; windows need no display."""

import os

from hypothesis import settings

os.environ["POSEAPP_PEOPLE"] = os.devnull  # what a person fetched changes no test
settings.register_profile("poseapp", deadline=None)
settings.load_profile("poseapp")

if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
