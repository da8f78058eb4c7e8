"""The loss of a batch is the sum of what its rows count, and its budget is that of such a sum."""

from fractions import Fraction
from math import nan

import numpy as np
import pytest
from drawn_losses import rounded
from flint import arb, ctx
from float_runs import TOTALS, arithmetics, softmax

from gradcert_oracle import (
    ALLOWED,
    BINARY16,
    BINARY32,
    BINARY64,
    FORMATS,
    GRADIENT,
    LOSS,
    REDUCED_LOSS,
    Algorithm,
    Format,
    Loss,
    Question,
    Share,
    algorithms,
    budgets,
    enclose,
    judge,
    scale,
)

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


def _parts(format: Format, rows: int, seed: int, loss: Loss = Loss()) -> tuple[Question, ...]:  # noqa: B008
    """Return the questions of the rows of a mean over those that are kept: all but each third."""
    rng = np.random.default_rng(seed)
    divisor = Fraction(max(1, sum(row % 3 != 2 for row in range(rows))))
    parts = []
    for row in range(rows):
        z = tuple(rounded(rng.normal(0, 3, 5), format).tolist())
        t = tuple(np.eye(5)[rng.integers(5)].tolist())
        share = Share(upstream=float(row), divisor=divisor, z_divisor=divisor, kept=row % 3 != 2)
        parts.append(Question(LOSS, (z, t), format, loss, share))
    return tuple(parts)


def _asked(parts: tuple[Question, ...]) -> Question:
    return Question(REDUCED_LOSS, (), parts[0].format, parts[0].loss, parts=parts)


@EACH_FORMAT
@pytest.mark.parametrize("loss", [Loss(), Loss(label_smoothing=0.1, z_loss=1e-3)], ids=str)
def test_it_is_the_sum_of_the_values_of_its_rows(format: Format, loss: Loss) -> None:
    parts = _parts(format, 20, seed=1, loss=loss)
    (value,) = enclose(_asked(parts))
    with ctx.workprec(400):
        total = sum((enclose(part, 200)[0] for part in parts), arb(0))
    assert value.overlaps(total)
    assert format.narrow(value, 10)
    assert scale(_asked(parts)) == pytest.approx(sum(map(scale, parts)))


def test_it_is_narrow_where_the_values_cancel() -> None:
    rows = (0.5, 0.25), (1.0, 0.0)
    shares = [Share(divisor=Fraction(x)) for x in (3, -3)]
    parts = tuple(Question(LOSS, rows, BINARY64, share=share) for share in shares)
    (value,) = enclose(_asked(parts))
    assert value.contains(0)
    assert BINARY64.narrow(value, 10)


def test_a_batch_of_ignored_rows_has_a_loss_of_zero() -> None:
    share = Share(kept=False, divisor=Fraction(0))
    part = Question(LOSS, ((nan, nan), (nan, nan)), BINARY32, share=share)
    assert enclose(_asked((part, part)))[0].is_zero()
    assert judge(_asked((part, part)), [0.0]).algorithm is not None
    assert judge(_asked((part, part)), [1e-30]).algorithm is None


@EACH_FORMAT
@pytest.mark.parametrize("rows", [1, 7, 60])
def test_a_mean_keeps_within_two_budgets_of_its_level(format: Format, rows: int) -> None:
    """The rows are summed in the order of the level, and divided before or after that."""
    judged = 0
    for seed in range(6):
        parts = _parts(format, rows, seed)
        asked, kept = _asked(parts), [part for part in parts if part.share.kept]
        (true,) = enclose(asked)
        for algorithm in algorithms(format):
            allowances = budgets(asked, algorithm)
            if allowances is None:
                continue
            for inner in arithmetics(asked, algorithm):
                total, dtype = TOTALS[algorithm.summation], inner.dtype
                losses = []
                for part in kept:
                    z, t = (np.array(part[name]).astype(dtype) for name in ("logits", "targets"))
                    losses.append(-total(t * softmax(z, format, algorithm.level, total)[1]))
                values, divisor = np.array(losses), dtype.type(len(kept))
                for mean in (total(values) / divisor, total(values * (dtype.type(1) / divisor))):
                    judged += 1
                    value = float(mean.astype(format.dtype))
                    assert abs(value - true) <= ALLOWED * allowances[0], f"{algorithm}, {seed}"
    assert judged


@EACH_FORMAT
@pytest.mark.parametrize("wrong", ["all rows", "a sum"])
def test_another_divisor_is_refuted(format: Format, wrong: str) -> None:
    parts = _parts(format, 12, seed=3)
    asked = _asked(parts)
    right = float(enclose(asked)[0])
    factor = {"all rows": 8 / 12, "a sum": 8.0}[wrong]
    assert judge(asked, [float(rounded(np.array(right), format))]).algorithm is not None
    assert judge(asked, [float(rounded(np.array(right * factor), format))]).algorithm is None


def test_the_budget_is_no_less_than_that_of_its_rows_together() -> None:
    parts = _parts(BINARY32, 30, seed=4)
    for algorithm in (Algorithm("shifted", "pairwise"), Algorithm("shifted", "sequential")):
        found, each = budgets(_asked(parts), algorithm), [budgets(p, algorithm) for p in parts]
        assert found is not None
        assert found[0] >= sum(float(one[0]) for one in each if one) * (1 - 1e-6)


def test_parts_are_for_a_reduced_loss_alone_and_of_its_format_and_loss() -> None:
    part = Question(LOSS, ((0.0, 1.0), (1.0, 0.0)), BINARY32)
    with pytest.raises(ValueError, match=r"^loss needs at least one part, not 0$"):
        Question(REDUCED_LOSS, (), BINARY32)
    with pytest.raises(ValueError, match=r"^dE/dz needs no parts, not 1$"):
        Question(GRADIENT, part.rows, BINARY32, parts=(part,))
    with pytest.raises(ValueError, match="all parts must ask for the loss of a row in binary16"):
        Question(REDUCED_LOSS, (), BINARY16, parts=(part,))
    for wrong in (Question(GRADIENT, part.rows, BINARY32), _asked((part,))):
        with pytest.raises(ValueError, match="all parts must ask for the loss of a row"):
            Question(REDUCED_LOSS, (), BINARY32, parts=(wrong,))


def test_a_question_about_a_batch_says_how_many_rows_it_has() -> None:
    assert str(_asked(_parts(BINARY32, 4, seed=5))) == "loss of 4 rows"


@pytest.mark.parametrize("logit", [-1e30, -1e258])
def test_a_huge_finite_mask_in_a_row_of_a_mean_has_a_true_value(logit: float) -> None:
    share = Share(divisor=Fraction(64), z_divisor=Fraction(64))
    part = Question(LOSS, ((0.0, logit), (1.0, 0.0)), BINARY64, share=share)
    (value,) = enclose(Question(REDUCED_LOSS, (), BINARY64, parts=(part,)))
    assert abs(value) < BINARY64.smallest_subnormal
