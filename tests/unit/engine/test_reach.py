"""The reach says up to which size of logits a claim holds beyond the required range."""

from subjects import log_sum_exp, right

from gradcert import certify
from gradcert.engine.reach import sizes
from gradcert_oracle import BINARY64


def test_a_subject_that_holds_in_range_conforms_and_its_reach_says_where_it_fails() -> None:
    found = certify(log_sum_exp, formats=["binary64"], max_examples=30)
    (reach,) = (result.reach for result in found.results if result.reach)
    assert found.verdict == "conforms"
    assert found.level.startswith("log-")
    assert found.domain["largest_logit"] == 1e4 <= reach.reached
    assert reach.failed_at is not None
    assert reach.failed_at <= 1e20  # ln 3 is lost in an lse of that size
    assert "its true value is 0.33333333333333333" in reach.statement


def test_a_subject_that_never_fails_holds_up_to_the_largest_number() -> None:
    found = certify(right, formats=["binary64"], max_examples=10)
    (reach,) = (result.reach for result in found.results if result.reach)
    assert (reach.reached, reach.failed_at) == (BINARY64.max, None)


def test_the_reach_of_a_claim_about_tiny_logits_is_found_without_overflow() -> None:
    assert sizes(BINARY64, 1e-320)[-1] == BINARY64.max
