import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from poseapp.app.commands import AddInstance
from poseapp.app.mailbox import Mailbox
from poseapp.app.presets import preset_names
from poseapp.app.session import Session
from poseapp.app.teaching import Teaching
from poseapp.cli import main
from poseapp.cli.progress import TerminalReport
from poseapp.cli.workshop import opened
from poseapp.domain.ids import FrameRef, RunId, VideoId
from poseapp.domain.pose import Instance
from poseapp.domain.run import Run, RunKind
from poseapp.formats.registry import FORMATS
from poseapp.learn.select.registry import SELECTORS
from poseapp.media.film_writer import write_film
from tests.fixtures.motions import keep_motion, walking

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
README = Path(__file__).parents[1] / "README.md"


def run(*arguments, ok=True):
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert (result.exit_code == 0) is ok, result.output
    return result


def document(*arguments):
    return json.loads(run(*arguments, "--json").stdout)


@pytest.fixture
def film(tmp_path):
    rng = np.random.default_rng(0)
    scenes = rng.integers(0, 255, (6, 3, 4, 3), dtype=np.uint8)
    pictures = [np.kron(scenes[n // 5], np.ones((16, 16, 1), np.uint8)) for n in range(30)]
    write_film(tmp_path / "scenes.mp4", pictures, 25)
    return tmp_path / "scenes.mp4"


@pytest.fixture
def project(tmp_path, film):
    run("new", tmp_path / "study", "--skeleton", "mouse_top", film)
    return tmp_path / "study.pose"


def test_a_project_is_made_and_told_about(project):
    found = document("info", project)
    assert found["videos"][0]["frames"] == 30
    assert found["skeleton"]["keypoints"][0] == "nose"
    assert found["labels"] == 0


def test_standard_output_holds_one_document_and_nothing_else(project):
    result = run("suggest", project, "--selector", "uniform", "--count", 3, "--json")
    rows = json.loads(result.stdout)
    assert len({(row["video"], row["frame"]) for row in rows}) == 3
    assert all(row["reasons"][0]["text"] and 0 <= row["score"] <= 1 for row in rows)
    assert "Picking frames" in result.stderr


def test_suggestions_are_appended_to_the_queue(project):
    first = document("suggest", project, "--selector", "uniform", "--count", 3)
    second = document("suggest", project, "--selector", "typiclust", "--count", 2)
    assert not {r["frame"] for r in first} & {r["frame"] for r in second}
    assert document("info", project)["suggestions"]["open"] == 5


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("info", "nowhere"), "no project"),
        (("train", "{project}"), "Label a few frames first"),
        (("train", "{project}", "--resume"), "No training broke off"),
        (("train", "{project}", "--from", "another"), "no run another"),
        (("predict", "{project}"), "Train one first"),
        (("predict", "{project}", "--video", "other.mp4"), "1: scenes.mp4"),
        (("suggest", "{project}", "--selector", "oracle"), "typiclust"),
        (("worth", "{project}"), "20 more labelled frames"),
        (("export", "{project}", "--format", "papyrus", "x"), "sleap"),
        (("add", "{project}", "missing.mp4"), "missing.mp4"),
        (("add", "{project}"), "Name one video"),
        (("import", "{project}", "missing.slp"), "not there"),
        (("new", "{project}", "--skeleton", "person"), "there already"),
        (("new", "other", "--skeleton", "unicorn"), "person"),
        (("open", "nowhere"), "no project"),
        (("open", "{project}"), "no display"),
    ],
)
def test_a_failure_is_one_sentence_and_a_code(project, monkeypatch, arguments, says):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    filled = [str(project) if a == "{project}" else a for a in arguments]
    if arguments[0] != "open":
        filled.append("--json")
    result = run(*filled, ok=False)
    assert result.exit_code == 1
    assert says in result.stderr
    assert "Traceback" not in result.output
    assert result.stdout == ""


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_labels_go_out_in_every_format_and_come_back(project, tmp_path, name):
    with Session.open(project) as session:
        for frame in (0, 12, 29):
            points = np.random.default_rng(frame).uniform(5, 40, (10, 2)).round(2)
            made = Instance(FrameRef(VideoId(1), frame), points, np.full(10, 2))
            session.history.do(AddInstance(made))
    out = tmp_path / {"sleap": "labels.slp"}.get(name, name)
    summary = document("export", project, "--format", name, out)
    assert (summary["frames"], summary["labels"]) == (3, 3)
    back = document("import", tmp_path / "back", summary["path"])
    assert back["labels"] == 3
    with Session.open(tmp_path / "back", read_only=True) as session:
        labels = session.project.labels.snapshot()
    points = np.random.default_rng(12).uniform(5, 40, (10, 2)).round(2)
    order = [labels.skeleton.index(k) for k in ("nose", "tail tip")]
    assert any(np.allclose(i.points[order], points[[0, 9]], atol=1e-6) for i in labels.instances)


