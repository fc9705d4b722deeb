"""Made-up people in real video: a clip with everything that is true of it (appendix A).

A person is drawn before a backdrop, follows its camera, and may be hidden behind a piece of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from poseapp.domain.human import ENOUGH_LIMB_KEYPOINTS
from poseapp.learn.synth.backdrop import camera_motion
from poseapp.learn.synth.clothes import DRAWN_LOOK, Light, Look, random_clothes, random_light
from poseapp.learn.synth.hiding import BEHIND_M, hidden_at_last, total_occlusions
from poseapp.learn.synth.superpixels import Superpixels, one_piece, superpixels
from poseapp.learn.synth.troupe import Shots, Troupe
from poseapp.media.mesh_paint import vertex_normals
from poseapp.media.mesh_raster import View, rasterise
from poseapp.nets.body.body import Body
from poseapp.nets.motion_hmr.architecture import INPUT_KEYPOINTS, MEASURED_KEYPOINTS

Floats = NDArray[np.floating]
Bools = NDArray[np.bool_]
Frames = NDArray[np.uint8]
Backdrop = Literal["occluded", "following", "moving", "still"]
"""Table 2 from its first row down: occlusions; none of them; nor does the person follow the camera;
nor does the backdrop move."""


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticClip:
    """T frames of one made-up person, and what is true of them."""

    pictures: Frames
    """(T, H, W, 3) BGR"""
    mask: Bools
    """(T, H, W) where the person is seen."""
    camera: Floats
    """(T, 2) pixels by which the backdrop has moved since the centre frame."""
    seen: Floats
    """(T, 14, 2) pixels of `MEASURED_KEYPOINTS`."""
    points: Floats
    """(T, 14, 3) metres of the same, camera axes; the camera's motion is in the pixels alone."""
    shown: Bools
    """(T, 12) keypoints that a detector is said to have found."""
    occluded: Bools
    """(T,) total occlusions."""
    rotations: Floats
    """(T, J, 3, 3)"""
    shape: Floats
    """(S,)"""
    translation: Floats
    """(T, 3)"""
    focal_px: float
    behind_superpixel: bool


