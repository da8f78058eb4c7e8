"""The numbers that a flaw leaves open are read off the rows that refute it."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import inf

import ml_dtypes
import numpy as np
import pytest

from gradcert_implementations import FLAWED, Array, load
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import Between, OneOf, ParametricFlaw, Seen
from gradcert_implementations.reading import rounding_of
from gradcert_oracle import quantity_of

BINARY32, BFLOAT16 = np.dtype(np.float32), np.dtype(ml_dtypes.bfloat16)
BINARY64 = np.dtype(np.float64)
WIDER = BINARY64, BINARY32
ALL = BINARY64, BINARY32, BFLOAT16

Rows = Callable[[np.random.Generator], tuple[Array, Array]]
"""Draws logits and targets."""

PARAMETRIC = {name: flaw for name in FLAWED if isinstance(flaw := load(name), ParametricFlaw)}


def one_hot(labels: Array, classes: int) -> Array:
    targets: Array = np.eye(classes)[labels]
    return targets


def labelled(rows: int, classes: int, *, depth: float) -> Rows:
    """Logits between -depth and 0, and one-hot targets, the last classes among them."""

    def draw(rng: np.random.Generator) -> tuple[Array, Array]:
        labels = rng.integers(0, classes, rows)
        labels[: rows // 2] = classes - 1 - rng.integers(0, min(classes, 40), rows // 2)
        return rng.uniform(-depth, 0, (rows, classes)), one_hot(labels, classes)

    return draw


def mixed(rows: int, classes: int, *, depth: float) -> Rows:
    """Rows of one-hot targets and of quarters."""

    def draw(rng: np.random.Generator) -> tuple[Array, Array]:
        logits, targets = labelled(rows, classes, depth=depth)(rng)
        quarters = one_hot(rng.integers(0, classes, (4, rows)), classes).mean(axis=0)
        return logits, np.where(np.arange(rows)[:, None] % 2, quarters, targets)

    return draw


def masked_to_the_right(rng: np.random.Generator) -> tuple[Array, Array]:
    logits, _ = labelled(40, 300, depth=4)(rng)
    lengths = rng.integers(1, 300, 40)
    logits[np.arange(300) >= lengths[:, None]] = -np.inf
    return logits, one_hot(lengths - 1, 300)


SHORT, WIDE = mixed(6, 7, depth=9), mixed(6, 300, depth=9)
LABELLED = labelled(60, 300, depth=4)
BATCH = mixed(40, 3, depth=4)

DRAWN: list[tuple[str, Rows, Sequence[np.dtype[np.generic]], list[tuple[float, ...]]]] = [
    ("wrong-factor", SHORT, ALL, [(2 / 3,), (0.037,), (-5,)]),
    ("labels-smoothed", SHORT, ALL, [(0.15,), (0.4,)]),
    ("labels-smoothed-over-the-others", SHORT, ALL, [(0.15,), (0.4,)]),
    ("classes-weighted", labelled(40, 4, depth=4), ALL, [(0.3, 1, 2.5, 7), (1, 1, 0.1)]),
    ("z-loss-added", mixed(6, 20, depth=9), ALL, [(0.1,), (0.25,)]),
    ("probabilities-clamped", mixed(12, 7, depth=14), ALL, [(0.02,), (3e-4,)]),
    ("probabilities-raised-to-a-least", mixed(12, 7, depth=14), ALL, [(0.02,), (3e-4,)]),
    ("probabilities-lowered-to-a-greatest", mixed(12, 7, depth=14), ALL, [(0.7,), (0.05,)]),
    ("gradient-clamped", SHORT, ALL, [(-0.3, 0.3), (-0.04, 0.04), (-0.2, 0.07)]),
    ("gradient-clamped", SHORT, ALL, [(-0.35, inf), (-inf, -0.15)]),
    ("probabilities-clipped", mixed(12, 7, depth=14), ALL, [(0.01,), (2e-4,)]),
    ("epsilon-in-the-logarithm", mixed(12, 7, depth=14), ALL, [(0.01,), (2e-3,)]),
    ("softmax-above-an-epsilon", mixed(12, 7, depth=14), ALL, [(0.02,), (0.25,)]),
    ("exponential-cut-off", mixed(6, 300, depth=40), ALL, [(7.5,), (12.3,)]),
    ("exponent-clipped", mixed(12, 300, depth=40), ALL, [(6,), (11.5,)]),
    ("exponential-wrong-on-an-interval", WIDE, ALL, [(-7.25, -6.25, 1.5), (-3, -2.5, 0.25)]),
    ("label-taken-modulo", LABELLED, ALL, [(16,), (128,)]),
    ("label-taken-as-signed", LABELLED, ALL, [(8, 0), (7, 1), (6, 0), (5, 1)]),
    ("label-lost-from-a-class-on", LABELLED, ALL, [(200,), (64,)]),
    ("label-rounded-to-few-bits", labelled(20, 3000, depth=4), ALL, [(8,), (11,)]),
    ("through-sixteen-bits", SHORT, WIDER, [(0,), (1,)]),
    ("probability-rounded-to-a-narrow-format", SHORT, WIDER, [(0,), (1,)]),
    ("log-sum-exp-rounded", SHORT, WIDER, [(0,), (1,)]),
    ("sum-rounded-to-a-narrow-format", SHORT, WIDER, [(0,), (1,)]),
    ("block-tail-missing-from-the-sum", WIDE, ALL, [(100,), (129,)]),
    ("classes-above-a-block-skipped", WIDE, ALL, [(100,), (257,)]),
    ("rows-beyond-the-grid", BATCH, ALL, [(17,), (32,)]),
    ("one-class-in-a-thousand", WIDE, ALL, [(48, 0.5), (7, -0.125)]),
    ("one-class-in-a-thousand", WIDE, WIDER, [(48, 6e-4), (7, -1e-4)]),
    ("small-probabilities-flushed", WIDE, ALL, [(1e-3,), (2e-4,)]),
    ("epsilon-in-the-denominator", SHORT, ALL, [(0.5,), (0.15,)]),
    ("target-missing-in-the-tail", LABELLED, ALL, [(7,), (32,)]),
    ("target-missing-in-the-last-classes", LABELLED, ALL, [(5,), (13,)]),
    ("tail-of-the-classes-zero", WIDE, ALL, [(7,), (32,)]),
    ("last-classes-zero", WIDE, ALL, [(5,), (13,)]),
    ("classes-repeat-after-a-block", WIDE, ALL, [(100,), (64,)]),
    ("masked-block-gives-nan", masked_to_the_right, ALL, [(16,), (64,)]),
    ("tail-of-the-rows-zero", BATCH, ALL, [(7,), (16,)]),
    ("rows-repeat-after-a-group", BATCH, ALL, [(11,), (16,)]),
]
QUANTITIES: tuple[QuantityName, ...] = ("softmax", "loss", "dE/do", "dE/dz")

READ = [
    (name, values, dtype, rows)
    for name, rows, dtypes, drawn in DRAWN
    for values in drawn
    for dtype in dtypes
]


def arguments_of(
    quantity: QuantityName, rows: tuple[Array, Array], dtype: np.dtype[np.generic]
) -> dict[str, Array]:
    logits, targets = rows
    powers = np.exp(logits)
    named = {
        "logits": logits,
        "probabilities": powers / powers.sum(axis=-1, keepdims=True),
        "targets": targets,
        "v": np.cos(np.arange(logits.size)).reshape(logits.shape),
    }
    return {name: named[name].astype(dtype) for name in quantity_of(quantity).arguments}


def true_answer(quantity: QuantityName, arguments: Mapping[str, Array]) -> Array:
    wide = (array.astype(np.float64) for array in arguments.values())
    answer = load("numpy").functions[quantity](*wide)
    return answer[:, None] if answer.ndim == 1 else answer


def answer_of(
    flaw: ParametricFlaw, quantity: QuantityName, arguments: Mapping[str, Array]
) -> Array:
    """Return what a flaw answers, in the format of the arguments; 16 bits by way of binary32."""
    dtype = next(iter(arguments.values())).dtype
    wide = [array.astype(np.result_type(dtype, np.float32)) for array in arguments.values()]
    answer = flaw.functions[quantity](*wide).astype(dtype).astype(np.float64)
    return answer[:, None] if answer.ndim == 1 else answer


def differ(one: Array, other: Array, arguments: Mapping[str, Array]) -> Array:
    """Return which rows of two answers differ by more than a few roundings."""
    dtype = next(iter(arguments.values())).dtype
    with np.errstate(invalid="ignore"):
        size = abs(one) + abs(other)
        if "logits" in arguments and "targets" in arguments and size.shape[-1] > 1:
            size = size + arguments["targets"].astype(np.float64)
        near = abs(one - other) <= 8 * rounding_of(dtype) * size
    both_nan = np.isnan(one) & np.isnan(other)
    rows: Array = ~(near | both_nan).all(axis=-1)
    return rows


def evidence_of(
    flaw: ParametricFlaw, quantity: QuantityName, arguments: Mapping[str, Array]
) -> list[Seen]:
    """Return the rows that refute a flaw."""
    returned, expected = answer_of(flaw, quantity, arguments), true_answer(quantity, arguments)
    dtype = next(iter(arguments.values())).dtype
    return [
        Seen(arguments, int(row), returned[row], expected[row], dtype)
        for row in differ(returned, expected, arguments).nonzero()[0]
    ]


def candidates(flaw: ParametricFlaw, evidence: Sequence[Seen]) -> list[tuple[float, ...]]:
    assert not isinstance(flaw.fit, Between | OneOf)
    return list(flaw.fit(evidence))


def explains(
    flaw: ParametricFlaw, quantity: QuantityName, evidence: Sequence[Seen], returned: Array
) -> bool:
    """Return whether a flaw answers the refuting rows alike, but for roundings."""
    arguments = evidence[0].arguments
    unlike = differ(answer_of(flaw, quantity, arguments), returned, arguments)
    return not unlike[[seen.row for seen in evidence]].any()


def test_every_flaw_with_an_estimate_is_tried() -> None:
    estimated = {
        name for name, flaw in PARAMETRIC.items() if not isinstance(flaw.fit, Between | OneOf)
    }
    assert estimated == {name for name, *_ in DRAWN}


@pytest.mark.parametrize(
    ("name", "values", "dtype", "rows"),
    READ,
    ids=[f"{name}-{','.join(f'{v:g}' for v in values)}-{dtype}" for name, values, dtype, _ in READ],
)
def test_the_values_are_read_off_the_rows_that_refute_the_flaw(
    name: str, values: tuple[float, ...], dtype: np.dtype[np.generic], rows: Rows
) -> None:
    flaw = PARAMETRIC[name]
    subject = flaw.with_values(*values)
    for seed, quantity in enumerate(subject.functions):
        drawn = rows(np.random.default_rng(seed))
        arguments = arguments_of(quantity, drawn, dtype)
        evidence = evidence_of(subject, quantity, arguments)
        assert evidence, quantity
        found = candidates(flaw, evidence)
        assert len(found) <= 40
        returned = answer_of(subject, quantity, arguments)
        fitted = (flaw.with_values(*one) for one in found)
        assert any(explains(one, quantity, evidence, returned) for one in fitted), found


def rows_of(
    quantity: QuantityName, rows: Rows, dtype: np.dtype[np.generic], returned: Callable[..., Array]
) -> list[Seen]:
    """Return all rows of an answer that is made from the true one."""
    arguments = arguments_of(quantity, rows(np.random.default_rng(5)), dtype)
    expected = true_answer(quantity, arguments)
    answer = returned(expected).astype(dtype).astype(np.float64)
    return [Seen(arguments, row, answer[row], expected[row], dtype) for row in range(len(answer))]


ESTIMATED = sorted({name for name, *_ in DRAWN})
ANSWERS: dict[str, Callable[[Array], Array]] = {
    "right": lambda true: true,
    "noise": lambda true: true + np.random.default_rng(3).normal(0, 1, true.shape),
    "nan": lambda true: np.full_like(true, np.nan),
    "infinite": lambda true: np.full_like(true, -np.inf),
    "zero": np.zeros_like,
    "huge": lambda true: np.full_like(true, 3e38),
    "backwards": lambda true: true[:, ::-1],
}
FORMATS = BINARY64, BINARY32, np.dtype(np.float16), BFLOAT16


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("name", ESTIMATED)
def test_an_estimate_takes_any_answer_and_returns_few_numbers(name: str, answer: str) -> None:
    flaw = PARAMETRIC[name]
    some = mixed(9, 1, depth=9), SHORT, mixed(2, 60, depth=9)
    for rows, dtype in product(some, FORMATS):
        for quantity in QUANTITIES:
            found = candidates(flaw, rows_of(quantity, rows, dtype, ANSWERS[answer]))
            assert len(found) <= 40
            assert not np.isnan(np.array(found)).any()
            for values in found:
                flaw.with_values(*values)


@pytest.mark.parametrize("name", ESTIMATED)
def test_nothing_is_read_off_right_answers_nor_off_none(name: str) -> None:
    assert candidates(PARAMETRIC[name], []) == []
    for dtype, quantity in product(FORMATS, QUANTITIES):
        assert candidates(PARAMETRIC[name], rows_of(quantity, WIDE, dtype, ANSWERS["right"])) == []


@pytest.mark.parametrize("name", ESTIMATED)
def test_an_estimate_takes_the_evidence_of_every_other_flaw(name: str) -> None:
    for other, rows, _, drawn in DRAWN:
        subject = PARAMETRIC[other].with_values(*drawn[0])
        for quantity in subject.functions:
            arguments = arguments_of(quantity, rows(np.random.default_rng(1)), BINARY32)
            found = candidates(PARAMETRIC[name], evidence_of(subject, quantity, arguments))
            assert len(found) <= 40


SCANNED = sorted(name for name, flaw in PARAMETRIC.items() if isinstance(flaw.fit, Between))
LISTED = sorted(name for name, flaw in PARAMETRIC.items() if isinstance(flaw.fit, OneOf))


@pytest.mark.parametrize("name", LISTED)
def test_each_listed_value_of_a_flaw_is_another_formula(name: str) -> None:
    flaw = PARAMETRIC[name]
    assert isinstance(flaw.fit, OneOf)
    formulas = [flaw.with_values(*values).formula for values in flaw.fit.values]
    assert len({*formulas}) == len(formulas)
    assert flaw.formula in formulas


@pytest.mark.parametrize("name", SCANNED)
def test_a_flaw_of_one_scanned_number_depends_on_it(name: str) -> None:
    flaw = PARAMETRIC[name]
    assert isinstance(flaw.fit, Between)
    assert 0 < flaw.fit.low < flaw.fit.high
    one, other = flaw.with_values(2.5), flaw.with_values(1.5)
    assert one.formula != other.formula
    for quantity in flaw.functions:
        arguments = arguments_of(quantity, SHORT(np.random.default_rng(1)), BINARY32)
        answers = (answer_of(subject, quantity, arguments) for subject in (one, other))
        assert differ(*answers, arguments).all()


def test_a_flaw_with_other_values_rounds_to_the_format_that_they_say() -> None:
    flaw = PARAMETRIC["through-sixteen-bits"]
    assert [flaw.with_values(place).rounds_to for place in (0, 1)] == ["binary16", "bfloat16"]
    assert PARAMETRIC["wrong-factor"].with_values(3).rounds_to is None
