"""Each check sees the mistake it is there for, and lets a right subject pass."""

import ctypes
import dataclasses
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
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


def a_little_scaled(z: Array, t: Array) -> Array:
    return right(z, t) * (1 + 1e-13)


def unshifted(z: Array, t: Array) -> Array:
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) - t


def drifting_with_the_offset(z: Array, t: Array) -> Array:
    return right(z, t) * (1 + 1e-9 * z.max(axis=1, keepdims=True))


def first_class_doubled(z: Array, t: Array) -> Array:
    return right(z, t) * np.where(np.arange(z.shape[1]) == 0, 2, 1)


def first_thousand_only(z: Array, t: Array) -> Array:
    return np.where(np.arange(z.shape[1]) < 1000, right(z, t), 0)


def first_1024_rows_only(z: Array, t: Array) -> Array:
    return right(z, t) * (np.arange(len(z))[:, None] < 1024)


def mean_over_the_batch(z: Array, t: Array) -> Array:
    return right(z, t) / max(len(z), 1)


def shifting_its_logits_in_place(z: Array, t: Array) -> Array:
    z -= z.max(axis=1, keepdims=True)
    return right(z, t)


def writing_into_its_targets(z: Array, t: Array) -> Array:
    t -= right(z, t) + t
    return -t


class CachingByAddress:
    """Takes arrays at known addresses for arrays with known numbers."""

    def __init__(self) -> None:
        self.answers: dict[tuple[int, int], Array] = {}

    def __call__(self, z: Array, t: Array) -> Array:
        return self.answers.setdefault((z.ctypes.data, t.ctypes.data), right(z, t)).copy()


class CachingByLogits:
    """Keeps its last answer, and takes equal logits for an equal question."""

    def __init__(self) -> None:
        self.last, self.answer = b"", np.zeros(0)

    def __call__(self, z: Array, t: Array) -> Array:
        if z.tobytes() != self.last:
            self.last, self.answer = z.tobytes(), right(z, t)
        return self.answer.copy()


class Unprepared:
    """Hands out its workspace before there is anything in it, in the first call only."""

    calls = 0

    def __call__(self, z: Array, t: Array) -> Array:
        self.calls += 1
        return right(z, t) if self.calls > 1 else np.full_like(z, 0.25)


class WrongOnce:
    """Errs in its hundredth answer and never again: one of those whose values are judged."""

    calls = 0

    def __call__(self, z: Array, t: Array) -> Array:
        self.calls += 1
        return right(z, t) + (self.calls == 100)


def memory_order(z: Array, t: Array) -> Array:
    return right(z.ravel(order="K").reshape(z.shape), t.ravel(order="K").reshape(t.shape))


def blind_to_strides(z: Array, t: Array) -> Array:
    packed = np.lib.stride_tricks.as_strided(z, strides=(z.shape[1] * z.itemsize, z.itemsize))
    return right(packed, t)


def wanting_a_row(z: Array, t: Array) -> Array:
    return right(z, t) + 0 * z[0, 0]


def nan_to_num(z: Array, t: Array) -> Array:
    return right(np.nan_to_num(z), t)


def answering_with_its_logits(z: Array, _t: Array) -> Array:
    return z


def talking(z: Array, t: Array) -> Array:
    print(z.shape)  # noqa: T201
    return right(z, t)


def talking_in_c(z: Array, t: Array) -> Array:
    ctypes.CDLL(None).puts(b"debug")
    return right(z, t)


def seeding_numpy(z: Array, t: Array) -> Array:
    np.random.seed(7)  # noqa: NPY002
    return right(z, t)


def seeding_python(z: Array, t: Array) -> Array:
    random.seed(7)
    return right(z, t)


def quietening_numpy(z: Array, t: Array) -> Array:
    np.seterr(all="ignore")
    return right(z, t)


def buffers_freed(_z: Array, _t: Array) -> Array:
    raise RuntimeError("the saved tensors have been freed")


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


def all_zero(z: Array, _t: Array) -> Array:
    return np.zeros_like(z)


def scaled(z: Array, t: Array) -> Array:
    return 1.04 * right(z, t)


class Noisy:
    """A new draw at every call."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, z: Array, t: Array) -> Array:
        return right(z, t) + self.rng.normal(size=z.shape)


UNSEEN: dict[str, Callable[[], Gradient]] = {
    "the all-zero gradient": lambda: all_zero,
    "a sign flip": lambda: flipped,
    "a scale": lambda: scaled,
    "noise": Noisy,
}
"""What a check may let pass, in the words in which it then has to say so."""


@pytest.mark.parametrize("mistake", UNSEEN)
@pytest.mark.parametrize("check_id", BY_ID)
def test_a_check_refutes_a_gross_mistake_or_names_it_among_what_it_cannot_see(
    check_id: str, mistake: str
) -> None:
    said = " ".join((BY_ID[check_id].run.__doc__ or "").split())
    subject = UNSEEN[mistake]()
    applies = check_id in CHECKS_OF_GRADIENT
    found = checked(check_id, subject if applies else under_upstream(subject))
    refuted = found.verdict == "refuted"
    assert refuted != (mistake in said)
