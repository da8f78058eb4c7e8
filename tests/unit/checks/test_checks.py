"""Each check sees the mistake it is there for, and lets a right subject pass."""

import ctypes
import pickle
import random
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import torch
from subjects import case_of, claim_of, right

from gradcert import Domain, certify
from gradcert.checks import CHECKS, planned
from gradcert.core.evidence import Refuted
from gradcert.core.settings import SearchSettings
from gradcert.engine.check_runner import run_check
from gradcert.engine.record import result_of
from gradcert.generation.search import drawn
from gradcert_implementations import (
    QUANTITY_NAMES,
    Array,
    Implementation,
    Options,
    as_implementation,
    load,
)
from gradcert_implementations.flawed import diagonal_only
from gradcert_oracle import ALLOWED, BINARY64, quantity_of
from gradcert_reports import Certificate, CheckResult

BY_ID = {check.id: check for check in CHECKS}

Gradient = Callable[[Array, Array], Any]


def flipped(z: Array, t: Array) -> Array:
    return t - right(z, t) - t


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


def batch_wide_maximum(z: Array, t: Array) -> Array:
    powers = np.exp(z - z.max())
    return powers / powers.sum(axis=1, keepdims=True) - t


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


class Jittering:
    """Another answer at every other call."""

    calls = 0

    def __call__(self, z: Array, t: Array) -> Array:
        self.calls += 1
        return right(z, t) + self.calls % 2


class Accumulating:
    """Adds into the array it handed out before, as gradients that nobody zeroed do."""

    def __init__(self) -> None:
        self.grad = np.zeros((0, 0))

    def __call__(self, z: Array, t: Array) -> Array:
        if self.grad.shape != z.shape:
            self.grad = np.zeros_like(z)
        self.grad += right(z, t)
        return self.grad


class ReusingOneBuffer:
    """Hands out the same array again and again, so that the next answer changes the last."""

    def __init__(self) -> None:
        self.buffer = np.zeros((0, 0))

    def __call__(self, z: Array, t: Array) -> Array:
        if self.buffer.shape != z.shape:
            self.buffer = np.zeros_like(z)
        self.buffer[:] = right(z, t)
        return self.buffer


class Late:
    """Hands out the answer to the call before, if that was of the same shape."""

    def __init__(self) -> None:
        self.last = np.zeros((0, 0))

    def __call__(self, z: Array, t: Array) -> Array:
        now = right(z, t)
        found = self.last if self.last.shape == z.shape else now
        self.last = now
        return found.copy()


class WrongOnce:
    """Errs in its sixth answer and never again."""

    calls = 0

    def __call__(self, z: Array, t: Array) -> Array:
        self.calls += 1
        return right(z, t) + (self.calls == 6)


def memory_order(z: Array, t: Array) -> Array:
    return right(z.ravel(order="K").reshape(z.shape), t.ravel(order="K").reshape(t.shape))


def blind_to_strides(z: Array, t: Array) -> Array:
    packed = np.lib.stride_tricks.as_strided(z, strides=(z.shape[1] * z.itemsize, z.itemsize))
    return right(packed, t)


def wanting_writable_input(z: Array, t: Array) -> Array:
    if not z.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return right(z, t)


def wanting_a_row(z: Array, t: Array) -> Array:
    return right(z, t) + 0 * z[0, 0]


def nan_to_num(z: Array, t: Array) -> Array:
    return right(np.nan_to_num(z), t)


def in_binary32(z: Array, t: Array) -> Array:
    return right(z, t).astype(np.float32)


def transposed(z: Array, t: Array) -> Array:
    return right(z, t).T[None]


def as_a_list(z: Array, t: Array) -> list[Any]:
    return right(z, t).tolist()


def nothing(_z: Array, _t: Array) -> None:
    return None


def as_complex(z: Array, t: Array) -> Array:
    return right(z, t).astype(complex)


def _result(check_id: str, subject: Gradient, *, targets: str | None = None) -> CheckResult:
    claim, check = claim_of(subject, targets=targets), BY_ID[check_id]
    return result_of(
        claim, check, run_check(claim, check, SearchSettings(max_examples=100, seed=0))
    )


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


