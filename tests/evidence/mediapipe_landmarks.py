"""A peer's people in space: `python -P mediapipe_landmarks.py FILM FRAMES FILE.npy`.

Runs in an environment of its own, with the packages mediapipe 0.10.14 and av, as a user of that
package would: its full model follows one person through the film. (Without -P, a module beside this
file would hide Python's own of the same name.) Writes (T, 12, 3) limb keypoints
in metres about the hips, in the order of poseapp's, with nothing where nobody was found.
"""

import sys

import av
import mediapipe  # pyright: ignore[reportMissingImports]
import numpy as np

LIMBS = (11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
"""Shoulders, elbows, wrists, hips, knees, ankles, each left and then right."""


def main() -> None:
    """Follow one film."""
    film, frames, target = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    found = np.full((frames, len(LIMBS), 3), np.nan)
    pose = mediapipe.solutions.pose.Pose(model_complexity=1)
    with av.open(film) as source:
        for n, frame in zip(range(frames), source.decode(video=0), strict=False):
            seen = pose.process(frame.to_ndarray(format="rgb24")).pose_world_landmarks
            if seen is not None:
                rows = [seen.landmark[limb] for limb in LIMBS]
                found[n] = [[row.x, row.y, row.z] for row in rows]
    np.save(target, found)


if __name__ == "__main__":
    main()
