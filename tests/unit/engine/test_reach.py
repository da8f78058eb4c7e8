"""The reach says up to which size of logits a claim holds beyond the required range."""

from subjects import log_sum_exp, right

from gradcert import certify
from gradcert.core.claim import claims_of
from gradcert.engine.reach import reach_of, sizes
from gradcert_implementations import Array, Domain, Implementation
from gradcert_oracle import BINARY32, BINARY64


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


def test_the_reach_is_tried_on_as_many_classes_as_the_subject_takes() -> None:
    def of_eight(z: Array, t: Array) -> Array:
        if z.shape[1] < 8:
            raise ValueError("too few classes")
        return right(z, t)

    subject = Implementation(
        name="mine",
        functions={"dE/dz": of_eight},
        formats=["binary32"],
        domain=Domain(fewest_classes=8),
    )
    (claim,) = claims_of(subject)
    reach = reach_of(claim)
    assert reach is not None
    assert (reach.reached, reach.failed_at) == (BINARY32.max, None)
