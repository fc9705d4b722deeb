"""The panel that says whether labelling is worth it, and what asks for its numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from poseapp.app.changes import Changes
from poseapp.domain.ids import FrameRef, VideoId
from poseapp.ui.panels.curves import Curve, CurvePlot
from poseapp.ui.panels.worth_panel import WorthPanel
from poseapp.ui.widgets.range_bar import RangeBar
from poseapp.ui.workspaces.worth_control import WorthControl, curves, worth_view
from tests.fixtures.worths import FOUND, GAIN, NETS


@dataclass
class FakeWeighing:
    """Answers when the test says so."""

    labels: int = 90
    missing: str = ""
    newest: object = None
    problem: str = ""
    job: object = None
    nets: tuple = NETS
    asked: list = field(default_factory=list)

    def not_yet(self):
        return self.missing

    def measure(self, more, then):
        self.asked.append((more, then))
        self.job, self.problem = object(), ""

    def stop(self):
        self.job = None
        self.asked[-1][1]()

    def answer(self, found=None, problem=""):
        self.newest, self.problem, self.job = found or self.newest, problem, None
        self.asked[-1][1]()


class FakeQueue:
    said = None

    def show_worth(self, *said):
        self.said = said


@pytest.fixture
def shown(qtbot, session):
    weighing, panel, queue = FakeWeighing(), WorthPanel(), FakeQueue()
    qtbot.addWidget(panel)
    panel.resize(312, 700)
    control = WorthControl(session, weighing, lambda watcher: None, panel, queue)
    return weighing, panel, queue, control


def test_labels_are_replayed_once_somebody_looks(shown):
    weighing, panel, queue, control = shown
    control.changed(Changes(runs=True))
    assert weighing.asked == []
    panel.show()
    assert weighing.asked[0][0] == 20
    assert panel._pages.currentIndex() == 0
    weighing.answer(FOUND)
    assert panel._pages.currentIndex() == 1
    assert [value.text() for _, value, _ in panel._figures] == ["8.0 px", "20", "0.80 px"]
    assert panel._title.text() == "Not yet, keep labelling"
    assert queue.said == ("Yes", "good", "20 more labels: about 0.80 px better (0.40 to 1.6)")
    panel.hide()
    panel.show()
    assert len(weighing.asked) == 1


def test_new_labels_are_replayed_while_the_old_answer_stays(shown):
    weighing, panel, _, control = shown
    panel.show()
    weighing.answer(FOUND)
    weighing.labels = 95
    control.changed(Changes(frames=frozenset({FrameRef(VideoId(1), 0)})))
    assert len(weighing.asked) == 2
    assert panel._pages.currentIndex() == 1
    assert panel._stale.text() == "Replaying your labels"
    weighing.answer(problem="They lie too close to each other.")
    assert panel._stale.text() == "Measured at 90 labelled frames; now there are 95."
    assert panel._again.isVisible()


def test_what_is_missing_is_said(shown):
    weighing, panel, _, _ = shown
    weighing.missing = "8 more labelled frames."
    panel.show()
    assert weighing.asked == []
    assert panel._empty.accessibleName() == "Too early to tell. 8 more labelled frames."


def test_a_replay_that_failed_or_was_stopped_can_be_tried_again(shown):
    weighing, panel, _, _ = shown
    panel.show()
    weighing.answer(problem="They lie too close to each other.")
    assert "too close" in panel._empty.accessibleName()
    panel.measure_wanted.emit()
    assert len(weighing.asked) == 2
    panel.stop_wanted.emit()
    assert "was stopped" in panel._empty.accessibleName()


def test_the_stop_sign_is_shown_in_words(shown):
    weighing, panel, queue, _ = shown
    panel.show()
    weighing.answer(replace(FOUND, gain=replace(GAIN, noticed_from=0.5), notes=("Imported.",)))
    assert panel._title.text() == "More will hardly help"
    assert panel._least.text() == "stop below 4.0 px"
    assert panel._notes.text() == "Imported."
    assert queue.said[0] == "Hardly"


def test_chance_is_dashed_and_nets_are_marks():
    chance, yours, nets = curves(FOUND, NETS)
    assert (chance.dashed, yours.dashed, nets.marks) == (True, False, True)
    assert yours.band == (FOUND.yours.low_px, FOUND.yours.high_px)
    assert (nets.x, nets.y) == ([40, 80], [8.0, 4.0])
    assert [c.name for c in curves(replace(FOUND, yours=None), ())] == ["by chance"]
    assert worth_view(FOUND, NETS, 90).stale == ""


def test_a_band_is_painted_around_its_line(qtbot):
    plot = CurvePlot("Error", "px", along="labels", narrow=True)
    qtbot.addWidget(plot)
    plot.resize(300, 260)
    line = Curve("yours", "accent", (1, 2, 3), (5.0, 5.0, 5.0))
    plot.show_curves([line])
    plot.show()
    plain = plot.grab().toImage()
    plot.show_curves([replace(line, band=((2.0, 2.0, 2.0), (8.0, 8.0, 8.0)))])
    assert plot.grab().toImage() != plain
    low, high = plot._items[0]._ends
    assert (list(low.yData), list(high.yData)) == ([2.0] * 3, [8.0] * 3)


def test_a_range_keeps_its_numbers_in_order(qtbot):
    bar = RangeBar()
    qtbot.addWidget(bar)
    bar.resize(200, 16)
    bar.set_range(0.3, 0.1, 0.5, 0.2)
    places = [bar._at(value) for value in (0.0, 0.1, 0.2, 0.3, 0.5)]
    assert places == sorted(places)
    assert places[-1] < 200
    bar.set_range(0.0, 0.0, 0.0, 0.0)
    assert bar._at(0.0) < 10
