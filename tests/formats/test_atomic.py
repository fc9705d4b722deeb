import errno
import os
from pathlib import Path

import pytest

from poseapp.domain.errors import ExportError
from poseapp.formats import atomic


def content(path):
    """Everything under a path as a dictionary of bytes, hidden files included."""
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_new_file_takes_the_place_of_the_old_one_and_leaves_nothing_beside_it(tmp_path):
    out = tmp_path / "labels.slp"
    out.write_bytes(b"old")
    with atomic.taking_place_of(out) as (new,):
        atomic.write_bytes(new, b"new")
        assert out.read_bytes() == b"old"
    assert content(tmp_path) == {"labels.slp": b"new"}


def test_a_new_folder_takes_the_place_of_the_old_one_whole(tmp_path):
    out = tmp_path / "export"
    atomic.write_bytes(out / "a" / "old.txt", b"old")
    with atomic.taking_place_of(out) as (new,):
        atomic.write_bytes(new / "b" / "new.txt", b"new")
    assert content(tmp_path) == {"export/b/new.txt": b"new"}


def test_folders_on_the_way_are_made(tmp_path):
    with atomic.taking_place_of(tmp_path / "far" / "away" / "x.json") as (new,):
        atomic.write_bytes(new, b"{}")
    assert content(tmp_path) == {"far/away/x.json": b"{}"}


def test_an_error_inside_leaves_the_old_file_and_nothing_else(tmp_path):
    out = tmp_path / "labels.slp"
    out.write_bytes(b"old")

    def faulty():
        with atomic.taking_place_of(out) as (new,):
            atomic.write_bytes(new, b"half")
            raise KeyError("a fault")

    with pytest.raises(KeyError):
        faulty()
    assert content(tmp_path) == {"labels.slp": b"old"}


@pytest.mark.parametrize("is_folder", [False, True])
@pytest.mark.parametrize("failing", ["fsync", "rename 1", "rename 2", "rename 3", "rename 4"])
def test_a_failure_at_any_step_leaves_file_or_folder_and_manifest_as_they_were(
    tmp_path, monkeypatch, is_folder, failing
):
    out, beside = tmp_path / "out", tmp_path / "out.manifest.json"
    atomic.write_bytes(out / "kept.txt" if is_folder else out, b"old")
    beside.write_bytes(b"{}")
    before = content(tmp_path)
    calls = []
    real = {"rename": Path.rename, "replace": Path.replace}

    def counted(name):
        def call(self, target):
            calls.append(name)
            if failing == f"rename {len(calls)}":
                full()
            return real[name](self, target)

        return call

    if failing == "fsync":
        monkeypatch.setattr(os, "fsync", full)
    else:
        monkeypatch.setattr(Path, "rename", counted("rename"))
        monkeypatch.setattr(Path, "replace", counted("replace"))
    steps = 4 if is_folder else 3  # the manifest steps aside and is replaced; so is a folder
    fails = failing == "fsync" or int(failing[-1]) <= steps

    def export():
        with atomic.taking_place_of(beside, out) as (new_beside, new):
            atomic.write_bytes(new_beside, b"{1}")
            atomic.write_bytes(new / "new.txt" if is_folder else new, b"new")

    if fails:
        with pytest.raises(ExportError, match=r"the disk is full\. out is untouched"):
            export()
        monkeypatch.undo()
        assert content(tmp_path) == before
    else:
        export()
        assert content(tmp_path) != before


def test_the_sentence_says_when_nothing_was_there(tmp_path):
    with (
        pytest.raises(ExportError, match=r"disk is full\. Nothing was written"),
        atomic.taking_place_of(tmp_path / "new.json"),
    ):
        full()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(ExportError, match="Choose another place"),
        atomic.taking_place_of(tmp_path / "file" / "out.json"),
    ):
        pass


def test_a_link_is_replaced_and_not_followed(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"precious")
    out = tmp_path / "out.json"
    out.symlink_to(elsewhere)
    with atomic.taking_place_of(out) as (new,):
        atomic.write_bytes(new, b"new")
    assert elsewhere.read_bytes() == b"precious"
    assert out.read_bytes() == b"new"
    assert not out.is_symlink()
