"""What another tool's files hold and what becomes of it, before anything is written."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QLabel,
    QLayout,
    QLineEdit,
    QProgressBar,
    QRadioButton,
    QWidget,
)

from poseapp.app.exchange_jobs import Found
from poseapp.app.keypoint_mapping import Names, fault_in, guessed, losses
from poseapp.domain.skeleton import Skeleton
from poseapp.ui import icons
from poseapp.ui.dialogs.files import place_for
from poseapp.ui.dialogs.import_findings import FindingList, findings
from poseapp.ui.dialogs.import_preview import ImportPreview
from poseapp.ui.dialogs.keypoint_mapping_table import KeypointMappingTable
from poseapp.ui.panels import pieces
from poseapp.ui.widgets.steps import Steps

_READING = "The files are still being read."


class ImportDialog(QDialog):
    """Shows how far the reading is, then what was understood, and asks where it goes.

    When it was accepted, `names` says what the keypoints are called here, and `project` where a
    new project is made; it is None where the labels go into the open one.
    """

    looked = Signal()
    """What was found is shown."""

    def __init__(
        self, path: Path, open_project: tuple[str, Skeleton] | None, parent: QWidget | None = None
    ) -> None:
        """`open_project` is the name and skeleton of one that the labels may be added to."""
        super().__init__(parent)
        self.setWindowTitle("Import")
        self.resize(1000, 640)
        self._path = path
        self._ours = open_project[1] if open_project else None
        self._found: Found | None = None
        self._steps = Steps(("Found", "Check", "Import"))
        self._sign = QLabel()
        self._title = pieces.text(f"Reading {path.name}", "head")
        self._detail = pieces.text(str(path), "small", "text2", wrap=True)
        self._progress = QProgressBar()
        self._progress.setRange(0, 100)
        self._progress.setAccessibleName("How far the reading is")
        self._doing = pieces.text("", "small", "text2")
        self._list = FindingList()
        self._preview = ImportPreview()
        self._table = KeypointMappingTable()
        self._table.changed.connect(self._show_choice)
        self._where = QButtonGroup(self)
        self._into = QRadioButton(f"Into {open_project[0]}" if open_project else "")
        self._new = QRadioButton("Into a new project")
        self._place = QLineEdit(str(_free(place_for(path) / f"{path.stem}.pose")))
        self._place.setAccessibleName("The project that is made")
        self._verdict = pieces.text("", "small", "danger", wrap=True)
        self._import = pieces.button("Import", self.accept, kind="primary", large=True)
        self._build()
        self._place.textChanged.connect(self._judge)
        self._where.buttonClicked.connect(lambda _button: self._where_chosen())
        self._judge()

    # -- what was chosen ---------------------------------------------------------------------

    @property
    def names(self) -> Names:
        return self._table.names

    @property
    def project(self) -> Path | None:
        return None if self._into.isChecked() else Path(self._place.text()).expanduser()

    # -- how it goes -------------------------------------------------------------------------

    def show_progress(self, done: float, doing: str) -> None:
        """How far the reading is, in 0..1, and what is being done."""
        self._progress.setValue(round(done * 100))
        self._doing.setText(f"{done:.0%} · {doing}")

    def show_found(self, found: Found) -> None:
        """The files were read."""
        self._found = found
        self._steps.go_to(1)
        self._reading.hide()
        self._title.setText(f"{found.format}: {self._path.name}")
        frames = pieces.count(len(found.imported.labels.frames), "frame")
        self._import.setText(f"Import {frames}")
        self._preview.show_picture(found)
        self._list.show()
        self._checking.show()
        self._where_chosen()
        self.looked.emit()

    def show_failure(self, sentence: str) -> None:
        """The files cannot be read."""
        self._reading.hide()
        self._title.setText("This cannot be imported")
        self._detail.setText(sentence)
        pieces.set_role(self._detail, "danger")

    # -- inside ------------------------------------------------------------------------------

    def _where_chosen(self) -> None:
        """Offer the names that the labels can have there."""
        if self._found is not None:
            theirs = self._found.imported.labels.skeleton
            ours = self._target()
            names = theirs.names if ours is None else guessed(theirs.names, ours.names)
            self._table.show_keypoints(theirs, ours, names)
        self._show_choice()

    def _target(self) -> Skeleton | None:
        return self._ours if self._into.isChecked() else None

    def _show_choice(self) -> None:
        """Draw and say what becomes of the labels under the chosen names."""
        found = self._found
        if found is not None and not self._fault():
            self._table.show_sides(self._preview.show_bodies(found, self.names, self._target()))
            self._list.show_findings(findings(found.imported, losses(found.imported, self.names)))
        self._judge()

    def _fault(self) -> str:
        if self._found is None:
            return ""
        return fault_in(self._found.imported.labels.skeleton.names, self.names)

    def _judge(self) -> None:
        place = self.project
        fault = self._fault()
        if not fault and place is not None and (not place.name or place.exists()):
            fault = "There is something at that place already. Choose another name."
        self._verdict.setText(fault)
        self._verdict.setVisible(bool(fault))
        self._place.setEnabled(place is not None)
        missing = fault or (_READING if self._found is None else "")
        self._import.setEnabled(not missing)
        self._import.setToolTip(missing)

    def _build(self) -> None:
        self._sign.setPixmap(icons.pixmap("folder-open", 20, "text2", self.devicePixelRatioF()))
        head = pieces.row(pieces.text("Import", "head"), None, self._steps, None)
        what = pieces.row(
            self._sign, pieces.column(self._title, self._detail, spacing=2), spacing=12
        )
        what.setStretch(1, 1)
        self._reading = _box(pieces.column(None, self._progress, self._doing, None, spacing=8))
        left = pieces.column(what, 12, self._list)
        left.setStretchFactor(self._list, 1)
        right = pieces.column(
            self._preview,
            12,
            pieces.row(
                pieces.text("Keypoints", "strong"),
                None,
                pieces.text("choose what each one is here", "small", "text2"),
            ),
            4,
            self._table,
        )
        right.setStretchFactor(self._preview, 3)
        right.setStretchFactor(self._table, 2)
        both = pieces.row(spacing=24)
        both.addLayout(left, 5)
        self._checking = _box(right)
        both.addWidget(self._checking, 4)
        self._checking.hide()
        left.addWidget(self._reading)
        left.setStretchFactor(self._reading, 1)
        self._list.hide()
        layout = pieces.column(
            head, both, self._build_where(), self._verdict, self._build_buttons(),
            spacing=12, margins=(24, 16, 24, 20),
        )  # fmt: skip
        layout.setStretchFactor(both, 1)
        self.setLayout(layout)

    def _build_where(self) -> QWidget:
        for button in (self._into, self._new):
            self._where.addButton(button)
        self._into.setVisible(self._ours is not None)
        (self._into if self._ours is not None else self._new).setChecked(True)
        layout = pieces.row(self._into, 8, self._new, self._place, spacing=12)
        layout.setStretchFactor(self._place, 1)
        return _box(layout)

    def _build_buttons(self) -> QWidget:
        shield = QLabel()
        shield.setPixmap(icons.pixmap("shield-check", 16, "text2", self.devicePixelRatioF()))
        safe = "Nothing is written yet. Your original files are only read, never changed."
        cancel = pieces.button("Cancel", self.reject, kind="quiet", large=True)
        words = pieces.text(safe, "small", "text2")
        return _box(pieces.row(shield, words, None, cancel, self._import))


def _box(layout: QLayout) -> QWidget:
    made = QWidget()
    made.setLayout(layout)
    return made


def _free(path: Path) -> Path:
    """The path, or one with a number where something is there already."""
    candidate, n = path, 2
    while candidate.exists():
        candidate, n = path.with_stem(f"{path.stem}_{n}"), n + 1
    return candidate
