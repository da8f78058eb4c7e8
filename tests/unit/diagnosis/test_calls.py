"""Mistakes that lie in a call and not in its values have names too."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from diagnosis_subjects import diagnosis, matches
from subjects import right, under_upstream

import gradcert
from gradcert_implementations import Array, Implementation
from gradcert_reports import Diagnosis


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


def twice_in_place(z: Array, t: Array, g: Array) -> Array:
    kept = right(z, t)
    kept *= g[:, np.newaxis]
    kept *= g[:, np.newaxis]
    return kept


def with_second_backward(second: Callable[..., Array]) -> Implementation:
    return replace(under_upstream(right), formats=("binary64",), second_backward=second)


def diagnosis_of(subject: Implementation) -> Diagnosis:
    (only,) = gradcert.certify(subject, max_examples=20, effort="quick").diagnoses
    return only


def test_a_kept_gradient_that_each_backward_multiplies_in_place_is_named() -> None:
    found = diagnosis_of(with_second_backward(twice_in_place))
    assert matches(found) == {"gradient-multiplied-in-place": found.cases}
    assert found.mistake == "call"


@pytest.mark.parametrize(
    "second",
    [
        lambda z, _t, _g: np.zeros_like(z),
        lambda z, _t, _g: np.full_like(z, np.nan),
        lambda z, t, g: 2 * right(z, t) * g[:, np.newaxis],
        lambda z, t, _g: right(z, t),
        lambda z, t, g: -right(z, t) * g[:, np.newaxis],
    ],
    ids=["zero", "NaN", "twice", "without g", "sign"],
)
def test_a_second_backward_that_is_wrong_in_another_way_has_no_name(
    second: Callable[..., Array],
) -> None:
    found = diagnosis_of(with_second_backward(second))
    assert found.unexplained == found.cases
    assert matches(found) == {}
