import numpy as np

from poseapp.learn.rl.memory import Memory


def test_the_memory_forgets_the_oldest_and_draws_different_ones():
    memory = Memory[int](3)
    for n in range(5):
        memory.keep(n)
    assert memory.kept == [2, 3, 4]
    assert sorted(memory.draw(16, np.random.default_rng(0))) == [2, 3, 4]
    assert len(set(memory.draw(2, np.random.default_rng(0)))) == 2


def test_a_memory_that_is_given_more_than_it_holds_keeps_the_newest():
    assert Memory(2, [1, 2, 3]).kept == [2, 3]
