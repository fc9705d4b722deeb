"""Rows that export meshes: what, in which format, and a button."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QLabel, QMenu, QProgressBar, QPushButton, QWidget

from poseapp.app.mesh_export import KINDS
from poseapp.ui import icons
from poseapp.ui.panels import pieces


@dataclass(frozen=True, slots=True)
class _Row:
    icon: str
    title: str
    formats: str
    kinds: tuple[str, ...]


_ROWS = (
    _Row("sliders-horizontal", "Parameters", "NPZ or CSV", ("npz", "csv")),
    _Row("box", "Mesh", "OBJ per frame, or one GLB", ("glb", "obj")),
    _Row("person-standing", "3D joints", "CSV or BVH", ("joints", "bvh")),
    _Row("film", "Overlay video", "MP4", ("film",)),
)


class MeshExports(QWidget):
    """Says which export is wanted, and how far one is."""

    wanted = Signal(str)
    """A key of `KINDS`."""
    stop_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._buttons: list[QPushButton] = []
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("How far the export is")
        self._doing = pieces.text("", "small", "text2")
        stop = pieces.icon_button("square", "Stop the export", self.stop_wanted.emit)
        told = pieces.column(self._bar, self._doing, spacing=4)
        self._running = QWidget()
        running = pieces.row(spacing=8)
        running.addLayout(told, 1)
        running.addWidget(stop)
        self._running.setLayout(running)
        rows = [self._row(row) for row in _ROWS]
        self.setLayout(pieces.column(*rows, self._running, spacing=12))
        self.show_progress(None, "")
        self.show_missing("")

    def show_missing(self, missing: str) -> None:
        """Why nothing can be exported; empty when it can."""
        for button in self._buttons:
            button.setEnabled(not missing)
            button.setToolTip(missing)

    def show_progress(self, done: float | None, doing: str) -> None:
        """How much is written, in 0..1; None when nothing is being written."""
        self._running.setVisible(done is not None)
        if done is not None:
            self._bar.setValue(round(done * 1000))
            self._doing.setText(f"{done:.0%} · {doing}")

    def _row(self, row: _Row) -> QWidget:
        sign = QLabel()
        sign.setPixmap(icons.pixmap(row.icon, 16, "text2", self.devicePixelRatioF()))
        words = pieces.column(
            pieces.text(row.title), pieces.text(row.formats, "caption", "text2"), spacing=0
        )
        button = pieces.button("Export", lambda: self._ask(row, button))
        button.setAccessibleName(f"Export {row.title.lower()}")
        self._buttons.append(button)
        box = QWidget()
        line = pieces.row(sign, spacing=12)
        line.addLayout(words, 1)
        line.addWidget(button)
        box.setLayout(line)
        return box

    def _ask(self, row: _Row, button: QPushButton) -> None:
        """Ask for the format where there are two."""
        if len(row.kinds) == 1:
            self.wanted.emit(row.kinds[0])
            return
        menu = QMenu(self)
        for kind in row.kinds:
            action = menu.addAction(KINDS[kind].title)
            action.setToolTip(KINDS[kind].about)
            action.triggered.connect(lambda _checked=False, chosen=kind: self.wanted.emit(chosen))
        menu.setToolTipsVisible(True)
        menu.popup(button.mapToGlobal(QPoint(0, button.height() + 4)))
