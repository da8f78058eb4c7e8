"""Rows of all regimes, and what the screen claims about them beside what the oracle says.

The tests try a few. To try many: ``python tests/unit/screened_rows.py 10000``.
"""

import sys
from collections.abc import Iterator
from math import log

import numpy as np
from drawn_products import KINDS, draw_vector
from flint import arb, ctx

from gradcert_implementations import Function, any_targets, identity_product, sigmoid_product
from gradcert_implementations.numpy_by_hand import implementation as numpy_by_hand
from gradcert_oracle import (
    BINARY32,
    BINARY64,
    FORMATS,
    GRADIENT,
    IDENTITY_GRADIENT,
    LOSS_BY_PROBABILITY,
    QUANTITIES,
    SIGMOID_GRADIENT,
    Format,
    Loss,
    Quantity,
    Question,
    budgets,
    enclose,
    judge,
    levels,
    scale,
    screen,
)
from gradcert_oracle.acceptance import SLACK, VOID, candidates
from gradcert_oracle.batches import Batch
from gradcert_oracle.budgets import _budgets_inside, row_bounds
from gradcert_oracle.screening import _in_domain
from gradcert_oracle.wider import PAIRED, PLAIN, Array

SCREENED = tuple(quantity for quantity in QUANTITIES if quantity.screen)

_GRADIENTS: dict[Quantity, Function] = {
    GRADIENT: any_targets.gradient,
    SIGMOID_GRADIENT: sigmoid_product.gradient,
    IDENTITY_GRADIENT: identity_product.gradient,
}

REGIMES = ("benign", "confident", "saturated", "ties", "spread", "subnormal")


def _logits(rng: np.random.Generator, format: Format, regime: str, classes: int) -> Array:
    z = rng.uniform(-1, 1, classes)
    largest = min(1e4, format.max)
    leader = rng.integers(classes)
    if regime == "benign":
        z *= 10
    elif regime == "confident":
        z[leader] = rng.uniform(2, 35)
    elif regime == "saturated":
        z[leader] = rng.uniform(36, largest)
    elif regime == "ties":
        z = rng.choice(rng.uniform(-10, 10, 2), classes)
    elif regime == "spread":
        z *= largest * 2.0 ** -rng.integers(12)
    else:
        z = rng.uniform(
            log(format.smallest_subnormal) - 3, log(format.smallest_normal) / 2, classes
        )
        z[leader] = 0
    if rng.random() < 0.3:
        z += rng.uniform(-largest, largest)
    z = z.clip(-largest, largest)
    if rng.random() < 0.3:
        hidden = rng.random(classes) < rng.random()
        hidden[rng.integers(classes)] = False
        z[hidden] = -np.inf
    return z


def _targets(rng: np.random.Generator, format: Format, point: Array, largest: float) -> Array:
    allowed = np.flatnonzero(point > -np.inf)
    t = np.zeros(len(point))
    kind = rng.integers(8)
    if kind == 0:
        t[point.argmax()] = 1
    elif kind == 1:
        t[rng.choice(allowed)] = 1
    elif kind == 2:
        t[allowed] = rng.dirichlet(np.ones(len(allowed)))
    elif kind == 3:
        t[allowed] = rng.uniform(0, 4, len(allowed)) * rng.integers(0, 2, len(allowed))
    elif kind == 4:  # Tiny ones, where underflow is charged and where it is not.
        t[allowed] = 2.0 ** rng.uniform(np.log2(format.smallest_normal) / 2, 8, len(allowed))
    elif kind == 5:  # Of both signs, of sizes that are alike or not.
        t[allowed] = rng.normal(size=len(allowed)) * 2.0 ** -rng.integers(0, 60, len(allowed))
    elif kind == 6:  # They cancel, or all but cancel.
        t[allowed] = rng.uniform(-4, 4, len(allowed)).round(rng.integers(20))
        t[rng.choice(allowed)] -= t.sum() * (1 + rng.choice([0, 2.0**-10, 2.0**-30]))
    else:  # Huge ones, of one sign or of both.
        size = largest ** rng.random()
        t[allowed] = rng.uniform(rng.choice([-size, 0]), size, len(allowed))
    return t