def widening_torch(z: Array, t: Array) -> Array:
    torch.set_default_dtype(torch.float64)
    return right(z, t)


def flushing_to_zero(z: Array, t: Array) -> Array:
    torch.set_flush_denormal(True)
    return right(z, t)


def widening_jax(z: Array, t: Array) -> Array:
    jax.config.update("jax_enable_x64", True)
    return right(z, t)


FLAWS: list[tuple[str, str, Callable[[], Gradient]]] = [
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
    ("memory-layout", "refuted", lambda: memory_order),
    ("memory-layout", "refuted", lambda: blind_to_strides),
    ("memory-layout", "broken", lambda: wanting_writable_input),
    ("empty-batch", "broken", lambda: wanting_a_row),
    ("no-side-effects", "refuted", lambda: talking),
    ("no-side-effects", "refuted", lambda: talking_in_c),
    ("no-side-effects", "refuted", lambda: seeding_numpy),
    ("no-side-effects", "refuted", lambda: seeding_python),
    ("no-side-effects", "refuted", lambda: quietening_numpy),
    ("no-side-effects", "refuted", lambda: widening_torch),
    ("no-side-effects", "refuted", lambda: flushing_to_zero),
    ("no-side-effects", "refuted", lambda: widening_jax),
    ("nan-stays-in-its-row", "refuted", lambda: nan_to_num),
    ("nan-stays-in-its-row", "refuted", lambda: batch_wide_maximum),
]


def _flaw_id(value: Any) -> str | None:
    if not callable(value):
        return None
    subject = value()
    return getattr(subject, "__name__", type(subject).__name__)


@pytest.mark.parametrize(("check_id", "verdict", "make"), FLAWS, ids=_flaw_id)
def test_each_check_sees_the_mistake_it_is_there_for(
    check_id: str, verdict: str, make: Callable[[], Gradient]
) -> None:
    found = _result(check_id, make())
    assert found.verdict == verdict
    assert found.discrepancy is not None


@pytest.mark.parametrize("gradient", [seeding_numpy, seeding_python])
def test_a_seed_that_is_set_to_what_it_was_is_seen_all_the_same(gradient: Gradient) -> None:
    np.random.seed(7)  # noqa: NPY002
    random.seed(7)
    for _ in range(2):
        assert _result("no-side-effects", gradient).verdict == "refuted"


@pytest.mark.parametrize(
    "gradient", [seeding_numpy, seeding_python, widening_torch, widening_jax, flushing_to_zero]
)
def test_what_a_call_changed_is_set_back_when_the_check_is_over(gradient: Gradient) -> None:
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    torch.set_default_dtype(torch.float32)
    jax.config.update("jax_enable_x64", False)

    def settings() -> bytes:
        return pickle.dumps(
            (
                np.random.get_state(),  # noqa: NPY002
                random.getstate(),
                torch.get_default_dtype(),
                jax.config.jax_enable_x64,
            )
        )

    before = settings()
    with pytest.raises(Refuted, match="changed"):
        BY_ID["no-side-effects"].run(claim_of(gradient), case_of([[0, 0]], [[1, 0]]))
    assert settings() == before


def test_a_subject_that_flushes_to_zero_leaves_the_next_search_its_subnormal_numbers() -> None:
    assert _result("accuracy", flushing_to_zero).verdict == "conforms"
    assert (np.array([2.0**-1022]) / 2).all()


class Unspeakable(BaseException):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("a\x1b[31mred\nline\ud800"), "raised ValueError: a [31mred line"),
        (Unspeakable(), "raised Unspeakable: (its message raises RuntimeError)"),
        (GeneratorExit("gone"), "raised GeneratorExit: gone"),
        (SystemExit(3), "raised SystemExit: 3"),
    ],
)
def test_anything_that_a_subject_raises_is_broken_in_one_printable_line(
    error: BaseException, said: str
) -> None:
    def raising(_z: Array, _t: Array) -> Array:
        raise error

    found = _result("accuracy", raising)
    assert (found.verdict, found.reason) == ("broken", said)


