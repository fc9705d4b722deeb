"""The errors a person can act on: each message says what happened and what to do."""

from __future__ import annotations

from pathlib import Path


class PoseAppError(Exception):
    """Something outside the program went wrong; the message is fit to be shown as it is."""


class ProjectError(PoseAppError):
    """The project file cannot be used as asked."""


class ProjectBusyError(ProjectError):
    """Another window or command has the project open for writing."""


class ReadOnlyError(ProjectError):
    """An edit was tried on a project that is open read only."""


class VideoUnreadableError(PoseAppError):
    """A video, or one of its frames, cannot be read."""


class VideoMissingError(VideoUnreadableError):
    """The file of a video is not where it was."""

    @classmethod
    def at(cls, path: Path) -> VideoMissingError:
        """What is said of it wherever that is noticed."""
        return cls(f"{path} is not there. Choose where the video is now, or remove it.")


class AnotherVideoError(PoseAppError):
    """A file that was offered for a video is not that video; a person may insist."""


class FormatError(PoseAppError):
    """A foreign file is damaged, is not of its format, or holds what the format forbids."""


class ExportError(PoseAppError):
    """An export was not written; what was there before is untouched."""


class SkeletonError(PoseAppError):
    """A skeleton contradicts itself."""


class TrainingError(PoseAppError):
    """A training run cannot start or go on."""


class InferenceError(PoseAppError):
    """A net cannot be loaded or run."""


class BodyError(PoseAppError):
    """A body model cannot be used."""


class MotionError(PoseAppError):
    """A file of captured motion is damaged, or its joints cannot be put on a body."""


class SelectionError(PoseAppError):
    """Frames cannot be picked as asked."""


class WorkerDiedError(PoseAppError):
    """The worker process ended before its job did."""


class InternalError(PoseAppError):
    """A fault of the program itself; the job that met it carries the details."""


class JobCancelled(Exception):  # noqa: N818 - not an error: the person asked for it
    """Raised inside a job at the next report after a person stopped it."""
