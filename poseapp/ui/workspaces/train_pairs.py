"""What a training changed, to be looked at: frames with the predictions before and after it."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap, QTransform

from poseapp.app.before_after import Pair, pairs, predictions_of, training_before
from poseapp.domain.ids import RunId
from poseapp.domain.pose import Instance
from poseapp.domain.run import Run
from poseapp.store.project import Project
from poseapp.ui import theme
from poseapp.ui.bridge import Background
from poseapp.ui.canvas.poses import SkeletonLook
from poseapp.ui.tables.pair_strip import PAIR
from poseapp.ui.tables.rows import Row
from poseapp.ui.workspaces.queue_control import Thumbnails
from poseapp.ui.workspaces.train import TrainWorkspace
from poseapp.ui.workspaces.train_words import run_title

_GAP = 4
_MARGIN = 0.2
"""Of the bodies' box, shown around them on each side."""
_BONE, _HALO = 2.0, 5.0
_TAG_HEIGHT = 20
_WAITING = "Shows, once two nets have predicted the same video, where they differ most."


class TrainPairs(QObject):
    """Compares the training that is looked at with the one before it."""

    def __init__(
        self,
        project: Project,
        background: Background,
        thumbnails: Thumbnails,
        view: TrainWorkspace,
    ) -> None:
        super().__init__(view)
        self._project = project
        self._background = background
        self._thumbnails = thumbnails
        self._view = view
        self._pairs: tuple[Pair, ...] = ()
        thumbnails.arrived.connect(self._arrived)

    def show(self, training: RunId) -> None:
        """Show what this training changed."""
        before = training_before(self._project, training)
        old = None if before is None else predictions_of(self._project, before.id)
        new = predictions_of(self._project, training)
        if before is None or old is None or new is None:
            self._show((), _WAITING)
            return

        def work() -> tuple[Pair, ...]:
            with self._project.reader() as reader:
                return pairs(reader, old, new)

        self._background.run("pairs", work, partial(self._came, before))

    def _came(self, before: Run, found: tuple[Pair, ...]) -> None:
        words = f"frames that changed most since {run_title(before)}" if found else _WAITING
        self._show(found, words)

    def _show(self, found: tuple[Pair, ...], words: str) -> None:
        self._pairs = found
        self._view.show_pairs([self._row(pair) for pair in found], words)

    def _arrived(self, ref: object) -> None:
        if any(pair.frame == ref for pair in self._pairs):
            self._view.show_pairs([self._row(pair) for pair in self._pairs])

    def _row(self, pair: Pair) -> Row:
        look = SkeletonLook(self._project.skeleton)
        video = self._project.videos.get(pair.frame.video)
        picture = self._thumbnails.get(pair.frame)
        drawn = paint_pair(
            pair, picture, (video.width, video.height), look, self._view.devicePixelRatioF()
        )
        return Row(
            pair.frame,
            f"{look.names[pair.keypoint]} moved {pair.moved_px:.0f} px",
            f"frame {pair.frame.frame:,} of {video.name}",
            picture=drawn,
            tip="Open this frame",
        )


def paint_pair(
    pair: Pair,
    picture: QPixmap | None,
    size: tuple[int, int],
    look: SkeletonLook,
    scale: float,
) -> QPixmap:
    """Both sides in one pixmap; `size` is that of the video, which `picture` is a smaller copy of.

    `scale` is the screen's pixels per logical pixel.
    """
    drawn = QPixmap(PAIR * scale)
    drawn.setDevicePixelRatio(scale)
    drawn.fill(Qt.GlobalColor.transparent)
    painter = QPainter(drawn)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    width = (PAIR.width() - _GAP) / 2
    around = _around(pair, width / PAIR.height(), size)
    sides = (("before", pair.before, 0.0), ("after", pair.after, width + _GAP))
    for word, bodies, left in sides:
        tile = QRectF(left, 0, width, PAIR.height())
        begin_tile(painter, tile)
        if picture is not None and not picture.isNull():
            shrunk = picture.width() / size[0]
            part = QTransform.fromScale(shrunk, shrunk).mapRect(around.translated(0.5, 0.5))
            painter.drawPixmap(tile, picture, part)
        to_tile = QTransform.fromTranslate(tile.left(), 0)
        to_tile.scale(width / around.width(), PAIR.height() / around.height())
        to_tile.translate(-around.left(), -around.top())
        for body in bodies:
            _paint_bones(painter, body, look, to_tile)
        paint_tag(painter, tile, _caption(word, bodies))
    painter.end()
    return drawn


def _around(pair: Pair, shape: float, size: tuple[int, int]) -> QRectF:
    """The part of the frame that holds all bodies, of width / height `shape`, inside if it fits."""
    points = np.concatenate([body.points for body in (*pair.before, *pair.after)])
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    wide, tall = np.maximum((high - low) * (1 + 2 * _MARGIN), 32.0)
    wide, tall = max(wide, tall * shape), max(tall, wide / shape)
    shrink = min(1.0, size[0] / wide, size[1] / tall)
    extent = np.array([wide, tall]) * shrink
    corner = np.clip((low + high - extent) / 2, -0.5, np.array(size) - 0.5 - extent)
    return QRectF(*corner, *extent)


def _paint_bones(
    painter: QPainter, body: Instance, look: SkeletonLook, to_tile: QTransform
) -> None:
    ends = [to_tile.map(QPointF(x, y)) for x, y in np.nan_to_num(body.points).tolist()]
    seen: NDArray[np.bool_] = body.present
    bones = [n for n, (a, b) in enumerate(look.bones) if seen[a] and seen[b]]
    for halo in (True, False):
        for n in bones:
            a, b = look.bones[n]
            colour = theme.overlay("halo") if halo else look.bone_colours[n]
            width = _HALO if halo else _BONE
            painter.setPen(QPen(colour, width, c=Qt.PenCapStyle.RoundCap))
            painter.drawLine(ends[a], ends[b])
    if not bones:
        painter.setPen(Qt.PenStyle.NoPen)
        for k in np.flatnonzero(seen):
            painter.setBrush(look.colours[k])
            painter.drawEllipse(ends[k], 3, 3)


def begin_tile(painter: QPainter, tile: QRectF) -> None:
    """A rounded ground; what is painted after it stays inside."""
    path = QPainterPath()
    path.addRoundedRect(tile, theme.radius("control"), theme.radius("control"))
    painter.setClipPath(path)
    painter.fillPath(path, theme.color("track"))


def paint_tag(painter: QPainter, tile: QRectF, words: str) -> None:
    """Words on a dark ground in the lower left corner of a tile."""
    painter.setFont(theme.font("caption"))
    width = painter.fontMetrics().horizontalAdvance(words) + 12
    tag = QRectF(tile.left() + 6, tile.bottom() - 6 - _TAG_HEIGHT, width, _TAG_HEIGHT)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.overlay("tag"))
    painter.drawRoundedRect(tag, 4, 4)
    painter.setPen(theme.overlay("tagText"))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, words)


def _caption(word: str, bodies: tuple[Instance, ...]) -> str:
    """`before · sure 0.41`: the net's own confidence, as no label says what is right."""
    scores = [body.score for body in bodies if body.score is not None]
    return f"{word} · sure {np.mean(scores):.2f}" if scores else word