def _vectors(rng: np.random.Generator, quantity: Quantity, format: Format, point: Array) -> Array:
    rows, classes = point.shape
    most = min(format.max, 2.0**960) / 16
    kinds = rng.choice(KINDS, rows)
    v = np.array([draw_vector(rng, format, str(kind), classes, most) for kind in kinds])
    if not quantity.masked_v:
        v[point == -np.inf] = 0
    return v.astype(format.dtype)


def draw(quantity: Quantity, format: Format, seed: int, rows: int) -> tuple[Array, ...]:
    """Draw the arguments of a batch, in the format's dtype."""
    rng = np.random.default_rng([seed, format.precision, SCREENED.index(quantity)])
    classes = int(rng.choice([1, 2, 3, 5, 8, 17, 300] if quantity.pooled else [1, 2, 3, 5]))
    if quantity is LOSS_BY_PROBABILITY:
        spread = rng.uniform(0, 0.9 * -np.log2(format.smallest_normal) / 2, (rows, 1))
        point = 2.0 ** -(spread * rng.random((rows, classes)))
    else:
        regimes = rng.choice(REGIMES, rows)
        point = np.array([_logits(rng, format, regime, classes) for regime in regimes])
        if not quantity.masked:
            point[point == -np.inf] = 0
    point = point.astype(format.dtype)
    # The screen leaves larger ones to the judge.
    largest = min(format.max, 2.0**960) / (4 * classes)
    if quantity is LOSS_BY_PROBABILITY:
        largest *= float(point.min())
    targets = [_targets(rng, format, row.astype(np.float64), largest) for row in point]
    named = {"targets": np.array(targets).astype(format.dtype)}
    if "v" in quantity.arguments:
        named["v"] = _vectors(rng, quantity, format, point)
        sizes = np.abs(named["targets"].astype(np.float64)).sum(axis=1)
        scaled = named["targets"].astype(np.float64) / np.maximum(1, sizes)[:, None]
        named["targets"] = scaled.astype(format.dtype)
    return tuple(named.get(name, point) for name in quantity.arguments)


def question(
    quantity: Quantity, format: Format, arguments: tuple[Array, ...], row: int
) -> Question:
    """Return what the oracle is asked about one row."""
    rows = (tuple(array[row].astype(np.float64).tolist()) for array in arguments)
    return Question(quantity, tuple(rows), format, Loss(output=quantity.output))


def right_answer(quantity: Quantity, arguments: tuple[Array, ...]) -> Array:
    """Return a right answer, computed in binary32 and rounded at the end for the 16-bit formats."""
    dtype = arguments[0].dtype
    wide = np.dtype(np.float32) if dtype.itemsize == 2 else dtype
    function = _GRADIENTS.get(quantity) or numpy_by_hand.functions[quantity.name]  # type: ignore[index]
    with np.errstate(all="ignore"):
        answer: Array = function(*(array.astype(wide) for array in arguments)).astype(dtype)
    return answer


