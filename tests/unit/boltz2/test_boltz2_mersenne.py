"""Jumping ahead with the Mersenne Twister, against drawing."""

import numpy as np
import pytest

from modal_gpu.predictors.boltz2.mersenne import NotFound, State, advanced, steps_between


def state(generator: np.random.MT19937) -> State:
    """The state of a generator."""
    inner = generator.state["state"]
    return State(inner["key"].astype(np.uint32), inner["pos"])


@pytest.mark.parametrize("steps", [0, 1, 2, 623, 624, 625, 1248, 1_000_003, 40_000_000])
@pytest.mark.parametrize("before", [0, 1, 300, 624])
def test_a_jump_leads_where_drawing_leads(steps: int, before: int) -> None:
    drawn = np.random.MT19937(7)
    drawn.random_raw(before, output=False)
    found = advanced(state(drawn), steps)
    drawn.random_raw(steps, output=False)
    jumped = np.random.MT19937()
    jumped.state = {"bit_generator": "MT19937", "state": {"key": found.words, "pos": found.drawn}}
    assert np.array_equal(jumped.random_raw(2000), drawn.random_raw(2000))


@pytest.mark.parametrize("steps", [0, 1, 625, (1 << 20) - 2, 1 << 20, 3_000_001])
def test_the_draws_between_two_states_are_counted(steps: int) -> None:
    generator = np.random.MT19937(3)
    first = state(generator)
    generator.random_raw(steps, output=False)
    assert steps_between(first, state(generator)) == steps


def test_a_state_that_does_not_follow_is_told() -> None:
    with pytest.raises(NotFound):
        steps_between(state(np.random.MT19937(3)), state(np.random.MT19937(4)), most=1000)
