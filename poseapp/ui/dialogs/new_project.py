"""Name, place and skeleton of a new project."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QLineEdit,
    QWidget,
)

from poseapp.app.presets import preset, preset_names, skeleton_of
from poseapp.domain.errors import SkeletonError
from poseapp.domain.skeleton import Skeleton
from poseapp.ui.dialogs.files import place_for
from poseapp.ui.dialogs.skeleton_editor import SkeletonEditor
from poseapp.ui.dialogs.skeleton_preview import SkeletonPreview
from poseapp.ui.panels import pieces

_OWN = "A skeleton file…"
_FIRST = "person"


class NewProjectDialog(QDialog):
    """`folder` and `skeleton` are what was chosen when it was accepted."""

    def __init__(self, videos: list[Path], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New project")
        self.resize(760, 460)
        first = videos[0] if videos else Path("project")
        names = preset_names()
        chosen = _FIRST if _FIRST in names else names[0]
        self.skeleton: Skeleton = preset(chosen)
        self._name = QLineEdit(first.stem)
        self._name.setAccessibleName("Name of the project")
        self._place = QLineEdit(str(place_for(first)))
        self._place.setAccessibleName("Folder of the project")
        self._presets = QComboBox()
        self._presets.setAccessibleName("Skeleton")
        for name in names:
            self._presets.addItem(name.replace("_", " ").capitalize(), name)
        self._presets.addItem(_OWN, "")
        self._presets.setCurrentIndex(names.index(chosen))
        self._presets.activated.connect(self._chose_preset)
        self._preview = SkeletonPreview()
        self._preview.set_joining(False)
        self._verdict = pieces.text("", "small", "text2", wrap=True)
        self._make = pieces.button("Make the project", self.accept, kind="primary", large=True)
        self._make.setDefault(True)
        self._build(videos)
        self._name.textChanged.connect(self._judge)
        self._place.textChanged.connect(self._judge)
        self._show_skeleton()
        self._judge()

    @property
    def folder(self) -> Path:
        """Where the project will be."""
        return Path(self._place.text()).expanduser() / f"{self._name.text().strip()}.pose"

    def _build(self, videos: list[Path]) -> None:
        form = QGridLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(12)
        browse = pieces.button("Browse", self._browse, icon="folder-open")
        edit = pieces.button("Edit", self._edit, icon="pencil", tip="Change names, bones and pairs")
        for line, (title, widget, extra) in enumerate(
            (
                ("Name", self._name, None),
                ("In the folder", self._place, browse),
                ("Skeleton", self._presets, edit),
            )
        ):
            form.addWidget(pieces.text(title, "body", "text2"), line, 0)
            form.addWidget(widget, line, 1, 1, 1 if extra else 2)
            if extra:
                form.addWidget(extra, line, 2)
        shown = ", ".join(video.name for video in videos[:3]) + (" …" if len(videos) > 3 else "")
        about = pieces.text(
            f"{pieces.count(len(videos), 'video')}: {shown}", "small", "text2", wrap=True
        )
        left = pieces.column(form, about, None, self._verdict, spacing=16)
        buttons = pieces.row(None, pieces.button("Cancel", self.reject, large=True), self._make)
        both = pieces.row(spacing=24)
        both.addLayout(left, 3)
        both.addWidget(self._preview, 2)
        self.setLayout(pieces.column(both, buttons, spacing=16, margins=(24, 20, 24, 20)))

    def _judge(self) -> None:
        missing = ""
        if not self._name.text().strip():
            missing = "Give the project a name."
        elif self.folder.exists():
            missing = f"{self.folder.name} is there already. Choose another name."
        self._make.setEnabled(not missing)
        self._make.setToolTip(missing)
        self._verdict.setText(missing or f"Will be made at {self.folder}.")
        pieces.set_role(self._verdict, "warning" if missing else "text2")

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder", self._place.text())
        if folder:
            self._place.setText(folder)

    def _chose_preset(self) -> None:
        name = self._presets.currentData()
        if name:
            self.skeleton = preset(name)
        else:
            self._choose_file()
        self._show_skeleton()

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "Skeleton file", "", "Skeletons (*.json)")
        if not path:
            return
        try:
            self.skeleton = skeleton_of(path)
        except SkeletonError as problem:
            self._verdict.setText(str(problem))
            pieces.set_role(self._verdict, "danger")

    def _edit(self) -> None:
        editor = SkeletonEditor(self.skeleton, self)
        if editor.exec() == QDialog.DialogCode.Accepted:
            self.skeleton = editor.result_skeleton
            self._show_skeleton()

    def _show_skeleton(self) -> None:
        self._preview.show_skeleton(self.skeleton)
