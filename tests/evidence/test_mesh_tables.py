import hashlib
import json
import re
from dataclasses import asdict

from poseapp.nets.motion_hmr.choice import KEYPOINTS_NET
from poseapp.nets.motion_hmr.choice import SHIPPED as SHIPPED_NETS
from tests.evidence import mesh_tables
from tests.evidence.mesh_tables import CLIP, FULL, WHOLE
from tests.evidence.mesh_trials import EXAMS, NO_FLOW, SHIPPED, SIZES, USUAL, Trial
from tests.evidence.pages import take_back


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
    row("keypoints", [73.0, 83, 93, 103], frames=8),
    row("flow", [80.0, 90, 100, 110]),
    row("flow", [85.0, 95, 105, 115], backdrop="still"),
    row(SHIPPED, [60.0, 70, 80, 90]),
    row(NO_FLOW, [61.0, 71, 81, 91]),
]


def test_the_page_of_what_is_done_is_taken_back_on_another_machine(tmp_path):
    twin, work = tmp_path / "mesh_tables.json", tmp_path / "work"
    work.mkdir()
    mesh_tables.write(ROWS, "cpu", twin)
    said = twin.with_suffix(".md").read_text()
    assert "| keypoints | 2 | 86.0 [85.0, 87.0] |" in said
    assert "| +9.0 [+9.0, +9.0] |" in said  # 10 with one seed, 8 with the other, of every clip
    assert "In order: flow + keypoints < keypoints < flow." in said
    assert "In order: full < nor moves the backdrop." in said  # with flow's, not the whole method's
    assert re.search(r"nor moves the backdrop \| 1 \|.*\| \+5.0 \[", said)
    assert (
        "| 8 frames | 1 | 88.0 [88.0, 88.0] | 88.0 [88.0, 88.0] | 88.0 [88.0, 88.0] | +3.0" in said
    )
    assert (
        "| no flow | 1 | 76.0 [76.0, 76.0] | 76.0 [76.0, 76.0] | 76.0 [76.0, 76.0] | +1.0" in said
    )
    take_back(twin, work, SIZES, Trial)
    kept = {file.stem: json.loads(file.read_text()) for file in work.iterdir()}
    assert kept == {
        f"cpu-{r['variant']}-{r['backdrop']}-{r['frames']}-seed{r['seed']}": r for r in ROWS
    }


def test_trials_that_began_as_another_net_are_not_mixed_with_these():
    file = SHIPPED_NETS[KEYPOINTS_NET]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert all(digest.startswith(size.begun) for size in SIZES.values())


def test_the_first_seed_of_the_first_table_comes_first_and_nothing_twice():
    first, others, *_ = stages = mesh_tables.stages(2, "cpu")
    assert {(t.variant, t.backdrop, t.frames) for t in first} == {
        *mesh_tables.TABLE_1,
        *mesh_tables.TABLE_OF_FLOW,
    }
    assert all((t.variant, t.backdrop, t.frames) != WHOLE for t in others)
    names = [trial.name for stage in stages for trial in stage]
    assert len(names) == len(set(names)) == 11 + 12 + 6 + 12
