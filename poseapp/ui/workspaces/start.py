"""The page without a project: make one, open one, bring one in, or go on with the last."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QWidget

from poseapp.ui import icons, theme
from poseapp.ui.actions import Actions
from poseapp.ui.panels import pieces
from poseapp.ui.tables.project_grid import ProjectGrid
from poseapp.ui.tables.rows import Row

_WAYS = (
    ("new", "film", "New project from video", "Or a folder of pictures"),
    ("open", "folder-open", "Open a project", "A .pose folder"),
    ("import", "file-input", "Import from another tool", "SLEAP, DeepLabCut, COCO and more"),
    ("demo", "play", "Try the demo", "A made-up walker, ready to label"),
)


class Way(QWidget):
    """A large button: icon, what it does, what it takes, its key."""

    chosen = Signal()

    def __init__(self, icon: str, title: str, detail: str, caps: str, *, primary: bool) -> None:
        super().__init__()
        self._icon, self._title, self._detail, self._caps = icon, title, detail, caps
        self._primary = primary
        self._over = False
        self.setFixedHeight(60)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{title}. {detail}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        return QSize(300, 60)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(theme.color("accent"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("raised" if self._over or self._primary else "panel"))
        painter.drawRoundedRect(box, 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("fill" if self._primary else "raised"))
        painter.drawRoundedRect(QRectF(12, 12, 36, 36), 6, 6)
        role = "onFill" if self._primary else "text2"
        scale = self.devicePixelRatioF()
        painter.drawPixmap(21, 21, icons.pixmap(self._icon, 18, role, scale))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font("strong"))
        painter.setPen(theme.color("text"))
        painter.drawText(QRectF(62, 11, self.width() - 72, 20), left, self._title)
        painter.setFont(theme.font("small"))
        painter.setPen(theme.color("text2"))
        painter.drawText(QRectF(62, 30, self.width() - 72, 18), left, self._detail)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.color("text3"))
        painter.drawText(QRectF(0, 11, self.width() - 12, 20), right, self._caps)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._over = True
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._over = False
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)


class DropZone(QFrame):
    """Says that the whole window takes files."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(112)
        self._sign = QLabel()
        words = pieces.column(
            None,
            pieces.text("Drop a video or a project of another tool anywhere", "strong"),
            pieces.text(
                "You will see what was understood before anything is written.", "small", "text2"
            ),
            None,
            spacing=2,
        )
        self.setLayout(pieces.row(None, self._sign, words, None, spacing=20))
        self._renew()
        theme.notifier.changed.connect(self._renew)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("line2"), 1, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 12, 12)

    def _renew(self) -> None:
        self._sign.setPixmap(icons.pixmap("upload", 24, "text2", self.devicePixelRatioF()))


class StartPage(QWidget):
    """Ways in at the left, recent projects at the right."""

    way_chosen = Signal(str)
    """"new", "open", "import" or "demo"."""
    project_chosen = Signal(object)

    def __init__(self, actions: Actions, version: str) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._logo = QLabel()
        self._version = version
        self._ways = [self._way(actions, *way) for way in _WAYS]
        self._find = QLineEdit()
        self._find.setPlaceholderText("Find a project")
        self._find.setAccessibleName("Find a project")
        self._find.setFixedWidth(220)
        self._find.setClearButtonEnabled(True)
        self._find.textChanged.connect(self._filter)
        self._grid = ProjectGrid()
        self._grid.chosen.connect(self.project_chosen)
        self._none = pieces.text("Projects you open will be here.", "body", "text2", wrap=True)
        self._rows: tuple[Row, ...] = ()
        self._build(actions)
        self._renew()
        theme.notifier.changed.connect(self._renew)

    def show_recent(self, rows: Sequence[Row]) -> None:
        """Rows keyed by the path of the project."""
        self._rows = tuple(rows)
        self._find.setVisible(len(rows) > 3)
        self._filter(self._find.text())

    def _way(self, actions: Actions, key: str, icon: str, title: str, detail: str) -> Way:
        caps = "" if key == "demo" else actions.caps(key)
        way = Way(icon, title, detail, caps, primary=key == "new")
        way.chosen.connect(lambda: self.way_chosen.emit(key))
        return way

    def _build(self, actions: Actions) -> None:
        brand = pieces.row(self._logo, pieces.text("poseapp", "title"), None, spacing=10)
        brand.setContentsMargins(12, 0, 0, 0)
        slogan = pieces.text("Label the few frames that teach the most.", "body", "text2")
        slogan.setContentsMargins(12, 0, 0, 0)
        left = pieces.column(
            brand, 8, slogan, 16, *self._ways, None,
            pieces.row(
                pieces.text(f"Version {self._version}", "small", "text3"), None,
                pieces.text(f"{actions.caps('show_shortcuts')} shortcuts", "small", "text3"),
            ),
            spacing=4, margins=(24, 28, 24, 20),
        )  # fmt: skip
        side = pieces.surface("panel", left)
        side.setFixedWidth(360)
        divider = QFrame()
        divider.setProperty("surface", "window")
        divider.setFixedWidth(1)
        head = pieces.row(pieces.text("Recent", "head"), None, self._find)
        right = pieces.column(
            head, 16, self._none, self._grid, 16, DropZone(), margins=(48, 28, 48, 28)
        )
        right.setStretchFactor(self._grid, 1)
        self.setLayout(pieces.row(side, divider, right, spacing=0))

    def _filter(self, words: str) -> None:
        wanted = words.casefold()
        rows = [row for row in self._rows if wanted in f"{row.title} {row.right}".casefold()]
        self._grid.set_rows(rows)
        self._none.setVisible(not self._rows)

    def _renew(self) -> None:
        self._logo.setPixmap(icons.logo(28, self.devicePixelRatioF()))
