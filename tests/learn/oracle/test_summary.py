import numpy as np
import pytest
from scipy.stats import wilcoxon
from sklearn.metrics import auc

from poseapp.learn.oracle.course import Course
from poseapp.learn.oracle.picture import draw
from poseapp.learn.oracle.summary import area, labels_to_reach, summarise, wilcoxon_p


def course(selector, seed, error, labels=(10, 20, 40)):
    pck = [1 - e / 100 for e in error]
    middle, far = [e / 2 for e in error], [e * 3 for e in error]
    picked = [[[1, n]] for n in range(len(error) - 1)]
    return Course(
        "mice", selector, seed, list(labels), list(error), middle, far, pck, None, picked,
        [selector] * len(picked),
    )  # fmt: skip


@pytest.fixture
def courses():
    rng = np.random.default_rng(0)
    return [
        course(name, seed, [30 + rng.normal(), end + rng.normal(), end - 5 + rng.normal()])
        for name, end in (("random", 20), ("typiclust", 15))
        for seed in range(5)
    ]


def test_the_area_is_scikit_learn_s_over_the_span():
    labels, error = [10, 20, 40], [30.0, 20.0, 15.0]
    assert area(labels, error) == pytest.approx(auc(labels, error) / 30)
    assert area([10], [30.0]) == 30


def test_differences_are_taken_seed_by_seed_against_random(courses):
    summary = summarise(courses)
    ours = np.array([area(c.labels, c.error_px) for c in courses[5:]])
    chance = np.array([area(c.labels, c.error_px) for c in courses[:5]])
    found = summary["typiclust"]["against_random"]["area_error_px"]
    assert found["mean"] == pytest.approx((ours - chance).mean())
    assert found["low"] < found["mean"] < found["high"] < 0
    assert found["wilcoxon_p"] == pytest.approx(wilcoxon(ours, chance).pvalue) == 0.0625
    assert summary["random"]["against_random"]["area_error_px"]["mean"] == 0
    assert summary["typiclust"]["seeds"] == 5


def test_intervals_narrow_with_more_seeds():
    def width(seeds):
        rng = np.random.default_rng(1)
        error = [[30, 20, 15 + rng.normal()] for _ in range(seeds)]
        found = summarise([course("random", n, e) for n, e in enumerate(error)])["random"]
        return found["final_error_px"]["high"] - found["final_error_px"]["low"]

    assert width(40) < 0.6 * width(5)


def test_labels_to_reach_random_s_last_error_are_read_off_the_mean_curve():
    chance = [course("random", 0, [30, 20, 15])]
    assert labels_to_reach([course("a", 0, [30, 10, 5])], chance) == pytest.approx(17.5)
    assert labels_to_reach([course("a", 0, [30, 20, 16])], chance) is None
    assert labels_to_reach([course("a", 0, [14, 20, 16])], chance) == 10


def test_without_random_nothing_is_compared(courses):
    assert "against_random" not in summarise(courses[5:])["typiclust"]


def test_equal_curves_do_not_differ():
    assert wilcoxon_p([0.0, 0.0]) == 1.0


def test_a_picture_of_the_curves_is_drawn(courses, tmp_path):
    draw(courses, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"
    draw(courses[:1], tmp_path / "one.png")
    assert (tmp_path / "one.png").stat().st_size > 5000
