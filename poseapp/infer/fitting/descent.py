"""Two ways down an energy: from far off, and from near."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor


def improve(
    free: Sequence[Tensor],
    rates: Sequence[float],
    energy: Callable[[], Tensor],
    iterations: int,
    told: Callable[[float], None],
) -> None:
    """Adam, with a step that fades to nothing: for starts that are far off.

    `rates` are the first steps of each of `free`; `told` hears the share that is done.
    """
    groups = [{"params": [value], "lr": rate} for value, rate in zip(free, rates, strict=True)]
    adam = torch.optim.Adam(groups)
    fading = torch.optim.lr_scheduler.CosineAnnealingLR(adam, iterations)
    for n in range(iterations):
        told(n / iterations)
        adam.zero_grad()
        energy().backward()
        adam.step()
        fading.step()


def settle(
    free: Sequence[Tensor],
    energy: Callable[[], Tensor],
    iterations: int,
    told: Callable[[float], None] = lambda _: None,
) -> None:
    """L-BFGS, from a start that is near; `told` hears the share that is done."""
    newton = torch.optim.LBFGS(
        list(free), max_iter=iterations, max_eval=iterations * 5 // 4,
        line_search_fn="strong_wolfe", history_size=20,
    )  # fmt: skip
    asked = 0

    def step() -> Tensor:
        nonlocal asked
        told(min(asked / iterations, 1))
        asked += 1
        newton.zero_grad()
        cost = energy()
        cost.backward()
        return cost

    newton.step(step)
