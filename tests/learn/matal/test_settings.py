import json
from dataclasses import asdict

import pytest

from poseapp.learn.matal.settings import Ablation, Describing, Policy, Settings, due
from poseapp.learn.matal.trained import settings_from


@pytest.mark.parametrize(
    ("labels", "trained_on", "expected"),
    [
        (39, None, False), (40, None, True), (57, None, True), (60, 40, False), (79, 40, False),
        (80, 40, True), (159, 80, False), (160, 80, True), (165, 80, True),
    ],
)  # fmt: skip
def test_the_team_is_trained_at_forty_labels_and_each_time_they_doubled(
    labels, trained_on, expected
):
    assert due(labels, trained_on) is expected


def test_labels_that_grow_by_twenty_trigger_at_two_and_four_times():
    trained, at = None, []
    for labels in range(20, 340, 20):
        if due(labels, trained):
            trained = labels
            at.append(labels)
    assert at == [40, 80, 160, 320]


def test_settings_survive_json():
    settings = Settings(
        steps=None,
        describing=Describing(bins=4, orientation=True),
        ablation=Ablation(state_body=False, policy=Policy.WITHOUT_H),
    )
    assert settings_from(json.loads(json.dumps(asdict(settings)))) == settings
