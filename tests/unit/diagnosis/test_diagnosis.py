"""A refuted subject is told which mistake it makes, and what is known where no flaw makes it.

The subjects are written here and not taken from the catalogue, with other operations in another
order, so that a diagnosis has to see through their rounding.
"""

import sys
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradcert.core.claim import Case, Claim
from gradcert.api import certify
from gradcert.checks import CHECKS, Evidence
from gradcert.diagnosis.invariants import broken_laws, permutation, shift, sum_to_zero
from gradcert.diagnosis.shared_traits import in_common, narrower
from gradcert.diagnosis.matching import outcome_of
from gradcert.generation.strategies import cases
from gradcert_implementations import (
    FORMAT_NAMES,
    QUANTITY_NAMES,
    Array,
    FormatName,
    Implementation,
    QuantityName,
    TargetDomain,
    documented,
    load,
)
from gradcert_oracle import BINARY64, FORMATS
from gradcert_reports import Certificate, Diagnosis, Report, details, diagnosed, markdown

EXAMPLES = 20
BOTH: tuple[FormatName, ...] = ("binary64", "binary32")


def softmax(z: Array) -> Array:
    powers = np.exp(np.subtract(z, np.amax(z, axis=1)[:, None]))
    o: Array = np.divide(powers, np.add.reduce(powers, axis=1)[:, None])
    return o


def right(z: Array, t: Array) -> Array:
    return np.subtract(softmax(z), t)


def certificate(
    function: Callable[..., Array],
    quantity: QuantityName = "dE/dz",
    *,
    formats: tuple[FormatName, ...] = ("binary64",),
    targets: TargetDomain = "probability",
    largest_logit: float = 1e4,
    max_examples: int = EXAMPLES,
) -> Certificate:
    subject = Implementation(
        name="theirs",
        functions={quantity: function},
        formats=formats,
        targets=targets,
        largest_logit=largest_logit,
    )
    return certify(subject, max_examples=max_examples)


def diagnosis(function: Callable[..., Array], *arguments: Any, **options: Any) -> Diagnosis:
    found = certificate(function, *arguments, **options)
    assert found.verdict == "refuted"
    (only,) = found.diagnoses
    return only


def matches(found: Diagnosis) -> dict[str, int]:
    return {match.flaw: match.explains for match in found.matches}


# Mistakes of the catalogue, by another hand.


def diagonal_of_an_explicit_jacobian(z: Array, t: Array) -> Array:
    o = softmax(z)
    jacobian = np.einsum("bi,ij->bij", o - o * o, np.eye(z.shape[1], dtype=z.dtype))
    slopes = -np.divide(t, o, out=np.zeros_like(t), where=t != 0)
    product: Array = np.einsum("bi,bij->bj", slopes, jacobian)
    return product


def descent_direction(z: Array, t: Array) -> Array:
    return np.negative(right(z, t))


def softmax_of_probabilities(z: Array, t: Array) -> Array:
    return right(softmax(z), t)


