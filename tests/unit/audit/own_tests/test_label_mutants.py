"""Mutants that need labels and logits, and how a gradient of any shape is brought into rows."""

import ml_dtypes
import numpy as np
import pytest

from gradcert.audit.own_tests.label_mutants import ALL_MUTANTS, LABEL_MUTANTS
from gradcert.audit.own_tests.operands import Operands, mutated
from gradcert_implementations import Array

Z = np.random.default_rng(0).normal(size=(4, 3))
LABELS = np.array([2, 0, -100, 1])
ONE_HOT = (LABELS[:, None] == np.arange(3)).astype(float)
P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
KEPT = (LABELS >= 0)[:, None]
C = 0.25
RIGHT = np.where(KEPT, C * (P - ONE_HOT), 0)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("diagonal-only", np.where(ONE_HOT == 1, RIGHT, 0)),
        ("softmax-dropped", -C * ONE_HOT),
        ("target-forgotten", np.where(KEPT, C * P, 0)),
    ],
)
@pytest.mark.parametrize("targets", [LABELS, LABELS.astype(np.int32)])
def test_a_term_is_lost_whatever_factor_the_gradient_has(
    name: str, wrong: Array, targets: Array
) -> None:
    made = mutated(ALL_MUTANTS[name], RIGHT, Operands((targets,), logits=Z))
    assert made is not None
    np.testing.assert_allclose(made, wrong, rtol=1e-12, atol=1e-15)


def test_probabilities_are_targets_and_other_arrays_are_not() -> None:
    targets = np.full((4, 3), 1 / 3)
    right = C * (P - targets)
    noise = np.random.default_rng(1).normal(size=(4, 3))
    made = mutated(ALL_MUTANTS["target-forgotten"], right, Operands((noise, targets), logits=Z))
    assert made is not None
    np.testing.assert_allclose(made, C * P)
    without = Operands((noise,), logits=Z)
    assert mutated(ALL_MUTANTS["target-forgotten"], right, without) is None


@pytest.mark.parametrize("mutant", LABEL_MUTANTS, ids=lambda mutant: mutant.name)
@pytest.mark.parametrize(
    "operands", [Operands(), Operands((LABELS,)), Operands((LABELS[:3],), logits=Z)]
)
def test_without_labels_and_logits_such_a_mutant_has_no_meaning(
    mutant: "object", operands: Operands
) -> None:
    assert mutated(mutant, RIGHT, operands) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ALL_MUTANTS)
def test_classes_may_be_the_second_axis(name: str) -> None:
    upstream = np.array([1.0, 2, 3, 4])
    rows = mutated(ALL_MUTANTS[name], RIGHT, Operands((LABELS,), logits=Z, upstream=upstream))

    def second(array: Array) -> Array:
        return np.moveaxis(array.reshape(2, 2, 3), -1, 1)

    made = mutated(
        ALL_MUTANTS[name],
        second(RIGHT),
        Operands((LABELS.reshape(2, 2),), logits=second(Z), upstream=upstream.reshape(2, 2)),
    )
    if rows is None:
        assert made is None
    else:
        np.testing.assert_array_equal(made, second(rows))


def test_a_gradient_of_one_axis_is_a_row_unless_an_argument_has_more_axes() -> None:
    slopes = np.array([1.0, 2.0, 3.0])
    by_class, by_row = ALL_MUTANTS["next-class"], ALL_MUTANTS["next-row"]
    np.testing.assert_array_equal(mutated(by_class, slopes, Operands()), [3.0, 1.0, 2.0])
    assert mutated(by_row, slopes, Operands()) is None
    batch = Operands((np.ones((3, 5)),))
    np.testing.assert_array_equal(mutated(by_row, slopes, batch), [3.0, 1.0, 2.0])
    assert mutated(by_class, slopes, batch) is None


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32, np.float64])
def test_the_dtype_stays_and_what_is_lost_in_rounding_is_no_change(dtype: type) -> None:
    values = np.ones((2, 3), dtype)
    doubled = mutated(ALL_MUTANTS["doubled"], values, Operands())
    assert doubled is not None
    assert doubled.dtype == dtype
    assert (doubled == 2).all()
    slightly = mutated(ALL_MUTANTS["times-1.001"], values, Operands())
    assert (slightly is None) == (dtype == ml_dtypes.bfloat16)


@pytest.mark.parametrize("name", ALL_MUTANTS)
@pytest.mark.parametrize("shape", [(0, 3), (2, 0), (0,), (), (1, 1), (2, 1, 3)])
def test_a_gradient_of_any_shape_is_made_wrong_or_left(name: str, shape: tuple[int, ...]) -> None:
    values = np.ones(shape)
    made = mutated(ALL_MUTANTS[name], values, Operands(upstream=np.array(2.0)))
    assert made is None or made.shape == shape


def test_a_row_of_masks_alone_makes_no_other_row_nan() -> None:
    z = np.where(np.arange(4)[:, None] == 2, -np.inf, Z)
    made = mutated(ALL_MUTANTS["softmax-dropped"], RIGHT, Operands((LABELS,), logits=z))
    assert made is not None
    np.testing.assert_allclose(made, -C * ONE_HOT, atol=1e-15)