def nan_where_masked(z: Array, t: Array) -> Array:
    """Wrong in its own row, always in the same way."""
    return right(z, t) + np.where(np.isinf(z).any(axis=1, keepdims=True), np.nan, 0)


@pytest.mark.parametrize("check_id", ["row-independence", "memory-layout", "nan-stays-in-its-row"])
def test_a_nan_that_is_always_there_is_a_matter_of_accuracy_alone(check_id: str) -> None:
    assert _result("accuracy", nan_where_masked).verdict == "refuted"
    assert _result(check_id, nan_where_masked).verdict == "conforms"


def test_there_is_a_mistake_for_every_check() -> None:
    assert {check_id for check_id, _, _ in FLAWS} == set(BY_ID)


@pytest.mark.parametrize("format", ["binary64", "bfloat16"])
@pytest.mark.parametrize("quantity", QUANTITY_NAMES)
def test_a_right_subject_passes_every_check(quantity: str, format: str) -> None:
    found = certify("numpy", quantities=[quantity], formats=[format], max_examples=10)
    assert {result.check: result.verdict for result in found.results} == {
        check.id: "conforms" for check in CHECKS if check.applies(quantity_of(quantity))
    }


@pytest.mark.parametrize(
    ("subject", "reason"),
    [
        (in_binary32, "returned dtype float32, expected float64"),
        (as_complex, "returned dtype complex128, expected float64"),
        (transposed, "returned shape (1, 2, 1), expected (1, 2)"),
        (as_a_list, "returned list, expected a numpy array"),
        (nothing, "returned NoneType, expected a numpy array"),
        (
            wanting_writable_input,
            "raised ValueError: buffer source array is read-only, for read-only arguments",
        ),
    ],
)
def test_what_is_no_answer_is_broken_with_the_reason(subject: Gradient, reason: str) -> None:
    found = certify(subject, formats=["binary64"], max_examples=10)
    assert found.verdict == "broken"
    assert found.worst is None
    assert reason in {result.reason for result in found.results}


def test_a_function_that_raises_is_broken_and_the_other_checks_still_run() -> None:
    found = certify(wanting_writable_input, formats=["binary64"], max_examples=10)
    verdicts = {result.check: result.verdict for result in found.results}
    assert verdicts == dict.fromkeys(BY_ID, "conforms") | {"memory-layout": "broken"}


@pytest.mark.parametrize("error", [SystemExit, RuntimeError])
def test_a_function_that_always_ends_in_an_exception_breaks_every_check(
    error: type[BaseException],
) -> None:
    def subject(_z: Array, _t: Array) -> Array:
        raise error(0)

    found = certify(subject, formats=["binary64"], max_examples=10)
    assert {result.check: result.verdict for result in found.results} == dict.fromkeys(
        BY_ID, "broken"
    )


def test_a_subject_that_raises_not_implemented_is_not_supported_there() -> None:
    def loss(_z: Array, _t: Array) -> Array:
        raise NotImplementedError("no loss yet")

    subject = Implementation(name="half", functions={"dE/dz": right, "loss": loss})
    found = certify(subject, formats=["binary64"], max_examples=10)
    by_quantity = {(result.quantity, result.verdict) for result in found.results}
    assert by_quantity == {("dE/dz", "conforms"), ("loss", "not supported")}
    assert found.verdict == "not supported"
    assert certify(subject, quantities=["dE/dz"], max_examples=10).verdict == "conforms"


def test_a_subject_that_overwrites_its_last_answer_is_refuted() -> None:
    assert certify(ReusingOneBuffer(), formats=["binary64"]).verdict == "refuted"


def test_an_error_that_does_not_come_back_stands_all_the_same() -> None:
    assert certify(WrongOnce(), formats=["binary64"], max_examples=10).verdict == "refuted"


