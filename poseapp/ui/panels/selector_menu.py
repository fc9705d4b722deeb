"""The menu in which a person chooses who picks frames, how many at a time, and how many in all."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QBoxLayout, QMenu, QSlider, QSpinBox, QWidget, QWidgetAction

from poseapp.learn.select.matal import Matal
from poseapp.ui.panels import pieces

MOST_AT_ONCE = 100
_STEP = 10
_LEAST_ROOM = 500
"""The slider reaches at least so many labels, and four times those there are."""
_TITLES = {
    "typiclust": "TypiClust",
    "kmeans": "k-means",
    "kcentre": "k-centre",
    "learning_loss_pp": "Learning loss++",
    "mcd_cke": "MCD-CKE",
    "egl_pp": "EGL++",
    "mpe": "Multi-peak entropy",
    "uncertain_gcn": "UncertainGCN",
    "core_gcn": "CoreGCN",
    "badge": "BADGE",
    "vatl4pose": "VATL4Pose",
    Matal.name: "Agents",
    "fsa": "FSA",
    "you": "You",
}


def selector_title(name: str) -> str:
    """What a selector is called on the screen."""
    return _TITLES.get(name, name.replace("_", " ").capitalize())


class SelectorMenu(QMenu):
    """Stays as it is while its numbers change, so that they can be dragged."""

    selector_chosen = Signal(str)
    count_chosen = Signal(int)
    goal_chosen = Signal(int)
    """Labels that there will be in the end."""

    def __init__(self, suggest: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setToolTipsVisible(True)
        self._suggest = suggest
        self._selectors: tuple[tuple[str, str], ...] = ()
        self._group = QActionGroup(self)
        self._count = QSpinBox()
        self._count.setRange(1, MOST_AT_ONCE)
        self._count.setAccessibleName("Frames at a time")
        self._count.valueChanged.connect(self.count_chosen)
        self._goal = QSlider(Qt.Orientation.Horizontal)
        self._goal.setAccessibleName("Labels in the end")
        self._goal.setMinimumWidth(200)
        self._goal.sliderMoved.connect(self._choose_goal)
        self._goal.actionTriggered.connect(self._choose_goal)  # by keys
        self._goal_words = pieces.text("", "small", "text2")
        self._made_words = pieces.text("", "caption", "text3")
        self._numbers = self._widget(
            pieces.row(pieces.text("Frames at a time", "body"), None, self._count, spacing=12)
        )
        self._budget = self._widget(
            pieces.column(
                pieces.row(pieces.text("Budget", "body"), None, self._goal_words),
                self._goal,
                self._made_words,
                spacing=4,
            )
        )

    def show_selectors(self, selectors: Sequence[tuple[str, str]], chosen: str) -> None:
        """List them as (name, sentence)."""
        if tuple(selectors) != self._selectors:
            self._selectors = tuple(selectors)
            self._list()
        for action in self._group.actions():
            action.setChecked(action.data() == chosen)
        self._budget.setVisible(chosen == Matal.name)

    def show_numbers(self, count: int, goal: int, labels: int) -> None:
        """How many frames at a time, and labels in the end where there are so many now."""
        self._count.setValue(count)
        first = labels // _STEP + 1
        self._goal.setRange(first, max(_LEAST_ROOM, 4 * labels) // _STEP)
        self._goal.setValue(goal // _STEP)
        self._goal_words.setText(pieces.count(_STEP * self._goal.value(), "label"))
        self._made_words.setText(f"{labels:,} made so far")

    def _choose_goal(self) -> None:
        goal = _STEP * self._goal.sliderPosition()
        self._goal_words.setText(pieces.count(goal, "label"))
        self.goal_chosen.emit(goal)

    def _list(self) -> None:
        for action in self._group.actions():
            self._group.removeAction(action)
        for action in self.actions():
            self.removeAction(action)
        for name, sentence in self._selectors:
            action = self.addAction(selector_title(name))
            action.setData(name)
            action.setCheckable(True)
            action.setToolTip(sentence)
            action.triggered.connect(self._chooser(name))
            self._group.addAction(action)
        self.addSeparator()
        self.addAction(self._numbers)
        self.addAction(self._budget)
        self.addSeparator()
        self.addAction(self._suggest)

    def _chooser(self, name: str) -> Callable[[], None]:
        return lambda: self.selector_chosen.emit(name)

    def _widget(self, layout: QBoxLayout) -> QWidgetAction:
        box = QWidget()
        layout.setContentsMargins(12, 6, 12, 6)
        box.setLayout(layout)
        made = QWidgetAction(self)
        made.setDefaultWidget(box)
        return made