def test_a_project_that_is_open_elsewhere_is_not_written(project):
    with Session.open(project):
        code = [sys.executable, "-m", "poseapp", "add", str(project), str(project)]
        done = subprocess.run(code, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_a_project_that_could_not_be_filled_is_not_left_behind(tmp_path, film):
    run("new", tmp_path / "study", "--skeleton", "fly", tmp_path / "missing.mp4", ok=False)
    assert not (tmp_path / "study.pose").exists()
    run("new", tmp_path / "study", "--skeleton", "fly", film)


class Interrupted(Mailbox):
    """Ctrl+C is pressed at the first wait; at the second too where the person has no patience."""

    presses = 1

    def run_until(self, reached, within_s=None):
        if Interrupted.presses:
            Interrupted.presses -= 1
            raise KeyboardInterrupt
        return super().run_until(reached, within_s)


@pytest.fixture
def labelled(project):
    with Session.open(project) as session:
        for frame in (0, 12, 29):
            points = np.random.default_rng(frame).uniform(5, 40, (10, 2))
            session.history.do(
                AddInstance(Instance(FrameRef(VideoId(1), frame), points, np.full(10, 2)))
            )
    return project


@pytest.mark.parametrize(
    ("presses", "says"), [(1, "stopped before there was a net"), (2, "before there was anything")]
)
def test_an_interrupted_training_says_what_is_left(labelled, monkeypatch, presses, says):
    monkeypatch.setattr(Interrupted, "presses", presses)
    monkeypatch.setattr("poseapp.app.mailbox.Mailbox", Interrupted)
    result = run("train", labelled, "--json", ok=False)
    assert says in result.stderr.splitlines()[-1]
    assert result.stdout == ""


def test_an_interrupted_job_without_an_outcome_is_no_success(labelled, monkeypatch):
    monkeypatch.setattr("poseapp.app.mailbox.Mailbox", Interrupted)
    monkeypatch.setattr(Interrupted, "presses", 1)
    result = run("suggest", labelled, "--selector", "uniform", "--json", ok=False)
    assert "Stopped" in result.stderr
    assert result.stdout == ""


def test_before_the_agents_can_learn_another_picks_and_it_is_said(labelled, monkeypatch):
    asked = ("suggest", labelled, "--selector", "matal", "--count", 1, "--json")
    result = run(*asked)
    assert [row["selector"] for row in json.loads(result.stdout)] == ["typiclust"]
    assert "The agents learn from 40 labels on; there are 3" in result.stderr
    monkeypatch.setattr(Teaching, "due", True)
    assert "from 40 labelled frames on; there are 3" in run(*asked).stderr


def test_the_budget_of_labels_is_remembered(labelled):
    run("suggest", labelled, "--selector", "uniform", "--count", 1, "--budget", 80)
    run("suggest", labelled, "--selector", "uniform", "--count", 1)
    with opened(labelled, writing=False) as workshop:
        assert workshop.services.selection.goal == 80


def test_a_film_of_one_s_own_is_made_ready_to_label(film, tmp_path, monkeypatch):
    monkeypatch.setattr("poseapp.ui.portrait.portraits", lambda project, out: (out / "a.png",))
    arguments = ("demo", "--headless", "--video", film, "--out", tmp_path / "out")
    found = document(*arguments)
    assert Path(found["project"]) == tmp_path / "out" / "scenes.pose"
    picked = found["steps"][1]["picked"]
    assert len(picked) == len({*picked}) > 0
    assert found["pictures"] == [str(tmp_path / "out" / "a.png")]
    assert any(f"poseapp open {found['project']}" in line for line in found["next"])
    assert document("info", found["project"])["suggestions"]["open"] == len(picked)
    assert document(*arguments)["steps"][1]["picked"] == picked


def test_the_nets_for_people_are_said_to_be_missing_with_how_to_get_them():
    assert document("people")["there"] is False
    assert "poseapp people --fetch" in run("people").stdout


def test_meshes_that_are_there_are_exported(tmp_path):
    write_film(tmp_path / "walk.mp4", [np.full((200, 320, 3), 90, np.uint8)] * 6, 25)
    run("new", tmp_path / "walk", "--skeleton", "human", tmp_path / "walk.mp4")
    with Session.open(tmp_path / "walk.pose") as session:
        made = Run(RunId("mesh-1"), RunKind.MESH, "fit", BEGUN, config={"body": "Anny"})
        session.project.runs.add(made)
        keep_motion(session.project, made.id, VideoId(1), "Person 1", walking(6))
    out = tmp_path / "walk.glb"
    found = document("mesh", tmp_path / "walk.pose", "--export", "glb", out, "--ask")
    assert out.read_bytes()[:4] == b"glTF"
    assert found["people"] == [
        {"name": "Person 1", "frames": 6, "error_px": 1.93, "disagreeing": 0}
    ]
    assert (found["exports"][0]["kind"], found["asked"]) == ("glb", 0)


def test_meshes_without_keypoints_are_refused_in_words(project):
    run("new", project.parent / "people", "--skeleton", "human", project.parent / "scenes.mp4")
    said = run("mesh", project.parent / "people.pose", ok=False).output
    assert "There are no keypoints yet. Predict the video, or label a few frames." in said
    assert "A body can be laid over people only" in run("mesh", project, ok=False).output


def test_a_smoothing_that_makes_no_sense_is_refused_in_words(project):
    said = run("mesh", project, "--smoothing", 9, ok=False).output
    assert "Motion cannot be smoothed 9 times as much as usual." in said


def test_a_net_that_is_none_is_refused_in_words(project, tmp_path):
    (tmp_path / "notes.safetensors").write_bytes(b"no net")
    for named in ("notes.safetensors", "gone.safetensors", "keypoint"):
        said = run("mesh", project, "--net", tmp_path / named, ok=False).output
        assert f"{named} cannot be read as a net for meshes" in said
    # the next hindrance is told of where the net is one
    for named in ("none", "keypoints"):
        assert "people only" in run("mesh", project, "--net", named, ok=False).output


def joint(name, offset, *inside):
    channels = "CHANNELS 3 Zrotation Yrotation Xrotation"
    inner = "\n".join(inside or ("End Site\n{\nOFFSET 0 -0.1 0.02\n}",))
    return f"JOINT {name}\n{{\nOFFSET {offset}\n{channels}\n{inner}\n}}"


def write_swaying(path):
    """A person in Mixamo's names, arms to the sides at rest, who leans more and more."""
    legs = [
        joint(f"{side}UpLeg", f"{0.1 * x} -0.05 0",
              joint(f"{side}Leg", "0 -0.42 0",
                    joint(f"{side}Foot", "0 -0.42 0", joint(f"{side}ToeBase", "0 -0.06 0.12"))))
        for side, x in (("Left", 1), ("Right", -1))
    ]  # fmt: skip
    arms = [
        joint(f"{side}Shoulder", f"{0.05 * x} 0.2 0",
              joint(f"{side}Arm", f"{0.13 * x} 0 0",
                    joint(f"{side}ForeArm", f"{0.28 * x} 0 0",
                          joint(f"{side}Hand", f"{0.25 * x} 0 0"))))
        for side, x in (("Left", 1), ("Right", -1))
    ]  # fmt: skip
    neck = joint("Neck", "0 0.25 0", joint("Head", "0 0.1 0", joint("HeadTop_End", "0 0.18 0")))
    spine = joint("Spine", "0 0.1 0", joint("Spine1", "0 0.12 0", neck, *arms))
    root = "CHANNELS 6 Xposition Yposition Zposition Zrotation Yrotation Xrotation"
    tree = "\n".join(("HIERARCHY", "ROOT Hips", "{", "OFFSET 0 1 0", root, *legs, spine, "}"))
    still = " 0" * (3 * tree.count("JOINT") + 2)
    rows = "\n".join(f"0 0.95 0 {n}{still}" for n in range(12))
    path.write_text(f"{tree}\nMOTION\nFrames: 12\nFrame Time: 0.033333\n{rows}\n")


def test_made_up_clips_are_written_and_told_of(tmp_path):
    write_swaying(tmp_path / "sway.bvh")
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (24, 32, 3), dtype=np.uint8)
    whole = np.kron(noise, np.ones((10, 10, 1), np.uint8))
    write_film(tmp_path / "moving.mp4", [np.roll(whole, n, axis=1) for n in range(12)], 25)
    options = ("--motion", tmp_path, "--backdrop", tmp_path / "moving.mp4", "--frames", 4)
    found = document("synth", tmp_path / "set", "--clips", 1, "--seed", 3, *options)
    assert (found["clips"], found["seed"]) == (1, 3)
    with np.load(tmp_path / "set" / "clips" / "00000" / "truth.npz", allow_pickle=False) as truth:
        assert truth["pose"].shape == (4, 20, 3)
    empty = tmp_path / "empty"
    empty.mkdir()
    options = ("--motion", empty, "--backdrop", tmp_path / "moving.mp4", "--clips", 1)
    assert "There is no BVH file" in run("synth", tmp_path / "b", *options, ok=False).output


