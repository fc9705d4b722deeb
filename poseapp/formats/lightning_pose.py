"""Lightning Pose: tables of labels in CSV, one for each view, beside `labeled-data/<video>/*.png`.

Positions are pixels with (0, 0) in the centre of the top-left pixel, as in DeepLabCut, whose
labelling tools make these tables; they are taken over as they stand.

An optional third number of each keypoint, `visible`, is 2 for visible, 1 for hidden and 0 for not
labelled (Lightning Pose 2.4 and later). It is written when a label is hidden, so that older
versions can read everything else. The format holds one animal in each frame, no tracks, no bones
and no empty frames. Tables with `likelihood` are predictions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from poseapp.domain.errors import ExportError, FormatError
from poseapp.domain.labels import LabelSet, most_instances_per_frame
from poseapp.domain.pose import Visibility
from poseapp.formats import atomic
from poseapp.formats.base import Fitted, Format, Imported, Pictures, reading
from poseapp.formats.cutting import (
    without_bones,
    without_empty_bodies,
    without_empty_frames,
    without_pairs,
    without_parts,
    without_tracks,
)
from poseapp.formats.keypoint_table import Column, KeypointTable, write_csv
from poseapp.formats.pictures import WITHOUT_PICTURES, as_picture_folders, write_pictures
from poseapp.formats.table_import import Hints, import_tables, read_table

_SCORER = "poseapp"
_TABLE = "CollectedData.csv"


def read(path: Path) -> Imported:
    """Read one table, or all tables of labels in a folder: its views.

    Raises:
        FormatError: when the path holds no such table, or a damaged one.
    """
    with reading(path, "Lightning Pose labels"):
        files = label_tables(path) if path.is_dir() else (path,)
        if not files:
            raise FormatError(
                f"{path} holds no table of labels. Choose the folder that CollectedData.csv is in, "
                "or the CSV file itself."
            )
        name = path.name if path.is_dir() else path.parent.name
        return import_tables(files, Hints(name or "imported"))


def label_tables(folder: Path) -> tuple[Path, ...]:
    """The CSV files of a folder that are tables of labels; other CSV files are passed over."""
    found = []
    for file in sorted(folder.glob("*.csv")):
        try:
            if read_table(file).likelihood is None:
                found.append(file)
        except (FormatError, ValueError):  # a table of something else
            if file.stem.startswith("CollectedData"):
                raise
    return tuple(found)


def fit(labels: LabelSet) -> Fitted:
    """What Lightning Pose can hold of these labels.

    Raises:
        ExportError: when a frame shows several animals.
    """
    notes: list[str] = []
    labels = without_empty_frames(without_empty_bodies(labels, notes), notes)
    labels = without_pairs(without_parts(labels, notes), notes)
    labels = without_bones(without_tracks(labels, notes), notes)
    if most_instances_per_frame(labels.instances) > 1:
        raise ExportError(
            "Lightning Pose holds one animal in each frame, but some frames have several. Export "
            "to SLEAP, DeepLabCut or COCO, or choose frames with one animal."
        )
    if (labels.visibility() == Visibility.OCCLUDED).any():
        notes.append("Hidden keypoints are in the column visible: needs Lightning Pose 2.4.")
    return as_picture_folders(labels, notes)


def save(fitted: Fitted, target: Path, out: Path, pictures: Pictures | None) -> tuple[str, ...]:
    """Write a table alone, or a folder with the table and the pictures."""
    content = write_csv(_table(fitted.labels))
    if not is_folder(out):
        atomic.write_bytes(target, content)
        return WITHOUT_PICTURES
    atomic.write_bytes(target / _TABLE, content)
    return write_pictures(fitted, target / "labeled-data", pictures)


def is_folder(out: Path) -> bool:
    """An export called `*.csv` is the table alone."""
    return out.suffix.lower() != ".csv"


def _table(labels: LabelSet) -> KeypointTable:
    hidden = bool((labels.visibility() == Visibility.OCCLUDED).any())
    coordinates = ("x", "y", "visible") if hidden else ("x", "y")
    numbers = labels.points()  # (n, k, 2)
    if hidden:
        seen = labels.visibility()[:, :, None].astype(np.float64)
        numbers = np.concatenate([numbers, seen], axis=2)
    return KeypointTable(
        tuple(Column(_SCORER, "", name, c) for name in labels.skeleton.names for c in coordinates),
        tuple(
            ("/".join(["labeled-data", video.name, video.images[i.frame.frame]]),)
            for i in labels.instances
            for video in [labels.video(i.frame.video)]
        ),
        numbers.reshape(len(labels.instances), -1),
    )


FORMAT = Format("Lightning Pose labels", read, fit, save, is_folder, "")
