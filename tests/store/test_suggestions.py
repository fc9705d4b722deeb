from __future__ import annotations

import random
from dataclasses import replace

import pytest

from poseapp.domain.errors import ProjectError
from poseapp.domain.ids import FrameRef, SuggestionId
from poseapp.domain.suggestion import Answer
from tests.fixtures.projects import film, suggestion


@pytest.fixture
def queue(project, video):
    """Five in round 0 and three in round 1, in no order of score."""
    scores = [(0, 0.3), (0, 0.9), (0, 0.5), (0, 0.5), (0, 0.1), (1, 0.2), (1, 0.8), (1, 0.4)]
    return project.suggestions.add(
        suggestion(FrameRef(video, 10 * n), score, round_)
        for n, (round_, score) in enumerate(scores)
    )


ORDER = [7, 8, 6, 2, 3, 4, 1, 5]


def numbers(suggestions):
    return [s.id for s in suggestions]


def test_a_suggestion_comes_back_as_it_was_with_a_number(project, video):
    made = suggestion(FrameRef(video, 3), 0.25, 4)
    (number,) = project.suggestions.add([made])
    assert project.suggestions.get(number) == replace(made, id=number)
    assert project.suggestions.last_round() == 4


def test_those_that_wait_are_counted(project, queue):
    project.suggestions.answer(queue[2], Answer.REJECTED)
    assert project.suggestions.count_open() == len(project.suggestions.open()) == 7


def test_what_is_added_later_replaces_nothing(project, video, queue):
    again = project.suggestions.add([suggestion(FrameRef(video, 0), 0.7)])
    assert numbers(project.suggestions.all()) == [*queue, *again]
    assert numbers(project.suggestions.at(FrameRef(video, 0))) == [queue[0], again[0]]


def test_the_newest_round_comes_first_and_in_it_the_highest_score(project, queue):
    assert numbers(project.suggestions.open()) == [7, 8, 6, 2, 3, 4, 1, 5]
    assert numbers(project.suggestions.open(2)) == [7, 8]


def test_what_was_skipped_comes_at_the_end_and_what_was_answered_not_at_all(project, queue):
    assert project.suggestions.answer(queue[6], Answer.SKIPPED) is Answer.OPEN
    project.suggestions.answer(queue[1], Answer.FIXED)
    project.suggestions.answer(queue[4], Answer.REJECTED)
    assert numbers(project.suggestions.open()) == [8, 6, 3, 4, 1, 7]
    assert project.suggestions.waiting(queue[6]).answer is Answer.SKIPPED
    assert project.suggestions.waiting(queue[1]) is None
    assert project.suggestions.waiting(None) is None


def test_an_answer_can_be_taken_back(project, queue):
    project.suggestions.answer(queue[0], Answer.ACCEPTED)
    assert project.suggestions.answer(queue[0], Answer.OPEN) is Answer.ACCEPTED
    assert numbers(project.suggestions.open()) == ORDER


def test_stepping_goes_through_the_queue_in_order_and_round_again(project, queue):
    walk, back = [queue[0]], [queue[0]]
    for _ in range(8):
        walk.append(project.suggestions.beside(walk[-1]).id)
        back.append(project.suggestions.beside(back[-1], backwards=True).id)
    start = ORDER.index(queue[0])
    assert walk == [ORDER[(start + n) % 8] for n in range(9)]
    assert back == [ORDER[(start - n) % 8] for n in range(9)]


def test_stepping_agrees_with_the_list_whatever_was_answered(project, video):
    chance = random.Random(5)
    made = project.suggestions.add(
        suggestion(FrameRef(video, n), chance.choice([0.1, 0.5, 0.9]), chance.randrange(3))
        for n in range(40)
    )
    for number in made:
        project.suggestions.answer(number, chance.choice(list(Answer)))
    waiting = numbers(project.suggestions.open())
    for one, other in zip(waiting, waiting[1:] + waiting[:1], strict=True):
        assert project.suggestions.beside(one).id == other
        assert project.suggestions.beside(other, backwards=True).id == one


def test_with_nothing_waiting_there_is_nothing_beside(project, video):
    (only,) = project.suggestions.add([suggestion(FrameRef(video, 0))])
    assert project.suggestions.beside(only).id == only
    project.suggestions.answer(only, Answer.ACCEPTED)
    assert project.suggestions.beside(only) is None
    assert project.suggestions.open() == ()


def test_progress_counts_a_round_alone_and_skipped_ones_as_waiting(project, queue):
    project.suggestions.answer(queue[0], Answer.ACCEPTED)
    project.suggestions.answer(queue[1], Answer.SKIPPED)
    assert project.suggestions.progress(0) == (1, 5)
    assert project.suggestions.progress(1) == (0, 3)
    assert project.suggestions.progress(2) == (0, 0)


def test_the_frames_of_a_video_come_with_their_answers(project, video, queue):
    other = project.videos.add(film(project.path / "other.mp4"))
    project.suggestions.add([suggestion(FrameRef(other, 1))])
    project.suggestions.answer(queue[2], Answer.FIXED)
    frames, answers = project.suggestions.frames(video)
    assert frames.tolist() == [0, 10, 20, 30, 40, 50, 60, 70]
    assert answers[2] is Answer.FIXED
    assert set(answers[:2] + answers[3:]) == {Answer.OPEN}
    assert len(project.suggestions.all(other)) == 1


def test_a_removed_video_takes_its_suggestions_out_of_the_queue(project, video, queue):
    other = project.videos.add(film(project.path / "other.mp4"))
    (left,) = project.suggestions.add([suggestion(FrameRef(other, 1))])
    project.videos.remove(video)
    assert numbers(project.suggestions.open()) == [left]
    assert project.suggestions.waiting(queue[0]) is None
    assert project.suggestions.progress(0) == (0, 1)
    assert numbers(project.suggestions.all()) == [left]
    project.videos.restore(video)
    assert len(project.suggestions.open()) == 9


def test_what_was_taken_back_comes_back_under_its_number(project, queue):
    project.suggestions.answer(queue[2], Answer.FIXED)
    gone = project.suggestions.remove(queue[1:4])
    with pytest.raises(ProjectError, match="not in the project any more"):
        project.suggestions.get(queue[2])
    assert project.suggestions.add(gone) == queue[1:4]
    assert project.suggestions.get(queue[2]).answer is Answer.FIXED


def test_an_unknown_suggestion_cannot_be_answered_or_removed(project):
    with pytest.raises(ProjectError):
        project.suggestions.answer(SuggestionId(5), Answer.FIXED)
    with pytest.raises(ProjectError):
        project.suggestions.remove([SuggestionId(5)])


def test_nothing_was_suggested_yet_in_round_0(project):
    assert project.suggestions.last_round() == 0
