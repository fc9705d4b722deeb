"""Meshes on real video: `python -m tests.evidence.mesh --part multiview|silhouettes`.

multiview: one person before four calibrated cameras, whose keypoints are triangulated; the mesh of
each camera alone against them, in millimetres, beside MediaPipe's own landmarks in space.
silhouettes: meshes on the labelled keypoints of human film clips against the labelled masks.
Needs the packs and, for the first, the nets of `poseapp people`. `--net` names a file that
`packaging/train_mesh.py` wrote; without it bodies are fitted from nothing, with `--alone` nothing
is fitted after the net. `--mediapipe` names the Python of an environment with the packages
mediapipe 0.10.14 and av, for the peer's figures.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from poseapp.app.people import people_card, people_folder
from poseapp.app.presets import preset
from poseapp.domain.alignment import pa_mpjpe
from poseapp.domain.body_motion import BodyMotion
from poseapp.domain.errors import BodyError, VideoUnreadableError
from poseapp.domain.human import LIMB_KEYPOINTS, places_of
from poseapp.domain.ids import FrameRef
from poseapp.domain.video import Video
from poseapp.infer.mesh import recover
from poseapp.infer.pair_pictures import PairPictures
from poseapp.infer.people.names import CROWD_FILE, LANDMARKS_FILE
from poseapp.infer.people.people import People
from poseapp.infer.seen_person import SeenPerson
from poseapp.infer.session import Net
from poseapp.infer.track import Tracker
from poseapp.media.film import opened
from poseapp.media.mesh_raster import View, rasterise
from poseapp.media.probe import probe
from poseapp.media.reader import FrameReader
from poseapp.nets.body.body import Body
from poseapp.nets.body.rotations import matrix_of_axis_angle
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.net import MotionHMR
from poseapp.nets.motion_hmr.stored import load_net
from tests.evidence.places import OneLine
from tests.fixtures.jhmdb import SKELETON, read_jhmdb
from tests.fixtures.packs import data_folder
from tests.fixtures.pose2sim import Camera, read_cameras, triangulated

Floats = NDArray[np.float64]

PERSON = preset("person")
LIMBS = [places_of(PERSON)[name] for name in LIMB_KEYPOINTS]


def main() -> None:
    """Print one JSON document."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--part", choices=["multiview", "silhouettes"], required=True)
    asked.add_argument("--net", type=Path, help="Weights; without them, fits from nothing.")
    asked.add_argument("--alone", action="store_true", help="The net, and no fit after it.")
    asked.add_argument("--frames", type=int, default=60)
    asked.add_argument("--every", type=int, default=1, help="Only every so many frames or clips.")
    asked.add_argument("--mediapipe", type=Path, help="A Python that has MediaPipe.")
    given = asked.parse_args()
    net = None if given.net is None else load_net(given.net)
    refine = not given.alone
    if given.part == "multiview":
        found = multiview(net, given.frames, given.every, given.mediapipe, refine=refine)
    else:
        found = silhouettes(net, given.frames, given.every, refine=refine)
    print(json.dumps(found, indent=1))  # noqa: T201


