"""Gradients under an upstream gradient, with ignored rows: right ones conform, mistakes do not."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided
from subjects import case_of, claim_of, right, under_upstream

import gradcert
from gradcert.checks.upstream import twice_the_upstream
from gradcert.core.claim import Claim
from gradcert.core.evidence import Refuted
from gradcert_implementations import Array, Domain, Implementation, Loss
from gradcert_oracle import BINARY64, algorithms, budgets
from gradcert_reports import Certificate

MEAN = Loss(
    reduction="mean",  # type: ignore[arg-type]
    mean_over="kept",  # type: ignore[arg-type]
    ignore_index=-100,
)
EACH = Loss(ignore_index=-100)


def certified(gradient: Callable[..., Any], loss: Loss | None = None, **domain: Any) -> Certificate:
    """Return the certificate of a gradient that takes an upstream gradient."""
    subject = Implementation(
        name="mine",
        functions={"dE/dz": gradient},
        formats=("binary64",),
        loss=loss or Loss(),
        domain=Domain(targets="index", **domain),
        takes_upstream=True,
    )
    return gradcert.certify(subject, effort="quick")


def refuting(found: Certificate) -> set[str]:
    return {result.check for result in found.results if result.verdict == "refuted"}


# The upstream gradient.


def times_upstream(z: Array, t: Array, g: Array) -> Array:
    return right(z, t) * g[:, None]


def without_upstream(z: Array, t: Array, _g: Array) -> Array:
    return right(z, t)


def first_for_all(z: Array, t: Array, g: Array) -> Array:
    return right(z, t) * g[:1, None]


def applied_twice(z: Array, t: Array, g: Array) -> Array:
    return right(z, t) * g[:, None] * g[:, None]


def read_as_dense(z: Array, t: Array, g: Array) -> Array:
    """Return the gradient under what stands in memory from the first number of g on."""
    dense = g.copy()
    if len(g) > 1 and g.strides[0] == 0:
        dense[1:] = 0
    elif len(g) > 1 and g.strides[0] > g.itemsize:
        dense = as_strided(g, strides=(g.itemsize,))
    return right(z, t) * dense[:, None]


def writing(z: Array, t: Array, g: Array) -> Array:
    result = right(z, t) * g[:, None]
    if g.flags.writeable:
        g[:] = 0
    return result


def skipped_where_the_first_is_one(z: Array, t: Array, g: Array) -> Array:
    return right(z, t) * (1.0 if len(g) and g[0] == 1 else g[:, None])


def of_its_size(z: Array, t: Array, g: Array) -> Array:
    return right(z, t) * np.abs(g)[:, None]


def nothing_under_zero(z: Array, t: Array, g: Array) -> Array:
    with np.errstate(all="ignore"):
        return right(z, t) / (1 / g[:, None])


def test_a_right_gradient_under_an_upstream_gradient_conforms() -> None:
    found = certified(times_upstream)
    assert found.verdict == "conforms", found.refutations
    assert "twice-the-upstream" in {result.check for result in found.results}


@pytest.mark.parametrize(
    ("wrong", "check"),
    [
        (without_upstream, "accuracy"),
        (without_upstream, "twice-the-upstream"),
        (first_for_all, "accuracy"),
        (first_for_all, "row-independence"),
        (applied_twice, "accuracy"),
        (applied_twice, "twice-the-upstream"),
        (read_as_dense, "memory-layout"),
        (writing, "inputs-unchanged"),
        (skipped_where_the_first_is_one, "accuracy"),
        (of_its_size, "accuracy"),
    ],
)
def test_a_mistake_with_the_upstream_gradient_is_refuted_by_the_check_that_is_about_it(
    wrong: Callable[..., Any], check: str
) -> None:
    assert check in refuting(certified(wrong))


def test_a_gradient_that_divides_by_the_reciprocal_of_a_tiny_or_huge_number_is_refuted() -> None:
    def through_binary32(z: Array, t: Array, g: Array) -> Array:
        with np.errstate(over="ignore"):
            return right(z, t) * g.astype(np.float32).astype(np.float64)[:, None]

    assert "accuracy" in refuting(certified(through_binary32))


def test_a_gradient_that_is_nan_under_an_upstream_gradient_of_zero_is_refuted() -> None:
    def nan_under_zero(z: Array, t: Array, g: Array) -> Array:
        with np.errstate(all="ignore"):
            return right(z, t) * (g / g * g)[:, None]

    assert "accuracy" in refuting(certified(nan_under_zero))


def test_the_discrepancy_of_an_ignored_upstream_gradient_has_a_simple_one() -> None:
    found = certified(without_upstream)
    assert found.refutations
    assert {
        abs(float(result.discrepancy.upstream))
        for result in found.refutations
        if result.discrepancy is not None and result.check == "accuracy"
    } <= {0.0, 0.5, 2.0}


def test_the_mistake_with_an_upstream_gradient_is_named() -> None:
    for wrong, flaw in (
        (without_upstream, "upstream-gradient-ignored"),
        (applied_twice, "upstream-gradient-applied-twice"),
        (first_for_all, "first-upstream-gradient-for-all"),
        (read_as_dense, "upstream-gradient-read-as-dense"),
        (skipped_where_the_first_is_one, "upstream-gradient-skipped-where-it-is-one"),
    ):
        (diagnosis,) = certified(wrong).diagnoses
        assert flaw in [match.flaw for match in diagnosis.matches], diagnosis


def test_a_gradient_that_takes_no_upstream_gradient_is_asked_for_none() -> None:
    found = gradcert.certify(right, formats=["fp64"], max_examples=10, effort="quick")
    assert found.verdict == "conforms"
    assert "twice-the-upstream" not in {result.check for result in found.results}


@pytest.mark.parametrize(("used", "refuted"), [(1.5, False), (2.5, True)])
def test_the_answer_to_twice_the_upstream_gradient_is_within_two_budgets(
    used: float, *, refuted: bool
) -> None:
    def off_by(error: float) -> Claim:
        def gradient(z: Array, t: Array, g: Array) -> Array:
            return right(z, t) * g[:, None] + error * (g[:, None] == 2)

        return claim_of(replace(under_upstream(right), functions={"dE/dz": gradient}))

    case = case_of([[0.0, 0.0]], [[1.0, 0.0]])
    doubled = replace(case, upstream=np.array([2.0]))
    widest = algorithms(BINARY64)[-1]
    once, twice = (budgets(off_by(0).question(one, 0), widest) for one in (case, doubled))
    assert once is not None
    assert twice is not None
    claim = off_by(used * float(2 * once[0] + twice[0]))
    with pytest.raises(Refuted) if refuted else nullcontext():
        twice_the_upstream(claim, case)


# Ignored rows, and a mean over those that are kept.


def kept(t: Array) -> Array:
    result: Array = t.any(axis=1, keepdims=True)
    return result


def of_kept(z: Array, t: Array, g: Array) -> Array:
    """Return the gradient of each row, and zeros for an ignored one, whatever it holds."""
    with np.errstate(all="ignore"):
        return np.where(kept(t), right(z, t) * g[..., None], 0.0)


def mean_over_kept(z: Array, t: Array, g: Array) -> Array:
    with np.errstate(all="ignore"):
        return of_kept(z, t, np.broadcast_to(g / kept(t).sum(), len(z)))


def mean_over_all(z: Array, t: Array, g: Array) -> Array:
    return of_kept(z, t, np.broadcast_to(g / max(1, len(z)), len(z)))


def undivided(z: Array, t: Array, g: Array) -> Array:
    return of_kept(z, t, np.broadcast_to(g, len(z)))


def divided_twice(z: Array, t: Array, g: Array) -> Array:
    return mean_over_kept(z, t, g / max(1, kept(t).sum()))


def leaking(z: Array, t: Array, g: Array) -> Array:
    """Return a mean whose kept rows get a part of the logits of the ignored ones."""
    leaked = np.where(kept(t), 0.0, z).sum(axis=0)
    return mean_over_kept(z + leaked * kept(t), t, g)


def nan_for_ignored(z: Array, t: Array, g: Array) -> Array:
    return np.where(kept(t), mean_over_kept(z, t, g), np.nan)


def gradient_for_ignored(z: Array, t: Array, g: Array) -> Array:
    with np.errstate(all="ignore"):
        return right(z, t) * (g / kept(t).sum())


def masked_by_multiplication(z: Array, t: Array, g: Array) -> Array:
    with np.errstate(all="ignore"):
        return right(z, t) * kept(t) * (g / kept(t).sum())


@pytest.mark.parametrize(
    ("gradient", "loss"),
    [
        (mean_over_kept, MEAN),
        (of_kept, EACH),
        (mean_over_all, Loss(reduction="mean", ignore_index=-100)),  # type: ignore[arg-type]
        (undivided, Loss(reduction="sum", ignore_index=-100)),  # type: ignore[arg-type]
        (of_kept, Loss(ignore_index=0)),
    ],
    ids=["mean over kept rows", "each row", "mean over all rows", "sum", "an ignored class"],
)
def test_a_right_gradient_with_ignored_rows_conforms(
    gradient: Callable[..., Any], loss: Loss
) -> None:
    found = certified(gradient, loss)
    assert found.verdict == "conforms", found.refutations


@pytest.mark.parametrize(
    "wrong",
    [
        mean_over_all,
        undivided,
        divided_twice,
        leaking,
        nan_for_ignored,
        gradient_for_ignored,
    ],
)
def test_a_mistake_with_ignored_rows_in_a_mean_is_refuted(wrong: Callable[..., Any]) -> None:
    assert "accuracy" in refuting(certified(wrong, MEAN))


def test_only_zeros_are_right_for_ignored_rows_of_nan_where_that_is_claimed() -> None:
    assert certified(masked_by_multiplication, MEAN).verdict == "conforms"
    claimed = {"ignored_rows_may_hold_anything": True}
    assert certified(mean_over_kept, MEAN, **claimed).verdict == "conforms"
    assert "accuracy" in refuting(certified(masked_by_multiplication, MEAN, **claimed))


def test_a_row_of_a_mean_may_depend_on_the_others_by_the_divisor_only() -> None:
    def with_a_common_maximum(z: Array, t: Array, g: Array) -> Array:
        with np.errstate(all="ignore"):
            powers = np.exp(z - z.max(initial=-np.inf))
            slopes = powers / powers.sum(axis=1, keepdims=True) - t
            return np.where(kept(t), slopes * (g / kept(t).sum()), 0.0)

    assert "row-independence" not in refuting(certified(mean_over_kept, MEAN))
    assert "row-independence" in refuting(certified(with_a_common_maximum, MEAN))


# Nothing kept.


def nothing_is(value: float) -> Callable[[Array, Array, Array], Array]:
    """Return a right mean over kept rows that has this value where no row is kept."""

    def gradient(z: Array, t: Array, g: Array) -> Array:
        return mean_over_kept(z, t, g) if t.any() else np.full_like(z, value)

    return gradient


@pytest.mark.parametrize(
    ("said", "value", "verdict"),
    [
        ("nan", np.nan, "conforms"),
        ("nan", 0.0, "refuted"),
        ("zero", 0.0, "conforms"),
        ("zero", -0.0, "conforms"),
        ("zero", np.nan, "refuted"),
        ("either", np.nan, "conforms"),
        ("either", 0.0, "conforms"),
        ("either", 1.0, "refuted"),
        ("either", np.inf, "refuted"),
    ],
)
def test_the_gradient_where_no_row_is_kept_is_what_the_loss_says(
    said: str, value: float, verdict: str
) -> None:
    loss = Loss(
        reduction="mean",  # type: ignore[arg-type]
        mean_over="kept",  # type: ignore[arg-type]
        ignore_index=-100,
        nothing_kept_gradient=said,  # type: ignore[arg-type]
    )
    found = certified(nothing_is(value), loss)
    assert found.verdict == verdict, found.refutations