def synthetic_clip(
    troupe: Troupe,
    backdrop: Frames,
    rng: np.random.Generator,
    kind: Backdrop = "occluded",
    look: Look = DRAWN_LOOK,
) -> SyntheticClip:
    """One person before a backdrop of `troupe.frames` frames; the same for the same generator."""
    if kind == "still":
        backdrop = backdrop[[len(backdrop) // 2]].repeat(len(backdrop), axis=0)
    shots = troupe.shots(rng, 1)
    camera = camera_motion(backdrop)
    followed = camera if kind in ("occluded", "following") else np.zeros_like(camera)
    pictures, drawn, depth = _drawn(troupe, shots, backdrop, followed, look, rng)
    keypoints, _ = troupe.keypoints(shots)
    chosen = [troupe.body.keypoint_names.index(name) for name in MEASURED_KEYPOINTS]
    points = keypoints[0, :, chosen]
    seen = shots.pixels(points[None])[0].numpy() + followed[:, None]
    blob = np.zeros_like(drawn)
    if kind == "occluded":
        blob = _thing_before(drawn, seen, superpixels(backdrop, camera, rng), rng)
    visible = drawn & ~blob
    mixed = np.where(visible[..., None], pictures, backdrop)
    given = seen[:, : len(INPUT_KEYPOINTS)]
    hidden = covered(given, blob) | _outside(given, drawn.shape[2], drawn.shape[1])
    hidden |= behind_surface(given, points[:, : len(INPUT_KEYPOINTS), 2].numpy(), depth)
    hidden = hidden_at_last(hidden[None], rng)[0]
    occluded = np.zeros(len(drawn), bool)
    if kind == "occluded":
        occluded = total_occlusions(1, len(drawn), rng)[0]
    return SyntheticClip(
        mixed.astype(np.uint8),
        visible,
        camera,
        seen,
        points.numpy(),
        ~hidden & ~occluded[:, None],
        occluded,
        shots.rotations[0].numpy(),
        shots.shape[0].numpy(),
        shots.translation[0].numpy(),
        float(shots.focal_px[0]),
        bool(blob.any()),
    )


def covered(seen: Floats, mask: Bools) -> Bools:
    """(T, K) keypoints at (T, K, 2) pixels that lie under a (T, H, W) mask."""
    frames, height, width = mask.shape
    x = np.clip(np.rint(seen[..., 0]), 0, width - 1).astype(int)
    y = np.clip(np.rint(seen[..., 1]), 0, height - 1).astype(int)
    inside = ~_outside(seen, width, height)
    return mask[np.arange(frames)[:, None], y, x] & inside


def behind_surface(seen: Floats, far: Floats, depth: Floats) -> Bools:
    """(T, K) keypoints `far` metres away that lie `BEHIND_M` behind the drawn (T, H, W) depth."""
    _, height, width = depth.shape
    x = np.clip(np.rint(seen[..., 0]), 0, width - 1).astype(int)
    y = np.clip(np.rint(seen[..., 1]), 0, height - 1).astype(int)
    front = depth[np.arange(len(depth))[:, None], y, x]
    return (front < far - BEHIND_M) & ~_outside(seen, width, height)


def _thing_before(
    drawn: Bools, seen: Floats, blobs: Superpixels, rng: np.random.Generator
) -> Bools:
    """(T, H, W) one superpixel, or nothing where it hides nothing or too much of the person.

    Too much: on average fewer than seven of the fourteen keypoints are left in a frame.
    """
    blob = one_piece(blobs.mask(int(rng.integers(len(blobs)))), rng)
    left = (~covered(seen, blob)).sum(axis=1).mean()
    if not (blob & drawn).any() or left < ENOUGH_LIMB_KEYPOINTS:
        return np.zeros_like(blob)
    return blob


def _drawn(
    troupe: Troupe,
    shots: Shots,
    backdrop: Frames,
    moved: Floats,
    look: Look,
    rng: np.random.Generator,
) -> tuple[Frames, Bools, Floats]:
    """The person alone: (T, H, W, 3) pictures, where it is, and how far away.

    Moving a vertex by what its depth makes of some pixels moves the whole picture of the person by
    them, without a change of perspective.
    """
    body = troupe.body
    clothes = random_clothes(body, look, backdrop[len(backdrop) // 2], rng)
    light = random_light(look, rng)
    faces = body.faces.numpy()
    height, width = backdrop.shape[1:3]
    view = View(float(shots.focal_px[0]), width, height)
    pictures = np.zeros_like(backdrop)
    mask = np.zeros(backdrop.shape[:3], bool)
    depth = np.full(backdrop.shape[:3], np.inf, np.float32)
    for n, vertices in enumerate(_vertices(body, shots)):
        placed = vertices.copy()
        placed[:, :2] += moved[n] * vertices[:, 2:] / view.focal_px
        raster = rasterise(placed, faces, view)
        area = (slice(raster.top, raster.top + raster.face.shape[0]),
                slice(raster.left, raster.left + raster.face.shape[1]))  # fmt: skip
        mask[n][area] = raster.face >= 0
        depth[n][area] = raster.depth
        colours = _lit(placed, faces, raster.seen(placed, faces), clothes, light)
        if look.grain:
            colours += rng.normal(0, look.grain, colours.shape)
        pictures[n][mask[n]] = np.clip(colours, 0, 255)
    return pictures, mask, depth


def _lit(
    vertices: Floats,
    faces: NDArray,
    seen: tuple[NDArray, NDArray, Floats],
    clothes: Floats,
    light: Light,
) -> Floats:
    """(N, 3) BGR in 0..255 and beyond of the pixels that show something, row by row."""
    _, corners, weights = seen
    shaded = clothes * light.shade(vertex_normals(vertices, faces))[:, None]
    return 255 * (shaded[corners] * weights[..., None]).sum(axis=0)


@torch.no_grad()
def _vertices(body: Body, shots: Shots) -> NDArray[np.float32]:
    """(T, V, 3) metres in the camera's axes."""
    shape: Tensor = shots.shape.expand(shots.rotations.shape[1], -1)
    made = body(shots.rotations[0], shape).vertices + shots.translation[0][:, None]
    return made.numpy()


def _outside(seen: Floats, width: int, height: int) -> Bools:
    return np.any((seen < 0) | (seen >= np.array([width, height])), axis=-1)