def multiview(
    net: MotionHMR | None, frames: int, every: int, mediapipe: Path | None, *, refine: bool
) -> dict[str, Any]:
    """PA-MPJPE of each camera's mesh against what four cameras see."""
    folder = data_folder() / "human_multiview_pose2sim"
    cameras = read_cameras(folder)
    films = [folder / "videos" / f"{camera.name}.mp4" for camera in cameras]
    seen = [_followed(film, frames) for film in films]
    points, scores = (np.stack([one[n] for one in seen])[:, ::every] for n in range(2))
    truth = triangulated(cameras, points, scores)[:, LIMBS]
    rows = {}
    for n, camera in enumerate(cameras):
        person = SeenPerson(
            PERSON.names, np.arange(len(truth)), points[n], scores[n], _size(camera, folder),
            60 / every, float(camera.intrinsics[0, 0]),
        )  # fmt: skip
        pictures = _pictures(net, probe(films[n]), every)
        motion = recover(net, shipped_body(), person, OneLine(), pictures, refine=refine)
        body = _keypoints(shipped_body(), motion)[:, LIMBS]
        rows[camera.name] = {
            "frames_found": len(motion.frames),
            "pa_mpjpe_mm": _mean(1000 * pa_mpjpe(body, truth[motion.frames])),
            "reprojection_px": _mean(motion.error_px),
            "jitter_mm": _jitter(body + motion.translation[:, None]),
            "jitter_about_hips_mm": _jitter(_about_hips(body)),
        }
        if mediapipe is not None:
            peer = _peer(mediapipe, films[n], frames)[::every]
            rows[camera.name] |= {
                "mediapipe_frames_found": int(np.isfinite(peer[:, 0, 0]).sum()),
                "mediapipe_pa_mpjpe_mm": _mean(1000 * pa_mpjpe(peer, truth)),
                "mediapipe_jitter_about_hips_mm": _jitter(_about_hips(peer)),
            }
    residual = [
        np.nanmedian(np.linalg.norm(camera.pixels(truth) - points[n][:, LIMBS], axis=-1))
        for n, camera in enumerate(cameras)
    ]
    means = {name: _mean([row[name] for row in rows.values()]) for name in rows["cam01"]}
    return {
        "frames": len(truth),
        "keypoints_triangulated": _mean(np.isfinite(truth[..., 0])),
        "triangulation_residual_px": [round(float(value), 1) for value in residual],
        "cameras": rows,
        "mean": means,
    }


def silhouettes(net: MotionHMR | None, frames: int, every: int, *, refine: bool) -> dict[str, Any]:
    """Reprojection and intersection over union on every so many of the human film clips."""
    pack = data_folder() / "jhmdb_human_video"
    labels, _ = read_jhmdb(pack)
    body = shipped_body()
    overlaps, errors, sizes, left_out = [], [], [], 0
    for video in labels.videos[::every]:
        instances = [one for one in labels.instances if one.frame.video == video.id][:frames]
        points = np.stack([one.points for one in instances])
        scores = np.isfinite(points).all(axis=2).astype(float)
        size = (video.width, video.height)
        numbers = np.arange(len(points))
        person = SeenPerson(SKELETON.names, numbers, points, scores, size, video.fps)
        try:
            pictures = _pictures(net, video)
            motion = recover(net, body, person, OneLine(), pictures, refine=refine)
        except BodyError:  # too little of the person is in the picture
            left_out += 1
            continue
        with np.load(pack / "labels" / f"{video.path.stem}.npz") as stored:
            masks = np.unpackbits(stored["mask_bits"], axis=-1).astype(bool)
        overlaps += _overlaps(body, motion, masks)
        errors += list(motion.error_px)
        extent = np.nanmax(points, axis=1) - np.nanmin(points, axis=1)
        sizes += list(np.linalg.norm(extent, axis=1)[motion.frames])
    share = np.array(errors) / np.array(sizes)
    return {
        "clips": len(labels.videos[::every]) - left_out,
        "clips_without_enough_keypoints": left_out,
        "frames": len(errors),
        "reprojection_px": _mean(errors),
        "reprojection_of_box_diagonal": round(float(np.nanmean(share)), 4),
        "iou": _mean(overlaps),
        "iou_worst_tenth": round(float(np.nanpercentile(overlaps, 10)), 3),
    }


def _pictures(net: MotionHMR | None, video: Video, every: int = 1) -> PairPictures | None:
    """What a net of pictures is shown of every so-manyth frame of a film."""
    if net is None or not net.architecture.picture:
        return None
    return PairPictures(_Thinned(video, every), video.id, net.architecture)


class _Thinned:
    """Every so-manyth frame of a film, counted anew."""

    def __init__(self, video: Video, every: int) -> None:
        self._reader, self._every = FrameReader([video]), every

    def read_many(
        self,
        refs: Iterable[FrameRef],
        unreadable: Callable[[FrameRef, VideoUnreadableError], None] | None = None,
    ) -> Iterator[tuple[FrameRef, NDArray[np.uint8]]]:
        """As of `infer.reading.FrameReader`."""
        numbers = {FrameRef(ref.video, ref.frame * self._every): ref for ref in refs}
        for ref, picture in self._reader.read_many(numbers, unreadable):
            yield numbers[ref], picture


