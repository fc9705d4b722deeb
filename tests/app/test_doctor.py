import importlib.util

import pytest

from poseapp.app import doctor
from poseapp.app.doctor import Verdict


def by_name(findings):
    return {finding.name: finding for finding in findings}


@pytest.fixture(scope="module")
def findings():
    return doctor.examine()


def test_what_this_test_runs_on_really_computes(findings):
    found = by_name(findings)
    assert found["training on the CPU"].verdict is Verdict.OK
    assert found["prediction on the CPU"].verdict is Verdict.OK
    assert found["video"].verdict is Verdict.OK


def test_whatever_is_not_well_has_a_cure(findings):
    assert all(f.cure for f in findings if f.verdict is not Verdict.OK)


def test_a_card_that_torch_cannot_use_is_said(monkeypatch):
    import torch

    monkeypatch.setattr(doctor, "_graphics_card", lambda: "Card 9000")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    found = by_name(doctor._torch())["training on the GPU"]
    assert found.verdict is Verdict.LIMITED
    assert "Card 9000" in found.text
    assert "CUDA build" in found.cure


def test_without_torch_labelling_still_works_and_the_cure_is_named(monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "torch" else real(name, *a)
    )
    (found,) = doctor._torch()
    assert found.verdict is Verdict.LIMITED
    assert "poseapp[train]" in found.cure


def test_a_provider_that_falls_back_is_not_called_working():
    import onnxruntime

    failure = doctor._failure(lambda: doctor._runs(onnxruntime, "CUDAExecutionProvider"))
    gpu = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    assert gpu or failure


def test_a_wrong_product_is_found():
    class Wrong:
        @staticmethod
        def tensor(values, device):
            import torch

            return torch.tensor(values) * 2

    assert "wrongly" in (doctor._failure(lambda: doctor._multiplies(Wrong, "cpu")) or "")


def test_a_missing_display_is_said(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert by_name(doctor._window())["display"].verdict is Verdict.LIMITED
