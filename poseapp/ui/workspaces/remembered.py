"""What the window remembers from one time to the next: where a person was, and what is drawn."""

from __future__ import annotations

from pathlib import Path

from poseapp.app.settings import Settings
from poseapp.domain.ids import FrameRef, VideoId

_PLACES, _DRAWN = "places", "drawn"
_MOST_PLACES = 20
_OPTIONS = ("labels", "predictions", "names", "trails")


def keep_place(settings: Settings, project: Path, frame: FrameRef | None) -> None:
    """Remember the frame that a project was left at."""
    places = settings.get(_PLACES, {})
    places.pop(str(project), None)
    if frame is not None:
        places[str(project)] = [frame.video, frame.frame]
    newest = list(places.items())[-_MOST_PLACES:]
    settings.set(_PLACES, dict(newest))


def place(settings: Settings, project: Path) -> FrameRef | None:
    """The frame that a project was left at; None where that is not known."""
    match settings.get(_PLACES, {}).get(str(project)):
        case [int(video), int(frame)]:
            return FrameRef(VideoId(video), frame)
        case _:
            return None


def keep_drawn(settings: Settings, options: object) -> None:
    """Remember what is drawn on the picture: labels, predictions, names, trails."""
    settings.set(_DRAWN, {name: bool(getattr(options, name)) for name in _OPTIONS})


def drawn(settings: Settings) -> dict[str, bool]:
    """What was drawn last; empty at the first time."""
    kept = settings.get(_DRAWN, {})
    return {name: bool(kept[name]) for name in _OPTIONS if name in kept}
