"""What a training leaves behind: how good the nets are on held-out frames, and the run's folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from scipy.optimize import linear_sum_assignment

from poseapp.domain.errors import TrainingError
from poseapp.domain.ids import FrameRef
from poseapp.domain.labels import LabelSet
from poseapp.domain.metrics import box_size, pck, pixel_errors, within
from poseapp.nets import card as cards
from poseapp.nets.card import Card
from poseapp.nets.export import export, run_torch
from poseapp.nets.heatmaps import Readout
from poseapp.nets.pipeline import estimate
from poseapp.nets.pose_net import PoseNet, build


def judge(
    card: Card,
    nets: dict[str, PoseNet],
    labels: LabelSet,
    pictures: Iterable[tuple[FrameRef, NDArray[np.uint8]]],
) -> dict[str, Any]:
    """Errors of the whole chain, from picture to points, on labelled frames; {} without any.

    Every labelled body is compared with the found one that the cheapest assignment gives it; one
    that was not found counts as missed in PCK.
    """
    centroid = nets.get("centroid")
    truths, founds = [], []
    for ref, picture in pictures:
        run_centroid = None if centroid is None else (lambda p: run_torch(centroid, p))
        (bodies,) = estimate([picture], card, lambda p: run_torch(nets["pose"], p), run_centroid)
        truth = np.stack([i.points for i in labels.at(ref)])
        truths.append(truth)
        founds.append(_assigned(bodies.points, truth))
    if not truths:
        return {}
    truth, found = np.concatenate(truths), np.concatenate(founds)
    errors = pixel_errors(found, truth)
    known = errors[np.isfinite(errors)]
    hits = pck(found, truth, box_size(truth))
    return {
        "held_out_frames": len(truths),
        "held_out_px": _rounded(np.median(known)) if known.size else None,
        "held_out_p95_px": _rounded(np.percentile(known, 95)) if known.size else None,
        "mean_px": _rounded(known.mean()) if known.size else None,
        "within_5": within(found, truth, 5),
        "within_10": within(found, truth, 10),
        "pck": _rounded(np.nanmean(hits)) if np.isfinite(hits).any() else None,
        "found": _rounded(np.isfinite(found).any(axis=(1, 2)).mean()),
        "px_by_keypoint": {
            name: _rounded(np.median(column[np.isfinite(column)]))
            for name, column in zip(labels.skeleton.names, errors.T, strict=True)
            if np.isfinite(column).any()
        },
    }


def _assigned(found: NDArray[np.float64], truth: NDArray[np.float64]) -> NDArray[np.float64]:
    """(I, K, 2) for each true body its found one, NaN where there is none."""
    result = np.full_like(truth, np.nan)
    if not len(found):
        return result
    distances = pixel_errors(found[None], truth[:, None])
    known = np.isfinite(distances)
    cost = np.where(known, distances, 0).sum(axis=2) / known.sum(axis=2).clip(1)
    rows, columns = linear_sum_assignment(cost)
    result[rows] = found[columns]
    return result


def _rounded(value: np.floating[Any]) -> float:
    return round(float(value), 4)


def write(folder: Path, card: Card, nets: dict[str, PoseNet]) -> None:
    """Weights, ONNX and, last, the card: a folder without one holds no finished run.

    Raises:
        TrainingError: when the disk takes no more.
    """
    files = {"pose": card.pose, "centroid": card.centroid}
    try:
        for name, net in nets.items():
            net_file = files[name]
            if net_file is None:
                raise ValueError(f"the card does not name the {name} net")
            export(net, folder / net_file.file)
            save_file(net.cpu().state_dict(), folder / weights_file(name))
        draft = folder / (cards.FILE + ".part")
        draft.write_text(card.to_json(), encoding="utf-8")
        draft.replace(folder / cards.FILE)
    except (OSError, SafetensorError) as why:
        raise TrainingError(
            f"The trained net could not be written to {folder} ({why}). Free some disk space and "
            "start the training again: it goes on from its last checkpoint."
        ) from why


def read(folder: Path, card: Card) -> dict[str, PoseNet]:
    """The nets that `write` left there, by their roles, to be looked into; on the CPU.

    Empty where the folder has no weights of a net that is known here, as after an import.
    """
    readouts: dict[str, Readout] = {"pose": card.pose.readout}
    if card.centroid is not None:
        readouts["centroid"] = card.centroid.readout
    nets: dict[str, PoseNet] = {}
    for name, readout in readouts.items():
        try:
            net = build(card.net, len(card.skeleton) if name == "pose" else 1, readout)
            net.load_state_dict(load_file(folder / weights_file(name)))
        except (TrainingError, OSError, RuntimeError, SafetensorError):
            return {}
        nets[name] = net.eval()
    return nets


def weights_file(name: str) -> str:
    """Where the weights of the pose or centroid net stand in a run's folder."""
    return "weights.safetensors" if name == "pose" else f"{name}.safetensors"
