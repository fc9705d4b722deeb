import pytest
import torch


@pytest.fixture(autouse=True, scope="session")
def one_torch_thread():
    """Many small layers on a busy machine are slowest when threads wait for each other."""
    torch.set_num_threads(1)
