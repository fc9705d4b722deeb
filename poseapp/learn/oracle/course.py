"""A course: the record of a finished trial, and the folder where it is kept."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from poseapp.learn.oracle.trial import Turn


@dataclass(frozen=True, slots=True)
class Course:
    """One selector with one seed; the lists have an entry for each number of labels."""

    dataset: str
    selector: str
    seed: int
    labels: list[int]
    error_px: list[float]
    """Mean over the held-out keypoints."""
    error_median_px: list[float]
    error_p95_px: list[float]
    pck: list[float]
    """At a fifth of the body's box."""
    pck_torso: list[float] | None
    """At a fifth of the torso."""
    picked: list[list[list[int]]]
    """[video, frame] of every frame of every round."""
    picked_by: list[str]
    """The selector that really picked, round by round: a stand-in where the asked one could not."""

    @classmethod
    def of(cls, dataset: str, selector: str, seed: int, turns: Sequence[Turn]) -> Course:
        scores = [turn.scores for turn in turns]
        torso = [s.pck_torso for s in scores if s.pck_torso is not None]
        rounds = [turn.picked for turn in turns if turn.picked]
        return cls(
            dataset,
            selector,
            seed,
            [turn.labels for turn in turns],
            [s.error_px for s in scores],
            [s.error_median_px for s in scores],
            [s.error_p95_px for s in scores],
            [s.pck for s in scores],
            torso or None,
            [[[s.frame.video, s.frame.frame] for s in picked] for picked in rounds],
            [picked[0].selector for picked in rounds],
        )


class Kept:
    """Finished courses, one file each, found again by everything that decided them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, name: str, facts: Mapping[str, Any]) -> Course | None:
        """The course that was kept under these facts."""
        file = self._file(name, facts)
        if not file.exists():
            return None
        return Course(**json.loads(file.read_text(encoding="utf-8"))["course"])

    def keep(self, name: str, facts: Mapping[str, Any], course: Course) -> None:
        """Write it beside its facts, whole or not at all."""
        self._write(self._file(name, facts), {"facts": facts, "course": asdict(course)})

    def take_back(self, curves: Iterable[Mapping[str, Any]]) -> None:
        """Keep what is missing of the courses that `told` wrote into a document."""
        for curve in curves:
            course = {key: value for key, value in curve.items() if key != _TRIAL}
            file = self._folder / f"{curve.get(_TRIAL)}.json"
            if _TRIAL in curve and not file.exists():
                self._write(file, {"course": course})

    def _write(self, file: Path, document: Mapping[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix="draft-") as scratch:
            draft = Path(scratch) / "course.json"
            draft.write_text(json.dumps(document, indent=1), encoding="utf-8")
            draft.replace(file)

    def _file(self, name: str, facts: Mapping[str, Any]) -> Path:
        return self._folder / f"{_trial(name, facts)}.json"


_TRIAL = "trial"


def told(name: str, facts: Mapping[str, Any], course: Course) -> dict[str, Any]:
    """A course as plain JSON, with what it is found by, so that `Kept.take_back` can use it."""
    return {_TRIAL: _trial(name, facts)} | asdict(course)


def _trial(name: str, facts: Mapping[str, Any]) -> str:
    return f"{name}-{digest(facts)}"


def digest(facts: Mapping[str, Any]) -> str:
    """Equal exactly when the facts are; they must be plain JSON."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
