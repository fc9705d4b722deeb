"""The frame of the program: one row on top, one workspace in the middle, jobs at the bottom."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QToolBar, QVBoxLayout, QWidget

from poseapp.app.settings import Settings
from poseapp.ui import icons, theme
from poseapp.ui.actions import Actions
from poseapp.ui.panels import pieces
from poseapp.ui.panels.job_strip import JobStrip
from poseapp.ui.panels.top_bar import TopBar
from poseapp.ui.shortcuts import Where
from poseapp.ui.widgets.banner import Banner
from poseapp.ui.widgets.toast import Toast

MINIMUM = QSize(1100, 700)
FIRST_SIZE = QSize(1440, 900)


class MainWindow(QMainWindow):
    """Shows pages and messages, and says what was dropped on it; it decides nothing."""

    dropped = Signal(object)
    """list[Path] of the files and folders that were dropped."""
    close_wanted = Signal()
    page_changed = Signal(int)

    def __init__(self, actions: Actions, settings: Settings) -> None:
        super().__init__()
        self._actions = actions
        self._settings = settings
        self.setWindowTitle("poseapp")
        self.setMinimumSize(MINIMUM)
        self.setAcceptDrops(True)
        self.top = TopBar(actions)
        self.jobs = JobStrip()
        self._pages = QStackedWidget()
        self._banners = QVBoxLayout()
        self._banners.setSpacing(1)
        self._shown_banners: dict[str, Banner] = {}
        self._position = pieces.text("", "small", "text2")
        self._saved = pieces.text("", "small", "text2")
        self._tick = pieces.text()
        self._toast = Toast(self)
        self._build()
        actions.listen_on(Where.WINDOW, self)
        self._restore()

    # -- pages -------------------------------------------------------------------------------

    def set_pages(self, pages: list[QWidget]) -> None:
        """Replace what the middle shows; the first page comes to the front."""
        while self._pages.count():
            old = self._pages.widget(0)
            if old is None:
                break
            self._pages.removeWidget(old)
            if old not in pages:
                old.deleteLater()
        for page in pages:
            self._pages.addWidget(page)
        self.show_page(0)
        pages[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def show_page(self, index: int) -> None:
        """Bring a workspace to the front."""
        self._pages.setCurrentIndex(index)
        self.top.mark_workspace(index)
        self.page_changed.emit(index)

    @property
    def page(self) -> QWidget | None:
        """What is in front."""
        return self._pages.currentWidget()

    # -- messages ----------------------------------------------------------------------------

    def toast(
        self, words: str, icon: str = "", button: str = "", action: Callable[[], None] | None = None
    ) -> None:
        """Say something for some seconds, with one thing to do about it."""
        self._toast.show_message(words, icon=icon, action=button, callback=action)

    def banner(
        self,
        key: str,
        tone: str,
        title: str,
        detail: str = "",
        buttons: tuple[tuple[str, Callable[[], None]], ...] = (),
    ) -> None:
        """Show a banner above the middle until it is closed; one for each key."""
        self.drop_banner(key)
        made = Banner(tone, title, detail)
        for words, action in buttons:
            made.add_action(words, action)
        made.closed.connect(lambda: self.drop_banner(key))
        self._shown_banners[key] = made
        self._banners.addWidget(made)

    def drop_banner(self, key: str) -> None:
        """Take a banner away, if it is there."""
        if old := self._shown_banners.pop(key, None):
            old.hide()
            old.deleteLater()

    def drop_banners(self) -> None:
        """Take all banners away."""
        for key in tuple(self._shown_banners):
            self.drop_banner(key)

    def show_position(self, words: str) -> None:
        """Where the mouse is on the picture."""
        self._position.setText(words)

    def show_saved(self, words: str) -> None:
        """What is at the right end of the status bar; an empty text hides it."""
        self._saved.setText(words)
        self._tick.setVisible(bool(words))

    # -- window ------------------------------------------------------------------------------

    def keep_state(self) -> None:
        """Remember place and size."""
        geometry = base64.b64encode(self.saveGeometry().data()).decode()
        self._settings.set("window", {"geometry": geometry})

    def closeEvent(self, event: QCloseEvent) -> None:
        self.close_wanted.emit()
        super().closeEvent(event)
        self.keep_state()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._toast.place()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.WindowStateChange:
            self._actions["full_screen"].setChecked(self.isFullScreen())
        super().changeEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.dropped.emit(paths)

    def _build(self) -> None:
        bar = QToolBar("Top")
        bar.setObjectName("top")
        bar.setMovable(False)
        bar.setFloatable(False)
        bar.toggleViewAction().setVisible(False)
        bar.addWidget(self.top)
        self.addToolBar(bar)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(self._banners)
        layout.addWidget(self._pages, 1)
        self.setCentralWidget(middle)
        status = self.statusBar()
        status.setSizeGripEnabled(False)
        status.setFixedHeight(theme.height("statusBar"))
        status.setContentsMargins(0, 0, 12, 0)
        status.addWidget(self.jobs, 1)
        for widget in (self._position, self._tick, self._saved):
            status.addPermanentWidget(widget)
        self._paint_tick()
        theme.notifier.changed.connect(self._paint_tick)
        self.show_saved("")

    def _paint_tick(self) -> None:
        self._tick.setPixmap(icons.pixmap("check", 14, "good", self.devicePixelRatioF()))

    def _restore(self) -> None:
        kept = self._settings.get("window", {}).get("geometry")
        if not kept or not self.restoreGeometry(QByteArray.fromBase64(kept.encode())):
            screen = self.screen().availableSize()
            self.resize(FIRST_SIZE.boundedTo(screen).expandedTo(MINIMUM))
