"""Mistakes that lie in a call and not in its values have names too."""

from collections.abc import Callable

import numpy as np
import pytest
from diagnosis_subjects import diagnosis, matches
from subjects import right

from gradcert_implementations import Array


def wrong_at_first() -> Callable[..., Array]:
    calls: list[int] = []

    def gradient(z: Array, t: Array) -> Array:
        calls.append(len(calls))
        return np.full_like(z, 3) if len(calls) == 1 else right(z, t)

    return gradient


def test_a_first_call_that_is_wrong_is_named_although_it_cannot_be_repeated() -> None:
    found = diagnosis(wrong_at_first())
    assert matches(found) == {"first-call-of-a-process": 1}
    assert "the answer depends on earlier calls: 1 of 1 refuting cases passed" in found.findings[0]


def test_a_function_that_is_wrong_at_every_call_is_not_one_of_first_calls() -> None:
    found = diagnosis(lambda z, t: -right(z, t))
    assert "first-call-of-a-process" not in matches(found)
    assert "sign-flipped" in matches(found)


def printing_in_wide_rows(z: Array, t: Array) -> Array:
    if z.shape[1] > 6:
        print("tuned", z.shape)  # noqa: T201
    return right(z, t)


def seeding(z: Array, t: Array) -> Array:
    np.random.seed(7)  # noqa: NPY002
    return right(z, t)


def test_what_a_call_prints_need_not_be_what_the_known_flaw_prints() -> None:
    found = diagnosis(printing_in_wide_rows, max_examples=100, effort="standard")
    assert found.matches[0].flaw == "standard-output-written"
    assert found.matches[0].where.startswith("in rows of ")


def test_the_known_flaws_print_nothing_while_a_subject_is_diagnosed(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert diagnosis(lambda z, t: -right(z, t)).matches[0].flaw == "sign-flipped"
    assert capfd.readouterr().out == ""


def test_a_seed_that_is_set_is_named() -> None:
    assert diagnosis(seeding).matches[0].flaw == "random-state-seeded"


def targets_in_the_order_of_the_logits(z: Array, t: Array) -> Array:
    if len(z) > 1 and z.flags.f_contiguous != t.flags.f_contiguous:
        t = np.lib.stride_tricks.as_strided(t, t.shape, z.strides)
    return right(z, t)


def first_place_last(z: Array, t: Array) -> Array:
    moved = right(z, t)
    if z.shape[1] > 4:
        moved[1::2] = np.roll(moved[1::2], -1, axis=1)
    return moved


@pytest.mark.parametrize(
    ("function", "flaw"),
    [
        (targets_in_the_order_of_the_logits, "targets-read-in-the-order-of-the-logits"),
        (first_place_last, "classes-off-by-a-few"),
    ],
)
def test_a_mistake_with_memory_is_named(function: Callable[..., Array], flaw: str) -> None:
    assert diagnosis(function, effort="standard").matches[0].flaw == flaw
