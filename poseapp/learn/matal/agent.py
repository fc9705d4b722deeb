"""One agent of the team: what it expects of picking a frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CODE = 16
"""[P] Numbers that action and h are narrowed to (figure 2)."""
HIDDEN = (64, 32)


class Agent(nn.Module):
    """Figure 2: z = ReLU(Linear([a, h])), then three linear layers over [z, a, s] to a value."""

    def __init__(self, state: int, action: int) -> None:
        super().__init__()
        first, second = HIDDEN
        self.code = nn.Linear(2 * action, CODE)
        self.value = nn.Sequential(
            nn.Linear(CODE + action + state, first),
            nn.ReLU(),
            nn.Linear(first, second),
            nn.ReLU(),
            nn.Linear(second, 1),
        )

    def forward(self, states: Tensor, actions: Tensor, h: Tensor) -> Tensor:
        """(B, S) states, (B, A, F) actions and (B, F) means of earlier actions to (B, A) values."""
        width = actions.shape[1]
        h = h[:, None].expand(-1, width, -1)
        z = torch.relu(self.code(torch.cat([actions, h], dim=2)))
        s = states[:, None].expand(-1, width, -1)
        return self.value(torch.cat([z, actions, s], dim=2))[..., 0]
