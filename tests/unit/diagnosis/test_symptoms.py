"""A diagnosis says what is known of an error, even of one that no flaw of the catalogue makes."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from diagnosis_subjects import (
    BOTH,
    Belated,
    Noisy,
    OneBuffer,
    diagnosis,
    hiding_nan,
    leaking_from_the_first_row,
    loss_of_differences,
    negative_slopes,
    negative_softmax,
    scaled,
    shifted_by_the_largest_of_all,
    softmax,
    unshifted,
    wrong_at_the_target,
)
from subjects import right

from gradcert import certify
from gradcert_implementations import (
    FORMAT_NAMES,
    Array,
    FormatName,
    Implementation,
    Loss,
    QuantityName,
)
from gradcert_reports import diagnosed


def scaled_by_row(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * (2 - np.amax(softmax(z), axis=1)[:, None])
    return result


def wrong_where_masked(z: Array, t: Array) -> Array:
    found = right(z, t)
    found[np.isinf(z)] = 0.25
    return found


def zero_near_a_thousandth(z: Array, t: Array) -> Array:
    found = right(z, t)
    return np.where((abs(found) > 1e-4) & (abs(found) < 1e-2), np.zeros_like(found), found)


DESCRIBED: list[tuple[QuantityName, Callable[..., Array], str]] = [
    ("dE/dz", scaled, "every refuting row is 1.04 times the true one"),
    ("dE/do", negative_slopes, "the sign is flipped"),
    ("softmax", negative_softmax, "the sign is flipped"),
    ("dE/dz", scaled_by_row, "each refuting row is off by a factor of its own, "),
    ("dE/dz", wrong_where_masked, "every refuting row is of the regime masked"),
    ("dE/dz", wrong_where_masked, "wrong off the target only"),
    ("dE/dz", wrong_at_the_target, "wrong at the target only"),
    ("dE/dz", wrong_at_the_target, "a row of the gradient does not sum to zero"),
    ("dE/dz", zero_near_a_thousandth, "every wrong value is zero"),
]


@pytest.mark.parametrize(("quantity", "function", "finding"), DESCRIBED)
def test_a_mistake_is_described_with_and_without_a_name(
    quantity: QuantityName, function: Callable[..., Array], finding: str
) -> None:
    found = diagnosis(function, quantity)
    named = function in (scaled, negative_slopes, negative_softmax)
    assert bool(found.matches) is named
    assert found.cases > 1
    assert any(said.startswith(finding) for said in found.findings), found.findings
    shown = diagnosed(found)
    assert ("no known flaw" not in shown) is named
    for said in found.findings:
        assert said in shown


@pytest.mark.parametrize(
    ("function", "finding"),
    [
        (scaled, "every refuting row is 1.04 times the true one"),
        (wrong_at_the_target, "wrong at the target only"),
        (zero_near_a_thousandth, "every wrong value is zero"),
    ],
)
def test_the_most_useful_finding_comes_first(function: Callable[..., Array], finding: str) -> None:
    assert diagnosis(function, formats=("binary64",)).findings[0] == finding


@pytest.mark.parametrize("format", FORMAT_NAMES)
def test_a_constant_factor_is_found_in_every_format(format: FormatName) -> None:
    def by_half_as_much_again(z: Array, t: Array) -> Array:
        wide, targets = z.astype(np.float64), t.astype(np.float64)
        return (1.5 * right(wide, targets)).astype(z.dtype)

    found = diagnosis(by_half_as_much_again, formats=(format,))
    assert any(said.startswith("every refuting row is 1.") for said in found.findings), (
        found.findings
    )


@pytest.mark.parametrize(
    ("function", "unsaid"),
    [
        (scaled, "a factor of its own"),
        (scaled, "sum to zero"),
        (scaled, "shift"),
        (scaled, "order of classes"),
        (scaled_by_row, "times the true one"),
        (wrong_at_the_target, "times the true one"),
        (wrong_at_the_target, "order of classes"),
        (wrong_where_masked, "at the target"),
        (unshifted, "order of classes"),
        (shifted_by_the_largest_of_all, "order of classes"),
    ],
)
def test_a_finding_that_does_not_hold_is_not_among_the_findings(
    function: Callable[..., Array], unsaid: str
) -> None:
    found = diagnosis(function)
    assert not any(unsaid in said for said in found.findings), found.findings


def test_the_findings_name_the_formats_that_are_wrong_and_those_that_are_not() -> None:
    def wrong_in_binary32(z: Array, t: Array) -> Array:
        return scaled(z, t) if z.dtype == np.float32 else right(z, t)

    found = diagnosis(wrong_in_binary32, formats=BOTH)
    assert "wrong in binary32, not in binary64" in found.findings
    both = diagnosis(scaled, formats=BOTH)
    assert not any(said.startswith("wrong in ") for said in both.findings)


def test_a_format_in_which_a_check_breaks_the_subject_is_not_said_to_be_right() -> None:
    def broken_in_binary64(z: Array, t: Array) -> Array:
        if z.dtype == np.float64 and len(z) > 1:
            raise RuntimeError
        return scaled(z, t) if z.dtype == np.float32 else right(z, t)

    found = diagnosis(broken_in_binary64, formats=BOTH)
    assert not any(said.startswith("wrong in ") for said in found.findings)


def test_a_factor_of_the_loss_of_a_batch_is_found() -> None:
    def loss(z: Array, t: Array) -> Array:
        return 1.5 * loss_of_differences(z, t).sum()

    subject = Implementation(name="mine", functions={"loss": loss}, loss=Loss(reduction="sum"))
    (found,) = certify(subject, max_examples=5, effort="quick").diagnoses
    assert "every refuting row is 1.5 times the true one" in found.findings


def test_if_each_format_has_a_factor_of_its_own_the_finding_lists_them() -> None:
    def scaled_by_format(z: Array, t: Array) -> Array:
        result: Array = right(z, t) * z.dtype.type(1.5 if z.dtype == np.float64 else 3)
        return result

    found = diagnosis(scaled_by_format, formats=BOTH)
    assert found.findings[0].startswith("every refuting row is 1.5 (binary64), 3 (binary32) times")


# Checks that compare the answers of a subject with each other.


def scaled_by_its_place(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * (1 + np.arange(len(z), dtype=z.dtype))[:, None]
    return result


def zeroing_its_targets(z: Array, t: Array) -> Array:
    kept = t.copy()
    if t.flags.writeable:
        t[:] = 0
    return right(z, kept)


def three_times_the_answer_if_read_only(z: Array, t: Array) -> Array:
    return right(z, t) * z.dtype.type(1 if z.flags.writeable else 3)


def talking(z: Array, t: Array) -> Array:
    sys.stdout.write("done")
    return right(z, t)


OF_THE_BATCH = "a row's answer depends on the other rows of the batch (row-independence)"


@pytest.mark.parametrize(
    ("function", "finding"),
    [
        (leaking_from_the_first_row, OF_THE_BATCH),
        (scaled_by_its_place, OF_THE_BATCH),
        (zeroing_its_targets, "the call changed its targets (inputs-unchanged)"),
        (
            three_times_the_answer_if_read_only,
            "the answer depends on the memory layout of the arguments (memory-layout)",
        ),
        (hiding_nan, "a NaN in the row did not reach its answer (nan-stays-in-its-row)"),
        (talking, "the call wrote 'done' to standard output (no-side-effects)"),
    ],
)
def test_each_check_that_refutes_says_once_what_it_saw(
    function: Callable[..., Array], finding: str
) -> None:
    found = diagnosis(function)
    assert found.findings.count(finding) == 1, found.findings


@pytest.mark.parametrize("function", [leaking_from_the_first_row, scaled_by_its_place])
def test_a_row_that_depends_on_others_is_off_by_no_factor(function: Callable[..., Array]) -> None:
    found = diagnosis(function)
    assert not any("refuting row is" in said for said in found.findings)
    assert not any("earlier calls" in said for said in found.findings)


@pytest.mark.parametrize("make", [Belated, OneBuffer, Noisy])
def test_a_subject_that_answers_differently_each_time_is_not_said_to_depend_on_rows_or_layout(
    make: Callable[[], Any],
) -> None:
    found = diagnosis(make())
    assert not any("other rows" in said or "layout" in said for said in found.findings)
