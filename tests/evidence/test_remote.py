import json
from dataclasses import replace

import numpy as np
import pytest

from tests.evidence import remote
from tests.evidence.pages import take_back
from tests.evidence.remote_trials import SIZES, Trial, summed

JOINTS = 15


def counts(hits):
    """Of each joint in ten frames."""
    return np.array([[hits] * JOINTS, [10] * JOINTS])


def row(variant, hits, seed=0, same=1):
    """A trial with so many hits in each of two clips, and so many more in one it learnt from."""
    fresh = {m: counts(hits) for m in remote.MEASURES if "same" not in m}
    between = {m: counts(hits + same) for m in ("body_same", "torso_same")} if same else {}
    trial = Trial(variant, remote.EVERY, seed, "cpu")
    made = {name: getattr(trial, name) for name in Trial.__slots__}
    scores = summed({"a": fresh, "b": fresh, "c": between})
    return made | {"labels": 40, "labels_apart": 10} | scores


def test_hits_are_summed_by_joint_and_by_clip_without_neck_and_belly():
    found = row("random", 7)
    assert found["joints"]["body_all"] == [[14] * JOINTS, [20] * JOINTS]
    assert found["clips"]["b"]["torso_all"] == [7 * 13, 130]
    assert found["clips"]["c"] == {"body_same": [104, 130], "torso_same": [104, 130]}


def test_the_page_of_what_is_done_is_taken_back_on_another_machine(tmp_path):
    twin, work = tmp_path / "remote.json", tmp_path / "work"
    work.mkdir()
    rows = [row("baseline", 5), row("labels_only", 6), row("random", 7)]
    remote.write(rows, "cpu", twin)
    said = twin.with_suffix(".md").read_text()
    assert "| MT + random | 70.0" in said
    assert "| MT + random | +10.0 [+10.0, +10.0] | 0.500 | +10.0 [+10.0, +10.0] | 0.500 |" in said
    assert "| 70.0 [70.0, 70.0] | 80.0 [80.0, 80.0] | 80.0 [80.0, 80.0] |" in said
    take_back(twin, work, SIZES, Trial)
    kept = {file.stem: json.loads(file.read_text()) for file in work.iterdir()}
    assert kept == {f"cpu-{r['variant']}-every5-seed0": r for r in rows}
    again = remote.finished(remote.rounds(1, "cpu"), work)
    assert sorted(r["variant"] for r in again) == ["baseline", "labels_only", "random"]


def test_trials_that_lack_a_measure_are_left_out_of_it_alone(tmp_path):
    early = row("random", 7, same=0)
    rows = [row("labels_only", 6), early, row("labels_only", 6, 1), row("random", 8, 1)]
    found = remote.summarised(rows)["random, every 5"]
    assert found["body_all"]["mean"] == pytest.approx(75)
    assert found["body_same"]["mean"] == pytest.approx(90)
    assert found["over_labels_only"]["body_all"]["pairs"] == 4
    assert found["over_labels_only"]["body_same"]["pairs"] == 1


def test_numbers_of_labels_are_compared_over_the_seeds_that_have_all_of_them(tmp_path):
    def tenth(variant, hits):
        return row(variant, hits) | {"every": 10, "labels": 20}

    both = [row("labels_only", 6), row("agent", 8), tenth("labels_only", 5), tenth("agent", 6)]
    remote.write([*both, row("labels_only", 3, 1), row("agent", 3, 1)], "cpu", tmp_path / "r.json")
    said = (tmp_path / "r.md").read_text()
    assert "Means over 1 seeds" in said
    assert "| 10 frames | 20 | MT + FSA | 60.0" in said
    assert "| 5 frames | 40 | MT + FSA | 80.0" in said
    assert "| MT + FSA | 55.0" in said  # above, over both
    assert "that 20 labels with the agent's pairs have with 40 labels." in said


def test_results_of_other_settings_are_not_taken_back(tmp_path, monkeypatch):
    twin = tmp_path / "remote.json"
    remote.write([row("baseline", 5)], "cpu", twin)
    monkeypatch.setitem(SIZES, "cpu", replace(SIZES["cpu"], picks=7))
    take_back(twin, tmp_path, SIZES, Trial)
    assert not list(tmp_path.glob("cpu-*.json"))


def test_each_number_of_labels_that_has_a_table_is_compared_with_its_own_rivals(tmp_path):
    def long(variant, hits, every):
        return row(variant, hits) | {"every": every, "size": "long"}

    many = [long(name, hits, 5) for name, hits in (("labels_only", 7), ("random", 8))]
    few = [long(name, hits, 20) for name, hits in (("labels_only", 3), ("random", 5))]
    remote.write([*many, *few], "long", tmp_path / "r.json")
    said = (tmp_path / "r.md").read_text()
    often, seldom = said.split("## One label every 20 frames")
    assert "One label every 5 frames" in often
    assert "| MT + random | +20.0" in seldom
    assert "| MT + random | +10.0" in often


def test_the_table_with_the_papers_number_of_labels_is_made_first():
    made = remote.rounds(2, "long")
    assert [{trial.every for trial in one} for one in made] == [{5}, {20}, {10, 2}]
    assert [trial.seed for trial in made[0]] == [0] * 7 + [1] * 7


def test_labels_between_two_numbers_that_reach_a_goal_are_found_on_a_line_in_their_logarithm():
    curve = np.array([[10.0, 40], [40, 60]])
    assert remote.crossing(curve, 50) == pytest.approx(20)
    assert remote.crossing(curve, 70) is None
