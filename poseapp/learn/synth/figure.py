"""A made-up walker with true answers: a textured, jointed body before a moving background.

The body is a 3D stick figure with thick, patterned limbs. It walks, waves, bends and turns, is
drawn back to front, and every keypoint is known to the pixel, with whether a nearer limb hides it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from poseapp.domain.pose import Visibility
from poseapp.learn.synth.painting import Drawing, background, capsule, circle, cloth, inside

KEYPOINTS = (
    "nose",
    "left ear",
    "right ear",
    "neck",
    "left shoulder",
    "right shoulder",
    "left elbow",
    "right elbow",
    "left wrist",
    "right wrist",
    "left hip",
    "right hip",
    "left knee",
    "right knee",
    "left ankle",
    "right ankle",
)
"""The order of the keypoints that `render` returns; the preset `walker` names the same."""

_AT = {name: k for k, name in enumerate(KEYPOINTS)}


@dataclass(frozen=True, slots=True)
class Scene:
    """One film: its size, its length and the seed of everything random in it."""

    width: int = 640
    height: int = 400
    frames: int = 600
    fps: float = 25.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Limb:
    start: str
    end: str
    start_px: float
    """Half width at the start, in units of the figure's height / 100."""
    end_px: float
    cloth: str


_LIMBS = (
    _Limb("left shoulder", "left elbow", 3.4, 2.7, "sleeve"),
    _Limb("right shoulder", "right elbow", 3.4, 2.7, "sleeve"),
    _Limb("left elbow", "left wrist", 2.6, 1.8, "skin"),
    _Limb("right elbow", "right wrist", 2.6, 1.8, "skin"),
    _Limb("left hip", "left knee", 4.6, 3.4, "trousers"),
    _Limb("right hip", "right knee", 4.6, 3.4, "trousers"),
    _Limb("left knee", "left ankle", 3.4, 2.2, "trousers"),
    _Limb("right knee", "right ankle", 3.4, 2.2, "trousers"),
)
_HEAD_PX = 6.2
_HIDDEN_MARGIN = 0.02
"""How much nearer (in figure heights) a limb must be to hide a keypoint."""