def test_help_names_every_command_in_the_order_of_work_and_every_preset():
    lines = run("--help").stdout.splitlines()
    told = [line.split()[0] for line in lines[lines.index("Commands:") + 1 :]]
    assert sorted(told) == sorted(main.commands)
    assert told.index("new") < told.index("train") < told.index("predict")
    assert not any(line.endswith("...") for line in lines[-len(told) :])
    text = run("new", "--help").stdout
    assert all(name in text for name in preset_names())


def test_doctor_speaks_json():
    assert {finding["name"] for finding in document("doctor")} >= {"machine", "video", "window"}


def test_the_readme_names_every_command_preset_format_and_selector():
    text = README.read_text(encoding="utf-8")
    for command in main.commands:
        assert f"`poseapp {command}" in text or f"`poseapp` or `poseapp {command}" in text
    for name in (*preset_names(), *FORMATS, *SELECTORS):
        assert f"`{name}`" in text


def test_every_selector_says_what_it_is_for():
    assert all(s.about.endswith(".") for s in SELECTORS.values())


def test_progress_is_told_now_and_then_where_nobody_watches(capsys):
    report = TerminalReport("Working")
    for n in range(100):
        report.progress(n / 100, "on it")
    report.note("A word.")
    for _ in range(3):
        report.progress(1.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Working 0%")
    assert "A word." in lines
    assert len(lines) == 3


def test_the_command_line_starts_without_heavy_libraries():
    code = (
        "import sys, poseapp.cli; heavy = {'torch', 'cv2', 'PySide6', 'onnxruntime', 'av'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
