"""A claim may demand a level: a row that only a worse level explains is refuted."""

from dataclasses import replace

import numpy as np
import pytest
from subjects import case_of, claim_of, flipped, log_sum_exp, right, under_upstream

from gradcert import certify
from gradcert.checks import CHECKS
from gradcert.checks.agreement import require_agreement
from gradcert.core.evidence import Refuted
from gradcert_implementations import Array, LevelName
from gradcert_oracle import ALLOWED


def in_sequence(z: Array, t: Array) -> Array:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / np.cumsum(powers, axis=1, dtype=z.dtype)[:, -1:] - t


def with_binary32_inside(z: Array, t: Array) -> Array:
    return right(z.astype(np.float32), t.astype(np.float32)).astype(z.dtype)


def in_its_own_format(z: Array, t: Array) -> Array:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    total = powers.sum(axis=1, keepdims=True, dtype=np.float32).astype(z.dtype)
    return powers / total - t


@pytest.mark.parametrize(
    ("at_least", "worse"),
    [
        ("faithful", {"shifted", "log-softmax", "log-sum-exp"}),
        ("shifted", {"log-softmax", "log-sum-exp"}),
    ],
)
def test_a_level_worse_than_the_demanded_one_is_refuted_with_the_level_found_and_a_small_row(
    at_least: str, worse: set[str]
) -> None:
    found = certify(log_sum_exp, formats=["binary64"], at_least=at_least)
    shown = found.refutations[0].discrepancy
    assert shown is not None
    explained, demanded = shown.statement.split("; ")
    assert explained in {f"dE/dz is explained by {level} at best" for level in worse}
    assert demanded == f"at least {at_least} is demanded"
    assert len(shown.arguments["logits"][0]) <= 2
    assert shown.expected_is == "true"
    assert shown.budgets is not None
    assert shown.budgets > ALLOWED
    assert found.at_least == at_least


@pytest.mark.parametrize("at_least", ["log-softmax", "log-sum-exp", None])
def test_a_level_no_worse_than_the_demanded_one_conforms(at_least: str | None) -> None:
    found = certify(right, formats=["binary64"], max_examples=20, at_least=at_least)
    assert (found.verdict, found.level, found.at_least) == ("conforms", "shifted", at_least)


def test_two_answers_are_allowed_the_same_difference_whatever_level_is_claimed() -> None:
    case = case_of([[0.0, 1.0]], [[1.0, 0.0]])

    def allowed(at_least: LevelName | None) -> float | None:
        claim = claim_of(replace(claim_of(right).implementation, at_least=at_least))
        answer = claim.answer(case)[0]
        with pytest.raises(Refuted) as refuted:
            require_agreement(
                claim, case, 0, ours=answer, theirs=-answer, difference="", shown_by=()
            )
        return refuted.value.evidence.allowed

    assert allowed(None) == allowed("faithful") is not None


def test_a_sum_in_sequence_counts_as_the_level_that_it_is_of() -> None:
    found = certify(in_sequence, formats=["binary32"], max_examples=40, at_least="shifted")
    assert (found.verdict, found.level) == ("conforms", "shifted, sequential sum")


def test_binary32_inside_can_be_demanded_of_a_16_bit_gradient() -> None:
    wide, narrow = (
        certify(gradient, formats=["bfloat16"], at_least="wide")
        for gradient in (with_binary32_inside, in_its_own_format)
    )
    assert (wide.verdict, narrow.verdict) == ("conforms", "refuted")
    assert wide.level in ("faithful", "wide", "wide, sequential sum")
    shown = narrow.refutations[0].discrepancy
    assert shown is not None
    assert shown.statement == "dE/dz is explained by shifted at best; at least wide is demanded"


def test_wide_demands_shifted_where_a_format_has_no_wider_one_inside() -> None:
    assert certify(right, formats=["fp32"], max_examples=20, at_least="wide").verdict == "conforms"
    found = certify(log_sum_exp, formats=["fp32"], max_examples=20, at_least="wide")
    shown = found.refutations[0].discrepancy
    assert shown is not None
    assert shown.statement.endswith("at best; at least shifted is demanded")


def test_a_wrong_value_is_refuted_for_its_value_also_where_a_level_is_demanded() -> None:
    found = certify(flipped, formats=["binary64"], max_examples=10, at_least="shifted")
    shown = found.refutations[0].discrepancy
    assert shown is not None
    assert shown.statement == "dE/dz is -0.5; its true value is 0.5"
    assert found.diagnoses[0].matches[0].flaw == "sign-flipped"


def test_only_checks_against_the_truth_ask_for_the_level() -> None:
    subject = under_upstream(log_sum_exp)  # Every check applies to it.
    found = certify(subject, formats=["binary64"], max_examples=40, at_least="shifted")
    # The one row of a first call is too plain to tell two levels apart.
    assert {result.check for result in found.refutations} == {
        check.id for check in CHECKS if check.against_truth and not check.opens
    }


def test_a_level_alone_is_diagnosed_as_one_and_not_as_a_flaw() -> None:
    found = certify(log_sum_exp, formats=["fp64"], max_examples=40, at_least="shifted")
    (diagnosis,) = found.diagnoses
    assert diagnosis.matches == ()
    assert diagnosis.unexplained == diagnosis.cases
    assert diagnosis.findings[0].endswith(
        " explains every refuting case, but the claim is a better level"
    )


def test_a_format_in_which_the_level_is_good_enough_is_named() -> None:
    found = certify(in_its_own_format, formats=["bf16", "fp32"], at_least="wide")
    (diagnosis,) = found.diagnoses
    assert "refuted in bfloat16, not in binary32" in diagnosis.findings
