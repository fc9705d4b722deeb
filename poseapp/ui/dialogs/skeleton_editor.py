"""The dialog in which a skeleton is made and changed, with a live picture of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QColorDialog,
    QDialog,
    QFileDialog,
    QHeaderView,
    QLineEdit,
    QMenu,
    QTableView,
    QWidget,
)

from poseapp.app.presets import preset, preset_names, skeleton_of
from poseapp.domain.errors import SkeletonError
from poseapp.domain.skeleton import Skeleton
from poseapp.ui.dialogs.skeleton_draft import SkeletonDraft
from poseapp.ui.dialogs.skeleton_preview import SkeletonPreview, shape_of
from poseapp.ui.dialogs.skeleton_table import COLOUR, ChoiceDelegate, SkeletonTable
from poseapp.ui.panels import pieces


class SkeletonEditor(QDialog):
    """Edits a copy; `result_skeleton` is what to keep when it was accepted.

    `pose` is how the preview stands, `labels` how many labels a change would concern.
    """

    def __init__(
        self,
        skeleton: Skeleton,
        parent: QWidget | None = None,
        *,
        pose: NDArray[np.float64] | None = None,
        labels: int = 0,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Skeleton")
        self.resize(980, 640)
        self._before = skeleton
        self._pose = pose
        self._labels = labels
        self.result_skeleton = skeleton
        self._model = SkeletonTable(SkeletonDraft(skeleton), self)
        self._name = QLineEdit(skeleton.name)
        self._name.setAccessibleName("Name of the skeleton")
        self._name.textEdited.connect(self._renamed)
        self._table = self._make_table()
        self._preview = SkeletonPreview()
        self._preview.joined.connect(self._join)
        self._preview.picked.connect(self._table.selectRow)
        self._verdict = pieces.text("", "small", "text2", wrap=True)
        self._keep = pieces.button("Use this skeleton", self.accept, kind="primary", large=True)
        self._build()
        self._model.edited.connect(self._show)
        self._table.selectionModel().currentRowChanged.connect(self._show)
        self._table.selectRow(0)
        self._show()

    def _make_table(self) -> QTableView:
        table = QTableView()
        table.setModel(self._model)
        self._choices = ChoiceDelegate(table)
        table.setItemDelegate(self._choices)
        table.setAccessibleName("Keypoints")
        table.setShowGrid(False)
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        table.setEditTriggers(
            QTableView.EditTrigger.DoubleClicked
            | QTableView.EditTrigger.SelectedClicked
            | QTableView.EditTrigger.EditKeyPressed
        )
        table.verticalHeader().setDefaultSectionSize(28)
        table.verticalHeader().setMinimumWidth(32)
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.doubleClicked.connect(self._choose_colour)
        return table

    def _build(self) -> None:
        presets = pieces.button("Start from", tip="Replace everything by a preset or a file")
        menu = QMenu(presets)
        for name in preset_names():
            menu.addAction(name.replace("_", " ")).triggered.connect(self._taker(name))
        menu.addSeparator()
        menu.addAction("A skeleton file…").triggered.connect(self._open_file)
        presets.setMenu(menu)
        tools = pieces.row(
            pieces.button("Add", self._add, icon="plus"),
            pieces.button("Remove", self._remove, icon="trash-2"),
            pieces.button("Up", lambda: self._move(-1), icon="arrow-up"),
            pieces.button("Down", lambda: self._move(1), icon="arrow-down"),
            None,
            pieces.button(
                "Pair by names",
                self._guess,
                icon="arrow-left-right",
                tip="Pair what the names call left and right",
            ),
            pieces.button(
                "Suggest parts",
                self._suggest_parts,
                icon="sparkles",
                tip="Group keypoints without a body part by their bones",
            ),
            pieces.button("Colour of its side", self._uncolour, tip="Forget the chosen colour"),
        )
        left = pieces.column(
            pieces.row(pieces.text("Name", "strong"), self._name, presets),
            self._table,
            tools,
            spacing=12,
        )
        right = pieces.column(
            pieces.text("Bones", "head"),
            pieces.text(
                "Click one point, then another, to draw or remove a bone.", "small", "text2"
            ),
            self._preview,
            self._verdict,
            spacing=8,
        )
        right.setStretchFactor(self._preview, 1)
        save = pieces.button("Save as file", self._save_file, kind="quiet", large=True)
        buttons = pieces.row(
            save, None, pieces.button("Cancel", self.reject, large=True), self._keep
        )
        both = pieces.row(spacing=24)
        both.addLayout(left, 3)
        both.addLayout(right, 2)
        self.setLayout(pieces.column(both, buttons, spacing=16, margins=(24, 20, 24, 20)))

    @property
    def _draft(self) -> SkeletonDraft:
        return self._model.draft

    def _row(self) -> int:
        return self._table.currentIndex().row()

    def _show(self) -> None:
        try:
            skeleton = self._draft.skeleton()
        except SkeletonError as problem:
            self._verdict.setText(str(problem))
            pieces.set_role(self._verdict, "danger")
            self._keep.setEnabled(False)
            self._keep.setToolTip(str(problem))
            return
        self._preview.show_skeleton(skeleton, self._pose, self._row())
        self._verdict.setText(self._consequence(skeleton))
        pieces.set_role(self._verdict, "text2")
        self._keep.setEnabled(True)
        self._keep.setToolTip("")
        self.result_skeleton = skeleton

    def _consequence(self, skeleton: Skeleton) -> str:
        kept = {k.uid for k in skeleton.keypoints}
        gone = [k.name for k in self._before.keypoints if k.uid not in kept]
        if self._labels and gone:
            return (
                f"{', '.join(gone)} will be hidden in {pieces.count(self._labels, 'label')}; "
                "undo brings the points back."
            )
        return f"{shape_of(skeleton)}."

    def _renamed(self, name: str) -> None:
        self._draft.name = name
        self._show()

    def _join(self, a: int, b: int) -> None:
        self._draft.toggle_bone(a, b)
        self._show()

    def _add(self) -> None:
        self._draft.add("new point")
        self._model.renew()
        last = self._model.rowCount() - 1
        self._table.selectRow(last)
        self._table.edit(self._model.index(last, 0))

    def _remove(self) -> None:
        row = self._row()
        if row >= 0:
            self._draft.remove(row)
            self._model.renew()
            self._table.selectRow(min(row, self._model.rowCount() - 1))

    def _move(self, by: int) -> None:
        if self._row() >= 0:
            to = self._draft.move(self._row(), by)
            self._model.renew()
            self._table.selectRow(to)

    def _guess(self) -> None:
        made = self._draft.guess_pairs()
        self._model.renew()
        self._verdict.setText(f"{pieces.count(made, 'new pair')} found in the names.")

    def _suggest_parts(self) -> None:
        made = self._draft.suggest_parts()
        self._model.renew()
        said = f"{pieces.count(made, 'new body part')} suggested. Rename them in the table."
        none = "No new body part: every keypoint has one, or they are not joined by bones."
        self._verdict.setText(said if made else none)

    def _choose_colour(self, index: QModelIndex) -> None:
        if index.column() != COLOUR:
            return
        before = self._model.colour(index.row())
        colour: QColor = QColorDialog.getColor(before, self, "Colour of the keypoint")
        if colour.isValid():
            self._draft.paint(index.row(), colour.name().upper())
            self._model.renew()

    def _uncolour(self) -> None:
        if self._row() >= 0:
            self._draft.paint(self._row(), None)
            self._model.renew()

    def _taker(self, name: str) -> Callable[[], None]:
        return lambda: self._take(preset(name))

    def _take(self, skeleton: Skeleton) -> None:
        self._name.setText(skeleton.name)
        self._model.renew(SkeletonDraft(skeleton))
        self._table.selectRow(0)

    def _open_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Skeleton file", "", "Skeletons (*.json)")
        if not path:
            return
        try:
            self._take(skeleton_of(path))
        except SkeletonError as problem:
            self._verdict.setText(str(problem))
            pieces.set_role(self._verdict, "danger")

    def _save_file(self) -> None:
        name = f"{self.result_skeleton.name}.json"
        path, _ = QFileDialog.getSaveFileName(self, "Save the skeleton", name, "Skeletons (*.json)")
        if path:
            Path(path).write_text(self.result_skeleton.to_json(), encoding="utf-8")
            self._verdict.setText(f"Saved as {Path(path).name}.")
