"""A row is right within two budgets of some algorithm, and an ignored one if it is zero."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from subjects import case_of

from gradcert.core.claim import claims_of
from gradcert.diagnosis.rounding import is_right, lost_in_exponents
from gradcert_implementations import load
from gradcert_oracle import BINARY64, GRADIENT, Loss, Question, Share, question


@pytest.mark.parametrize("first", [np.nan, 0.0])
def test_an_ignored_row_is_right_if_it_is_zero_whatever_it_holds(first: float) -> None:
    loss = {"ignore_index": -100}
    subject = load("numpy", quantities=["dE/dz"], targets="index", loss=loss)
    anything = replace(subject.domain, ignored_rows_may_hold_anything=True)
    claim = next(claims_of(replace(subject, domain=anything)))
    question = claim.question(case_of([[first, 1.0]], [[0.0, 0.0]]), 0)
    for values, right in (([0.0, -0.0], True), ([0.0, 1e-300], False), ([np.nan, 0.0], False)):
        assert is_right(claim, question, values) is right


def test_a_reduced_loss_is_right_though_an_ignored_row_holds_nan() -> None:
    loss = {"ignore_index": -100, "reduction": "sum"}
    claim = next(claims_of(load("numpy", quantities=["loss"], targets="index", loss=loss)))
    question = claim.question(case_of([[np.nan, 1], [1, 3]], [[0, 0], [1, 0]]), 0)
    assert is_right(claim, question, [2.126928011042972])
    assert not is_right(claim, question, [2.13])


Z, T = (0.0, 1.0, -np.inf), (1.0, 0.0, 0.0)


def test_what_an_exponent_loses_grows_with_what_multiplies_the_probability() -> None:
    plain = lost_in_exponents(question("dE/dz", Z, T, format=BINARY64), 3)
    small = Question(
        GRADIENT,
        (Z, T),
        BINARY64,
        Loss(multiplier=-0.5),
        Share(upstream=-0.25, divisor=Fraction(4), z_divisor=Fraction(4)),
    )
    assert np.array_equal(lost_in_exponents(small, 3), plain / 32)
    assert np.array_equal(lost_in_exponents(small, 3, whole=True), plain)
    tiny = question("softmax-backward", Z, (1e-200, 0.0, 7.0), format=BINARY64)
    assert np.array_equal(lost_in_exponents(tiny, 3), plain * 1e-200)
    huge = question("softmax-backward", Z, (4e307, -4e307, 7.0), format=BINARY64)
    assert np.isfinite(lost_in_exponents(huge, 3)).all()


def test_what_an_exponent_loses_is_that_of_the_rescaled_logits() -> None:
    loss = Loss(logit_scale=2.0, softcap=3.0)
    capped = lost_in_exponents(Question(GRADIENT, ((0.0, 5.0), T[:2]), BINARY64, loss), 2)
    u = (0.0, float(3 * np.tanh(10 / 3)))
    as_they_are = lost_in_exponents(question("dE/dz", u, T[:2], format=BINARY64), 2)
    assert np.allclose(capped, 2 * as_they_are, rtol=1e-12)
