import pytest
import torch

from poseapp.domain.errors import TrainingError
from poseapp.learn.train import checkpoint


def test_what_was_saved_is_loaded(tmp_path):
    file = tmp_path / "run" / "state.safetensors"
    tensors = {"net.a": torch.arange(6.0).view(2, 3), "count": torch.tensor(3)}
    checkpoint.save(file, tensors, {"step": 7, "best": {"score": 1.5}})
    found, facts = checkpoint.load(file)
    assert facts == {"step": 7, "best": {"score": 1.5}}
    assert torch.equal(found["net.a"], tensors["net.a"])
    assert found["count"].item() == 3


def test_an_optimiser_goes_on_as_if_it_had_never_stopped(tmp_path):
    torch.manual_seed(0)
    one, other = torch.nn.Linear(3, 2), torch.nn.Linear(3, 2)
    other.load_state_dict(one.state_dict())
    first, second = (torch.optim.AdamW(net.parameters(), lr=0.1) for net in (one, other))

    def step(net, optimiser):
        optimiser.zero_grad()
        net(torch.ones(1, 3)).square().sum().backward()
        optimiser.step()

    step(one, first)
    checkpoint.save(tmp_path / "s", checkpoint.optimiser_tensors(first), {})
    other.load_state_dict(one.state_dict())
    checkpoint.restore_optimiser(second, checkpoint.load(tmp_path / "s")[0])
    step(one, first)
    step(other, second)
    assert torch.equal(one.weight, other.weight)


def test_no_file_is_no_checkpoint_and_neither_is_a_damaged_one(tmp_path):
    assert checkpoint.load(tmp_path / "none") is None
    (tmp_path / "bad").write_bytes(b"\x00" * 20)
    assert checkpoint.load(tmp_path / "bad") is None


def test_a_full_disk_leaves_the_last_good_checkpoint_and_a_sentence(tmp_path, monkeypatch):
    file = tmp_path / "state.safetensors"
    checkpoint.save(file, {"a": torch.ones(2)}, {"step": 1})

    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(TrainingError, match=r"could not be saved.*No space left.*Free some disk"):
        checkpoint.save(file, {"a": torch.zeros(2)}, {"step": 2})
    tensors, facts = checkpoint.load(file)
    assert facts == {"step": 1}
    assert tensors["a"].tolist() == [1, 1]
    assert [p.name for p in tmp_path.iterdir()] == ["state.safetensors"]
