"""Small pools with a known make-up."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from poseapp.domain.ids import FrameRef, VideoId
from poseapp.domain.skeleton import Keypoint, Skeleton
from poseapp.learn.select.base import Pool, Predicted
from poseapp.learn.select.probed import Aspect, Probed
from poseapp.learn.select.registry import SELECTORS

SKELETON = Skeleton(
    "fish",
    (Keypoint("nose"), Keypoint("left_fin"), Keypoint("right_fin")),
    pairs=((1, 2),),
)


def refs(count: int, video: int = 1, step: int = 1, start: int = 0) -> tuple[FrameRef, ...]:
    return tuple(FrameRef(VideoId(video), start + n * step) for n in range(count))


def pool_of(
    features, *, labelled_features=(), predicted=None, probed=None, candidates=None, seed=0
) -> Pool:
    """Candidates in video 1, labels in video 2."""
    features = np.asarray(features, np.float32)
    labelled = np.asarray(labelled_features, np.float32).reshape(-1, features.shape[1])
    return Pool(
        SKELETON,
        refs(len(features)) if candidates is None else candidates,
        features,
        np.ones(len(features), np.int64),
        refs(len(labelled), video=2),
        labelled,
        seed,
        predicted,
        probed,
    )


def believed(count: int, keypoints: int = 3, **changed) -> Predicted:
    """A net that is sure of everything and sees nothing move, but for what is changed."""
    shape = (count, keypoints)
    still = {
        "points": np.broadcast_to([[10.0, 10], [10, 40], [50, 40]], (count, 3, 2))[:, :keypoints],
        "scores": np.full(shape, 0.9),
        "entropy": np.full(shape, 0.1),
        "second_ratio": np.full(shape, 0.05),
        "second_px": np.full(shape, 30.0),
        "jump_px": np.zeros(shape),
    }
    arrays = {name: np.array(value, np.float32) for name, value in (still | changed).items()}
    swapped = np.asarray(changed.get("swapped", np.zeros((count, 1), bool)))
    return Predicted(**{**arrays, "swapped": swapped})


def insides(count: int, labelled: int, seed=0, skill=0.5, **changed) -> Probed:
    """A net of 6 channels and 3 keypoints of which everything is chance, but for what is changed.

    A changed aspect is given by name, for the candidates.
    """
    rng = np.random.default_rng(seed)

    def aspects(frames):
        return {
            Aspect.EMBEDDING: rng.random((frames, 6)),
            Aspect.LEVELS: rng.random((frames, 4, 5)),
            Aspect.SHARED: rng.random((frames, 6, 8, 8)).astype(np.float16),
            Aspect.SPREAD: rng.normal(size=(frames, 3, 2, 2)),
            Aspect.PLACES: rng.dirichlet(np.ones(64), (frames, 3)).reshape(frames, 3, 8, 8),
        }

    asked = aspects(count) | {
        Aspect.PEAKS: rng.uniform(-0.5, 1, (count, 3, 5)),
        Aspect.GRADIENT: rng.normal(size=(count, 18)),
        Aspect.CONTINUITY: rng.random(count),
        Aspect.EXPECTED_GRADIENT: rng.random((count, labelled)),
    }
    taught = aspects(labelled) | {
        Aspect.LOSS: rng.random(labelled),
        Aspect.POSE: rng.uniform(0, 60, (labelled, 3, 2)),
    }
    return Probed(asked | {Aspect(k): np.asarray(v) for k, v in changed.items()}, taught, skill)


def quick(name):
    """The selector, with hardly any training of nets of its own."""
    selector = SELECTORS[name]
    trains = any(field.name == "steps" for field in fields(selector))
    return replace(selector, steps=2) if trains else selector


def changed(rows: dict[tuple[int, int], float], count: int, usual: float) -> np.ndarray:
    """A (count, 3) array that is usual everywhere but at {(row, keypoint): value}."""
    values = np.full((count, 3), usual)
    for place, value in rows.items():
        values[place] = value
    return values


def frames_of(suggestions) -> list[int]:
    return [s.frame.frame for s in suggestions]


def blobs(sizes, seed=0, dimensions=4, apart=20.0) -> np.ndarray:
    """Well separated groups of the given sizes, one after the other."""
    rng = np.random.default_rng(seed)
    centres = np.eye(len(sizes), dimensions) * apart
    rows = [
        centre + rng.normal(size=(n, dimensions)) for centre, n in zip(centres, sizes, strict=True)
    ]
    return np.concatenate(rows).astype(np.float32)
