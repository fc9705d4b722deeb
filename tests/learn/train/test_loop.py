import numpy as np
import pytest
import torch
from torch import nn

from poseapp.domain.errors import JobCancelled, TrainingError
from poseapp.domain.report import SilentReport
from poseapp.learn.batches import Batch
from poseapp.learn.train.loop import Loop, Options, Task

CPU = torch.device("cpu")


class Line(nn.Module):
    """y = a x + b, to be fitted to y = 3 x - 1."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.head = nn.Linear(1, 1)

    def forward(self, x):
        return self.head(x)


def batch_at(step, size):
    x = np.random.default_rng((9, step)).uniform(-1, 1, (size, 1, 1)).astype(np.float32)
    return Batch(x, 3 * x - 1, np.ones((size, 1), np.float32))


def squared(net, batch, device):
    return (net(torch.from_numpy(batch.pictures)) - torch.from_numpy(batch.targets)).square().mean()


def away(net):
    error = abs(net.head.weight.item() - 3) + abs(net.head.bias.item() + 1)
    return {"held_out_loss": error, "score": error}


def task(**changes):
    parts = {"net": Line(), "batch_at": batch_at, "loss": squared, "evaluate": away} | changes
    return Task(**parts)


def loop(folder, steps=60, report=None, **changes):
    options = Options(minutes=None, steps=steps, batch=4, lr=0.3, weight_decay=0.0, average=0.5)
    return Loop(task(**changes), options, report or SilentReport(), CPU, folder / "c.safetensors")


class Told(SilentReport):
    def __init__(self, stop_at=None):
        self.stop_at, self.calls, self.notes, self.rows = stop_at, 0, [], []

    def progress(self, done, text=""):
        self.calls += 1
        if self.stop_at is not None and self.calls > self.stop_at:
            raise JobCancelled

    def note(self, text):
        self.notes.append(text)

    def metrics(self, **values):
        self.rows.append(values)


def weights(net):
    return [p.detach().clone() for p in net.parameters()]


def test_the_loop_learns_and_keeps_the_best(tmp_path):
    fitted = loop(tmp_path, steps=120).run()
    assert fitted.best["score"] < 0.05
    assert fitted.best["score"] == min(row["score"] for row in fitted.history)
    assert away(fitted.net)["score"] == pytest.approx(fitted.best["score"])
    assert fitted.steps == 120
    assert fitted.device.startswith("cpu")


def test_progress_is_asked_before_every_step_and_numbers_follow(tmp_path):
    told = Told()
    loop(tmp_path, steps=10, report=told).run()
    assert told.calls == 10
    assert [r["step"] for r in told.rows if "images_per_s" in r] == list(range(1, 11))
    assert any("held_out_loss" in r for r in told.rows)


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path):
    whole = loop(tmp_path / "whole", steps=40).run()

    class KilledError(Exception):
        pass

    def dies(step, size):
        if step == 31:
            raise KilledError
        return batch_at(step, size)

    with pytest.raises(KilledError):
        loop(tmp_path / "killed", steps=40, batch_at=dies).run()
    resumed = loop(tmp_path / "killed", steps=40).run()
    for one, other in zip(weights(whole.net), weights(resumed.net), strict=True):
        assert torch.equal(one, other)
    assert whole.history == resumed.history


def test_a_finished_run_that_is_started_again_is_finished(tmp_path):
    first = loop(tmp_path, steps=20).run()
    told = Told()
    again = loop(tmp_path, steps=20, report=told).run()
    assert told.calls == 0
    assert torch.equal(weights(first.net)[0], weights(again.net)[0])


def test_a_stopped_run_gives_the_best_so_far(tmp_path):
    fitted = loop(tmp_path, report=Told(stop_at=25)).run()
    assert fitted.stopped
    assert fitted.steps == 25
    assert fitted.best["score"] < 4


def test_a_run_that_is_stopped_before_its_first_step_has_nothing_to_give(tmp_path):
    with pytest.raises(JobCancelled):
        loop(tmp_path, report=Told(stop_at=0)).run()


def test_memory_that_runs_out_halves_the_batch_and_says_so(tmp_path):
    def hungry(net, batch, device):
        if len(batch.pictures) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return squared(net, batch, device)

    told = Told()
    fitted = loop(tmp_path, steps=120, report=told, loss=hungry).run()
    assert fitted.best["score"] < 0.5
    assert [n.split(" with ")[1] for n in told.notes] == [
        "2 pictures a step.",
        "1 pictures a step.",
    ]


def test_a_cpu_without_memory_counts_as_well(tmp_path):
    def hungry(net, batch, device):
        if len(batch.pictures) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 8 TB")
        return squared(net, batch, device)

    told = Told()
    loop(tmp_path, report=told, loss=hungry).run()
    assert len(told.notes) == 1


def test_memory_that_does_not_even_hold_one_picture_ends_in_a_sentence(tmp_path):
    def hopeless(net, batch, device):
        raise MemoryError

    with pytest.raises(TrainingError, match="not enough memory to train even one picture"):
        loop(tmp_path, loss=hopeless).run()


def test_other_errors_are_not_taken_for_missing_memory(tmp_path):
    def broken(net, batch, device):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="mat1"):
        loop(tmp_path, loss=broken).run()


def test_training_stops_early_when_nothing_gets_better(tmp_path):
    rising = iter(range(1000))

    def worse(net):
        value = float(next(rising))
        return {"held_out_loss": value, "score": value}

    fitted = loop(tmp_path, steps=1000, evaluate=worse).run()
    assert fitted.steps < 800
    assert fitted.best["score"] == 0


def test_without_held_out_frames_the_newest_weights_are_kept(tmp_path):
    fitted = loop(tmp_path, steps=120, evaluate=lambda net: {"score": float("nan")}).run()
    assert fitted.steps == 120
    assert away(fitted.net)["score"] < 0.05


def test_minutes_end_a_run_by_the_clock_it_was_given(tmp_path):
    ticks = iter(range(100_000))
    options = Options(minutes=0.5, steps=None, batch=4, lr=0.1)
    fitted = Loop(
        task(), options, SilentReport(), CPU, tmp_path / "c", now=lambda: float(next(ticks))
    ).run()
    assert 10 <= fitted.steps <= 31
    assert fitted.seconds >= 29


def test_a_run_without_any_budget_is_refused(tmp_path):
    options = Options(minutes=None, steps=None)
    with pytest.raises(TrainingError, match="minutes or of steps"):
        Loop(task(), options, SilentReport(), CPU, tmp_path / "c").run()
