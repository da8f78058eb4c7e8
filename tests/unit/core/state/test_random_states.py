"""Code that draws from the global generators draws the same in each run, and changes nothing."""

import random
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import pytest

from gradcert.core.state.random_states import restored, seeded


def _drawn() -> tuple[float, float]:
    return random.random(), np.random.random()  # noqa: NPY002


def _states() -> tuple[object, str]:
    return random.getstate(), repr(np.random.get_state())  # noqa: NPY002


def test_each_run_begins_with_the_same_states() -> None:
    found = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        with seeded():
            found.append(_drawn())
    assert found[0] == found[1]


@pytest.mark.parametrize("states", [restored, seeded])
def test_both_states_are_set_back_even_after_an_error(
    states: Callable[[], AbstractContextManager[None]],
) -> None:
    def failing() -> None:
        with states():
            _drawn()
            raise ZeroDivisionError

    before = _states()
    with states():
        _drawn()
    assert _states() == before
    with pytest.raises(ZeroDivisionError):
        failing()
    assert _states() == before
