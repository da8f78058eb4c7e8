"""Each check sees the mistake it is there for, and lets a right subject pass."""

import dataclasses
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mistaken_subjects import (
    CachingByAddress,
    CachingByLogits,
    Unprepared,
    WrongOnce,
    a_little_scaled,
    answering_with_its_logits,
    blind_to_strides,
    buffers_freed,
    drifting_with_the_offset,
    first_1024_rows_only,
    first_class_doubled,
    first_thousand_only,
    mean_over_the_batch,
    memory_order,
    nan_to_num,
    quietening_numpy,
    seeding_numpy,
    seeding_python,
    shifting_its_logits_in_place,
    talking,
    talking_in_c,
    unshifted,
    wanting_a_row,
    writing_into_its_targets,
)
from subjects import (
    BY_ID,
    CHECKS_OF_GRADIENT,
    Accumulating,
    Gradient,
    Jittering,
    Late,
    ReusingOneBuffer,
    batch_wide_maximum,
    checked,
    claim_of,
    flipped,
    in_binary32,
    right,
    transposed,
    under_upstream,
    wanting_writable_input,
)

from gradcert import certify
from gradcert.checks import planned
from gradcert_implementations import QUANTITY_NAMES, Array, Domain, Implementation, load
from gradcert_implementations.flawed import (
    diagonal_only,
    upstream_gradient_applied_twice,
    upstream_gradient_ignored,
)

Subject = Gradient | Implementation

FLAWS: list[tuple[str, str, Callable[[], Subject]]] = [
    ("accuracy", "refuted", lambda: flipped),
    ("accuracy", "refuted", lambda: unshifted),
    ("accuracy", "refuted", lambda: a_little_scaled),
    ("accuracy", "refuted", WrongOnce),
    ("accuracy", "refuted", lambda: diagonal_only.gradient),
    ("accuracy", "refuted", lambda: drifting_with_the_offset),
    ("accuracy", "refuted", lambda: first_class_doubled),
    ("accuracy", "broken", lambda: in_binary32),
    ("accuracy", "broken", lambda: transposed),
    ("many-classes", "refuted", lambda: first_thousand_only),
    ("row-independence", "refuted", lambda: batch_wide_maximum),
    ("row-independence", "refuted", lambda: mean_over_the_batch),
    ("row-independence", "refuted", lambda: first_1024_rows_only),
    ("inputs-unchanged", "refuted", lambda: shifting_its_logits_in_place),
    ("inputs-unchanged", "refuted", lambda: writing_into_its_targets),
    ("inputs-unchanged", "refuted", lambda: answering_with_its_logits),
    ("same-answer-twice", "refuted", Jittering),
    ("same-answer-twice", "refuted", Accumulating),
    ("same-answer-twice", "refuted", ReusingOneBuffer),
    ("same-answer-twice", "refuted", Late),
    ("same-answer-twice", "refuted", CachingByAddress),
    ("same-answer-twice", "refuted", CachingByLogits),
    ("first-call", "refuted", Unprepared),
    ("first-call", "refuted", lambda: flipped),
    ("memory-layout", "refuted", lambda: memory_order),
    ("memory-layout", "refuted", lambda: blind_to_strides),
    ("memory-layout", "broken", lambda: wanting_writable_input),
    ("empty-batch", "broken", lambda: wanting_a_row),
    ("no-side-effects", "refuted", lambda: talking),
    ("no-side-effects", "refuted", lambda: talking_in_c),
    ("no-side-effects", "refuted", lambda: seeding_numpy),
    ("no-side-effects", "refuted", lambda: seeding_python),
    ("no-side-effects", "refuted", lambda: quietening_numpy),
    ("nan-stays-in-its-row", "refuted", lambda: nan_to_num),
    ("nan-stays-in-its-row", "refuted", lambda: batch_wide_maximum),
    ("twice-the-upstream", "refuted", lambda: upstream_gradient_ignored.implementation),
    ("twice-the-upstream", "refuted", lambda: upstream_gradient_applied_twice.implementation),
    ("second-backward", "refuted", lambda: under_upstream(right, second=flipped)),
    ("second-backward", "refuted", lambda: under_upstream(right, second=a_little_scaled)),
    ("second-backward", "broken", lambda: under_upstream(right, second=buffers_freed)),
]


