"""A row is right within two budgets of some algorithm, and an ignored one if it is zero."""

from dataclasses import replace

import numpy as np
import pytest
from subjects import case_of

from gradcert.core.claim import claims_of
from gradcert.diagnosis.rounding import is_right
from gradcert_implementations import load


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
