import pytest

from poseapp.domain.report import PartOfReport, SilentReport


class Kept(SilentReport):
    def __init__(self):
        self.seen = []

    def progress(self, done, text=""):
        self.seen.append((done, text))

    def metrics(self, **values):
        self.seen.append(values)

    def send(self, value):
        self.seen.append(value)

    def note(self, text):
        self.seen.append(text)


def test_a_part_fills_its_share_of_the_whole():
    kept = Kept()
    part = PartOfReport(kept, 0.2, 0.6, "centroid net")
    part.progress(0.0)
    part.progress(0.5, "step 3")
    part.progress(1.0, "step 9")
    assert [done for done, _ in kept.seen] == pytest.approx([0.2, 0.4, 0.6])
    assert [text for _, text in kept.seen] == [
        "centroid net",
        "centroid net: step 3",
        "centroid net: step 9",
    ]


def test_a_part_passes_everything_else_on():
    kept = Kept()
    part = PartOfReport(kept, 0.0, 0.5)
    part.metrics(loss=1.0)
    part.send("some")
    part.note("slow")
    part.progress(1.0, "alone")
    assert kept.seen == [{"loss": 1.0}, "some", "slow", (0.5, "alone")]