def _followed(path: Path, frames: int) -> tuple[Floats, Floats]:
    """(T, 17, 2) and (T, 17) of who is largest in the picture, followed as in the app."""
    nets = (
        Net(people_folder() / name, device="cpu", threads=1)
        for name in (LANDMARKS_FILE, CROWD_FILE)
    )
    film = People(people_card(PERSON), *nets, file=CROWD_FILE).film()
    tracker = Tracker(mirrored=PERSON.flip_permutation())
    found: dict[int, tuple[Floats, Floats]] = {}
    with opened(path) as source:
        for n, frame in zip(range(frames), source.container.decode(video=0), strict=False):
            (bodies,) = film.predict([frame.to_ndarray(format="bgr24")])
            for k, track in enumerate(tracker.follow(n, bodies.points).tolist()):
                nobody = np.full((frames, 17, 2), np.nan), np.zeros((frames, 17))
                points, scores = found.setdefault(track, nobody)
                points[n], scores[n] = bodies.points[k], bodies.scores[k]
    return max(found.values(), key=lambda one: _height(one[0]))


def _height(points: Floats) -> float:
    """Of (T, K, 2) keypoints in pixels, summed over the frames."""
    seen = points[np.isfinite(points).all(axis=2).any(axis=1)]
    return float((np.nanmax(seen[..., 1], axis=1) - np.nanmin(seen[..., 1], axis=1)).sum())


def _peer(python: Path, film: Path, frames: int) -> Floats:
    """(T, 12, 3) metres, by MediaPipe's package in an environment of its own."""
    script = Path(__file__).with_name("mediapipe_landmarks.py")
    with TemporaryDirectory() as scratch:
        target = Path(scratch) / "landmarks.npy"
        subprocess.run([python, "-P", script, film, str(frames), target], check=True)
        return np.load(target, allow_pickle=False)


def _about_hips(limbs: Floats) -> Floats:
    """(T, 12, 3) about the middle of both hips."""
    hips = [LIMB_KEYPOINTS.index(f"{side} hip") for side in ("left", "right")]
    return limbs - limbs[:, hips].mean(axis=1, keepdims=True)


def _size(camera: Camera, folder: Path) -> tuple[int, int]:
    with opened(folder / "videos" / f"{camera.name}.mp4") as source:
        stream = source.container.streams.video[0]
        return stream.width, stream.height


@torch.no_grad()
def _keypoints(body: Body, motion: BodyMotion) -> Floats:
    """(T, 17, 3) in the camera's axes, about the body's origin."""
    turns = matrix_of_axis_angle(torch.from_numpy(motion.rotations).float())
    shape = torch.from_numpy(motion.shape).float().expand(len(motion), -1)
    places = [body.keypoint_names.index(name.replace("_", " ")) for name in PERSON.names]
    return body.keypoints(turns, shape)[0][:, places].double().numpy()


@torch.no_grad()
def _overlaps(body: Body, motion: BodyMotion, masks: NDArray[np.bool_]) -> list[float]:
    """Of each frame, the intersection of mesh and mask over their union."""
    found = []
    view = View(motion.focal_px, *motion.size)
    shape = torch.from_numpy(motion.shape).float()[None]
    for n, frame in enumerate(motion.frames):
        turns = matrix_of_axis_angle(torch.from_numpy(motion.rotations[[n]]).float())
        vertices = body(turns, shape).vertices[0].numpy() + motion.translation[n]
        drawn = rasterise(vertices, body.faces.numpy(), view).spread()[0] >= 0
        found.append(float((drawn & masks[frame]).sum() / max((drawn | masks[frame]).sum(), 1)))
    return found


def _jitter(points: Floats) -> float:
    """Millimetres: the mean second difference of a keypoint from frame to frame."""
    return _mean(1000 * np.linalg.norm(np.diff(points, 2, axis=0), axis=-1))


def _mean(values: Any) -> float:
    return round(float(np.nanmean(values)), 3)


if __name__ == "__main__":
    main()