def _flaw_id(value: Any) -> str | None:
    if not callable(value):
        return None
    subject = value()
    if isinstance(subject, Implementation):
        return subject.name
    return getattr(subject, "__name__", type(subject).__name__)


@pytest.mark.parametrize(("check_id", "verdict", "make"), FLAWS, ids=_flaw_id)
def test_each_check_sees_the_mistake_it_is_there_for(
    check_id: str, verdict: str, make: Callable[[], Subject]
) -> None:
    found = checked(check_id, make())
    assert found.verdict == verdict
    assert found.discrepancy is not None


@pytest.mark.parametrize("gradient", [seeding_numpy, seeding_python])
def test_setting_a_seed_to_its_old_value_is_refuted(gradient: Gradient) -> None:
    np.random.seed(7)  # noqa: NPY002
    random.seed(7)
    for _ in range(2):
        assert checked("no-side-effects", gradient).verdict == "refuted"


def nan_where_masked(z: Array, t: Array) -> Array:
    """Wrong in its own row, always in the same way."""
    return right(z, t) + np.where(np.isinf(z).any(axis=1, keepdims=True), np.nan, 0)


@pytest.mark.parametrize("check_id", ["row-independence", "memory-layout", "nan-stays-in-its-row"])
def test_only_accuracy_refutes_a_nan_that_depends_on_its_own_row(check_id: str) -> None:
    assert checked("accuracy", nan_where_masked).verdict == "refuted"
    assert checked(check_id, nan_where_masked).verdict == "conforms"


def test_there_is_a_mistake_for_every_check() -> None:
    assert {check_id for check_id, _, _ in FLAWS} == set(BY_ID)


@pytest.mark.parametrize("format", ["binary64", "bfloat16"])
@pytest.mark.parametrize("quantity", QUANTITY_NAMES)
def test_a_right_subject_passes_every_check(quantity: str, format: str) -> None:
    found = certify("numpy", quantities=[quantity], formats=[format], max_examples=10)
    assert {result.check: result.verdict for result in found.results} == {
        one.check.id: "conforms"
        for one in planned(load("numpy", quantities=[quantity], formats=[format]))
    }
    left = {"many-classes"} if quantity == "do/dz" else set()
    more = {"twice-the-upstream"} if quantity == "dE/dz" else set()
    assert {result.check for result in found.results} == (set(CHECKS_OF_GRADIENT) - left) | more


@pytest.mark.parametrize(
    "options",
    [
        {"loss": ["reduction=mean", "ignore_index=-100"], "targets": "index"},
        {"loss": ["reduction=sum", "class_weights=2,0.5,1", "softcap=20"]},
        {"loss": ["label_smoothing=0.1", "z_loss=0.01", "logit_scale=0.5"]},
    ],
    ids=str,
)
def test_a_right_subject_passes_every_check_under_a_loss_with_options(
    options: dict[str, Any],
) -> None:
    chosen: dict[str, Any] = {"quantities": ["dE/dz"], "formats": ["binary32"], **options}
    found = certify("numpy", **chosen, max_examples=10)
    checks = {one.check.id for one in planned(load("numpy", **chosen))}
    assert checks >= set(CHECKS_OF_GRADIENT)
    assert {result.check: result.verdict for result in found.results} == dict.fromkeys(
        checks, "conforms"
    )


