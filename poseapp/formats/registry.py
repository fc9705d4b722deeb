"""Every foreign format by name: guess it, read it, and write it whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from poseapp.domain.errors import ExportError, FormatError
from poseapp.domain.labels import LabelSet
from poseapp.formats import atomic, coco, dlc, lightning_pose, sleap
from poseapp.formats.base import MANIFEST, Format, Imported, Pictures, ReadPicture, listed
from poseapp.formats.comparison import differences

FORMATS: dict[str, Format] = {
    "sleap": sleap.FORMAT,
    "dlc": dlc.FORMAT,
    "lightning_pose": lightning_pose.FORMAT,
    "coco": coco.FORMAT,
}


def guess_format(path: Path) -> str:
    """The name of the format that the path most likely holds.

    Raises:
        FormatError: when it looks like none of them.
    """
    if not path.exists():
        raise FormatError(f"{path} is not there. Choose where it is now.")
    name = _of_folder(path) if path.is_dir() else _of_file(path)
    if name is None:
        raise FormatError(
            f"{path.name} is in no format that can be imported: SLEAP (.slp), DeepLabCut (a "
            "project's folder, .h5 or .csv), Lightning Pose (.csv) or COCO keypoints (.json). "
            "Choose another file, or say which format it is."
        )
    return name


def read(path: Path, format: str | None = None) -> Imported:  # noqa: A002 - the word users know
    """Import a file or folder; the format is guessed where it is not said.

    Raises:
        FormatError: when it is damaged or in another format.
    """
    path = path.expanduser()
    return _known(format or guess_format(path)).read(path)


def write(
    labels: LabelSet,
    out: Path,
    format: str,  # noqa: A002 - the word users know
    pictures: ReadPicture | Pictures | None = None,
    manifest: Mapping[str, Any] | None = None,
) -> tuple[str, ...]:
    """Export labels, with pictures where the format has them and they are given.

    The export is read back and compared before it takes the place of an older one. The manifest
    is written with it, the notes added: inside an exported folder, beside an exported file.

    Returns:
        What the format could not hold, as sentences.

    Raises:
        ExportError: when it was not written; what was there before is untouched.
    """
    kind = _known(format)
    out = out.expanduser().absolute()
    fitted = kind.fit(labels)
    if not fitted.labels.frames and not fitted.labels.empty_frames:
        raise ExportError("There is nothing to export: no chosen frame is labelled.")
    beside = None if kind.is_folder(out) else out.with_name(f"{out.name}.{MANIFEST}")
    _may_be_replaced(out, folder=beside is None)
    places = (out,) if beside is None else (beside, out)
    source = Pictures(pictures) if pictures and not isinstance(pictures, Pictures) else pictures
    with atomic.taking_place_of(*places) as new:
        notes = (*fitted.notes, *kind.save(fitted, new[-1], out, source))
        _check(fitted.labels, kind, new[-1], out)
        document = _manifest(manifest or {}, format, notes, new[-1])
        atomic.write_bytes(new[-1] / MANIFEST if beside is None else new[0], document)
    return notes


def _check(asked: LabelSet, kind: Format, written: Path, out: Path) -> None:
    """Read what was written and compare.

    Raises:
        ExportError: when it is not what was asked for.
    """
    try:
        different = differences(asked, kind.read(written).labels)
    except FormatError as why:
        raise ExportError(f"Not exported: {out.name} could not be read back. {why}") from why
    if different:
        raise ExportError(
            f"Not exported: read back, {', '.join(different)} differ from what was asked for. "
            f"{out.name} is as it was. This is a fault of the program: report it."
        )


def _known(name: str) -> Format:
    if name not in FORMATS:
        raise FormatError(f"There is no format {name!r}. Choose one of {', '.join(FORMATS)}.")
    return FORMATS[name]


def _manifest(
    manifest: Mapping[str, Any], name: str, notes: tuple[str, ...], written: Path
) -> bytes:
    document = {**manifest, "format": name, "notes": list(notes)}
    if written.is_dir():
        document["files"] = _files(written)
    return json.dumps(document, indent=1, ensure_ascii=False).encode()


def _files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def _may_be_replaced(out: Path, *, folder: bool) -> None:
    """Only what came from an export, and only that, is replaced by another one.

    Raises:
        ExportError: otherwise.
    """
    if not out.exists():
        return
    if out.is_dir() != folder:
        is_one, is_other = ("file", "folder") if folder else ("folder", "file")
        raise ExportError(
            f"{out} is a {is_one}, and this export is a {is_other}. Choose another name."
        )
    if not folder:
        if not out.with_name(f"{out.name}.{MANIFEST}").exists():
            raise ExportError(
                f"{out} was not written by an export. Nothing was changed. Choose another name."
            )
        return
    others = sorted(set(_files(out)) - _exported(out) - {MANIFEST})
    if others:
        raise ExportError(
            f"{out} holds files that no export wrote: {listed(others)}. Nothing was changed. "
            "Choose a new or an empty folder."
        )


def _exported(out: Path) -> set[str]:
    try:
        return set(json.loads((out / MANIFEST).read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError):  # not ours, so nothing in it is
        return set()


def _of_folder(path: Path) -> str | None:
    if (path / "config.yaml").is_file() or any(path.glob("CollectedData*.h5")):
        return "dlc"
    if path.parent.name == "labeled-data" and any(path.glob("CollectedData*.csv")):
        return "dlc"
    if any(path.glob("*.csv")):
        return "lightning_pose"
    return "coco" if any(path.glob("*.json")) else None


def _of_file(path: Path) -> str | None:
    suffix = path.suffix.lower()
    if suffix == ".csv":
        is_dlc = path.parent.parent.name == "labeled-data" or "DLC" in path.stem
        return "dlc" if is_dlc else "lightning_pose"
    if path.name == "config.yaml":
        return "dlc"
    return {".slp": "sleap", ".json": "coco", ".h5": "dlc", ".hdf5": "dlc"}.get(suffix)
