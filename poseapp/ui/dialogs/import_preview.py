"""How an imported frame will look here: on its picture where that can be read."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QStackedLayout, QWidget

from poseapp.app.exchange_jobs import Found
from poseapp.app.keypoint_mapping import Names, arranged, taken_over
from poseapp.domain.ids import FrameRef
from poseapp.domain.labels import LabelSet
from poseapp.domain.skeleton import Skeleton
from poseapp.domain.video import VideoKind
from poseapp.ui.canvas.canvas import Canvas
from poseapp.ui.dialogs.skeleton_preview import SkeletonPreview
from poseapp.ui.panels import pieces


class ImportPreview(QWidget):
    """The bodies of one labelled frame; without a picture the skeleton alone."""

    def __init__(self) -> None:
        super().__init__()
        self._canvas = Canvas()
        self._canvas.read_only = True
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas.setAccessibleName("How it will look here")
        self._figure = SkeletonPreview()
        self._figure.set_joining(False)
        self._words = pieces.text("", "caption", "text2")
        self._stack = QStackedLayout()
        self._stack.addWidget(self._figure)
        self._stack.addWidget(self._canvas)
        layout = pieces.column(spacing=4)
        layout.addLayout(self._stack, 1)
        layout.addWidget(self._words)
        self.setLayout(layout)
        self.setMinimumHeight(200)

    def sizeHint(self) -> QSize:
        return QSize(400, 240)

    def show_picture(self, found: Found) -> None:
        """Show the frame that was fetched, still without bodies."""
        labels, ref = found.imported.labels, found.frame
        if ref is None or found.picture is None:
            self._words.setText("No picture can be read yet; this is the skeleton.")
            return
        video = labels.video(ref.video)
        size = (video.width, video.height) if video.width else None
        self._canvas.set_picture(found.picture, True, size)
        self._stack.setCurrentWidget(self._canvas)
        named = video.kind is VideoKind.IMAGES and ref.frame < len(video.images)
        frame = video.images[ref.frame] if named else f"{video.name}, frame {ref.frame:,}"
        self._words.setText(f"{frame} · how it will look here")

    def show_bodies(self, found: Found, names: Names, ours: Skeleton | None) -> Skeleton:
        """Draw them with these names, in `ours` where there is such; returns what was drawn."""
        ref = found.frame or next(iter(found.imported.labels.frames), None)
        labels = _only(found, ref, names)
        here = ours or labels.skeleton
        columns = [here.index(name) for name in labels.skeleton.names]
        bodies = [arranged(body, columns, len(here)) for body in labels.instances]
        self._canvas.set_skeleton(here)
        self._canvas.show_instances(bodies, [])
        whole = next((body.points for body in bodies if bool(body.present.all())), None)
        self._figure.show_skeleton(here, whole)
        return here


def _only(found: Found, ref: FrameRef | None, names: Names) -> LabelSet:
    imported = found.imported
    labels = imported.labels.only([ref] if ref else [])
    return taken_over(replace(imported, labels=labels, predictions=()), names).labels
