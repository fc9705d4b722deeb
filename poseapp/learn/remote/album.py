"""The album: which partners were picked in a run, and what was drawn of them, as small files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from poseapp.domain.errors import TrainingError
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.learn.remote.shown import Picked, Reconstructions

FILE = "partners.json"
FOLDER = "partners"
MOST_SHOWN = 200
"""Labelled frames of which pictures are kept."""
_QUALITY = 90


@dataclass(frozen=True, slots=True)
class Kept:
    """What an album holds."""

    window: int
    """T in frames: the farthest that a partner may stand."""
    picks: tuple[Picked, ...]
    """In the order they were made; a label may have had several partners."""

    @property
    def newest(self) -> dict[FrameRef, Picked]:
        """The last partner of every labelled frame."""
        return {picked.labelled: picked for picked in self.picks}


class Album:
    """Writes into a run's folder; goes on with what is there.

    Raises:
        TrainingError: by its verbs, when the disk takes no more.
    """

    def __init__(self, folder: Path, window: int) -> None:
        self._folder, self._window = folder, window
        before = read(folder)
        self._picks = list(before.picks) if before is not None else []

    def add(self, shown: Reconstructions) -> None:
        """Keep a pick and its pictures.

        Picks of its number and later ones, made before a game broke off, are forgotten.
        """
        self._picks = [*self._picks[: shown.number], shown.picked]
        try:
            (self._folder / FOLDER).mkdir(parents=True, exist_ok=True)
            file = picture_of(self._folder, shown.picked.labelled)
            known = len({picked.labelled for picked in self._picks[:-1]})
            if known < MOST_SHOWN or file.exists():
                _write(file, lambda draft: draft.write_bytes(_encoded(shown)))
            _write(self._folder / FILE, lambda draft: draft.write_text(self._told(), "utf-8"))
        except OSError as why:
            raise TrainingError(
                f"The chosen frames could not be written to {self._folder} ({why}). "
                "Free some disk space and train again."
            ) from why

    def _told(self) -> str:
        rows = [
            {
                "video": picked.labelled.video,
                "labelled": picked.labelled.frame,
                "partner": picked.partner.frame,
                "reward": round(picked.reward, 4),
            }
            for picked in self._picks
        ]
        return json.dumps({"window": self._window, "picks": rows})


def read(folder: Path) -> Kept | None:
    """What was picked in this run; None where nothing was, or the file is damaged."""
    try:
        told = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return Kept(int(told["window"]), tuple(_picked(row) for row in told["picks"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def picture_of(folder: Path, labelled: FrameRef) -> Path:
    """The file that shows this label's last pair, side by side.

    The labelled frame, the same drawn again, the partner, the same drawn again.
    """
    return folder / FOLDER / f"{labelled.video}-{labelled.frame}.jpg"


def _picked(row: dict) -> Picked:
    video = VideoId(int(row["video"]))
    labelled, partner = FrameRef(video, int(row["labelled"])), FrameRef(video, int(row["partner"]))
    return Picked(labelled, partner, float(row["reward"]))


def _encoded(shown: Reconstructions) -> bytes:
    import cv2  # the window reads albums and does not need it

    tiles = (shown.labelled, shown.labelled_again, shown.partner, shown.partner_again)
    _, data = cv2.imencode(
        ".jpg", np.concatenate(tiles, axis=1), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    )
    return data.tobytes()


def _write(file: Path, write: Callable[[Path], object]) -> None:
    """The whole file or none of it."""
    draft = file.with_name(file.name + ".part")
    write(draft)
    draft.replace(file)