def violations(quantity: Quantity, format: Format, seed: int, rows: int) -> Iterator[str]:
    """Yield what the screen claims wrongly of a batch, about its reference and its bounds."""
    assert quantity.screen is not None
    arguments = draw(quantity, format, seed, rows)
    named = zip(quantity.arguments, arguments, strict=True)
    given = {name: array.astype(np.float64) for name, array in named}
    batch = Batch(quantity.screen.arguments(given), PAIRED if format is BINARY64 else PLAIN)
    assert _in_domain(quantity, dict(batch.arguments)).all()
    with np.errstate(all="ignore"):
        reference = quantity.screen.reference(batch)
    heads = reference.values.head.reshape(rows, -1)
    tails = np.broadcast_to(reference.values.tail, reference.values.head.shape).reshape(rows, -1)
    errors = np.broadcast_to(reference.error, reference.values.head.shape).reshape(rows, -1)
    for row in range(rows):
        asked = question(quantity, format, arguments, row)
        row_scale = scale(asked)
        with ctx.workprec(400):
            truth = enclose(asked, 70)
            values = [
                arb(head) + arb(tail) for head, tail in zip(heads[row], tails[row], strict=True)
            ]
            for value, true, error in zip(values, truth, errors[row], strict=True):
                # The ball of the truth has a width of its own.
                if np.isfinite(error) and not abs(value - true) <= arb(error) + 2 * true.rad():
                    yield f"{asked}: {value} is farther than {error} from {true}"
        if not abs(reference.scale[row] - row_scale) <= row_scale * 2.0**-21:
            yield f"{asked}: a scale of {reference.scale[row]} for {row_scale}"
        for algorithm, rounding in candidates(format):
            inner = format if format.precision >= BINARY32.precision else BINARY32
            outer = 0.0 if inner is format else 2.0**-format.precision
            least = quantity.screen.budget_at_least(batch, rounding).reshape(rows, -1)[row]
            least = least + outer * abs(heads[row]) + format.underflow
            least = (1 - SLACK) * least - reference.lost[row]
            limit = (1 - SLACK) * (format.underflow + reference.scale[row] / 32)
            most = float((quantity.screen.budget_at_most(batch, rounding) + outer)[row])
            inside = _budgets_inside(asked, range(asked.classes), algorithm, inner)
            found = budgets(asked, algorithm)
            if inside is None or found is None:
                if most <= VOID:
                    yield f"{asked}: {algorithm} is void"
                continue
            largest = max(map(float, inside))
            # A budget of 64 bits is rounded beside what is charged for underflow.
            lost = row_bounds(asked, range(asked.classes), algorithm, inner).lost
            if not largest <= (lost + most * row_scale) * (1 + 2.0**-50):
                yield f"{asked}: a budget of {largest}, more than {most} of {row_scale}"
            for low, budget in zip(np.minimum(least, limit), found, strict=True):
                if not arb(low) <= budget:
                    yield f"{asked}: {algorithm} has a budget of {budget}, not above {low}"


def probes(quantity: Quantity, format: Format, seed: int, rows: int) -> Iterator[tuple[bool, str]]:
    """Put one value of each row of right answers near the line.

    Yields whether the screen accepts the row, and what is wrong with that; empty if nothing is.
    """
    rng = np.random.default_rng([seed, rows])
    arguments = draw(quantity, format, seed, rows)
    asked = [question(quantity, format, arguments, row) for row in range(rows)]
    shape = quantity.shape(rows, arguments[0].shape[1])
    answer = np.array([list(map(float, enclose(one))) for one in asked])
    for row, one in enumerate(asked):
        place = rng.integers(answer.shape[1])
        algorithm = levels(format)[1 + rng.integers(len(levels(format)) - 1)]
        found = budgets(one, algorithm)
        part = rng.choice([0.3, 0.6, 0.9, 1 - 1e-3, 1 - 1e-9, 1 + 1e-9, 1 + 1e-3, 1.1])
        off = format.smallest_normal if found is None else float(found[place])
        answer[row, place] += rng.choice([-2, 2]) * part * off
    with np.errstate(over="ignore"):
        answer = answer.reshape(shape).astype(format.dtype)
    result = screen(quantity, format, arguments, answer)
    assert result is not None
    for row, one in enumerate(asked):
        if not result.accepted[row]:
            yield False, ""
            continue
        values = answer[row].astype(np.float64).ravel().tolist()
        judgement = judge(one, values)
        if judgement.algorithm is None:
            yield True, f"{one}: {values} is accepted, but uses {judgement.used} budgets"
            continue
        severity = levels(format).index(judgement.algorithm), judgement.used
        bound = int(result.rank[row]), float(result.used[row])
        yield True, "" if severity <= bound else f"{one}: {values} is {severity}, not below {bound}"


def main(wanted: int) -> None:
    """Try this many rows, over all regimes, formats and quantities."""
    rows, seed, wrong = 0, 0, 0
    while rows < wanted:
        for quantity in SCREENED:
            for format in FORMATS.values():
                near_the_line = [found for _, found in probes(quantity, format, seed, 8) if found]
                for violation in (*violations(quantity, format, seed, 8), *near_the_line):
                    wrong += 1
                    sys.stdout.write(f"{violation}\n")
                rows += 8
        seed += 1
    sys.stdout.write(f"{rows} rows, {wrong} violations\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
