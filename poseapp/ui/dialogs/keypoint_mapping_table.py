"""Which keypoint here each one in the file is, chosen in boxes."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from poseapp.app.keypoint_mapping import Names
from poseapp.domain.skeleton import Side, Skeleton
from poseapp.ui import theme
from poseapp.ui.canvas.markers import State, colour_of, marker_pixmap
from poseapp.ui.panels import pieces

LEAVE_OUT = "Leave out"
_THEIRS, _OURS, _SIDE, _PARTNER = range(4)
_TITLES = ("In the file", "Here", "Side", "Swaps with")
_SIDES = {Side.LEFT: "Left", Side.RIGHT: "Right", Side.CENTRE: "Centre"}
_ROW = 32


class _Box(QComboBox):
    def wheelEvent(self, event: QWheelEvent) -> None:
        """Left to the table, which scrolls: nothing is chosen by accident."""
        event.ignore()


class KeypointMappingTable(QTableWidget):
    """A row for each keypoint of the file; for a new project the names can be typed."""

    changed = Signal()
    """Another name was chosen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(0, len(_TITLES), parent)
        self._boxes: list[QComboBox] = []
        self.setHorizontalHeaderLabels(_TITLES)
        self.setAccessibleName("Keypoints in the file and here")
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setShowGrid(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_SIDE, QHeaderView.ResizeMode.ResizeToContents)

    @property
    def names(self) -> Names:
        """What each keypoint is called here; None where it is left out."""
        texts = [box.currentText().strip() for box in self._boxes]
        return tuple(None if text == LEAVE_OUT else text for text in texts)

    def show_keypoints(self, theirs: Skeleton, ours: Skeleton | None, names: Names) -> None:
        """Offer the keypoints of `ours`, or any name where it is None."""
        self._boxes = []
        self.setRowCount(len(theirs))
        for row, (their, name) in enumerate(zip(theirs.names, names, strict=True)):
            self.setItem(row, _THEIRS, QTableWidgetItem(their))
            self.setItem(row, _SIDE, QTableWidgetItem())
            self.setItem(row, _PARTNER, QTableWidgetItem())
            box = self._box(their, ours)
            box.setCurrentText(LEAVE_OUT if name is None else name)
            box.currentTextChanged.connect(self.changed)
            self._boxes.append(box)
            holder = QWidget()
            holder.setLayout(pieces.row(box, margins=(0, 2, 8, 2)))
            self.setCellWidget(row, _OURS, holder)

    def show_sides(self, here: Skeleton) -> None:
        """Say of every keypoint which side it is on in the skeleton it comes into."""
        partner = {a: b for pair in here.pairs for a, b in (pair, pair[::-1])}
        for row, name in enumerate(self.names):
            k = here.index(name) if name in here.names else None
            side = "" if k is None else _SIDES[here.side(k)]
            other = "" if k is None else here.names[partner[k]] if k in partner else "none"
            self._say(row, _SIDE, side)
            self._say(row, _PARTNER, other)
            if item := self.item(row, _THEIRS):
                item.setIcon(QIcon() if k is None else _sign(here, k, self.devicePixelRatioF()))

    def _box(self, their: str, ours: Skeleton | None) -> QComboBox:
        box = _Box()
        box.setAccessibleName(f"What {their} is here")
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.setMinimumContentsLength(6)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.addItems([their] if ours is None else list(ours.names))
        box.addItem(LEAVE_OUT)
        box.setEditable(ours is None)
        box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        return box

    def _say(self, row: int, column: int, words: str) -> None:
        if item := self.item(row, column):
            item.setText(words)
            item.setForeground(theme.color("text2"))


def _sign(skeleton: Skeleton, k: int, scale: float) -> QIcon:
    rgb = colour_of(skeleton, k).rgb()
    return QIcon(marker_pixmap(skeleton.side(k), State.LABEL, rgb, 5, scale))
