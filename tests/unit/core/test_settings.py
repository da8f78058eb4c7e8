"""The settings of a search: how many cases, what they are drawn from, and how much is tried."""

from typing import Any

import msgspec
import pytest

from gradcert.core.settings import Effort, SearchSettings


@pytest.mark.parametrize(
    ("effort", "asked", "cases"),
    [
        (Effort.QUICK, 100, 25),
        (Effort.QUICK, 1, 1),
        (Effort.STANDARD, 100, 100),
        (Effort.THOROUGH, 100, 1000),
    ],
)
def test_an_effort_multiplies_the_cases_that_were_asked_for(
    effort: Effort, asked: int, cases: int
) -> None:
    assert SearchSettings(max_examples=asked, seed=0, effort=effort).cases == cases


@pytest.mark.parametrize("effort", Effort)
def test_the_settings_are_the_same_on_the_other_side_of_a_channel(effort: Effort) -> None:
    settings = SearchSettings(max_examples=7, seed=3, effort=effort)
    assert msgspec.json.decode(msgspec.json.encode(settings), type=SearchSettings) == settings


@pytest.mark.parametrize("given", ["fast", "", None, 3, "QUICK"])
def test_an_unknown_effort_is_one_line_with_all_choices(given: object) -> None:
    with pytest.raises(ValueError, match=r"^unknown effort .*quick, standard, thorough$") as raised:
        Effort.named(given)
    assert repr(given) in str(raised.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"seed": "random"}, "seed is 'random'; it must be an integer, such as 7, or random.getr"),
        ({"seed": None}, "seed is None; it must be an integer"),
        ({"seed": -1}, "seed is -1; it must be at least 0"),
        ({"max_examples": "3"}, "max_examples is '3'; it must be an integer, such as 100"),
        ({"max_examples": 0}, "max_examples is 0; it must be at least 1"),
    ],
)
def test_a_number_that_is_none_is_one_line_with_the_way_out(
    given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
        SearchSettings(**{"max_examples": 1, "seed": 0, **given})


def test_two_flags_choose_one_effort() -> None:
    assert Effort.flagged(quick=False, thorough=False) is Effort.STANDARD
    assert Effort.flagged(quick=True, thorough=False) is Effort.QUICK
    assert Effort.flagged(quick=False, thorough=True) is Effort.THOROUGH
    with pytest.raises(ValueError, match="quick or thorough, not both"):
        Effort.flagged(quick=True, thorough=True)