@pytest.mark.parametrize(
    "laid_out",
    [np.asfortranarray, lambda a: np.flip(np.flip(a).copy()), lambda a: a.repeat(2, 1)[:, ::2]],
)
def test_a_right_answer_conforms_in_any_memory_layout(laid_out: Callable[[Array], Array]) -> None:
    assert certify(lambda z, t: laid_out(right(z, t)), max_examples=10).verdict == "conforms"


def _anew(subject: Gradient, seed: int = 0) -> Certificate:
    """Certify it on cases that are drawn for it."""
    drawn.cache_clear()
    return certify(subject, formats=["binary64"], max_examples=40, seed=seed)


def noisy(z: Array, t: Array) -> Array:
    result: Array = right(z, t) + (np.random.random() < 0.02)  # noqa: NPY002
    return result


@pytest.mark.parametrize("subject", [right, a_little_scaled, noisy])
def test_the_same_seed_gives_the_same_results(subject: Gradient) -> None:
    first, again = (_anew(subject, seed=1) for _ in range(2))
    assert first.results == again.results


def test_a_seed_means_the_same_whatever_else_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "full_of_numbers.py").write_text(f"NUMBERS = {[x / 7 for x in range(1000)]}")
    monkeypatch.syspath_prepend(tmp_path)
    first = _anew(right)
    import_module("full_of_numbers")
    assert _anew(right).results == first.results


def test_another_seed_makes_another_search() -> None:
    assert _anew(right, seed=1).results != _anew(right, seed=2).results


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("format", ["binary64", "binary32"])
def test_diagonal_only_shrinks_to_two_equal_logits_whatever_the_seed(
    format: str, seed: int
) -> None:
    found = certify("diagonal-only", formats=[format], max_examples=20, seed=seed)
    shown = found.refutations[0].discrepancy
    assert shown is not None
    assert shown.arguments == {"logits": (("0.0", "0.0"),), "targets": (("1.0", "0.0"),)}
    assert (shown.expected, shown.returned) == (("-0.5", "0.5"), ("-0.5", "0.0"))


@pytest.mark.parametrize("seed", range(3))
def test_a_row_that_depends_on_the_others_is_shown_with_one_other(seed: int) -> None:
    check = BY_ID["row-independence"]
    outcome = run_check(
        claim_of(batch_wide_maximum), check, SearchSettings(max_examples=100, seed=seed)
    )
    assert isinstance(outcome.failure, Refuted)
    assert outcome.case is not None
    assert outcome.case.point.shape == (2, 2)


def log_sum_exp(z: Array, t: Array) -> Array:
    largest = z.max(axis=1, keepdims=True)
    lse = largest + np.log(np.exp(z - largest).sum(axis=1, keepdims=True))
    return np.exp(z - lse) - t


def test_a_subject_that_holds_in_range_conforms_and_its_reach_says_where_it_fails() -> None:
    found = certify(log_sum_exp, formats=["binary64"], max_examples=30)
    (reach,) = (result.reach for result in found.results if result.reach)
    assert found.verdict == "conforms"
    assert found.level.startswith("log-")
    assert found.domain["largest_logit"] == 1e4 <= reach.reached
    assert reach.failed_at is not None
    assert reach.failed_at <= 1e20  # ln 3 is lost in an lse of that size
    assert "its true value is 0.333333333333333333333333333333" in reach.statement


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


def test_a_wrong_value_is_no_matter_of_level_whatever_is_demanded() -> None:
    found = certify(flipped, formats=["binary64"], max_examples=10, at_least="shifted")
    shown = found.refutations[0].discrepancy
    assert shown is not None
    assert shown.statement == "dE/dz is -0.5; its true value is 0.5"
    assert found.diagnoses[0].matches[0].flaw == "sign-flipped"


def test_only_checks_against_the_truth_ask_for_the_level() -> None:
    found = certify(log_sum_exp, formats=["binary64"], max_examples=40, at_least="shifted")
    assert {result.check for result in found.refutations} == {
        check.id for check in CHECKS if check.against_truth
    }


