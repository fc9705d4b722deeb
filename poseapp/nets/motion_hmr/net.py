"""Motion-HMR: 2D keypoints and flow of a clip to a body in every frame.

Doersch and Zisserman, "Sim2real transfer learning for 3D human pose estimation: motion to the
rescue", section 3.2 and appendix B: an encoder for each pair of frames, a bidirectional LSTM over
the clip, a head for the present and one for the future of each pair, and on each the iterative
regressor of HMR (Kanazawa and others, "End-to-end recovery of human shape and pose", section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from poseapp.nets.body.camera import FACING
from poseapp.nets.body.pose_prior import shipped_prior
from poseapp.nets.body.rotations import matrix_of_axis_angle, matrix_of_six, six_of_matrix
from poseapp.nets.body.shipped import shipped_body
from poseapp.nets.motion_hmr.architecture import INPUT_KEYPOINTS, LIGHT_KEYPOINTS, Architecture
from poseapp.nets.motion_hmr.clips import BOX_OF_PERSON, Clips, of_frames
from poseapp.nets.motion_hmr.encoders import PictureEncoder, PointEncoder

CAMERA, SIX = 3, 6
ITERATIONS = 3
_FROM_ENCODER = ("weight_ih_l0", "weight_ih_l0_reverse")
"""The memory's weights of the encoder's features, in each direction."""


@dataclass(frozen=True, slots=True, eq=False)
class Bodies:
    """What the net says of N frames, of the shipped body."""

    camera: Tensor
    """(..., 3) weak: s, tx, ty of the frame's box."""
    six: Tensor
    """(..., J, 6) rotations, the root's first, against the camera."""
    shape: Tensor
    """(..., S)"""

    @classmethod
    def joined(cls, first: Bodies, second: Bodies, dim: int) -> Bodies:
        """Two, one after the other."""
        return cls(
            torch.cat([first.camera, second.camera], dim),
            torch.cat([first.six, second.six], dim),
            torch.cat([first.shape, second.shape], dim),
        )

    def rotations(self) -> Tensor:
        """Matrices (..., J, 3, 3)."""
        return matrix_of_six(self.six)


class MotionHMR(nn.Module):
    """Clips → the bodies of each pair's present and future."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        points = architecture.trunk == "points"
        self.encoder = PointEncoder(architecture.hidden) if points else PictureEncoder(architecture)
        self._memory = nn.LSTM(
            self.encoder.width, architecture.memory, batch_first=True, bidirectional=True
        )
        self._heads = nn.ModuleList(
            nn.Sequential(nn.Linear(2 * architecture.memory, architecture.hidden), nn.ReLU())
            for _ in range(2)
        )
        self._regressors = nn.ModuleList(
            Regressor(architecture.hidden, architecture.dropout) for _ in range(2)
        )

    def take_over(self, known: MotionHMR) -> None:
        """Begin as a net of keypoints alone: pictures mean nothing until they are learnt from.

        Raises:
            ValueError: when it is no such net, or of other sizes than what it would become here.
        """
        encoder, numbers = self.encoder, self._numbers()
        ours, theirs = self.architecture, known.architecture
        sizes = (ours.hidden, ours.memory) == (theirs.hidden, theirs.memory)
        if numbers is None or not isinstance(known.encoder, PointEncoder) or not sizes:
            raise ValueError("only a net with the same numbers of keypoints inside can take over")
        numbers.load_state_dict(known.encoder.state_dict())
        self._heads.load_state_dict(known._heads.state_dict())
        self._regressors.load_state_dict(known._regressors.state_dict())
        memory = known._memory.state_dict()
        for name in _FROM_ENCODER:
            memory[name] = pad(memory[name], (encoder.width - numbers.width, 0))
        self._memory.load_state_dict(memory)

    def without_pictures(self) -> MotionHMR:
        """The net of keypoints inside: it says what this one says where no pictures are shown.

        Raises:
            ValueError: when keypoints are not given to it as numbers.
        """
        numbers, ours = self._numbers(), self.architecture
        if numbers is None:
            raise ValueError(
                "only a net with the numbers of keypoints inside does without pictures"
            )
        inside = MotionHMR(
            replace(LIGHT_KEYPOINTS, memory=ours.memory, hidden=ours.hidden, dropout=ours.dropout)
        )
        inside.encoder.load_state_dict(numbers.state_dict())
        inside._heads.load_state_dict(self._heads.state_dict())
        inside._regressors.load_state_dict(self._regressors.state_dict())
        memory = self._memory.state_dict()
        for name in _FROM_ENCODER:
            memory[name] = memory[name][:, -numbers.width :]
        inside._memory.load_state_dict(memory)
        return inside.train(self.training)

    def _numbers(self) -> PointEncoder | None:
        """What reads the keypoints' numbers beside pictures."""
        return self.encoder.numbers if isinstance(self.encoder, PictureEncoder) else None

    def forward(self, clips: Clips, pairs: Tensor | None = None) -> tuple[Bodies, Bodies]:
        """Present and future, each (B, T - 1, ...), or of the (P,) pairs that are asked for."""
        return self.told(self.encoder(clips), pairs)

    def told(self, features: Tensor, pairs: Tensor | None = None) -> tuple[Bodies, Bodies]:
        """The same from the encoder's (B, T - 1, width) features."""
        remembered, _ = self._memory(features)
        if pairs is not None:
            remembered = remembered[:, pairs]
        present, future = (
            regressor(head(remembered))
            for head, regressor in zip(self._heads, self._regressors, strict=True)
        )
        return present, future


