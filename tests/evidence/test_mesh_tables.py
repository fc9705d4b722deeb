import json
from dataclasses import asdict

import numpy as np
import pytest
import torch

from poseapp.learn.motion_hmr.lessons import keypoint_lesson
from poseapp.learn.synth.hiding import DetectorErrors
from poseapp.learn.synth.troupe import Troupe
from poseapp.nets.body.shipped import shipped_body
from tests.evidence import mesh_tables
from tests.evidence.mesh_tables import CLIP, FULL, WHOLE
from tests.evidence.mesh_trials import EXAMS, SIZES, USUAL, Trial, detected
from tests.evidence.pages import take_back
from tests.fixtures.performances import swaying


def row(variant, mm, seed=0, backdrop=FULL, frames=CLIP):
    """A trial whose four clips have these errors in every exam."""
    trial = Trial(variant, backdrop, frames, seed, "cpu")
    return asdict(trial) | {"mm": dict.fromkeys(EXAMS, mm), "history": [], "seconds": 1}


ROWS = [
    row(USUAL, [90.0, 100, 110, 120]),
    row("keypoints", [70.0, 80, 90, 100]),
    row("flow_keypoints", [60.0, 70, 80, 90]),
    row("keypoints", [72.0, 82, 92, 102], seed=1),
    row("flow_keypoints", [64.0, 74, 84, 94], seed=1),
]


def test_the_page_of_what_is_done_is_taken_back_on_another_machine(tmp_path):
    twin, work = tmp_path / "mesh_tables.json", tmp_path / "work"
    work.mkdir()
    mesh_tables.write(ROWS, "cpu", twin)
    said = twin.with_suffix(".md").read_text()
    assert "| keypoints | 2 | 86.0 [85.0, 87.0] |" in said
    assert "| +9.0 [+9.0, +9.0] |" in said  # 10 with one seed, 8 with the other, of every clip
    assert "On others: flow + keypoints < keypoints." in said
    take_back(twin, work, SIZES, Trial)
    kept = {file.stem: json.loads(file.read_text()) for file in work.iterdir()}
    assert kept == {f"cpu-{r['variant']}-occluded-31-seed{r['seed']}": r for r in ROWS}


def test_the_first_seed_of_the_first_table_comes_first_and_nothing_twice():
    first, others, *_ = stages = mesh_tables.stages(2, "cpu")
    assert {(t.variant, t.backdrop, t.frames) for t in first} == set(mesh_tables.TABLE_1)
    assert all((t.variant, t.backdrop, t.frames) != WHOLE for t in others)
    names = [trial.name for stage in stages for trial in stage]
    assert len(names) == len(set(names)) == 7 + 6 + 6 + 6


def test_a_detector_errs_where_it_sees_and_both_frames_of_a_pair_agree():
    none = DetectorErrors(jitter=0, drift=0, habit=0, wild=0)
    troupe = Troupe(shipped_body(), [swaying()], 6)
    exact = keypoint_lesson(troupe, np.random.default_rng(0), 20, none)
    erring = detected(exact, np.random.default_rng(1))
    moved = erring.clips.points - exact.clips.points
    assert (moved[~exact.clips.shown] == 0).all()
    torch.testing.assert_close(
        erring.clips.following - exact.clips.following, moved[:, 1:], atol=1e-6, rtol=0
    )
    pixels = moved * exact.clips.side[:, None, None, None] / 2
    tall = np.ptp(exact.seen[..., 1].numpy(), axis=2)[..., None, None]
    share = (pixels.numpy() / tall)[exact.clips.shown.numpy()]
    assert np.median(np.linalg.norm(share, axis=-1)) == pytest.approx(0.022, rel=0.25)
