"""Equal classes of wide rows are found, and screened once with the same bounds."""

from collections import Counter

import numpy as np
import pytest
from flint import arb, ctx
from screened_rows import SCREENED, question, right_answer

from gradcert_implementations import Array
from gradcert_oracle import (
    BINARY64,
    JACOBIAN,
    Quantity,
    budgets,
    enclose,
    judge,
    levels,
    screen,
    screening,
)
from gradcert_oracle import kinds as module
from gradcert_oracle.batches import Batch
from gradcert_oracle.kinds import kinds_of
from gradcert_oracle.textbook import Algorithm
from gradcert_oracle.textbook_radii import Rounding
from gradcert_oracle.wider import PAIRED

RNG = np.random.default_rng(0)


def _palettes(rows: int, classes: int, sizes: list[int]) -> Array:
    """Return rows of as many numbers."""
    return np.array([RNG.choice(RNG.normal(size=size) * 5, classes) for size in sizes[:rows]])


@pytest.mark.parametrize("bits", [5, 12])
@pytest.mark.parametrize("shape", [(1, 4000), (5, 700), (2, 70_000)])
def test_classes_of_a_kind_are_equal_and_all_are_counted(
    bits: int, shape: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BITS", bits)
    rows, classes = shape
    z = _palettes(rows, classes, [24, 1, 30, 7, 2])
    t = np.where(RNG.random(shape) < 0.01, RNG.choice([0.5, 2.0], shape), 0.0)
    v = z - t
    v[0, 99] += 1
    found = kinds_of(z, t, v)
    assert found is not None
    for row in range(rows):
        counted: Counter[tuple[float, ...]] = Counter()
        columns = [found.of(column)[row].tolist() for column in (z, t, v)]
        for column, count in zip(zip(*columns, strict=True), found.counts[row], strict=True):
            counted[column] += int(count)
        true = Counter(zip(z[row].tolist(), t[row].tolist(), v[row].tolist(), strict=True))
        assert {column: count for column, count in counted.items() if count} == true


def test_a_number_that_is_not_equal_to_itself_is_a_kind() -> None:
    z = np.tile([0.0, 1.0, -np.inf, 2.0], (1, 1000))
    z[0, 17] = np.nan
    found = kinds_of(z)
    assert found is not None
    assert sorted(found.counts[0].tolist()) == [1, 999, 1000, 1000, 1000]


def test_a_row_of_many_numbers_has_no_kinds() -> None:
    z = RNG.normal(size=(1, 4000))
    assert kinds_of(z) is None
    z[0, :300] = 0  # The first ones do not tell.
    assert kinds_of(z) is None


def _arguments(quantity: Quantity, rows: int, classes: int) -> tuple[Array, ...]:
    z = _palettes(rows, classes, [24] * rows)
    t = np.zeros((rows, classes))
    t[0, 5] = 1  # Others have many targets, of both signs.
    t[1:] = RNG.choice([0.25, 0.0, -0.125, 0.5], (rows - 1, classes))
    hidden = RNG.random((rows, classes)) < 0.3
    if quantity.masked:
        z[1][hidden[1] & (t[1] == 0)] = -np.inf
    named = {"targets": t, "logits": z, "probabilities": np.exp(-np.abs(z)), "v": 3 - 2 * t}
    if not quantity.masked_v:
        named["v"] = -2 * t
    return tuple(named[name] for name in quantity.arguments)


POOLED = [quantity for quantity in SCREENED if quantity is not JACOBIAN]

EACH_QUANTITY = pytest.mark.parametrize(
    "quantity", POOLED, ids=lambda one: f"{one.name}, {one.output}"
)


@EACH_QUANTITY
def test_a_row_of_a_palette_is_screened_as_with_all_its_classes(
    quantity: Quantity, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = _arguments(quantity, 6, 3000)
    answer = right_answer(quantity, arguments)
    answer.reshape(-1)[2 * answer[0].size + (7 if quantity.pooled else 0)] *= 1 + 1e-12
    seen = []

    def watched(*columns: Array) -> object:
        seen.append(columns)
        return kinds_of(*columns)

    monkeypatch.setattr(screening, "kinds_of", watched)
    quick = screen(quantity, BINARY64, arguments, answer)
    assert seen
    monkeypatch.setattr(screening, "_WORTH_A_SEARCH", 1 << 30)
    whole = screen(quantity, BINARY64, arguments, answer)
    assert quick is not None
    assert whole is not None
    assert quick.accepted.tolist() == whole.accepted.tolist()
    assert not quick.accepted[2]
    assert quick.accepted.sum() >= 4
    assert (quick.rank == whole.rank).all()
    known = quick.accepted
    np.testing.assert_allclose(quick.used[known], whole.used[known], rtol=1e-6)
    for row in np.flatnonzero(known)[:2]:
        asked = question(quantity, BINARY64, arguments, row)
        judgement = judge(asked, answer[row].ravel().tolist())
        assert judgement.algorithm is not None
        severity = levels(BINARY64).index(judgement.algorithm), judgement.used
        assert severity <= (int(quick.rank[row]), float(quick.used[row]))


@EACH_QUANTITY
def test_the_bounds_hold_for_one_class_of_each_kind(quantity: Quantity) -> None:
    arguments = _arguments(quantity, 5, 800)
    found = kinds_of(*arguments)
    assert found is not None
    assert quantity.screen is not None
    named = quantity.screen.arguments(dict(zip(quantity.arguments, arguments, strict=True)))
    batch = Batch(named, PAIRED).of_kinds(found)
    assert batch.classes == 800
    with np.errstate(all="ignore"):
        reference = quantity.screen.reference(batch)
        least = quantity.screen.budget_at_least(batch, Rounding(53, BINARY64.underflow))
    for row in range(5):
        asked = question(quantity, BINARY64, arguments, row)
        truth = enclose(asked, 70)
        allowed = budgets(asked, Algorithm("shifted", "pairwise"))
        assert allowed is not None
        places = found.places[row] if quantity.pooled else [0]
        with ctx.workprec(400):
            for kind, place in enumerate(places):
                at = (row, kind) if quantity.pooled else (row,)
                value = arb(reference.values.head[at]) + arb(np.asarray(reference.values.tail)[at])
                error = np.broadcast_to(reference.error, reference.values.head.shape)[at]
                assert abs(value - truth[place]) <= arb(error)
                assert (
                    arb(float(least[at]) * (1 - 2.0**-20) - reference.lost[row]) <= allowed[place]
                )