class Walker:
    """Renders the frames of one scene; frame n is the same whenever it is asked for."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        rng = np.random.default_rng(scene.seed)
        self._phase = rng.uniform(0, 2 * np.pi, 8)
        self._height_px = scene.height * rng.uniform(0.58, 0.66)
        self._background = background(rng, scene.width, scene.height)
        self._cloth = {
            name: cloth(rng, colour)
            for name, colour in {
                "sleeve": rng.uniform(60, 220, 3),
                "trousers": rng.uniform(40, 170, 3),
                "skin": np.array([140, 170, 215]) * rng.uniform(0.6, 1.05),
            }.items()
        }
        self._grain = rng.normal(0, 2.5, (scene.height, scene.width, 1)).astype(np.float32)

    def render(self, frame: int) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray]:
        """The picture (H, W, 3) BGR, the points (K, 2) in pixels and their visibility (K,)."""
        body = self.body(frame)
        points, depth = self._project(body, frame)
        picture = self._backdrop(frame)
        for _, draw in sorted(self._pieces(points, depth), key=lambda piece: -piece[0]):
            draw(picture)
        noisy = picture.astype(np.float32) + np.roll(self._grain, frame * 37, axis=(0, 1))
        return np.clip(noisy, 0, 255).astype(np.uint8), points, self._visibility(points, depth)

    def body(self, frame: int) -> NDArray[np.float64]:
        """(K, 3) positions in figure heights: x right, y down, z away, hips' middle at 0."""
        t = frame / self.scene.fps
        joints = _stand()
        stride = 0.55 + 0.25 * np.sin(0.21 * t + self._phase[0])
        pace = 2 * np.pi * 0.9 * t
        bend = 0.5 * max(0.0, np.sin(0.33 * t + self._phase[1])) ** 2
        wave = max(0.0, np.sin(0.41 * t + self._phase[2])) ** 2
        for side, beat in (("left", 0.0), ("right", np.pi)):
            swing = stride * np.sin(pace + beat)
            lift = 0.9 * stride * max(0.0, np.sin(pace + beat + 1.2))
            _swing(joints, f"{side} hip", (f"{side} knee", f"{side} ankle"), -swing)
            _swing(joints, f"{side} knee", (f"{side} ankle",), lift + 0.1)
            raised = wave * (2.3 + 0.35 * np.sin(7 * t)) if side == "left" else 0.3 * wave
            arm = (f"{side} elbow", f"{side} wrist")
            _swing(joints, f"{side} shoulder", arm, 0.8 * swing - raised)
            _swing(joints, f"{side} elbow", arm[1:], -(0.35 + 0.5 * stride + 0.6 * raised))
        upper = tuple(name for name in KEYPOINTS if _AT[name] < _AT["left hip"])
        _swing(joints, "middle", upper, bend + 0.06)
        _swing(joints, "neck", ("nose", "left ear", "right ear"), 0.25 * np.sin(0.9 * t))
        turn = 0.9 * np.sin(0.27 * t + self._phase[3]) + 0.5 * np.sin(0.11 * t + self._phase[4])
        positions = np.stack([joints[name] for name in KEYPOINTS])
        return _turned(positions, np.pi / 2 + turn)

    def _project(self, body: NDArray, frame: int) -> tuple[NDArray, NDArray]:
        t = frame / self.scene.fps
        scene = self.scene
        distance = 1 + 0.18 * np.sin(0.19 * t + self._phase[5])
        scale = self._height_px / distance
        across = scene.width * (0.5 + 0.27 * np.sin(0.23 * t + self._phase[6]))
        down = scene.height * 0.5 + 0.012 * self._height_px * np.sin(2 * np.pi * 1.8 * t)
        return np.array([across, down]) + scale * body[:, :2], body[:, 2]

    def _backdrop(self, frame: int) -> NDArray[np.uint8]:
        t = frame / self.scene.fps
        free_y, free_x = np.subtract(
            self._background.shape[:2], (self.scene.height, self.scene.width)
        )
        x = free_x * (0.5 + 0.5 * np.sin(0.13 * t + self._phase[7]))
        y = free_y * (0.5 + 0.5 * np.sin(0.09 * t))
        move = np.array([[1, 0, -x], [0, 1, -y]])
        size = (self.scene.width, self.scene.height)
        return np.asarray(cv2.warpAffine(self._background, move, size), np.uint8)

    def _pieces(self, points: NDArray, depth: NDArray) -> list[tuple[float, Drawing]]:
        unit = self._height_px / 100
        pieces: list[tuple[float, Drawing]] = []
        for limb in _LIMBS:
            a, b = _AT[limb.start], _AT[limb.end]
            outline = capsule(points[a], points[b], limb.start_px * unit, limb.end_px * unit)
            pieces.append(((depth[a] + depth[b]) / 2, Drawing(outline, self._cloth[limb.cloth])))
        torso, head = self._torso(points), self._head(points)
        middle = depth[[_AT["neck"], _AT["left hip"], _AT["right hip"]]].mean()
        pieces.append((middle, Drawing(torso, self._cloth["sleeve"])))
        ears = depth[[_AT["left ear"], _AT["right ear"]]].mean()
        pieces.append((ears, Drawing(head, self._cloth["skin"])))
        return pieces

    def _torso(self, points: NDArray) -> NDArray:
        unit = self._height_px / 100
        corners = ("left shoulder", "right shoulder", "left hip", "right hip")
        rings = [circle(points[_AT[name]], 3.6 * unit) for name in corners]
        return cv2.convexHull(np.concatenate(rings).astype(np.float32))[:, 0]

    def _head(self, points: NDArray) -> NDArray:
        unit = self._height_px / 100
        ears = (points[_AT["left ear"]] + points[_AT["right ear"]]) / 2
        rings = [circle(ears, _HEAD_PX * unit), circle(points[_AT["nose"]], 1.6 * unit)]
        rings.append(circle(points[_AT["neck"]], 2.2 * unit))
        return cv2.convexHull(np.concatenate(rings).astype(np.float32))[:, 0]

    def _visibility(self, points: NDArray, depth: NDArray) -> NDArray[np.uint8]:
        seen = np.full(len(KEYPOINTS), Visibility.VISIBLE, np.uint8)
        unit = self._height_px / 100
        covers = [
            (depth[[_AT[i.start], _AT[i.end]]], {i.start, i.end},
             capsule(points[_AT[i.start]], points[_AT[i.end]], i.start_px * unit, i.end_px * unit))
            for i in _LIMBS
        ]  # fmt: skip
        trunk = [_AT["neck"], _AT["left hip"], _AT["right hip"]]
        owners = {"neck", "left shoulder", "right shoulder", "left hip", "right hip"}
        covers.append((depth[trunk], owners, self._torso(points)))
        face = [_AT["left ear"], _AT["right ear"]]
        covers.append((depth[face], {"nose", "neck"}, self._head(points)))
        for k, name in enumerate(KEYPOINTS):
            for depths, own, outline in covers:
                nearer = depths.mean() < depth[k] - _HIDDEN_MARGIN
                if nearer and name not in own and inside(outline, points[k]):
                    seen[k] = Visibility.OCCLUDED
        outside = (points < 0).any(axis=1) | (
            points > np.array([self.scene.width - 1, self.scene.height - 1])
        ).any(axis=1)
        seen[outside] = Visibility.ABSENT
        return seen


def _stand() -> dict[str, NDArray[np.float64]]:
    """The upright body in its own frame: x forward, y down, z to its left; heights of 1."""
    body = {
        "middle": (0, 0, 0),
        "neck": (0, -0.30, 0),
        "nose": (0.055, -0.40, 0),
    }
    for side, z in (("left", 1), ("right", -1)):
        body |= {
            f"{side} ear": (-0.01, -0.405, 0.045 * z),
            f"{side} shoulder": (0, -0.285, 0.115 * z),
            f"{side} elbow": (0, -0.115, 0.135 * z),
            f"{side} wrist": (0, 0.045, 0.14 * z),
            f"{side} hip": (0, 0, 0.065 * z),
            f"{side} knee": (0, 0.235, 0.07 * z),
            f"{side} ankle": (0, 0.455, 0.07 * z),
        }
    return {name: np.array(position, dtype=np.float64) for name, position in body.items()}


def _swing(joints: dict[str, NDArray], about: str, moved: tuple[str, ...], angle: float) -> None:
    """Turn joints in the walking plane; a positive angle moves what hangs down backwards."""
    c, s = np.cos(angle), np.sin(angle)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    for name in moved:
        joints[name] = joints[about] + turn @ (joints[name] - joints[about])


def _turned(positions: NDArray, yaw: float) -> NDArray:
    c, s = np.cos(yaw), np.sin(yaw)
    return positions @ np.array([[s, 0, -c], [0, 1, 0], [c, 0, s]])
