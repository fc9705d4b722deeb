"""For all tests: time is never asserted, not even by hypothesis."""

from hypothesis import settings

settings.register_profile("poseapp", deadline=None)
settings.load_profile("poseapp")
