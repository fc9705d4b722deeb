"""The training loop: every recipe's steps run here.

What is notable: the learning rate follows the share of the budget that is used, whether that is
steps or minutes; what is kept is a running average of the weights, at its best on the held-out
frames; a step can be paused or stopped, a killed run goes on from its checkpoint, and memory that
runs out halves the batch.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn

from poseapp.domain.errors import JobCancelled, TrainingError
from poseapp.domain.report import Report
from poseapp.learn.train import checkpoint
from poseapp.learn.train import device as devices

Metrics = dict[str, float]
Net = TypeVar("Net", bound=nn.Module)
Given = TypeVar("Given")
"""What one step learns from."""


@dataclass(frozen=True, slots=True)
class Options:
    """How long and how hard a net is trained."""

    minutes: float | None = 5.0
    """Of wall time; None when steps end the run."""
    steps: int | None = None
    batch: int = 8
    lr: float = 2e-3
    """Of the head at its highest."""
    backbone_lr: float = 0.3
    """Of the backbone, as a share of the head's."""
    weight_decay: float = 1e-4
    average: float = 0.99
    """How much of the running average of weights a step keeps."""
    evaluations: int = 20
    """Over the whole budget."""
    patience: int = 12
    """Evaluations without a better one after which training stops early."""
    warm_up: float = 0.05
    """Share of the budget in which the learning rate rises."""


@dataclass(slots=True)
class Task(Generic[Net, Given]):
    """What is learnt: batches by number, a loss, and a measure to be small on held-out frames."""

    net: Net
    batch_at: Callable[[int, int], Given]
    """(step, size) → batch; the same for the same numbers."""
    loss: Callable[[Net, Given, torch.device], Tensor]
    evaluate: Callable[[Net], Metrics]
    """Metrics of held-out frames; `score` among them is what should be small.

    NaN where nothing is held out: then the newest weights are kept.
    """


@dataclass(slots=True)
class Fitted(Generic[Net]):
    """The outcome: the best net and how it came about."""

    net: Net
    history: list[Metrics]
    best: Metrics
    steps: int
    seconds: float
    stopped: bool
    device: str


@dataclass(slots=True)
class _State:
    step: int = 0
    seconds: float = 0.0
    batch: int = 8
    best: Metrics = field(default_factory=dict)
    since_best: int = 0
    evaluated: int = 0
    history: list[Metrics] = field(default_factory=list)


