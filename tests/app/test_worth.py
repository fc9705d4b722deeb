"""Whether labelling is worth it, from a project to words."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from poseapp.app.jobs import Priority
from poseapp.app.replaying import Weigh, weigh
from poseapp.app.worth import MeasuredNet, Weighing, measured_nets
from poseapp.app.worth_words import (
    Advice,
    document,
    error_now,
    figures,
    gain_px,
    in_short,
    lines,
    saving_sentence,
    verdict,
)
from poseapp.domain.errors import SelectionError, TrainingError
from poseapp.domain.ids import RunId
from poseapp.domain.report import SilentReport
from poseapp.domain.run import Run, RunKind, RunState
from poseapp.learn.oracle.worth import Estimate, Saving
from tests.app.conftest import FRAMES, label
from tests.fixtures.worths import FOUND, GAIN, NETS, SAVED

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def weighing(session, fake_jobs):
    return Weighing(session, fake_jobs)


def trained(session, number, *, error, labels=10, active=False, kind=RunKind.TRAINING):
    run = Run(
        RunId(f"r{number}"), kind, "supervised", NOW, RunState.DONE,
        labelled_frames=labels, metrics={} if error is None else {"held_out_px": error},
    )  # fmt: skip
    session.project.runs.add(run)
    if active:
        session.project.runs.set_active(run.id)


def test_nets_are_told_by_their_labels_and_errors(session):
    trained(session, 1, error=8.0, labels=40)
    trained(session, 2, error=5.0, labels=80, active=True)
    trained(session, 3, error=None)
    trained(session, 4, error=float("nan"))
    trained(session, 5, error=3.0, labels=0)
    trained(session, 6, error=3.0, kind=RunKind.INFERENCE)
    assert measured_nets(session.project) == (
        MeasuredNet(40, 8.0, in_use=False),
        MeasuredNet(80, 5.0, in_use=True),
    )


def test_too_few_labels_say_how_many_are_missing(weighing, fake_jobs):
    assert weighing.not_yet().startswith("12 more labelled frames, ")
    with pytest.raises(SelectionError, match="12 more"):
        weighing.measure(20)
    assert fake_jobs.started == []


def test_a_replay_runs_in_spare_time_and_its_answer_stays(session, weighing, fake_jobs):
    for frame in range(FRAMES):
        label(session, frame)
    told = []
    first = weighing.measure(20, lambda: told.append("first"))
    assert (first.priority, first.device) == (Priority.SPARE, "cpu")
    assert fake_jobs.requests[0].more == 20
    second = weighing.measure(30)
    assert fake_jobs.orders == [(first, "stop")]
    assert weighing.job is second
    fake_jobs.tell("on_done", FOUND)
    assert (weighing.newest, weighing.problem) == (FOUND, "")
    weighing.measure(20, lambda: told.append("failed"))
    fake_jobs.tell("on_failed", TrainingError("No."))
    assert (weighing.newest, weighing.problem, told) == (FOUND, "No.", ["failed"])


def test_a_project_is_replayed_once_for_the_same_labels(session, monkeypatch):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    monkeypatch.setattr("poseapp.learn.oracle.replay.apart", lambda video: 1)
    monkeypatch.setattr("poseapp.learn.oracle.replay._FOLDS", 4)
    monkeypatch.setattr("poseapp.learn.oracle.replay._STEPS", 4)
    for frame in set(range(FRAMES)) - set(range(0, FRAMES, 3)):
        label(session, frame)
    asked = Weigh(session.project.path, session.project.cache_folder, 10)
    found = weigh(asked, SilentReport())
    assert found.labels == FRAMES
    assert found.body_px == pytest.approx(86.0)
    assert found.yours is not None
    assert found.yours.labels[-1] == found.random.labels[-1] == 18
    assert np.all(np.isfinite([*found.yours.error_px, *found.random.error_px]))
    assert found.saving is not None
    assert not [*session.project.cache_folder.glob("draft-*")]

    def never(*_):
        raise AssertionError

    monkeypatch.setattr("poseapp.app.replaying._replays", never)
    again = weigh(replace(asked, more=40), SilentReport())
    assert (again.yours, again.gain.labels) == (found.yours, 40)
    kept = session.project.cache_folder / "worth" / "replays.json"
    kept.write_text("half a")
    with pytest.raises(AssertionError):
        weigh(asked, SilentReport())


def test_a_project_without_labels_ends_in_a_sentence(mice):
    asked = Weigh(mice.project.path, mice.project.cache_folder, 10)
    with pytest.raises(SelectionError, match="Label 20 more"):
        weigh(asked, SilentReport())


def test_gains_are_shares_of_the_error_of_the_net_in_use():
    assert error_now(FOUND, NETS) == (8.0, "median, net of 40 labels")
    assert gain_px(FOUND, NETS) == Estimate(0.8, 0.4, 1.6)
    assert error_now(FOUND, ()) == (5.0, "mean, replay of 80 labels")
    assert in_short(FOUND, NETS) == "20 more labels: about 0.80 px better (0.40 to 1.6)"


def test_the_verdict_is_to_go_on_while_the_gain_can_be_measured():
    told = verdict(FOUND, NETS)
    assert told.advice is Advice.GO_ON
    assert told.detail == "20 more labels should lower the error by 0.80 px (0.40 to 1.6)."


def test_the_stop_sign_stands_where_no_measurement_could_tell_the_gain():
    told = verdict(replace(FOUND, gain=replace(GAIN, noticed_from=0.15)), NETS)
    assert told.advice is Advice.STOP
    assert "Under 1.2 px no measurement could tell." in told.detail


def test_no_stop_sign_stands_where_the_replay_has_stopped_learning_before_the_net():
    hidden = replace(FOUND, gain=replace(GAIN, noticed_from=0.15))
    better = (MeasuredNet(80, 5.0 / 3.1, in_use=True),)
    assert verdict(hidden, better).advice is Advice.UNSURE
    assert "ends at 5.0 px, the net is at 1.6 px" in verdict(hidden, better).detail
    assert in_short(hidden, better).startswith("The replay cannot tell")
    assert verdict(hidden, ()).advice is Advice.UNSURE
    assert "no net is there" in verdict(hidden, ()).detail
    near = (MeasuredNet(80, 5.0 / 2.9, in_use=True),)
    assert verdict(hidden, near).advice is Advice.STOP


def test_the_stop_sign_stands_where_the_net_errs_as_people_do():
    good = (MeasuredNet(80, 0.9, in_use=True),)
    assert verdict(FOUND, good).advice is Advice.STOP
    assert "within the 1.0 px" in verdict(FOUND, good).detail


@pytest.mark.parametrize(
    ("saving", "figure", "words"),
    [
        (SAVED, ("20", "10 to 30, by the first 40"), "as good as 60 picked by chance (50 to 70)."),
        (
            Saving(40, Estimate(44, 31, 80), 80),
            ("±0", "−9 to 40 or more, by the first 40"),
            "(31 to 80 or more). That may be chance itself.",
        ),
        (
            Saving(40, Estimate(80, 80, 80), 80),
            ("40", "40 to 40 or more, by the first 40"),
            "as good as 80 picked by chance, or more",
        ),
        (None, ("–", "the order is not known"), "chance alone is shown"),
    ],
)
def test_what_was_saved_is_said_with_its_interval(saving, figure, words):
    found = replace(FOUND, saving=saving)
    assert figures(found, NETS).saved == figure
    assert words in saving_sentence(saving)
    assert saving_sentence(saving) in lines(found, NETS)


def test_the_document_holds_what_the_lines_say():
    found = document(FOUND, NETS)
    assert found["saved"] == {"value": 20.0, "low": 10.0, "high": 30.0}
    assert found["verdict"]["advice"] == "go on"
    assert found["nets"][0] == {"labels": 40, "error_px": 8.0, "in_use": True}
    assert found["noticed_from_px"] == pytest.approx(0.16)
