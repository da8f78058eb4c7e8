"""Limits and settings are checked when they are made, with one clear line."""

from math import nan
from pathlib import Path
from typing import Any

import pytest
from subjects import right

import gradcert
from gradcert.core.limits import UNLIMITED, Limits, memory_can_be_limited
from gradcert.core.settings import SearchSettings


@pytest.mark.parametrize("bad", [0, -1, nan, "5", None, True])
@pytest.mark.parametrize("name", ["seconds", "gigabytes"])
def test_a_limit_is_a_positive_number(name: str, bad: Any) -> None:
    with pytest.raises(ValueError, match=rf"{name} is .*; expected a positive number"):
        Limits(**{name: bad})


def test_memory_without_a_limit_has_none() -> None:
    assert UNLIMITED.memory is None
    assert Limits(gigabytes=2).memory == 2 << 30


@pytest.mark.parametrize("bad", ["3", 2.5, True, None])
@pytest.mark.parametrize("name", ["max_examples", "seed"])
def test_a_setting_of_a_search_is_an_integer(name: str, bad: Any) -> None:
    with pytest.raises(ValueError, match=rf"{name} is .*; it must be an integer"):
        SearchSettings(**{"max_examples": 1, "seed": 0} | {name: bad})


def test_no_search_tries_fewer_than_one_case() -> None:
    with pytest.raises(ValueError, match="max_examples is 0; it must be at least 1"):
        SearchSettings(max_examples=0, seed=0)


def test_limits_that_are_no_limits_are_refused_in_one_line() -> None:
    with pytest.raises(ValueError, match=r"limits is 5; expected gradcert.Limits"):
        gradcert.certify(right, limits=5)  # type: ignore[arg-type]


def test_memory_is_not_limited_where_linux_does_not_say_how_much_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("gradcert.core.limits.STATUS", tmp_path / "status")
    assert not memory_can_be_limited()
