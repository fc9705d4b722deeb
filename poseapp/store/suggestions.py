"""Suggestions: what the selectors picked. They are added and answered, never replaced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import FrameRef, SuggestionId, VideoId
from poseapp.domain.suggestion import Answer, Reason, Suggestion
from poseapp.store.codec import from_json, to_json
from poseapp.store.database import Database, Row
from poseapp.store.videos import IN_THE_PROJECT

_COLUMNS = "id, video, frame, round, score, selector, reasons, answer"
_TURN = "waits, newest, best, id"
_FORWARDS = f"({_TURN}) > (?, ?, ?, ?) AND {IN_THE_PROJECT} ORDER BY {_TURN} LIMIT 1"
_BACKWARDS = (
    f"({_TURN}) < (?, ?, ?, ?) AND {IN_THE_PROJECT} "
    "ORDER BY waits DESC, newest DESC, best DESC, id DESC LIMIT 1"
)
_BEFORE_ALL, _AFTER_ALL = (-1, 0, 0, 0), (2, 0, 0, 0)


class SuggestionTable:
    """The queue: the newest round first, in it the highest score, what was skipped at the end."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, suggestions: Iterable[Suggestion]) -> tuple[SuggestionId, ...]:
        """Append suggestions; one that has a number comes back under it."""
        with self._database.atomic():
            return tuple(self._add(suggestion) for suggestion in suggestions)

    def remove(self, suggestions: Iterable[SuggestionId]) -> tuple[Suggestion, ...]:
        """Take back what `add` stored."""
        with self._database.atomic():
            removed = tuple(self.get(suggestion) for suggestion in suggestions)
            self._database.change_many(
                "DELETE FROM suggestions WHERE id = ?", [(gone.id,) for gone in removed]
            )
        return removed

    def answer(self, suggestion: SuggestionId, answer: Answer) -> Answer:
        """Note what the person did and return what was noted before."""
        before = self.get(suggestion).answer
        self._database.change(
            "UPDATE suggestions SET answer = ? WHERE id = ?", (answer.value, suggestion)
        )
        return before

    def get(self, suggestion: SuggestionId) -> Suggestion:
        """One suggestion.

        Raises:
            ProjectError: when it was taken back.
        """
        found = self._read("id = ?", (suggestion,))
        if not found:
            raise ProjectError("This suggestion is not in the project any more. Choose another.")
        return found[0]

    def all(self, video: VideoId | None = None) -> tuple[Suggestion, ...]:
        """Every suggestion, or those of one video, in the order in which they were made."""
        if video is None:
            return self._read(f"{IN_THE_PROJECT} ORDER BY id")
        return self._read("video = ? ORDER BY id", (video,))

    def at(self, frame: FrameRef) -> tuple[Suggestion, ...]:
        """The suggestions of a frame, the newest last."""
        return self._read("video = ? AND frame = ? ORDER BY id", (frame.video, frame.frame))

    def open(self, limit: int = -1) -> tuple[Suggestion, ...]:
        """What waits for an answer, in the order of the queue."""
        return self._read(f"waits >= 0 AND {IN_THE_PROJECT} ORDER BY {_TURN} LIMIT ?", (limit,))

    def count_open(self) -> int:
        """How many wait for an answer."""
        counted = f"SELECT COUNT(*) FROM suggestions WHERE waits >= 0 AND {IN_THE_PROJECT}"
        return self._database.value(counted)

    def waiting(self, suggestion: SuggestionId | None) -> Suggestion | None:
        """This suggestion, if it still waits for an answer."""
        found = self._read(f"id = ? AND waits >= 0 AND {IN_THE_PROJECT}", (suggestion,))
        return found[0] if found else None

    def beside(self, suggestion: SuggestionId, *, backwards: bool = False) -> Suggestion | None:
        """The waiting one after (or before) this one; from the end it goes on at the other end."""
        turn = self._database.row(f"SELECT {_TURN} FROM suggestions WHERE id = ?", (suggestion,))
        step, restart = (_BACKWARDS, _AFTER_ALL) if backwards else (_FORWARDS, _BEFORE_ALL)
        found = (turn and self._read(step, turn)) or self._read(step, restart)
        return found[0] if found else None

    def frames(self, video: VideoId) -> tuple[NDArray[np.int64], tuple[Answer, ...]]:
        """The suggested frames of a video in ascending order, and what was answered to each."""
        rows = self._database.rows(
            "SELECT frame, answer FROM suggestions WHERE video = ? ORDER BY frame, id", (video,)
        )
        with self._database.sound():
            return np.array([row[0] for row in rows], np.int64), tuple(
                Answer(row[1]) for row in rows
            )

    def last_round(self) -> int:
        """The number of the newest round; 0 when nothing was suggested yet."""
        return self._database.value("SELECT max(round) FROM suggestions") or 0

    def progress(self, round_: int) -> tuple[int, int]:
        """How many suggestions of a round are answered, and how many there are."""
        waiting, total = self._database.rows(
            f"SELECT count(waits), count(*) FROM suggestions WHERE round = ? AND {IN_THE_PROJECT}",
            (round_,),
        )[0]
        return total - waiting, total

    def _add(self, suggestion: Suggestion) -> SuggestionId:
        return SuggestionId(
            self._database.insert(
                f"INSERT INTO suggestions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    suggestion.id,
                    suggestion.frame.video,
                    suggestion.frame.frame,
                    suggestion.round,
                    suggestion.score,
                    suggestion.selector,
                    to_json(suggestion.reasons),
                    suggestion.answer.value,
                ),
            )
        )

    def _read(self, which: str, values: Sequence[Any] = ()) -> tuple[Suggestion, ...]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM suggestions WHERE {which}", values)
        with self._database.sound():
            return tuple(_suggestion(row) for row in rows)


@lru_cache(maxsize=20_000)
def _reasons(text: str) -> tuple[Reason, ...]:
    """A list of the whole queue is asked for again after every answer."""
    return from_json(tuple[Reason, ...], text)


def _suggestion(row: Row) -> Suggestion:
    number, video, frame, round_, score, selector, reasons, answer = row
    return Suggestion(
        FrameRef(VideoId(video), frame),
        score,
        _reasons(reasons),
        selector,
        round_,
        Answer(answer),
        SuggestionId(number),
    )
