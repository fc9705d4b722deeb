"""The tracks of a project: naming, merging and deleting them, and saying who a body is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QMenu,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from poseapp.domain.ids import TrackId
from poseapp.domain.labels import Track
from poseapp.ui import icons
from poseapp.ui.panels import pieces
from poseapp.ui.widgets.empty_state import EmptyState

_NAME, _LABELS, _KEY = range(3)
_TITLES = ("Track", "Labels", "Key")
_NO_BODY = "Choose a labelled body on the frame first."
_NO_TRACK = "Choose a track in the list first."


class TrackEditor(QDialog):
    """Stays open beside the window, so that a person can go from frame to frame meanwhile."""

    added = Signal()
    """Another individual is wanted."""
    renamed = Signal(object, str)
    assigned = Signal(object)
    """The current body is this track, or nobody (None)."""
    merged = Signal(object, object)
    """(track, the one it is)"""
    deleted = Signal(object)

    def __init__(self, keys: Sequence[str], parent: QWidget | None = None) -> None:
        """`keys` are those that give the current body the first, second … track."""
        super().__init__(parent)
        self.setWindowTitle("Tracks")
        self._keys = tuple(keys)
        self._tracks: tuple[Track, ...] = ()
        self._body_track: TrackId | None = None
        self._has_body = False
        self._body = pieces.text("", "body", "text2", wrap=True)
        self._table = self._make_table()
        self._none = EmptyState()
        self._none.set_content(
            "users",
            "No tracks yet",
            "A track is one individual through time. Name the first one.",
        )
        self._verdict = pieces.text("", "small", "danger", wrap=True)
        self._is = pieces.button("This body is it", self._assign, kind="primary")
        self._nobody = pieces.button("No track", partial(self.assigned.emit, None))
        self._merge = pieces.button("Merge into")
        self._merge_menu = QMenu(self._merge)
        self._merge.setMenu(self._merge_menu)
        self._delete = pieces.button("Delete", self._delete_chosen, icon="trash-2")
        self._build()

    def sizeHint(self) -> QSize:
        return QSize(480, 420)

    def show_tracks(self, tracks: Sequence[Track], counts: Mapping[TrackId, int]) -> None:
        """List the tracks with how many labels each has; what was chosen stays chosen."""
        chosen = self.chosen
        self._tracks = tuple(tracks)
        self._table.blockSignals(True)
        self._table.setRowCount(len(tracks))
        for row, track in enumerate(tracks):
            key = self._keys[row] if row < len(self._keys) else ""
            self._fill(row, track.name, f"{counts.get(track.id, 0):,}", key)
        self._table.blockSignals(False)
        numbers = [track.id for track in tracks]
        self._choose(numbers.index(chosen) if chosen in numbers else -1)
        self._table.setVisible(bool(tracks))
        self._none.setVisible(not tracks)
        self.say("")
        self._judge()

    def show_body(self, title: str, track: TrackId | None) -> None:
        """Name the current body, and mark who it is; an empty title says that there is none."""
        self._body_track = track
        name = next((known.name for known in self._tracks if known.id == track), "")
        if not title:
            self._body.setText(_NO_BODY)
        elif name:
            self._body.setText(f"The current body is {name}.")
        else:
            self._body.setText(f"The current body, {title}, has no track.")
        self._has_body = bool(title)
        if name and self.chosen is None:
            self._choose([known.id for known in self._tracks].index(track))
        self._mark()
        self._judge()

    def say(self, problem: str) -> None:
        """Say why something was not done; empty takes that back."""
        self._verdict.setText(problem)
        self._verdict.setVisible(bool(problem))

    def rename_last(self) -> None:
        """Let the name of the track that was added last be typed."""
        self._choose(len(self._tracks) - 1)
        if item := self._table.item(len(self._tracks) - 1, _NAME):
            self._table.editItem(item)

    @property
    def chosen(self) -> TrackId | None:
        row = self._table.currentRow()
        return self._tracks[row].id if 0 <= row < len(self._tracks) else None

    # -- inside ------------------------------------------------------------------------------

    def _assign(self) -> None:
        if self.chosen is not None:
            self.assigned.emit(self.chosen)

    def _delete_chosen(self) -> None:
        if self.chosen is not None:
            self.deleted.emit(self.chosen)

    def _typed(self, item: QTableWidgetItem) -> None:
        track = self._tracks[item.row()]
        if item.column() == _NAME and item.text() != track.name:
            self.renamed.emit(track.id, item.text())

    def _choose(self, row: int) -> None:
        self._table.setCurrentCell(row, _NAME)

    def _judge(self) -> None:
        """Say of every button that is off what it misses."""
        no_track = "" if self.chosen is not None else _NO_TRACK
        no_body = "" if self._has_body else _NO_BODY
        others = "" if len(self._tracks) > 1 else "There is no other track."
        nobody = no_body or ("" if self._body_track is not None else "It has no track already.")
        for button, missing in (
            (self._is, no_body or no_track),
            (self._nobody, nobody),
            (self._merge, no_track or others),
            (self._delete, no_track),
        ):
            button.setEnabled(not missing)
            button.setToolTip(missing)
        self._fill_merge_menu()

    def _fill_merge_menu(self) -> None:
        self._merge_menu.clear()
        chosen = self.chosen
        for track in self._tracks:
            if chosen is not None and track.id != chosen:
                into = partial(self.merged.emit, chosen, track.id)
                self._merge_menu.addAction(track.name).triggered.connect(into)

    def _mark(self) -> None:
        for row, track in enumerate(self._tracks):
            if item := self._table.item(row, _NAME):
                mine = track.id == self._body_track
                item.setIcon(icons.icon("check", 14, "text") if mine else QIcon())

    def _fill(self, row: int, *texts: str) -> None:
        for column, words in enumerate(texts):
            item = QTableWidgetItem(words)
            if column != _NAME:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            self._table.setItem(row, column, item)
        self._mark()

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(_TITLES))
        table.setHorizontalHeaderLabels(_TITLES)
        table.setAccessibleName("Tracks")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(32)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        for column, width in ((_LABELS, 80), (_KEY, 80)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        table.itemChanged.connect(self._typed)
        table.itemSelectionChanged.connect(self._judge)
        return table

    def _build(self) -> None:
        add = pieces.button("New track", self.added.emit, icon="plus")
        hint = pieces.text("Double-click a name to change it.", "small", "text3")
        edit = pieces.row(add, self._merge, self._delete, None)
        close = pieces.button("Close", self.reject, kind="quiet")
        layout = pieces.column(
            self._body, self._table, self._none, hint, self._verdict, edit,
            pieces.line(), pieces.row(self._is, self._nobody, None, close),
            spacing=12, margins=(20, 16, 20, 16),
        )  # fmt: skip
        layout.setStretchFactor(self._table, 1)
        layout.setStretchFactor(self._none, 1)
        self.setLayout(layout)
