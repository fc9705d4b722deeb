import json
from dataclasses import replace

from poseapp.domain.suggestion import Suggestion
from poseapp.learn.oracle.course import Course, Kept, digest, told
from poseapp.learn.oracle.scores import Scores
from poseapp.learn.oracle.trial import Turn
from tests.learn.select.pools import refs

TURNS = [
    Turn(4, Scores(9.0, 8.0, 20.0, 0.5, None), (Suggestion(refs(1)[0], 1.0, (), "typiclust"),)),
    Turn(5, Scores(7.0, 6.0, 18.0, 0.7, None), ()),
]
COURSE = Course.of("mice", "entropy", 3, TURNS)


def test_a_course_says_what_was_picked_and_by_whom():
    assert COURSE.labels == [4, 5]
    assert COURSE.error_px == [9.0, 7.0]
    assert COURSE.pck_torso is None
    assert COURSE.picked == [[[1, 0]]]
    assert COURSE.picked_by == ["typiclust"]


def test_what_was_kept_is_found_again_by_its_facts_alone(tmp_path):
    kept = Kept(tmp_path / "trials")
    assert kept.find("a", {"seed": 3}) is None
    kept.keep("a", {"seed": 3}, COURSE)
    assert Kept(tmp_path / "trials").find("a", {"seed": 3}) == COURSE
    assert kept.find("a", {"seed": 4}) is None
    (file,) = (tmp_path / "trials").iterdir()
    assert json.loads(file.read_text())["facts"] == {"seed": 3}


def test_courses_are_taken_back_from_a_document_by_what_decided_them(tmp_path):
    document = json.loads(json.dumps([told("a", {"seed": 3}, COURSE)]))
    kept = Kept(tmp_path / "elsewhere")
    kept.take_back([*document, {"dataset": "from before courses told what decided them"}])
    assert kept.find("a", {"seed": 3}) == COURSE
    assert kept.find("a", {"seed": 4}) is None
    own = replace(COURSE, selector="run here")
    kept.keep("a", {"seed": 3}, own)
    kept.take_back(document)
    assert kept.find("a", {"seed": 3}) == own


def test_the_digest_does_not_depend_on_the_order_of_facts():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})
