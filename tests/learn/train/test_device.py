import pytest
import torch

from poseapp.domain.errors import TrainingError
from poseapp.learn.train import device as devices


def test_auto_takes_the_cpu_where_there_is_no_gpu(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert devices.choose("auto") == torch.device("cpu")


def test_auto_does_not_trust_a_gpu_that_cannot_compute(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(devices, "_computes", lambda name: False)
    assert devices.choose("auto") == torch.device("cpu")


@pytest.mark.parametrize("wish", ["cuda:7", "warp drive"])
def test_a_device_that_is_not_there_is_refused_with_a_sentence(wish):
    with pytest.raises(TrainingError, match="cannot be used for training on this machine"):
        devices.choose(wish)


def test_the_cpu_is_described_with_its_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    assert devices.describe(torch.device("cpu")) == "cpu, 1 threads"
    torch.set_num_threads(before)


@pytest.mark.gpu
def test_a_gpu_is_chosen_and_described():
    device = devices.choose("auto")
    assert device.type == "cuda"
    assert "float16" in devices.describe(device)


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried"), True),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 3 TB"), True),
        (RuntimeError("shape '[2]' is invalid"), False),
        (ValueError("not enough values"), False),
    ],
)
def test_missing_memory_is_told_from_other_errors(error, answer):
    assert devices.out_of_memory(error) is answer