def test_a_level_alone_is_diagnosed_as_one_and_not_as_a_flaw() -> None:
    found = certify(log_sum_exp, formats=["fp64"], max_examples=40, at_least="shifted")
    (diagnosis,) = found.diagnoses
    assert diagnosis.matches == ()
    assert diagnosis.unexplained == diagnosis.cases
    assert diagnosis.findings[0].startswith("every refuting case is a matter of level: its errors ")


def test_a_format_in_which_the_level_is_good_enough_is_named() -> None:
    found = certify(in_its_own_format, formats=["bf16", "fp32"], at_least="wide")
    (diagnosis,) = found.diagnoses
    assert "refuted in bfloat16, not in binary32" in diagnosis.findings


def test_a_subject_that_never_fails_holds_up_to_the_largest_number() -> None:
    found = certify(right, formats=["binary64"], max_examples=10)
    (reach,) = (result.reach for result in found.results if result.reach)
    assert (reach.reached, reach.failed_at) == (BINARY64.max, None)


@pytest.mark.parametrize(
    ("largest_logit", "format"), [(100.0, "binary64"), (1.0, "binary64"), (1007.0, "bfloat16")]
)
def test_no_check_asks_for_a_logit_beyond_the_declared_one(
    largest_logit: float, format: Any
) -> None:
    seen: list[float] = []

    def recording(z: Array, t: Array) -> Array:
        wide = z.astype(np.float64)
        seen.extend(np.abs(wide[np.isfinite(wide)]).tolist())
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
    return (right(z, t) + t) * total - t


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
    assert _result("accuracy", subject, targets=targets).verdict == verdict


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


def test_what_is_wrong_where_it_answers_is_refuted_though_it_does_not_always_answer() -> None:
    def flipped_or_nothing(z: Array, t: Array) -> Array:
        if len(z) and z[0, 0] == 0:
            raise NotImplementedError("a leading zero")
        return -right(z, t)

    assert certify(flipped_or_nothing, formats=["binary64"]).verdict == "refuted"


def test_a_subject_that_does_not_always_answer_does_not_conform() -> None:
    def right_or_nothing(z: Array, t: Array) -> Array:
        if len(z) and z[0, 0] == 0:
            raise NotImplementedError("a leading zero")
        return right(z, t)

    assert certify(right_or_nothing, formats=["binary64"]).verdict == "not supported"


def test_a_subclass_of_ndarray_is_no_answer() -> None:
    found = certify(lambda z, t: np.ma.masked_array(right(z, t)), formats=["binary64"])
    assert found.verdict == "broken"
    for result in found.results:
        assert result.reason.startswith("returned MaskedArray, expected a numpy array")


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
        found = _result(check_id, subject).discrepancy
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
def test_an_answer_that_changes_later_and_one_that_does_not_come_again_are_two_findings(
    make: Callable[[], Gradient], statement: str
) -> None:
    found = _result("same-answer-twice", make()).discrepancy
    assert found is not None
    assert found.statement == statement
    assert found.expected_is == "other"
    first, targets = (np.array(rows, dtype=float) for rows in found.arguments.values())
    other = right(first[:, ::-1], targets[:, ::-1])[found.row]
    if make is Late:
        assert found.returned == tuple(map(repr, other.tolist()))
    if make is not Jittering:
        assert found.expected == tuple(map(repr, right(first, targets)[found.row].tolist()))


@pytest.mark.parametrize("make", [ReusingOneBuffer, Jittering, Late, Accumulating])
def test_the_snippet_of_an_answer_that_does_not_stay_or_come_again_shows_another(
    make: Callable[[], Gradient],
) -> None:
    found = _result("same-answer-twice", make()).discrepancy
    assert found is not None
    code = found.snippet.replace("f = ...", "f = subject")
    printed: list[Any] = []
    names: dict[str, Any] = {"subject": make(), "print": lambda x: printed.append(x.tolist())}
    exec(code, names)
    assert printed[-1] != printed[0]


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
    refuted = _result(check_id, UNSEEN[mistake]()).verdict == "refuted"
    assert refuted != (mistake in said)