@pytest.mark.parametrize("format", ["binary64", "bfloat16"])
def test_a_right_subject_that_takes_an_upstream_gradient_passes_every_check(format: str) -> None:
    subject = under_upstream(load("numpy").functions["dE/dz"])
    found = certify(subject, formats=[format], max_examples=10)
    assert {result.check: result.verdict for result in found.results} == dict.fromkeys(
        BY_ID, "conforms"
    )


def test_the_checks_of_upstream_gradients_apply_only_to_a_claim_that_takes_one() -> None:
    assert set(BY_ID) - set(CHECKS_OF_GRADIENT) == {"twice-the-upstream", "second-backward"}
    taking = dataclasses.replace(under_upstream(right), second_backward=None)
    assert BY_ID["twice-the-upstream"].applies(claim_of(taking))
    assert not BY_ID["second-backward"].applies(claim_of(taking))


def test_a_second_backward_is_not_asked_of_what_overwrites_its_logits() -> None:
    overwriting = dataclasses.replace(under_upstream(right), domain=Domain(overwrites_logits=True))
    assert not BY_ID["second-backward"].applies(claim_of(overwriting))


def test_a_second_backward_may_be_refused_in_words() -> None:
    def refusing(_z: Array, _t: Array) -> Array:
        raise NotImplementedError("the graph is gone")

    assert checked("second-backward", under_upstream(right, second=refusing)).verdict == (
        "not supported"
    )


def test_a_subject_that_overwrites_its_last_answer_is_refuted() -> None:
    assert certify(ReusingOneBuffer(), formats=["binary64"]).verdict == "refuted"


def test_an_error_that_happens_once_is_refuted() -> None:
    assert certify(WrongOnce(), formats=["binary64"], max_examples=10).verdict == "refuted"


@pytest.mark.parametrize(
    "laid_out",
    [np.asfortranarray, lambda a: np.flip(np.flip(a).copy()), lambda a: a.repeat(2, 1)[:, ::2]],
)
def test_a_right_answer_conforms_in_any_memory_layout(laid_out: Callable[[Array], Array]) -> None:
    assert certify(lambda z, t: laid_out(right(z, t)), max_examples=10).verdict == "conforms"


@pytest.mark.parametrize("rows", [2, 32, 128, 1024])
def test_a_batch_of_which_only_the_first_rows_are_right_is_refuted(rows: int) -> None:
    def first_rows(z: Array, t: Array) -> Array:
        return right(z, t) * (np.arange(len(z))[:, None] < rows)

    assert certify(first_rows, formats=["binary64"]).verdict == "refuted"


def test_a_check_says_that_it_compares_two_answers_of_the_subject() -> None:
    for check_id, subject in (
        ("row-independence", batch_wide_maximum),
        ("memory-layout", memory_order),
        ("same-answer-twice", Jittering()),
    ):
        found = checked(check_id, subject).discrepancy
        assert found is not None
        assert found.expected_is == "other"
        assert found.expected != found.returned
        if check_id != "same-answer-twice":  # A whole row is compared there, byte by byte.
            assert "the other answer is" in found.snippet


@pytest.mark.parametrize(
    ("make", "statement"),
    [
        (ReusingOneBuffer, "a later call changed an answer that was returned before"),
        (Jittering, "equal arguments gave another answer the second time"),
        (Late, "equal arguments gave another answer after other ones"),
    ],
)
def test_a_changed_old_answer_and_an_unrepeated_answer_are_different_findings(
    make: Callable[[], Gradient], statement: str
) -> None:
    found = checked("same-answer-twice", make()).discrepancy
    assert found is not None
    assert found.statement == statement
    assert found.expected_is == "other"
    first, targets = (np.array(rows, dtype=float) for rows in found.arguments.values())
    other = right(first[:, ::-1], targets[:, ::-1])[found.row]
    if make is Late:
        assert found.returned == tuple(map(repr, other.tolist()))
    if make is not Jittering:
        assert found.expected == tuple(map(repr, right(first, targets)[found.row].tolist()))