class Regressor(nn.Module):
    """HMR's: camera, pose and shape begin at the usual ones and are corrected three times."""

    usual: Tensor

    def __init__(self, features: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("usual", _usual())
        parameters = len(self.usual)
        self._layers = nn.Sequential(
            nn.Linear(features + parameters, features),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(features, features),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self._correction = nn.Linear(features, parameters)
        nn.init.xavier_uniform_(self._correction.weight, gain=0.01)
        nn.init.zeros_(self._correction.bias)

    def forward(self, features: Tensor) -> Bodies:
        """(..., F) → bodies."""
        parameters = self.usual.expand(*features.shape[:-1], -1)
        for _ in range(ITERATIONS):
            hidden = self._layers(torch.cat([features, parameters], dim=-1))
            parameters = parameters + self._correction(hidden)
        joints = len(shipped_body().joint_names)
        camera, six, shape = parameters.split(
            [CAMERA, SIX * joints, shipped_body().shape_count], dim=-1
        )
        return Bodies(camera, six.unflatten(-1, (joints, SIX)), shape)


def bodies_of_frames(net: MotionHMR, clips: Clips) -> Bodies:
    """(B, T, ...) the T bodies that count of each clip."""
    present, future = net(clips)
    return Bodies(
        of_frames(present.camera, future.camera),
        of_frames(present.six, future.six),
        of_frames(present.shape, future.shape),
    )


def _usual() -> Tensor:
    """A person who fills the crop as boxes have it and looks into the camera."""
    body, prior = shipped_body(), shipped_prior()
    angles = torch.cat([torch.tensor([FACING]), prior.mean().view(-1, 3)])
    rotations = matrix_of_axis_angle(angles)
    keypoints, _ = body.keypoints(rotations[None], torch.zeros(1, body.shape_count))
    limbs = keypoints[0, [body.keypoint_names.index(name) for name in INPUT_KEYPOINTS], :2]
    low, high = limbs.amin(dim=0), limbs.amax(dim=0)
    scale = 2 / (BOX_OF_PERSON * (high - low).max())
    camera = torch.cat([scale[None], -(low + high) / 2])
    return torch.cat([camera, six_of_matrix(rotations).flatten(), torch.zeros(body.shape_count)])
