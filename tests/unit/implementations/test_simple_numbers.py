"""Simple numbers lie where they must, for numbers of every size."""

from math import ulp
from sys import float_info

from hypothesis import example, given
from hypothesis import strategies as st

from gradcert_implementations.simple_numbers import simple_between, simple_near, simplest_between

LARGEST = float_info.max
NUMBERS = st.floats(0, LARGEST / 2)


@given(NUMBERS, NUMBERS)
def test_simple_numbers_lie_between_any_two(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert low < simplest_between(low, high) <= high or low == high
    assert all(low < x <= high or low == high for x in simple_between(low, high))


@given(NUMBERS, st.integers(1, 5))
def test_a_number_lies_between_neighbours(low: float, steps: int) -> None:
    high = low + steps * ulp(low)
    assert low < simplest_between(low, high) <= high


@given(st.floats(-LARGEST, LARGEST).filter(bool), st.floats(0, 1))
@example(LARGEST, 0.5)
def test_simple_numbers_are_near_a_number_and_have_its_sign(value: float, part: float) -> None:
    uncertainty = part * abs(value)
    found = simple_near(value, uncertainty)
    assert value in found
    assert all(abs(x - value) <= uncertainty and x * value >= 0 for x in found)
