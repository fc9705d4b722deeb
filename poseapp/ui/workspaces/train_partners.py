"""The partners that REMOTE's agent picked in the run that is looked at, from the run's folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPixmap

from poseapp.domain.ids import RunId
from poseapp.learn.remote import album
from poseapp.learn.remote.album import Kept
from poseapp.learn.remote.shown import Picked
from poseapp.store.project import Project
from poseapp.ui.bridge import Background
from poseapp.ui.panels import pieces
from poseapp.ui.panels.partners_box import QUARTET
from poseapp.ui.tables.rows import Row
from poseapp.ui.workspaces.train import TrainWorkspace
from poseapp.ui.workspaces.train_pairs import begin_tile, paint_tag

MOST_SHOWN = 60
"""Labels whose pairs are in the strip, evenly spread over all."""
_GAP = 4


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What the run's folder holds."""

    kept: Kept
    pictures: tuple[tuple[Picked, QImage], ...]


class TrainPartners(QObject):
    """Reads in the background, again whenever it is asked to show."""

    def __init__(self, project: Project, background: Background, view: TrainWorkspace) -> None:
        super().__init__(view)
        self._project = project
        self._background = background
        self._view = view
        self._shown: RunId | None = None

    def show(self, run: RunId) -> None:
        """Show what was picked in this run; nothing where nothing was."""
        if run != self._shown:
            self._shown = run
            self._view.partners.hide()
        work = partial(read_partners, self._project.runs_folder / run)
        self._background.run("partners", work, partial(self._came, run))

    def _came(self, run: RunId, found: Found | None) -> None:
        if run != self._shown or found is None:
            return
        kept, scale = found.kept, self._view.devicePixelRatioF()
        words = f"{pieces.count(len(kept.picks), 'pick')} around " + pieces.count(
            len(kept.newest), "labelled frame"
        )
        self._view.partners.show_offsets(
            kept.window, Counter(picked.offset for picked in kept.picks), words
        )
        self._view.partners.show_pairs(
            [self._row(picked, image, scale) for picked, image in found.pictures]
        )

    def _row(self, picked: Picked, strip: QImage, scale: float) -> Row:
        return Row(
            picked.partner,
            f"Frame {picked.labelled.frame:,} and {abs(picked.offset)} "
            f"{'later' if picked.offset > 0 else 'earlier'}",
            self._project.videos.get(picked.labelled.video).name,
            picture=paint_quartet(strip, scale),
            tip="Above the label and its partner, below each drawn from the other. "
            "Click to open the partner",
        )


def paint_quartet(strip: QImage, scale: float) -> QPixmap:
    """Four pictures side by side, arranged two by two: above the real ones, below the drawn ones.

    `scale` is the screen's pixels per logical pixel.
    """
    drawn = QPixmap(QUARTET * scale)
    drawn.setDevicePixelRatio(scale)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    side, part = (QUARTET.width() - _GAP) / 2, strip.width() / 4
    for n, words in enumerate(("label", "label, drawn", "partner", "partner, drawn")):
        column, line = divmod(n, 2)
        tile = QRectF(column * (side + _GAP), line * (side + _GAP), side, side)
        begin_tile(painter, tile)
        painter.drawImage(
            _inside(tile, part, strip.height()), strip, QRectF(n * part, 0, part, strip.height())
        )
        paint_tag(painter, tile, words)
    painter.end()
    return drawn


def _inside(tile: QRectF, width: float, height: float) -> QRectF:
    """The largest rectangle of this shape in the middle of a tile."""
    scale = min(tile.width() / width, tile.height() / height)
    place = QRectF(0, 0, scale * width, scale * height)
    place.moveCenter(tile.center())
    return place


def read_partners(folder: Path) -> Found | None:
    """The album of a run's folder with the pictures of some labels; reads files.

    None where nothing was picked.
    """
    kept = album.read(folder)
    if kept is None or not kept.picks:
        return None
    newest = sorted(kept.newest.values(), key=lambda picked: picked.labelled)
    step = -(-len(newest) // MOST_SHOWN)
    images = ((p, QImage(str(album.picture_of(folder, p.labelled)))) for p in newest[::step])
    return Found(kept, tuple((p, image) for p, image in images if not image.isNull()))
