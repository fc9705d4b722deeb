"""The library keeps what lessons need of synthetic clips: one clip serves all nets, every epoch.

Flow is in half precision and colours in bytes, in the boxes alone: a tenth of the clip itself, and
neither drawn nor searched for flow again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from tempfile import NamedTemporaryFile

import numpy as np

from poseapp.learn.motion_hmr.lessons import Lesson, Take, picture_lesson, take_of
from poseapp.learn.synth.studio import Studio
from poseapp.nets.motion_hmr.architecture import Architecture


class Library:
    """The clips of a studio by number, for pictures of one size.

    Several processes may fill a folder at once.
    """

    def __init__(self, studio: Studio, side_px: int, folder: Path) -> None:
        """Take a folder that is of this studio and size alone."""
        self.studio, self._side, self._folder = studio, side_px, folder

    def kept(self, number: int) -> Path:
        """The file of a clip, whether it is there yet or not."""
        return self._folder / f"{number:06d}.npz"

    def take(self, number: int) -> Take:
        """Made at first, read from then on.

        Raises:
            VideoUnreadableError: when its backdrop cannot be read.
        """
        kept = self.kept(number)
        if not kept.exists():
            take = take_of(self.studio.clip(number), self._side)
            _write(take, kept)
            return take
        with np.load(kept, allow_pickle=False) as stored:
            return Take(**{field.name: stored[field.name] for field in fields(Take)})

    def lesson(
        self,
        numbers: Sequence[int],
        architecture: Architecture,
        first: int = 0,
        frames: int | None = None,
    ) -> Lesson:
        """A window of the clips of these numbers, see `picture_lesson`."""
        takes = [self.take(number) for number in numbers]
        return picture_lesson(takes, architecture, first, frames)


def _write(take: Take, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as draft:
        np.savez(draft, **{field.name: getattr(take, field.name) for field in fields(take)})
    Path(draft.name).replace(file)
