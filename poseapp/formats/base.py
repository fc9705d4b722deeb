"""What the formats share: the result of an import, the face of a format, and what is not believed.

Files come from strangers. Whatever is wrong with one ends as a FormatError with a sentence; no
path in it is ever written to, and nothing in it is ever unpickled.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from poseapp.domain.errors import FormatError, PoseAppError
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.labels import LabelSet
from poseapp.domain.prediction import PredictionSet
from poseapp.domain.skeleton import Skeleton

ReadPicture = Callable[[FrameRef], NDArray[np.uint8]]
"""Gives the (H, W, 3) BGR picture of a frame; raises VideoUnreadableError where it cannot."""

MANIFEST = "manifest.json"
"""Stands in every exported folder, and beside an exported file as `<file>.manifest.json`."""

_FARTHEST_PX = 1e6
_LAST_FRAME = 2**31 - 1
_MOST_NAMED = 5
_LONGEST_NAME = 60
_LONGEST_SENTENCE = 600
"""Sentences quote names from the file, which may be of any length."""

_DAMAGE = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    csv.Error,
    yaml.YAMLError,
)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where an export gets its pictures from."""

    read: ReadPicture
    passing: Callable[[], None] = lambda: None
    """Called before each picture, also one that is copied as a file; here an export may stop."""

    def __call__(self, frame: FrameRef) -> NDArray[np.uint8]:
        self.passing()
        return self.read(frame)


@dataclass(frozen=True, slots=True)
class PackedPictures:
    """Pictures that stand inside the imported file, for a video whose own file is gone.

    The video's path is a folder that does not exist yet; `sleap_pictures.unpack` fills one.
    """

    video: VideoId
    file: Path
    dataset: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a foreign file holds.

    Videos whose file was not found keep the path that was recorded, and have a note.
    """

    labels: LabelSet
    predictions: tuple[PredictionSet, ...] = ()
    notes: tuple[str, ...] = ()
    """What was repaired, guessed, or could not be taken over: sentences for a person."""
    suggested: tuple[FrameRef, ...] = ()
    """Frames that the other program had picked for labelling."""
    packed: tuple[PackedPictures, ...] = ()


@dataclass(frozen=True, slots=True)
class Fitted:
    """Labels cut to what a format can hold: exactly what its file must give back when read."""

    labels: LabelSet
    notes: tuple[str, ...]
    """What was lost in the cutting."""
    original: LabelSet
    source: Mapping[FrameRef, FrameRef] = field(default_factory=dict)
    """The frame of `original` that a frame of `labels` shows; frames not named are the same."""


@dataclass(frozen=True, slots=True)
class Format:
    """One foreign format, as the registry knows it."""

    title: str
    read: Callable[[Path], Imported]
    fit: Callable[[LabelSet], Fitted]
    save: Callable[[Fitted, Path, Path, Pictures | None], tuple[str, ...]]
    """(fitted, where to write, where it will stand, pictures) -> notes"""
    is_folder: Callable[[Path], bool]
    """Whether an export to this path is a folder."""
    suffix: str
    """What a file or folder of it is usually called at the end."""


@contextmanager
def reading(path: Path, what: str) -> Iterator[None]:
    """Turns every way in which a foreign file can be damaged into a FormatError with a sentence."""
    try:
        with np.errstate(invalid="raise", over="raise"):
            yield
    except PoseAppError as why:
        if len(str(why)) <= _LONGEST_SENTENCE:
            raise
        raise FormatError(f"{str(why)[:_LONGEST_SENTENCE]} … The file is damaged.") from why
    except FileNotFoundError as why:
        missing = why.filename or path
        raise FormatError(f"{missing} is not there. Choose where it is now.") from why
    except PermissionError as why:
        raise FormatError(f"{path} may not be read. Change its permissions, then retry.") from why
    except _DAMAGE as why:
        raise FormatError(
            f"{path.name} cannot be read as {what} ({_first_line(why)}). It is damaged or of "
            "another kind: export it again from the program that made it."
        ) from why


def read_json(text: str | bytes) -> Any:
    """JSON of a stranger: a number that is not finite or a level too deep is damage."""
    return json.loads(text, parse_constant=_no_constant)


def checked_points(points: NDArray[np.float64], where: str) -> NDArray[np.float64]:
    """The positions, NaN in both coordinates where one is missing.

    Raises:
        FormatError: when one cannot be a position in a picture.
    """
    if np.isinf(points).any() or (np.abs(points) > _FARTHEST_PX).any():
        raise FormatError(
            f"{where} holds a position that is in no picture (farther than a million pixels). "
            "The file is damaged, or its columns are mixed up."
        )
    return np.where(np.isnan(points).any(axis=-1, keepdims=True), np.nan, points)


def checked_scores(scores: NDArray[np.floating]) -> NDArray[np.float32]:
    """Confidences in 0..1, 0 where there is none."""
    return np.clip(np.nan_to_num(scores, nan=0.0), 0.0, 1.0).astype(np.float32)


def checked_frame(frame: Any) -> int:
    """A frame number.

    Raises:
        FormatError: when it is none.
    """
    number = int(frame)
    if number != frame or not 0 <= number <= _LAST_FRAME:
        raise FormatError(f"The file names a frame {frame}, which no video has. It is damaged.")
    return number


def texts(values: Any, what: str) -> tuple[str, ...]:
    """A list of texts.

    Raises:
        FormatError: when it is something else.
    """
    if not isinstance(values, list | tuple) or not all(isinstance(v, str) for v in values):
        raise FormatError(f"The file should list {what}, but holds something else there.")
    return tuple(values)


def run_of(path: Path) -> RunId:
    """The run that imported predictions belong to: the same file always gives the same one."""
    with path.open("rb") as file:
        return RunId(f"imported-{hashlib.file_digest(file, 'sha256').hexdigest()[:12]}")


def guessed_pairs(skeleton: Skeleton) -> list[str]:
    """A note on left/right pairs that were read from the names; none where there are none."""
    if not skeleton.pairs:
        return []
    names = skeleton.names
    pairs = listed([f"{names[a]} and {names[b]}" for a, b in skeleton.pairs])
    return [f"Left and right were read from the names: {pairs}. Check them in the skeleton."]


def listed(names: Sequence[str]) -> str:
    """The names, or the first of them and how many more."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(name[:_LONGEST_NAME] for name in names[:_MOST_NAMED]) + more


def count(number: int, thing: str, things: str | None = None) -> str:
    """`1 frame`, `3 frames`: for notes."""
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"


def _first_line(why: BaseException) -> str:
    text = str(why).strip() or type(why).__name__
    return text.splitlines()[0][:200]


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")