def in_bits(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * np.log2(np.e).astype(z.dtype)
    return result


def unshifted(z: Array, t: Array) -> Array:
    powers = np.exp(z)
    # No reciprocal: that of a subnormal sum overflows, which is another mistake.
    result: Array = np.divide(powers.T, np.einsum("bj->b", powers)).T - t
    return result


def working_in_its_arguments(z: Array, t: Array) -> Array:
    if not z.flags.writeable:
        z = z.copy()
    np.subtract(z, np.amax(z, axis=1)[:, None], out=z)
    np.exp(z, out=z)
    np.divide(z, np.add.reduce(z, axis=1)[:, None], out=z)
    return np.subtract(z, t)


class Belated:
    """Hands out what the call before asked for, where that has the right shape."""

    def __init__(self) -> None:
        self.pending: Array | None = None

    def __call__(self, z: Array, t: Array) -> Array:
        now = right(z, t)
        before, self.pending = self.pending, now.copy()
        fits = before is not None and (before.shape, before.dtype) == (now.shape, now.dtype)
        return before if fits and before is not None else now


class OneBuffer:
    """Writes every answer of a shape to the same place."""

    def __init__(self) -> None:
        self.places: dict[Any, Array] = {}

    def __call__(self, z: Array, t: Array) -> Array:
        place = self.places.setdefault((z.shape, z.dtype), np.empty_like(z))
        np.copyto(place, right(z, t))
        return place


def shifted_by_the_largest_of_all(z: Array, t: Array) -> Array:
    if not z.size:
        return np.zeros_like(z)
    powers = np.exp(z - np.amax(z))
    result: Array = powers / np.add.reduce(powers, axis=1)[:, None] - t
    return result


def in_binary32_from_the_last_class(z: Array, t: Array) -> Array:
    y = z.astype(np.float32)
    powers = np.exp(y - np.amax(y, axis=1)[:, None])
    total = np.zeros(len(z), np.float32)
    for column in reversed(powers.T):
        total = total + column
    result = powers * (np.float32(1) / total)[:, None] - t.astype(np.float32)
    widened: Array = result.astype(z.dtype)
    return widened


def mean_of_the_rows(z: Array, t: Array) -> Array:
    share: Array = np.reciprocal(np.array(max(len(z), 1), z.dtype))
    return share * right(z, t)


def normalised_down_the_columns(z: Array, t: Array) -> Array:
    return right(z.T, t.T).T.copy() if len(z) else z.copy()


def at_half_the_logits(z: Array, t: Array) -> Array:
    return right(z * z.dtype.type(0.5), t)


def hiding_nan(z: Array, t: Array) -> Array:
    found = right(z, t)
    return np.where(found == found, found, np.zeros_like(found))


def zeros(z: Array, _t: Array) -> Array:
    return np.zeros_like(z)


def loss_in_bits(z: Array, t: Array) -> Array:
    y = z - np.amax(z, axis=1)[:, None]
    nats = np.log(np.add.reduce(np.exp(y), axis=1))[:, None] - y
    bits = np.where(t == 0, 0, t * nats) * np.log2(np.e).astype(z.dtype)
    result: Array = np.add.reduce(bits, axis=1)
    return result


def loss_of_logarithms(z: Array, t: Array) -> Array:
    shifted = np.subtract(z, np.amax(z, axis=1)[:, None])
    logarithms = shifted - np.log(np.add.reduce(np.exp(shifted), axis=1))[:, None]
    logarithms[softmax(z) == 0] = -np.inf
    result: Array = -np.einsum("bj,bj->b", t, logarithms)
    return result


def jacobian_of_a_diagonal(z: Array) -> Array:
    o = softmax(z)
    result: Array = np.einsum("bi,ij->bij", o - o * o, np.eye(z.shape[1], dtype=z.dtype))
    return result


def slope_of_two_classes(o: Array, t: Array) -> Array:
    result: Array = (t - o) / (o - o * o)
    return result


BY_ANOTHER_HAND: list[tuple[str, QuantityName, Callable[..., Any]]] = [
    ("sign-flipped", "dE/dz", descent_direction),
    ("softmax-twice", "dE/dz", softmax_of_probabilities),
    ("base-two-logarithm", "dE/dz", in_bits),
    ("base-two-logarithm", "loss", loss_in_bits),
    ("no-shift", "dE/dz", unshifted),
    ("overwrites-logits", "dE/dz", working_in_its_arguments),
    ("stale-result", "dE/dz", Belated),
    ("reused-buffer", "dE/dz", OneBuffer),
    ("one-maximum-for-the-batch", "dE/dz", shifted_by_the_largest_of_all),
    ("divided-by-batch", "dE/dz", mean_of_the_rows),
    ("wrong-axis", "dE/dz", normalised_down_the_columns),
    ("temperature-left-on", "dE/dz", at_half_the_logits),
    ("nan-hidden", "dE/dz", hiding_nan),
    ("zero-gradient", "dE/dz", zeros),
    ("masked-loss", "loss", loss_of_logarithms),
    ("diagonal-jacobian", "do/dz", jacobian_of_a_diagonal),
]


@pytest.mark.parametrize(("flaw", "quantity", "make"), BY_ANOTHER_HAND)
def test_a_known_mistake_by_another_hand_is_named_and_explains_every_case(
    flaw: str, quantity: QuantityName, make: Callable[..., Any]
) -> None:
    found = diagnosis(make() if isinstance(make, type) else make, quantity)
    assert found.matches[0].flaw == flaw
    assert found.matches[0].explains == found.cases > 1
    assert found.matches[0].title == documented(flaw)[0]


def test_binary32_inside_is_named_whatever_the_order_of_its_sums() -> None:
    found = diagnosis(in_binary32_from_the_last_class, formats=("binary64",))
    assert found.matches[0].flaw == "through-binary32"
    assert found.matches[0].explains == found.cases > 1


def loss_of_differences(z: Array, t: Array) -> Array:
    y = z - np.amax(z, axis=1)[:, None]
    nats = np.log(np.add.reduce(np.exp(y), axis=1))[:, None] - y
    result: Array = np.add.reduce(np.where(t == 0, 0, t * nats), axis=1)
    return result


def slope_of_the_loss(o: Array, t: Array) -> Array:
    return np.where(t == 0, np.zeros_like(t), -t / o)


def outer_product_from_the_diagonal(z: Array) -> Array:
    o = softmax(z)
    result: Array = np.einsum("bi,ij->bij", o, np.eye(z.shape[1], dtype=z.dtype))
    return result - np.einsum("bi,bj->bij", o, o)


IN_BINARY32: dict[QuantityName, Callable[..., Array]] = {
    "softmax": softmax,
    "loss": loss_of_differences,
    "dE/do": slope_of_the_loss,
    "do/dz": outer_product_from_the_diagonal,
    "dE/dz": right,
}


@pytest.mark.parametrize("quantity", QUANTITY_NAMES)
def test_binary64_by_way_of_binary32_is_named_and_nothing_narrower_is(
    quantity: QuantityName,
) -> None:
    def narrowed(*arguments: Array) -> Array:
        result = IN_BINARY32[quantity](*(a.astype(np.float32) for a in arguments))
        return result.astype(arguments[0].dtype)

    found = diagnosis(narrowed, quantity)
    assert matches(found) == {"through-binary32": found.cases}


def test_binary64_rounded_to_bfloat16_is_named() -> None:
    def rounded(z: Array, t: Array) -> Array:
        return np.subtract(softmax(z).astype(ml_dtypes.bfloat16).astype(z.dtype), t)

    found = diagnosis(rounded)
    best = found.matches[0]
    assert (best.flaw, best.explains) == ("probability-rounded-to-bfloat16", found.cases)


def test_the_diagonal_of_an_explicit_jacobian_is_named() -> None:
    """It divides by probabilities: where these underflow it returns NaN, a mistake of its own."""
    found = diagnosis(diagonal_of_an_explicit_jacobian, largest_logit=30.0)
    assert matches(found) == {"diagonal-only": found.cases}
    anywhere = diagnosis(diagonal_of_an_explicit_jacobian, formats=BOTH)
    assert anywhere.matches[0].flaw == "diagonal-only"
    assert anywhere.cases / 2 < anywhere.matches[0].explains < anywhere.cases
    assert "some wrong values are NaN" in anywhere.findings


def test_the_slope_of_two_classes_is_named() -> None:
    """Near one ``o (1 - o)`` is rounded one way or the other, and there it goes its own."""
    found = diagnosis(slope_of_two_classes, "dE/do")
    assert found.matches[0].flaw == "binary-cross-entropy-slope"
    assert found.matches[0].explains > found.cases / 2


FLAW_FORMATS = load("sign-flipped").formats
"""Those it is known in; in others its sums are no good, and do not agree with better ones."""


@pytest.mark.parametrize("format", FORMAT_NAMES)
def test_a_mistake_is_named_in_every_format(format: FormatName) -> None:
    def in_the_other_direction(z: Array, t: Array) -> Array:
        wide, targets = z.astype(np.float64), t.astype(np.float64)
        return descent_direction(wide, targets).astype(z.dtype)

    found = diagnosis(in_the_other_direction, formats=(format,))
    assert list(matches(found)) == ["sign-flipped"]
    assert "the sign is flipped" in found.findings
    if format in FLAW_FORMATS:
        assert found.matches[0].explains == found.cases


# Mistakes that nobody has made before.


def scaled(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * z.dtype.type(1.04)
    return result


def negative_slopes(o: Array, t: Array) -> Array:
    result: Array = t / o
    return result


def negative_softmax(z: Array) -> Array:
    return np.negative(softmax(z))


def scaled_by_row(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * (2 - np.amax(softmax(z), axis=1)[:, None])
    return result


def wrong_where_masked(z: Array, t: Array) -> Array:
    found = right(z, t)
    found[np.isinf(z)] = 0.25
    return found


def wrong_at_the_target(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * np.where(t > 0, z.dtype.type(1.5), z.dtype.type(1))
    return result


def zero_near_a_thousandth(z: Array, t: Array) -> Array:
    found = right(z, t)
    return np.where((abs(found) > 1e-4) & (abs(found) < 1e-2), np.zeros_like(found), found)


NAMELESS: list[tuple[QuantityName, Callable[..., Array], str]] = [
    ("dE/dz", scaled, "every refuting row is 1.04 times the true one"),
    ("dE/do", negative_slopes, "the sign is flipped"),
    ("softmax", negative_softmax, "the sign is flipped"),
    ("dE/dz", scaled_by_row, "each refuting row is off by a factor of its own, "),
    ("dE/dz", wrong_where_masked, "every refuting row is of the regime masked"),
    ("dE/dz", wrong_where_masked, "wrong off the target only"),
    ("dE/dz", wrong_at_the_target, "wrong at the target only"),
    ("dE/dz", wrong_at_the_target, "a row of the gradient does not sum to zero"),
    ("dE/dz", zero_near_a_thousandth, "every wrong value is zero"),
]


@pytest.mark.parametrize(("quantity", "function", "finding"), NAMELESS)
def test_a_mistake_that_no_flaw_makes_has_no_match_and_is_described(
    quantity: QuantityName, function: Callable[..., Array], finding: str
) -> None:
    found = diagnosis(function, quantity)
    assert found.matches == ()
    assert found.cases > 1
    assert any(said.startswith(finding) for said in found.findings), found.findings
    shown = diagnosed(found)
    assert f"no known flaw explains the {found.cases} refuting cases" in shown
    for said in found.findings:
        assert said in shown


@pytest.mark.parametrize(
    ("function", "finding"),
    [
        (scaled, "every refuting row is 1.04 times the true one"),
        (wrong_at_the_target, "wrong at the target only"),
        (zero_near_a_thousandth, "every wrong value is zero"),
    ],
)
def test_the_most_telling_finding_comes_first(function: Callable[..., Array], finding: str) -> None:
    assert diagnosis(function, formats=("binary64",)).findings[0] == finding


@pytest.mark.parametrize("format", FORMAT_NAMES)
def test_a_constant_factor_is_told_in_every_format(format: FormatName) -> None:
    def by_half_as_much_again(z: Array, t: Array) -> Array:
        wide, targets = z.astype(np.float64), t.astype(np.float64)
        return (1.5 * right(wide, targets)).astype(z.dtype)

    found = diagnosis(by_half_as_much_again, formats=(format,))
    assert any(said.startswith("every refuting row is 1.") for said in found.findings), (
        found.findings
    )


@pytest.mark.parametrize(
    ("function", "unsaid"),
    [
        (scaled, "a factor of its own"),
        (scaled, "sum to zero"),
        (scaled, "shift"),
        (scaled, "order of classes"),
        (scaled_by_row, "times the true one"),
        (wrong_at_the_target, "times the true one"),
        (wrong_at_the_target, "order of classes"),
        (wrong_where_masked, "at the target"),
        (unshifted, "order of classes"),
        (shifted_by_the_largest_of_all, "order of classes"),
    ],
)
def test_what_is_not_so_is_not_said(function: Callable[..., Array], unsaid: str) -> None:
    found = diagnosis(function)
    assert not any(unsaid in said for said in found.findings), found.findings


def test_the_formats_that_are_harmed_are_told_from_those_that_are_not() -> None:
    def wrong_in_binary32(z: Array, t: Array) -> Array:
        return scaled(z, t) if z.dtype == np.float32 else right(z, t)

    found = diagnosis(wrong_in_binary32, formats=BOTH)
    assert "wrong in binary32, not in binary64" in found.findings
    both = diagnosis(scaled, formats=BOTH)
    assert not any(said.startswith("wrong in ") for said in both.findings)


def test_a_factor_that_each_format_has_of_its_own_is_told_by_format() -> None:
    def scaled_by_format(z: Array, t: Array) -> Array:
        result: Array = right(z, t) * z.dtype.type(1.5 if z.dtype == np.float64 else 3)
        return result

    found = diagnosis(scaled_by_format, formats=BOTH)
    assert found.findings[0].startswith("every refuting row is 1.5 (binary64), 3 (binary32) times")


# What the checks saw that hold no values against true ones.


class Noisy:
    """Adds a new draw at every call."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(0)

    def __call__(self, z: Array, t: Array) -> Array:
        result: Array = right(z, t) + self.rng.normal(size=z.shape).astype(z.dtype)
        return result


def leaking_from_the_first_row(z: Array, t: Array) -> Array:
    found = right(z, t)
    found[1:] += found[:1] / 2
    return found


def scaled_by_its_place(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * (1 + np.arange(len(z), dtype=z.dtype))[:, None]
    return result


def zeroing_its_targets(z: Array, t: Array) -> Array:
    kept = t.copy()
    if t.flags.writeable:
        t[:] = 0
    return right(z, kept)


def other_in_other_layouts(z: Array, t: Array) -> Array:
    return right(z, t) * z.dtype.type(1 if z.flags.writeable else 3)


def talking(z: Array, t: Array) -> Array:
    sys.stdout.write("done")
    return right(z, t)


OF_THE_BATCH = "a row's answer depends on the other rows of the batch (row-independence)"


@pytest.mark.parametrize(
    ("function", "finding"),
    [
        (leaking_from_the_first_row, OF_THE_BATCH),
        (scaled_by_its_place, OF_THE_BATCH),
        (zeroing_its_targets, "the call changed its targets (inputs-unchanged)"),
        (
            other_in_other_layouts,
            "the answer depends on the memory layout of the arguments (memory-layout)",
        ),
        (
            hiding_nan,
            "a NaN in the row did not reach its answer (nan-stays-in-its-row)",
        ),
        (talking, "the call wrote 'done' to standard output (no-side-effects)"),
    ],
)
def test_what_each_check_saw_is_said_once(function: Callable[..., Array], finding: str) -> None:
    found = diagnosis(function)
    assert found.findings.count(finding) == 1, found.findings


def test_a_nan_that_reached_another_row_does_so_again_on_the_case_that_shows_it() -> None:
    (check,) = (check for check in CHECKS if check.id == "nan-stays-in-its-row")
    two = Case(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0]] * 2), ("benign",) * 2)
    first = outcome_of(claim_of(leaking_from_the_first_row), check, two)
    assert isinstance(first, Evidence)
    assert first.statement == "a NaN in row 0 reached the answer of another row"
    again = outcome_of(claim_of(leaking_from_the_first_row), check, first.case)
    assert isinstance(again, Evidence)
    assert (again.statement, again.row, again.returned) == (
        first.statement,
        first.row,
        first.returned,
    )


@pytest.mark.parametrize("function", [leaking_from_the_first_row, scaled_by_its_place])
def test_a_row_that_depends_on_others_is_off_by_no_factor(function: Callable[..., Array]) -> None:
    found = diagnosis(function)
    assert not any("times" in said or "factor" in said for said in found.findings)
    assert not any("earlier calls" in said for said in found.findings)


@pytest.mark.parametrize("make", [Belated, OneBuffer, Noisy])
def test_of_a_subject_that_answers_anew_each_time_no_more_is_said_of_its_rows(
    make: Callable[[], Any],
) -> None:
    found = diagnosis(make())
    assert not any("other rows" in said or "layout" in said for said in found.findings)


# Which rows refute.


def held(*rows: list[float], regime: str = "benign", returned: Any = (0.1,)) -> Any:
    claim = Claim(load("numpy"), "dE/dz", BINARY64)
    return [
        (
            claim,
            Evidence(
                Case(np.array([row]), np.array([row]), (f"{regime}, one-hot",)),
                "wrong",
                returned=tuple(map(repr, returned)),
            ),
        )
        for row in rows
    ]


TIED = [1.0, 1.0], [0.5, 2.0, 2.0], [3.0, -1.0, 3.0], [-4.0, -4.0]
TWINS = [1.0, 1.0, 2.0], *TIED


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (TIED, ["every refuting row has two equal logits, the largest"]),
        (TWINS, ["every refuting row has two equal logits"]),
        ((*TIED, [1.0, 2.0]), []),
        (TIED[:3], []),
        ((TIED[0],) * 9, []),
        (tuple([c] * 16 for c in (1.0, 2.0, 3.0, 4.0)), []),
        (tuple([-np.inf, -np.inf, c] for c in (1.0, 2.0, 3.0, 4.0)), []),
        (
            tuple([c, 0.0] for c in (51.9, -70.0, 90.0, 1e4)),
            ["every refuting row has a logit of 51.9 or more in size"],
        ),
        (
            ([-np.inf, 0.0], *([c, 0.0] for c in (709.79, -800.0, 900.0, 1e4))),
            ["every refuting row has a logit of 709 or more in size, or one of -inf"],
        ),
        (([1.0, 0.0], *([c, 0.0] for c in (709.79, -800.0, 900.0, 1e4))), []),
        (tuple([c, 0.0] for c in (5.0, -70.0, 90.0, 1e4)), []),
        (tuple([c, 0.0] for c in (51.9, -70.0, 90.0)), []),
    ],
)
def test_what_all_unlike_refuting_rows_share_is_said(rows: Any, said: list[str]) -> None:
    assert in_common(held(*rows)) == said


def test_the_regime_of_all_refuting_rows_is_said_unless_it_is_unremarkable() -> None:
    assert in_common(held([1.0, 0.0], regime="masked")) == [
        "every refuting row is of the regime masked"
    ]
    assert in_common(held([1.0, 0.0])) == []


THIRDS = np.array([1 / 3, 2 / 7, 3 / 11, 4 / 13])


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        (THIRDS.astype(np.float16), ["every returned value is a number of binary16"]),
        (THIRDS.astype(np.float32), ["every returned value is a number of binary32"]),
        (THIRDS.astype(ml_dtypes.bfloat16), ["every returned value is a number of bfloat16"]),
        (
            (*THIRDS.astype(np.float16), 1.0, 0.0, np.nan),
            ["every returned value is a number of binary16"],
        ),
        ((*THIRDS.astype(np.float16), 0.1), []),
        (THIRDS.astype(np.float16)[:3], []),
        (THIRDS, []),
        ((0.0, 0.5, 1.0, 0.75, -1.5, 3.0, 6.0), []),
    ],
)
def test_a_narrower_format_is_told_by_values_that_are_no_simple_fractions(
    returned: Any, said: list[str]
) -> None:
    values = np.asarray(returned).astype(np.float64).tolist()
    assert narrower(held([1.0, 0.0], returned=values)) == said


def at_equal_largest(z: Array, t: Array) -> Array:
    tied = (z == z.max(axis=1, keepdims=True)).sum(axis=1) > 1 if len(z) else []
    found = right(z, t)
    found[tied] *= 1.5
    return found


def beyond_five_hundred(z: Array, t: Array) -> Array:
    found = right(z, t)
    found[np.where(np.isfinite(z), abs(z), 0).max(axis=1) > 500] *= 1.5
    return found


def by_way_of_binary16(z: Array, t: Array) -> Array:
    return right(z.astype(np.float16), t.astype(np.float16)).astype(z.dtype)


@pytest.mark.parametrize(
    ("function", "finding"),
    [
        (at_equal_largest, "every refuting row has two equal logits, the largest"),
        (beyond_five_hundred, "every refuting row has a logit of 501 or more in size"),
        (by_way_of_binary16, "every returned value is a number of binary16"),
    ],
)
def test_a_subject_is_told_which_rows_it_errs_on(
    function: Callable[..., Array], finding: str
) -> None:
    found = diagnosis(function, formats=("binary64",), max_examples=300)
    assert finding in found.findings, found.findings


# More than one mistake, and none.


def diagonal_left_in_its_arguments(z: Array, t: Array) -> Array:
    o = softmax(z)
    if z.flags.writeable:
        z[:] = o
    result: Array = (o - 1) * t
    return result


def test_two_mistakes_are_both_listed_with_what_each_explains() -> None:
    found = certificate(diagonal_left_in_its_arguments)
    (diagnosis,) = found.diagnoses
    explained = matches(diagnosis)
    assert list(explained)[:2] == ["diagonal-only", "overwrites-logits"]
    by_check = [result.check for result in found.refutations]
    assert {"accuracy", "inputs-unchanged"} <= set(by_check)
    assert explained["diagonal-only"] + explained["overwrites-logits"] == diagnosis.cases
    for shown in (details(found), markdown(Report(certificates=(found,)))):
        for flaw in ("diagonal-only", "overwrites-logits"):
            assert f"({explained[flaw]} of {diagnosis.cases})" in shown or (
                f"{flaw} explains {explained[flaw]} of {diagnosis.cases}" in shown
            )


def test_each_refuted_quantity_has_a_diagnosis_of_its_own() -> None:
    subject = Implementation(
        name="theirs",
        functions={
            "softmax": softmax,
            "loss": loss_in_bits,
            "do/dz": jacobian_of_a_diagonal,
            "dE/dz": descent_direction,
        },
        formats=("binary64",),
    )
    found = certify(subject, max_examples=10)
    assert [(d.quantity, d.matches[0].flaw) for d in found.diagnoses] == [
        ("loss", "base-two-logarithm"),
        ("do/dz", "diagonal-jacobian"),
        ("dE/dz", "sign-flipped"),
    ]


def raising(_z: Array, _t: Array) -> Array:
    raise RuntimeError


def unwilling(_z: Array, _t: Array) -> Array:
    raise NotImplementedError


@pytest.mark.parametrize("function", [right, raising, unwilling])
def test_what_is_not_refuted_has_no_diagnosis(function: Callable[..., Array]) -> None:
    found = certificate(function, max_examples=5)
    assert found.verdict != "refuted"
    assert found.diagnoses == ()
    assert "diagnosis" not in details(found)


class WrongOnce:
    """Errs in one answer and never again."""

    calls = 0

    def __call__(self, z: Array, t: Array) -> Array:
        self.calls += 1
        return right(z, t) + (self.calls == 20)


def test_an_error_that_does_not_come_back_is_no_known_flaw() -> None:
    found = diagnosis(WrongOnce(), formats=("binary64",))
    assert found.matches == ()


def test_noise_is_no_known_flaw() -> None:
    assert diagnosis(Noisy()).matches == ()


# Flaws that coincide in one format.


def casting_where_that_is_needed(z: Array, t: Array) -> Array:
    y = z.astype(np.float32, copy=False)
    if not y.flags.writeable:
        y = y.copy()
    np.subtract(y, np.amax(y, axis=1)[:, None], out=y)
    np.exp(y, out=y)
    np.multiply(y, np.reciprocal(np.add.reduce(y, axis=1))[:, None], out=y)
    return np.subtract(y, t.astype(np.float32)).astype(z.dtype)


def overwriting_in_any_format(z: Array, t: Array) -> Array:
    wide = z.astype(np.float64)
    if z.flags.writeable:
        z[:] = softmax(wide).astype(z.dtype)
    return right(wide, t.astype(np.float64)).astype(z.dtype)


@pytest.mark.parametrize(
    ("function", "formats", "flaw"),
    [
        (overwriting_in_any_format, ("binary32", "bfloat16"), "overwrites-logits"),
        (overwriting_in_any_format, ("binary64", "binary32"), "overwrites-logits"),
        (casting_where_that_is_needed, ("binary32", "bfloat16"), "upcast-is-a-copy-only-if-needed"),
        (casting_where_that_is_needed, ("binary32",), "upcast-is-a-copy-only-if-needed"),
    ],
)
def test_flaws_that_do_the_same_in_one_format_are_told_apart_by_another(
    function: Callable[..., Array], formats: tuple[FormatName, ...], flaw: str
) -> None:
    found = diagnosis(function, formats=formats)
    assert found.matches[0].flaw == flaw
    assert found.matches[0].explains == found.cases


def test_flaws_that_no_format_tells_apart_are_both_listed() -> None:
    found = diagnosis(overwriting_in_any_format, formats=("binary32",))
    assert matches(found) == dict.fromkeys(
        ["overwrites-logits", "upcast-is-a-copy-only-if-needed"], found.cases
    )


# The laws.

LAWS: dict[str, tuple[Callable[[Claim, Case], bool], tuple[QuantityName, ...]]] = {
    "sum_to_zero": (sum_to_zero, ("dE/dz",)),
    "shift": (shift, ("softmax", "loss", "do/dz", "dE/dz")),
    "permutation": (permutation, QUANTITY_NAMES),
}
OF_A_LAW = [(law, quantity) for law, (_, quantities) in LAWS.items() for quantity in quantities]


@pytest.mark.parametrize("format", FORMAT_NAMES)
@pytest.mark.parametrize(("law", "quantity"), OF_A_LAW)
@given(data=st.data())
@settings(
    max_examples=15, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
def test_a_right_answer_keeps_every_law(
    law: str, quantity: QuantityName, format: FormatName, data: st.DataObject
) -> None:
    claim = Claim(load("numpy"), quantity, FORMATS[format])
    drawn = cases(quantity, FORMATS[format], "probability", 1e4, below=16)
    assert drawn is not None
    assert LAWS[law][0](claim, data.draw(drawn))


def case(z: list[float], t: list[float]) -> Case:
    return Case(np.array([z]), np.array([t]), ("drawn by hand",))


THREE = case([1.0, -2.0, 0.5], [0.25, 0.5, 0.25])


def claim_of(function: Callable[..., Array], quantity: QuantityName = "dE/dz") -> Claim:
    subject = Implementation(name="theirs", functions={quantity: function})
    return Claim(subject, quantity, BINARY64)


def at_the_target_only(z: Array, t: Array) -> Array:
    return np.where(t > 0.3, right(z, t), 0)


def growing_with_the_offset(z: Array, t: Array) -> Array:
    result: Array = right(z, t) * (1 + 1e-9 * np.amax(z, axis=1)[:, None])
    return result


def doubled_in_the_first_class(z: Array, t: Array) -> Array:
    factors = np.ones(z.shape[1])
    factors[0] = 2
    return right(z, t) * factors


SAID = {
    "sum_to_zero": "a row of the gradient does not sum to zero",
    "shift": "a common shift of the logits changes it",
    "permutation": "the order of classes matters",
}


@pytest.mark.parametrize(
    ("function", "broken"),
    [
        (at_the_target_only, {"sum_to_zero"}),
        (growing_with_the_offset, {"shift"}),
        (doubled_in_the_first_class, {"sum_to_zero", "permutation"}),
        (scaled, set()),
        (right, set()),
    ],
)
def test_a_law_is_broken_by_what_breaks_it_and_by_nothing_else(
    function: Callable[..., Array], broken: set[str]
) -> None:
    claim = claim_of(function)
    assert {law for law, (holds, _) in LAWS.items() if not holds(claim, THREE)} == broken
    assert set(broken_laws(claim, [THREE])) == {SAID[law] for law in broken}


def test_a_softmax_without_a_shift_overflows_where_a_common_shift_would_not() -> None:
    huge = case([709.5, 0.0], [1.0, 0.0])
    assert not shift(claim_of(unshifted), huge)
    assert shift(claim_of(right), huge)


def test_a_shift_that_rounds_the_logits_asks_for_nothing() -> None:
    assert shift(claim_of(growing_with_the_offset), case([0.1, 1e4], [1.0, 0.0]))


def test_nan_either_way_round_keeps_the_order_of_classes() -> None:
    overflowing = case([1000.0, 0.0, 0.0], [1.0, 0.0, 0.0])
    assert permutation(claim_of(unshifted), overflowing)


def test_a_law_that_a_broken_answer_cannot_be_asked_for_is_not_broken() -> None:
    assert broken_laws(claim_of(raising), [THREE]) == []


@pytest.mark.parametrize("dtype", [np.float64, ml_dtypes.bfloat16])
def test_a_law_leaves_the_case_as_it_was(dtype: Any) -> None:
    z, t = np.array([[1.0, 0.0]], dtype), np.array([[1.0, 0.0]], dtype)
    given_case = Case(z.copy(), t.copy(), ("drawn by hand",))
    format = FORMATS["binary64" if dtype is np.float64 else "bfloat16"]
    subject = Claim(load("numpy"), "dE/dz", format)
    broken_laws(subject, [given_case])
    assert (given_case.first == z).all()
    assert (given_case.targets == t).all()
