"""Skeletons that come with the app, and skeleton files of the person's own."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from poseapp.domain.errors import SkeletonError
from poseapp.domain.skeleton import Skeleton

_FOLDER = files("poseapp") / "resources" / "skeletons"


def preset_names() -> tuple[str, ...]:
    """The names to choose from, in alphabetical order."""
    return tuple(sorted(Path(f.name).stem for f in _FOLDER.iterdir() if f.name.endswith(".json")))


def preset(name: str) -> Skeleton:
    """The preset of this name.

    Raises:
        SkeletonError: when there is none; the message lists those there are.
    """
    if name not in preset_names():
        raise SkeletonError(
            f"There is no skeleton preset {name!r}. Choose one of {', '.join(preset_names())}, "
            "or name a skeleton file."
        )
    return Skeleton.from_json((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def skeleton_of(preset_or_file: str) -> Skeleton:
    """The preset of that name, or else the skeleton in that file.

    Raises:
        SkeletonError: when it is neither, or the file is no skeleton.
    """
    path = Path(preset_or_file)
    if preset_or_file in preset_names() or not path.is_file():
        return preset(preset_or_file)
    try:
        return Skeleton.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as why:
        raise SkeletonError(f"{path.name} cannot be read as a skeleton file: {why}.") from why
