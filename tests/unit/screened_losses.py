"""What the screen claims of losses with options and of shares, beside what the oracle says.

The tests try a few. To try many: ``python tests/unit/screened_losses.py 10000``.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np
from drawn_losses import REGIMES, draw, draw_loss, rounded
from flint import arb, ctx
from numpy.random import Generator

from gradcert_oracle import (
    BINARY32,
    FORMATS,
    GRADIENT,
    IDENTITY_GRADIENT,
    LOSS,
    REDUCED_LOSS,
    SIGMOID_GRADIENT,
    Format,
    Loss,
    Quantity,
    Question,
    Screened,
    budgets,
    enclose,
    judge,
    levels,
    scale,
    screen,
)
from gradcert_oracle.acceptance import SLACK, VOID, candidates
from gradcert_oracle.budgets import _budgets_inside
from gradcert_oracle.screened_losses import multiplied, screenable, summed
from gradcert_oracle.screening import _batch, _in_domain
from gradcert_oracle.wider import Array

QUANTITIES = (GRADIENT, LOSS, REDUCED_LOSS, SIGMOID_GRADIENT, IDENTITY_GRADIENT)


@dataclass(frozen=True)
class Rows:
    """Rows of one quantity, format and loss."""

    quantity: Quantity
    format: Format
    loss: Loss
    rows: list[Question]

    @property
    def asked(self) -> list[Question]:
        """The questions: one for each row, or one for all rows."""
        if not self.quantity.reduces:
            return self.rows
        return [Question(self.quantity, (), self.format, self.loss, parts=tuple(self.rows))]

    @property
    def arguments(self) -> tuple[Array, ...]:
        rows = zip(*(one.rows for one in self.rows), strict=True)
        return tuple(np.array(row).astype(self.format.dtype) for row in rows)

    def screened(self, answer: Array) -> Screened | None:
        shares = [one.share for one in self.rows]
        given = self.quantity, self.format, self.arguments, answer
        return screen(*given, loss=self.loss, shares=shares)


def draw_rows(rng: Generator, quantity: Quantity, format: Format, rows: int = 8) -> Rows:
    """Draw rows of a loss that has a screen."""
    n = int(rng.choice([1, 2, 3, 5, 8, 17, 300] if quantity is GRADIENT else [1, 2, 3, 5]))
    loss = Loss(output=quantity.output, multiplier=float(rng.choice([1, 2, -0.1])))
    if quantity.options:
        while loss.is_plain or not screenable(loss, n):
            loss = draw_loss(rng, format, n)
    asked = []
    while len(asked) < rows:
        one = draw(rng, format, rng.choice(list(REGIMES)), n, loss if quantity.options else Loss())
        if quantity.masked or -inf not in one["logits"]:
            of_row = LOSS if quantity.reduces else quantity
            asked.append(Question(of_row, one.rows, format, loss, one.share))
    return Rows(quantity, format, loss, asked)


def violations(drawn: Rows) -> Iterator[str]:
    """Yield what the screen claims wrongly of rows, about its reference and its bounds."""
    shares, rows = [one.share for one in drawn.rows], len(drawn.asked)
    assert drawn.quantity.screen is not None
    chosen = multiplied(drawn.quantity.screen)
    if drawn.quantity.reduces:
        chosen = summed(chosen)
    batch = _batch(drawn.quantity, drawn.format, drawn.arguments, drawn.loss, shares)
    assert batch.factors is not None
    inside = _in_domain(drawn.quantity, dict(batch.arguments)) & np.isfinite(batch.factors.head)
    if drawn.quantity.reduces:
        inside = np.array([inside.all()])
    with np.errstate(all="ignore"):
        reference = chosen.reference(batch)
    heads = reference.values.head.reshape(rows, -1)
    tails = np.broadcast_to(reference.values.tail, reference.values.head.shape).reshape(rows, -1)
    errors = np.broadcast_to(reference.error, reference.values.head.shape).reshape(rows, -1)
    for row in np.flatnonzero(inside):
        asked = drawn.asked[row]
        row_scale = scale(asked)
        where = f"{drawn.loss}, {asked.share}, {asked}"
        with ctx.workprec(400):
            truth = enclose(asked, 70)
            pairs = zip(heads[row], tails[row], truth, errors[row], strict=True)
            for head, tail, true, error in pairs:
                value = arb(head) + arb(tail)
                if np.isfinite(error) and not abs(value - true) <= arb(error) + 2 * true.rad():
                    yield f"{value} is farther than {error} from {true}: {where}"
        if not abs(reference.scale[row] - row_scale) <= row_scale * 2.0**-20:
            yield f"a scale of {reference.scale[row]} for {row_scale}: {where}"
        for algorithm, rounding in candidates(drawn.format):
            narrow = drawn.format.precision < BINARY32.precision
            inner = BINARY32 if narrow else drawn.format
            outer = 2.0**-drawn.format.precision if narrow else 0.0
            with np.errstate(all="ignore"):
                least = chosen.budget_at_least(batch, rounding).reshape(rows, -1)[row]
                most = float((chosen.budget_at_most(batch, rounding) + outer)[row])
            least = least + outer * abs(heads[row]) + drawn.format.underflow
            least = (1 - SLACK) * least - reference.lost[row]
            limit = (1 - SLACK) * (drawn.format.underflow + reference.scale[row] / 32)
            inside_one = _budgets_inside(asked, range(asked.classes), algorithm, inner)
            found = budgets(asked, algorithm)
            if inside_one is None or found is None:
                if most <= VOID:
                    yield f"{algorithm} is void: {where}"
                continue
            largest = max(map(float, inside_one))
            if row_scale > 2.0**40 * drawn.format.smallest_normal and largest > most * row_scale:
                yield f"a budget of {largest}, more than {most} of {row_scale}: {where}"
            for low, budget in zip(np.minimum(least, limit), found, strict=True):
                if not arb(low) <= budget:
                    yield f"{algorithm} has a budget of {budget}, not above {low}: {where}"


def probes(rng: Generator, drawn: Rows) -> Iterator[tuple[bool, str]]:
    """Put one value of each row of right answers near the line.

    Yields whether the screen accepts the row, and what is wrong with that; empty if nothing is.
    """
    shape = drawn.quantity.shape(len(drawn.asked), drawn.asked[0].classes) or (1,)
    answer = np.array([list(map(float, enclose(one))) for one in drawn.asked])
    for row, one in enumerate(drawn.asked):
        algorithm = levels(drawn.format)[1 + rng.integers(len(levels(drawn.format)) - 1)]
        found, place = budgets(one, algorithm), rng.integers(answer.shape[1])
        part = rng.choice([0, 0.3, 0.9, 1 - 1e-3, 1 - 1e-9, 1 + 1e-9, 1 + 1e-3, 1.1])
        off = drawn.format.smallest_normal if found is None else float(found[place])
        answer[row, place] += rng.choice([-2, 2]) * part * off
    with np.errstate(over="ignore"):
        answer = rounded(answer, drawn.format)
        result = drawn.screened(answer.reshape(shape).astype(drawn.format.dtype))
    assert result is not None
    for row, one in enumerate(drawn.asked):
        judgement = judge(one, answer[row].tolist()) if result.accepted[row] else None
        if judgement is None:
            yield False, ""
        elif judgement.algorithm is None:
            yield True, f"accepted with {judgement.used} budgets: {one}, {one.loss}, {one.share}"
        else:
            severity = levels(drawn.format).index(judgement.algorithm), judgement.used
            bound = int(result.rank[row]), float(result.used[row])
            yield True, "" if severity <= bound else f"{severity} is not below {bound}: {one}"


def main(wanted: int) -> None:
    """Try this many rows, over all regimes, formats and quantities."""
    rng, rows, accepted, wrong = np.random.default_rng(0), 0, 0, 0
    while rows < wanted:
        for quantity in QUANTITIES:
            for format in FORMATS.values():
                drawn = draw_rows(rng, quantity, format)
                near = [*probes(rng, drawn)]
                accepted += sum(inside for inside, _ in near)
                for violation in (*violations(drawn), *(found for _, found in near if found)):
                    wrong += 1
                    sys.stdout.write(f"{quantity.name}, {format.name}: {violation}\n")
                rows += len(drawn.asked)
    sys.stdout.write(f"{rows} rows, {accepted} accepted near the line, {wrong} violations\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
