"""What was understood of another tool's files, as lines a person checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from poseapp.domain.labels import LabelSet
from poseapp.domain.pose import Visibility
from poseapp.domain.video import VideoKind
from poseapp.ui import icons
from poseapp.ui.dialogs.skeleton_preview import shape_of
from poseapp.ui.panels import pieces

if TYPE_CHECKING:
    from poseapp.formats.base import Imported  # its readers are heavy: loaded when needed

_SIGNS = {
    "good": ("circle-check", "good"),
    "warning": ("triangle-alert", "warning"),
    "out": ("circle-minus", "text3"),
}
_WHAT_PX = 112
_MOST_NOTES = 8
_MOST_PAIRS = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One line; the tone is good, warning, or out for what is left out."""

    tone: str
    what: str
    sentence: str


class FindingList(QScrollArea):
    """The findings below each other, each with its sign."""

    def __init__(self) -> None:
        super().__init__()
        self._box = QVBoxLayout()
        self._box.setSpacing(0)
        self._box.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._box.setContentsMargins(0, 0, 12, 0)
        inner = pieces.surface("panel", self._box)
        self.setWidget(inner)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("What was found")

    def show_findings(self, lines: Sequence[Finding]) -> None:
        pieces.clear(self._box)
        for line in lines:
            self._box.addWidget(pieces.line())
            self._box.addWidget(self._line(line))

    def _line(self, finding: Finding) -> QWidget:
        sign = QLabel()
        drawing, role = _SIGNS[finding.tone]
        sign.setPixmap(icons.pixmap(drawing, 16, role, self.devicePixelRatioF()))
        sign.setFixedSize(16, 20)
        what = pieces.text(finding.what, "body", "text2")
        what.setFixedWidth(_WHAT_PX)
        sentence = pieces.text(finding.sentence, "body", wrap=True)
        layout = pieces.row(sign, what, spacing=12, margins=(0, 9, 0, 9))
        layout.addWidget(sentence, 1)
        for widget in (sign, what):
            layout.setAlignment(widget, Qt.AlignmentFlag.AlignTop)
        made = QWidget()
        made.setLayout(layout)
        return made


def findings(found: Imported, left_out: Sequence[str] = ()) -> list[Finding]:
    """What was understood, in the order a person asks for it; `left_out` at last."""
    labels = found.labels
    lines = [
        _videos(labels),
        Finding(
            "good",
            "Labels",
            f"{pieces.count(len(labels.frames), 'frame')}, "
            f"{pieces.count(len(labels.instances), 'body', 'bodies')}",
        ),
        Finding("good", "Skeleton", shape_of(labels.skeleton)),
        _sides(labels),
        _points(labels),
    ]
    if labels.tracks:
        names = ", ".join(track.name for track in labels.tracks[:4])
        more = f" and {len(labels.tracks) - 4} more" if len(labels.tracks) > 4 else ""
        lines.append(Finding("good", "Tracks", f"{names}{more}"))
    predicted = sum(len(part) for part in found.predictions)
    if predicted:
        lines.append(Finding("good", "Predictions", pieces.count(predicted, "body", "bodies")))
    lines += [Finding("warning", "Note", note) for note in found.notes[:_MOST_NOTES]]
    if len(found.notes) > _MOST_NOTES:
        more = pieces.count(len(found.notes) - _MOST_NOTES, "more note")
        lines.append(Finding("warning", "Note", f"{more}; all are shown after the import."))
    return lines + [Finding("out", "Left out", sentence) for sentence in left_out]


def _videos(labels: LabelSet) -> Finding:
    videos = labels.videos
    missing = [video for video in videos if not video.path.exists()]
    if missing:
        who = videos[0].name if len(videos) == 1 else f"{len(missing)} of {len(videos)}"
        verb = "is" if len(missing) == 1 else "are"
        return Finding(
            "warning",
            "Videos",
            f"{who} {verb} not where the file says. The labels come in; link the video later.",
        )
    if len(videos) != 1:
        names = ", ".join(video.name for video in videos[:3])
        more = f" and {len(videos) - 3} more" if len(videos) > 3 else ""
        return Finding("good", "Videos", f"{names}{more}" or "none")
    (video,) = videos
    if video.kind is VideoKind.IMAGES:
        return Finding("good", "Pictures", pieces.count(video.frame_count, "picture"))
    rate = f" at {video.fps:g} per second" if video.fps else ""
    frames = pieces.count(video.frame_count, "frame")
    return Finding("good", "Video", f"{video.name}, {frames}{rate}")


def _sides(labels: LabelSet) -> Finding:
    names, pairs = labels.skeleton.names, labels.skeleton.pairs
    if not pairs:
        return Finding("warning", "Left and right", "No pairs are known. Add them in the skeleton.")
    first = ", ".join(f"{names[a]} and {names[b]}" for a, b in pairs[:_MOST_PAIRS])
    more = f" and {len(pairs) - _MOST_PAIRS} more" if len(pairs) > _MOST_PAIRS else ""
    return Finding("good", "Left and right", f"{first}{more}")


def _points(labels: LabelSet) -> Finding:
    visibility = labels.visibility()
    counts = [
        int((visibility == seen).sum())
        for seen in (Visibility.VISIBLE, Visibility.OCCLUDED, Visibility.ABSENT)
    ]
    words = "{:,} visible, {:,} hidden, {:,} absent".format(*counts)
    return Finding("good", "Points", words)