class Loop(Generic[Net, Given]):
    """One training from its first step, or from its checkpoint, to its end."""

    def __init__(
        self,
        task: Task[Net, Given],
        options: Options,
        report: Report,
        device: torch.device,
        saved: Path,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._task, self._options, self._report, self._now = task, options, report, now
        self._device, self._saved = device, saved
        self._net = task.net.to(device)
        self._average = copy.deepcopy(self._net).requires_grad_(False)
        self._best = copy.deepcopy(self._average)
        self._optimiser = torch.optim.AdamW(
            groups(self._net, options.lr, options.backbone_lr),
            lr=options.lr,
            weight_decay=options.weight_decay,
        )
        self._scaler = devices.gradient_scaler(device)
        self._state = _State(batch=options.batch)
        self._restore()

    def run(self) -> Fitted[Net]:
        """Train until the budget is used, nothing gets better, or a person stops it."""
        state, stopped = self._state, False
        began = self._now() - state.seconds
        try:
            with _Ahead(self._task.batch_at, 1 if self._device.type == "cpu" else 4) as batches:
                while (share := self._share()) < 1 and state.since_best < self._options.patience:
                    self._report.progress(share, f"step {state.step}")
                    loss = self._learn(batches.get(state.step, state.batch), share)
                    if loss is not None:
                        state.step += 1
                        state.seconds = self._now() - began
                        self._measure(loss)
        except JobCancelled:
            if not state.step:
                raise
            stopped = True
        if not state.best:
            self._evaluate(math.nan)
        return Fitted(
            self._best.eval(),
            state.history,
            state.best,
            state.step,
            state.seconds,
            stopped,
            devices.describe(self._device),
        )

    def _share(self) -> float:
        """How much of the budget is used, 0..1."""
        shares = []
        if self._options.steps is not None:
            shares.append(self._state.step / max(1, self._options.steps))
        if self._options.minutes is not None:
            shares.append(self._state.seconds / (60 * self._options.minutes))
        if not shares:
            raise TrainingError("A training needs a number of minutes or of steps.")
        return min(1.0, max(shares))

    def _learn(self, batch: Given, share: float) -> float | None:
        """One step; None when memory ran out and the batch was halved instead."""
        try:
            return self._step(batch, share)
        except (RuntimeError, MemoryError) as error:
            if not devices.out_of_memory(error):
                raise
            self._halve(error)
            return None

    def _step(self, batch: Given, share: float) -> float:
        rate = _rate(share, self._options.warm_up)
        for group in self._optimiser.param_groups:
            group["lr"] = group["highest"] * rate
        self._net.train()
        self._optimiser.zero_grad(set_to_none=True)
        with devices.mixed_precision(self._device):
            loss = self._task.loss(self._net, batch, self._device)
        self._scaler.scale(loss).backward()
        self._scaler.step(self._optimiser)
        self._scaler.update()
        self._follow()
        return float(loss.detach())

    def _follow(self) -> None:
        """Move the running average a little towards the weights; faster in the first steps."""
        step = self._state.step
        follow(self._average, self._net, min(self._options.average, (1 + step) / (10 + step)))

    def _halve(self, error: BaseException) -> None:
        self._optimiser.zero_grad(set_to_none=True)
        if self._state.batch == 1:
            raise TrainingError(
                "There is not enough memory to train even one picture at a time. Choose a smaller "
                "input size or a smaller net, or close other programs."
            ) from error
        self._state.batch //= 2
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self._report.note(
            f"Memory ran out, so training goes on with {self._state.batch} pictures a step."
        )

    def _measure(self, loss: float) -> None:
        """Live numbers; at each new twentieth of the budget, the held-out frames too."""
        state = self._state
        speed = state.step * state.batch / max(state.seconds, 1e-6)
        self._report.metrics(step=state.step, loss=loss, images_per_s=speed)
        due = int(self._share() * self._options.evaluations)
        if due > state.evaluated:
            state.evaluated = due
            self._evaluate(loss)

    def _evaluate(self, loss: float) -> None:
        state = self._state
        self._average.eval()
        with torch.no_grad():
            measured = self._task.evaluate(self._average)
        row = {"step": state.step, "loss": loss, **measured}
        state.history.append(row)
        self._report.metrics(**{k: v for k, v in row.items() if k != "score"})
        # written so that a score that is no number, when nothing is held out, keeps the newest
        if not state.best or not measured["score"] >= state.best["score"]:
            state.best, state.since_best = measured, 0
            self._best.load_state_dict(self._average.state_dict())
        else:
            state.since_best += 1
        self._save()

    def _save(self) -> None:
        state = self._state
        parts = {
            "net.": self._net.state_dict(),
            "average.": self._average.state_dict(),
            "best.": self._best.state_dict(),
            "optimiser.": checkpoint.optimiser_tensors(self._optimiser),
        }
        tensors = {f"{p}{k}": v for p, part in parts.items() for k, v in part.items()}
        facts: dict[str, Any] = {name: getattr(state, name) for name in _State.__slots__}
        checkpoint.save(self._saved, tensors, facts)

    def _restore(self) -> None:
        found = checkpoint.load(self._saved)
        if found is None:
            return
        tensors, facts = found
        self._net.load_state_dict(checkpoint.group(tensors, "net."))
        self._average.load_state_dict(checkpoint.group(tensors, "average."))
        self._best.load_state_dict(checkpoint.group(tensors, "best."))
        checkpoint.restore_optimiser(self._optimiser, checkpoint.group(tensors, "optimiser."))
        self._state = _State(**facts)


class _Ahead(Generic[Given]):
    """Makes the next batches in the background while a step is computed."""

    def __init__(self, batch_at: Callable[[int, int], Given], ahead: int) -> None:
        self._batch_at, self._ahead = batch_at, ahead
        self._threads = ThreadPoolExecutor(ahead)
        self._coming: dict[tuple[int, int], Future[Given]] = {}

    def get(self, step: int, size: int) -> Given:
        """The batch of a step; the following ones are begun."""
        wanted = [(n, size) for n in range(step, step + self._ahead + 1)]
        self._coming = {
            key: self._coming.get(key) or self._threads.submit(self._batch_at, *key)
            for key in wanted
        }
        return self._coming[step, size].result()

    def __enter__(self) -> _Ahead[Given]:
        return self

    def __exit__(self, *error: object) -> None:
        self._threads.shutdown(cancel_futures=True)


def _rate(share: float, warm_up: float) -> float:
    """The learning rate's course: a short rise, then half a cosine down to nothing."""
    if share < warm_up:
        return 0.05 + 0.95 * share / warm_up
    return 0.5 * (1 + math.cos(math.pi * (share - warm_up) / (1 - warm_up)))


@torch.no_grad()
def follow(average: nn.Module, net: nn.Module, keep: float) -> None:
    """Move an average of weights towards the net; `keep` of it stays."""
    fresh = net.state_dict()
    for name, mean in average.state_dict().items():
        if mean.is_floating_point():
            mean.lerp_(fresh[name], 1 - keep)
        else:
            mean.copy_(fresh[name])


def groups(net: nn.Module, lr: float, backbone_lr: float) -> list[dict[str, Any]]:
    """What an optimiser moves: the head at `lr`, the backbone at that share of it.

    Each group remembers its rate as the `highest`.
    """
    backbone, head = [], []
    for name, parameter in net.named_parameters():
        if parameter.requires_grad:
            (backbone if name.startswith("backbone.") else head).append(parameter)
    found = [
        {"params": head, "lr": lr, "highest": lr},
        {"params": backbone, "lr": lr * backbone_lr, "highest": lr * backbone_lr},
    ]
    return [g for g in found if g["params"]]
