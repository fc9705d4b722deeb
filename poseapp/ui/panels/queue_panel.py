"""The right side: which frame is asked for, why, which keys answer it, and what comes next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import QWidget

from poseapp.domain.suggestion import Reason
from poseapp.ui import theme
from poseapp.ui.actions import Actions
from poseapp.ui.panels import pieces
from poseapp.ui.panels.agents_box import AgentsBox, AgentsView
from poseapp.ui.panels.selector_menu import SelectorMenu, selector_title
from poseapp.ui.shortcuts import BY_ID
from poseapp.ui.tables.delegates import RowDelegate, paint_picture
from poseapp.ui.tables.rows import Row, RowList
from poseapp.ui.widgets.chip import Chip
from poseapp.ui.widgets.dock_header import DockHeader
from poseapp.ui.widgets.empty_state import EmptyState
from poseapp.ui.widgets.keycap import Keycap
from poseapp.ui.widgets.score_bar import ScoreBar
from poseapp.ui.widgets.segmented_progress import SegmentedProgress

KEYS = ("accept", "skip", "reject", "cycle_visibility")
TONES = {
    "uncertainty": "warning",
    "novelty": "curve",
    "stands_for": "accent",
    "representative": "accent",
    "team": "text2",
    "jump": "danger",
}
_WORDS = {"stands_for": "Stands for", "representative": "Typical", "team": "Apart"}
_SMALL_PX = 640
_NARROW_PX = 300


@dataclass(frozen=True, slots=True)
class Card:
    """The suggestion in front of the person."""

    title: str
    detail: str
    reasons: tuple[Reason, ...]
    selector: str
    frame: int
    picture: QPixmap | None = None


class Picture(QWidget):
    """A thumbnail as wide as the card."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(112)
        self._picture: QPixmap | None = None

    def show_picture(self, picture: QPixmap | None) -> None:
        self._picture = picture
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 112)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        paint_picture(painter, QRect(0, 0, self.width(), self.height()), self._picture)


