"""Write synthetic clips as a data set that others can train on."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import torch

from poseapp.domain.errors import TrainingError
from poseapp.domain.report import Report
from poseapp.learn.synth.composite import SyntheticClip
from poseapp.learn.synth.studio import Studio
from poseapp.nets.body.rotations import axis_angle_of_matrix
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import INPUT_KEYPOINTS, MEASURED_KEYPOINTS
from poseapp.nets.motion_hmr.pictures import flow_between

_README = """\
Made-up people in real video, with what is true of them.

clips/NNNNN/frame_NN.png   pictures
clips/NNNNN/mask_NN.png    255 where the person is seen
clips/NNNNN/truth.npz      T frames:
  keypoints_px (T, 14, 2)  image coordinates, (0, 0) the centre of the top-left pixel
  keypoints_m (T, 14, 3)   metres, camera axes: x right, y down, z away
  shown (T, 12)            limb keypoints that a detector is said to have found
  occluded (T,)            total occlusions
  pose (T, J, 3)           axis angles in radians against the joint's parent, the root's first,
                           against the camera
  shape (S,)               standard deviations
  translation (T, 3)       metres, of the body's origin
  focal_px                 focal length; the camera looks at the picture's middle
  camera_px (T, 2)         by which the backdrop, and with it the person, is moved in the picture
  flow (T - 1, H, W, 2)    pixels to the next frame, estimated (DIS), half precision
set.json                   seed, body, names of joints and keypoints
"""


def write_synthetic_set(
    out: Path, studio: Studio, clips: int, report: Report, workers: int = 1
) -> None:
    """Write clips 0 … `clips` - 1 of a studio into a folder.

    Clips that are there already stay, so that a set can be continued; one that is half written
    never looks whole.

    Raises:
        TrainingError: when the folder holds another set, or the disk takes no more.
        VideoUnreadableError: when a backdrop cannot be read.
    """
    body = shipped_body()
    about = {
        "seed": studio.seed,
        "frames": studio.frames,
        "body": body.name,
        "joints": list(body.joint_names),
        "keypoints": list(MEASURED_KEYPOINTS),
        "shown_keypoints": list(INPUT_KEYPOINTS),
    }
    try:
        _claim(out, about)
        wanted = [n for n in range(clips) if not _folder(out, n).exists()]
        made = studio.clips(wanted, workers)
        for done, (number, clip) in enumerate(zip(wanted, made, strict=True)):
            report.progress(done / max(len(wanted), 1), f"clip {number + 1} of {clips}")
            _write(_folder(out, number), clip)
    except OSError as why:
        raise TrainingError(
            f"The clips could not be written to {out} ({why}). Free some disk space or choose "
            "another folder, and start again: what is there is kept."
        ) from why


def _claim(out: Path, about: dict) -> None:
    file = out / "set.json"
    if file.exists() and json.loads(file.read_text(encoding="utf-8")) != about:
        raise TrainingError(
            f"{out} holds clips that were made otherwise. Choose an empty folder, or the seed and "
            "length of the clips that are there."
        )
    (out / "clips").mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    (out / "README.txt").write_text(_README, encoding="utf-8")


def _folder(out: Path, number: int) -> Path:
    return out / "clips" / f"{number:05d}"


def _write(folder: Path, clip: SyntheticClip) -> None:
    draft = folder.with_name(folder.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    for n, (picture, mask) in enumerate(zip(clip.pictures, clip.mask, strict=True)):
        _write_picture(draft / f"frame_{n:02d}.png", picture)
        _write_picture(draft / f"mask_{n:02d}.png", 255 * mask.astype(np.uint8))
    flow = [flow_between(a, b) for a, b in zip(clip.pictures[:-1], clip.pictures[1:], strict=True)]
    np.savez_compressed(
        draft / "truth.npz",
        keypoints_px=clip.seen,
        keypoints_m=clip.points,
        shown=clip.shown,
        occluded=clip.occluded,
        pose=axis_angle_of_matrix(torch.from_numpy(clip.rotations)).numpy(),
        shape=clip.shape,
        translation=clip.translation,
        focal_px=clip.focal_px,
        camera_px=clip.camera,
        flow=np.stack(flow).astype(np.float16),
    )
    draft.rename(folder)


def _write_picture(file: Path, picture: np.ndarray) -> None:
    worked, packed = cv2.imencode(".png", picture)
    if not worked:
        raise OSError(f"{file.name} could not be made")
    file.write_bytes(packed.tobytes())
