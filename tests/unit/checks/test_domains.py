"""The checks try a claim only where it says that it is right, and everywhere there."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from subjects import Gradient, case_of, checked, claim_of, right

from gradcert import Domain
from gradcert.checks import planned
from gradcert.checks.accuracy import accuracy
from gradcert.core.case import Case, Regime
from gradcert.core.evidence import Refuted
from gradcert.core.settings import SearchSettings
from gradcert.engine.check_runner import run_check
from gradcert.engine.record import result_of
from gradcert_implementations import Array, Implementation, Options, as_implementation, load
from gradcert_oracle import BINARY16


@pytest.mark.parametrize(
    ("largest_logit", "format"), [(100.0, "binary64"), (1.0, "binary64"), (1007.0, "bfloat16")]
)
def test_no_check_asks_for_a_logit_beyond_the_declared_one(
    largest_logit: float, format: Any
) -> None:
    seen: list[float] = []

    def recording(z: Array, t: Array) -> Array:
        wide = z.astype(np.float64)
        # A large negative number in place of -inf is no logit that the claim is about.
        masked = (wide < -largest_logit) & (t == 0)
        assert not masked.all(axis=1).any()
        seen.extend(np.abs(wide[~masked & ~np.isnan(wide)]).tolist())
        return right(wide, t.astype(np.float64)).astype(z.dtype)

    subject = Implementation(
        name="recording",
        functions={"dE/dz": recording},
        formats=(format,),
        domain=Domain(largest_logit=largest_logit),
    )
    for one in planned(subject):
        outcome = run_check(one.claim, one.check, SearchSettings(max_examples=60, seed=0))
        assert result_of(one.claim, one.check, outcome).verdict == "conforms"
    assert largest_logit / 2 < max(seen) <= largest_logit


def summed_over_targets(z: Array, t: Array) -> Array:
    total = t.sum(axis=1, keepdims=True)
    return right(z, np.zeros_like(t)) * total - t


@pytest.mark.parametrize(
    ("subject", "targets", "verdict"),
    [
        (right, "probability", "conforms"),
        (right, "any", "refuted"),
        (summed_over_targets, "any", "conforms"),
    ],
)
def test_o_minus_t_is_right_only_because_targets_sum_to_one(
    subject: Gradient, targets: str, verdict: str
) -> None:
    assert checked("accuracy", subject, targets=targets).verdict == verdict


def one_hot(t: Array) -> bool:
    return bool((((t == 0) | (t == 1)).all(axis=1) & ((t == 1).sum(axis=1) == 1)).all())


def exactly_one(t: Array) -> bool:
    """Return whether the row sums to exactly one, in the format itself, in sequence."""
    return bool((np.add.accumulate(t, axis=1)[:, -1] == 1).all())


@pytest.mark.parametrize("format", ["binary64", "bfloat16"])
@pytest.mark.parametrize("quantity", ["loss", "dE/do", "dE/dz"])
@pytest.mark.parametrize(("targets", "holds"), [("index", one_hot), ("probability", exactly_one)])
def test_a_subject_meets_only_the_targets_it_declares(
    targets: str, holds: Callable[[Array], bool], quantity: Any, format: str
) -> None:
    answers = load("numpy").functions[quantity]
    met: list[bool] = []

    def recording(first: Array, t: Array) -> Array:
        met.append(holds(t))
        return answers(first, t)

    options = Options(quantities=[quantity], formats=[format], targets=targets)
    for one in planned(as_implementation(recording, options)):
        run_check(one.claim, one.check, SearchSettings(max_examples=50, seed=0))
        assert all(met), one.task
    assert met


def loss_in_its_own_format(z: Array, t: Array) -> Array:
    """Return the loss from terms of the format of the arguments, which may overflow."""
    shifted = z - z.max(axis=1, keepdims=True)
    surprise = np.log(np.exp(shifted).sum(axis=1, keepdims=True)) - shifted
    total: Array = (t * surprise).sum(axis=1, dtype=t.dtype)
    return total


@pytest.mark.parametrize(
    ("t", "asked"), [((10, -10, 1), True), ((30, -30, 1), True), ((40, -40, 1), False)]
)
def test_a_loss_whose_terms_add_up_to_too_much_for_the_format_is_not_asked(
    t: tuple[int, ...], asked: bool
) -> None:
    """The true loss is zero, but the sizes of its terms are 40,000 each: too much for binary16."""
    claim = claim_of(loss_in_its_own_format, "loss", BINARY16, targets="signed")
    case = case_of([(0, 0, 1000)], [t], BINARY16)
    assert bool(accuracy(claim, case)) is asked
    wrong = claim_of(lambda z, t: loss_in_its_own_format(z, abs(t)), "loss", BINARY16)
    if asked:
        with pytest.raises(Refuted):
            accuracy(wrong, case)
    else:
        assert accuracy(wrong, case) == []


@pytest.mark.parametrize(("size", "asked"), [(1.0, True), (-100.0, True), (-60000.0, False)])
def test_a_slope_by_probability_that_is_too_large_for_the_format_is_not_asked(
    size: float, asked: bool
) -> None:
    claim = claim_of(load("numpy").functions["dE/do"], "dE/do", BINARY16, targets="signed")
    arrays = (np.array([row], np.float16) for row in ((0.01, 0.5), (size, 1.0)))
    case = Case(dict(zip(claim.quantity.arguments, arrays, strict=True)), (Regime("benign"),))
    assert bool(accuracy(claim, case)) is asked
