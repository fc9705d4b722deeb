"""What another tool's files hold, before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QLineEdit, QProgressBar, QWidget

from poseapp.domain.errors import PoseAppError
from poseapp.ui import icons
from poseapp.ui.bridge import Background
from poseapp.ui.dialogs.files import place_for
from poseapp.ui.dialogs.skeleton_preview import SkeletonPreview, shape_of
from poseapp.ui.panels import pieces

if TYPE_CHECKING:
    from poseapp.formats.base import Imported  # its readers are heavy: loaded when needed

_ICONS = {"good": "circle-check", "warning": "triangle-alert"}

Finding = tuple[str, str, str]
"""(tone, what, sentence)"""


class ImportDialog(QDialog):
    """Reads in the background and shows what was understood.

    When it was accepted, `found` is to go into a new project at `project`, or into the open one
    when that is None.
    """

    def __init__(
        self,
        path: Path,
        open_project: str | None,
        background: Background,
        prepare: Callable[[Path], Imported],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import")
        self.resize(860, 560)
        self._path = path
        self._format = ""
        self._prepare = prepare
        self.project: Path | None = None
        self.found: Imported | None = None
        self._title = pieces.text(f"Reading {path.name}", "head")
        self._place_text = pieces.text(str(path), "small", "text2", wrap=True)
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._findings = QGridLayout()
        self._preview = SkeletonPreview()
        self._preview.set_joining(False)
        self._place = QLineEdit(str(_free(place_for(path) / f"{path.stem}.pose")))
        self._place.setAccessibleName("The project that is made")
        self._place.textChanged.connect(self._judge)
        self._new = pieces.button("Make a project", self._make, kind="primary", large=True)
        self._into = pieces.button(f"Add to {open_project}", self.accept, large=True)
        self._into.setVisible(open_project is not None)
        self._build()
        self._judge()
        background.run("import", self._read, self._show, self._fail)

    def _build(self) -> None:
        self._findings.setHorizontalSpacing(12)
        self._findings.setVerticalSpacing(12)
        self._findings.setColumnStretch(2, 1)
        left = pieces.column(
            self._title, self._place_text, 8, self._busy, self._findings, None, spacing=4
        )
        both = pieces.row(spacing=24)
        both.addLayout(left, 3)
        both.addWidget(self._preview, 2)
        place = pieces.row(pieces.text("New project", "body", "text2"), self._place, spacing=12)
        safe = pieces.text(
            "Nothing is written yet. Your original files are only read, never changed.",
            "small",
            "text2",
        )
        buttons = pieces.row(
            safe, None, pieces.button("Cancel", self.reject, large=True), self._into, self._new
        )
        self.setLayout(pieces.column(both, place, buttons, spacing=16, margins=(24, 20, 24, 20)))

    def _read(self) -> Imported:
        from poseapp.formats.registry import guess_format

        self._format = guess_format(self._path)
        return self._prepare(self._path)

    def _show(self, found: Imported) -> None:
        from poseapp.formats.registry import FORMATS

        self.found = found
        self._busy.hide()
        self._title.setText(f"{FORMATS[self._format].title}: {self._path.name}")
        for line, (tone, what, sentence) in enumerate(findings(found)):
            sign = QLabel()
            sign.setPixmap(icons.pixmap(_ICONS[tone], 16, tone, self.devicePixelRatioF()))
            top = Qt.AlignmentFlag.AlignTop
            self._findings.addWidget(sign, line, 0, top)
            self._findings.addWidget(pieces.text(what, "body", "text2"), line, 1, top)
            self._findings.addWidget(pieces.text(sentence, "body", wrap=True), line, 2, top)
        whole = [i.points for i in found.labels.instances if bool(i.present.all())]
        self._preview.show_skeleton(found.labels.skeleton, whole[0] if whole else None)
        self._judge()

    def _fail(self, problem: BaseException) -> None:
        if not isinstance(problem, PoseAppError):
            raise problem
        self._busy.hide()
        self._title.setText("This cannot be imported")
        self._place_text.setText(str(problem))
        pieces.set_role(self._place_text, "danger")

    def _judge(self) -> None:
        missing = ""
        if self.found is None:
            missing = "The files are still being read."
        self._into.setEnabled(not missing)
        self._into.setToolTip(missing)
        if not missing and Path(self._place.text()).expanduser().exists():
            missing = "There is something at that place already. Choose another name."
        self._new.setEnabled(not missing)
        self._new.setToolTip(missing)

    def _make(self) -> None:
        self.project = Path(self._place.text()).expanduser()
        self.accept()


def findings(found: Imported) -> list[Finding]:
    """What was understood, in the order a person asks for it."""
    labels = found.labels
    skeleton = labels.skeleton
    videos = ", ".join(video.name for video in labels.videos[:3])
    more = f" and {len(labels.videos) - 3} more" if len(labels.videos) > 3 else ""
    missing = [video for video in labels.videos if not video.path.exists()]
    lines: list[Finding] = [
        ("warning" if missing else "good", "Videos", f"{videos}{more}" or "none"),
        (
            "good",
            "Labels",
            f"{pieces.count(len(labels.frames), 'frame')}, "
            f"{pieces.count(len(labels.instances), 'body', 'bodies')}",
        ),
        (
            "good",
            "Skeleton",
            shape_of(skeleton),
        ),
    ]
    predicted = sum(len(part) for part in found.predictions)
    if predicted:
        lines.append(("good", "Predictions", pieces.count(predicted, "body", "bodies")))
    lines += [("warning", "Note", note) for note in found.notes[:6]]
    if len(found.notes) > 6:
        lines.append(("warning", "Note", f"and {len(found.notes) - 6} more notes"))
    return lines


def _free(path: Path) -> Path:
    """The path, or one with a number where something is there already."""
    candidate, n = path, 2
    while candidate.exists():
        candidate, n = path.with_stem(f"{path.stem}_{n}"), n + 1
    return candidate
