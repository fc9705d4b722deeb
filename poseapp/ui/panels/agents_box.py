"""What the queue says of the agents: how far they are, and how much of the budget is used."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtWidgets import QProgressBar, QWidget

from poseapp.ui.panels import pieces


@dataclass(frozen=True, slots=True)
class AgentsView:
    """The agents in words and numbers."""

    sentence: str
    stand_in: str
    """Who picks until they can; empty where they do."""
    progress: float | None
    """0..1 while they learn."""
    labels: int
    """Made so far."""
    goal: int
    """Labels that there will be in the end."""


class AgentsBox(QWidget):
    """Stands over the card while the agents are the chosen selector."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = pieces.text("", "small", "text2", wrap=True)
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the agents")
        self._budget = pieces.text("", "caption", "text3")
        self.setLayout(
            pieces.column(self._sentence, self._bar, self._budget, spacing=4, margins=(0, 0, 0, 8))
        )

    def show_agents(self, agents: AgentsView) -> None:
        stand_in = f"Until then {agents.stand_in} picks." if agents.stand_in else ""
        self._sentence.setText(" ".join(part for part in (agents.sentence, stand_in) if part))
        self._bar.setVisible(agents.progress is not None)
        self._bar.setValue(round(1000 * (agents.progress or 0.0)))
        self._budget.setText(f"Budget: {agents.labels:,} of {agents.goal:,} labels made")