class QueuePanel(QWidget):
    """Draws the queue; the order card, keys, next is fixed and the keys never scroll away."""

    suggestion_chosen = Signal(object)

    def __init__(self, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._actions = actions
        self.header = DockHeader("Queue")
        self.menu = SelectorMenu(actions["suggest"], self)
        self._choice = pieces.choice_button(
            "Selector and number of frames", "Which selector picks, and how many frames"
        )
        self._choice.setMenu(self.menu)
        self.header.add_button(self._choice)
        self._progress = SegmentedProgress()
        self._agents = AgentsBox()
        self._agents.hide()
        self._card = self._make_card()
        self._keys = self._make_keys()
        self._next_title = pieces.text("Next", "small", "text3")
        self._rows = RowDelegate(theme.height("rowThumb"), (64, 40))
        self._list = RowList(self._rows, "Next suggestions")
        self._list.chosen.connect(self.suggestion_chosen)
        self._empty = EmptyState()
        self._worth = self._make_worth()
        self._build()
        self.show_empty("sparkles", "No frames are asked for", "", ())

    def show_progress(self, answered: int, total: int) -> None:
        """How many of this round are answered."""
        self.header.set_detail(f"{total - answered} of {total} left" if total else "")
        self._progress.set_progress(answered, total)
        self._progress.setVisible(total > 0)

    def show_card(self, card: Card, following: Sequence[Row]) -> None:
        """Show the current suggestion, and the next ones as rows keyed by suggestion."""
        self._empty.hide()
        for widget in (self._card, self._keys, self._next_title, self._list):
            widget.show()
        self._thumb.show_picture(card.picture)
        self._title.setText(card.title)
        self._detail.setText(card.detail)
        self._detail.setVisible(bool(card.detail))
        pieces.clear(self._bars)
        for reason in card.reasons:
            word = _WORDS.get(reason.kind, reason.kind.replace("_", " ").capitalize())
            bar = ScoreBar(word, reason.value, TONES.get(reason.kind, "text3"))
            bar.setToolTip(reason.text)
            self._bars.addWidget(bar)
        self._agent.set_text(card.selector)
        self._frame.set_text(f"frame {card.frame:,}")
        self._next_title.setVisible(bool(following))
        self._list.set_rows(following)

    def show_picture(self, picture: QPixmap) -> None:
        """Show the thumbnail of the current card once it was decoded."""
        self._thumb.show_picture(picture)

    def show_empty(
        self,
        icon: str,
        title: str,
        detail: str,
        buttons: Sequence[tuple[str, Callable[[], None], bool]],
    ) -> None:
        """Say why there is nothing to answer; buttons are (words, what they do, primary)."""
        for widget in (self._card, self._keys, self._next_title, self._list):
            widget.hide()
        self._empty.set_content(icon, title, detail)
        self._empty.set_actions(buttons)
        self._empty.show()

    def show_worth(self, answer: str, tone: str, sentence: str) -> None:
        """Say whether the next batch is worth it, in a word and a sentence."""
        self._worth_answer.setText(answer)
        pieces.set_role(self._worth_answer, tone)
        self._worth_sentence.setText(sentence)
        self._worth.show()

    def show_choice(self, selectors: Sequence[tuple[str, str]], chosen: str, number: int) -> None:
        """List the selectors as (name, sentence) with the chosen one, and how many to pick."""
        self.menu.show_selectors(selectors, chosen)
        self._choice.setText(f"{selector_title(chosen)}, {number}")

    def show_agents(self, agents: AgentsView | None) -> None:
        """Say how far the agents are; None where others pick."""
        self._agents.setVisible(agents is not None)
        if agents is not None:
            self._agents.show_agents(agents)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._rows.show_bars = self.width() >= _NARROW_PX
        self._thumb.setFixedHeight(76 if self.height() < _SMALL_PX else 112)

    def _make_card(self) -> QWidget:
        self._thumb = Picture()
        self._title = pieces.text("", "head", wrap=True)
        self._detail = pieces.text("", "body", "text2", wrap=True)
        self._bars = pieces.column(spacing=4)
        self._agent = Chip("", "accent", icon="sparkles")
        self._frame = Chip("", "neutral")
        return pieces.surface(
            "card",
            pieces.column(
                self._thumb,
                8,
                self._title,
                self._detail,
                4,
                self._bars,
                8,
                pieces.row(self._agent, self._frame, None),
                spacing=4,
                margins=(12, 12, 12, 12),
            ),
        )

    def _make_keys(self) -> QWidget:
        lines = []
        for number, command in enumerate(KEYS):
            cap = Keycap(self._actions.caps(command))
            cap_box = pieces.row(cap, None, spacing=0)
            words = pieces.text(BY_ID[command].text, "body", "text2" if number else "text")
            line = pieces.row(spacing=12)
            line.addLayout(cap_box, 0)
            cap_box.setContentsMargins(0, 0, max(0, 56 - cap.sizeHint().width()), 0)
            line.addWidget(words, 1)
            lines.append(line)
        box = QWidget()
        box.setLayout(pieces.column(*lines, spacing=8))
        return box

    def _make_worth(self) -> QWidget:
        self._worth_answer = pieces.text("", "small")
        self._worth_sentence = pieces.text("", "small", "text2", wrap=True)
        question = pieces.text("Is the next batch worth it?", "small", "text2")
        box = QWidget()
        words = pieces.column(
            pieces.row(question, None, self._worth_answer),
            self._worth_sentence,
            margins=(16, 8, 16, 12),
        )
        box.setLayout(pieces.column(pieces.line(), words))
        box.hide()
        return box

    def _build(self) -> None:
        inner = pieces.column(
            self._progress, 12, self._agents, self._card, 16, self._keys, 12, self._next_title, 4,
            margins=(16, 0, 16, 0),
        )  # fmt: skip
        layout = pieces.column(inner, self._list, self._empty, self._worth)
        layout.setStretchFactor(self._list, 1)
        layout.setStretchFactor(self._empty, 1)
        self.setLayout(layout)
