"""Search for the largest error of a gradient that passes, by format and level: ``make errors``.

The error of a value of dE/dz passes where two budgets of some level allow it. So on each row the
value farthest from the truth that passes is two budgets away, rounded towards the truth to a number
of the format. The judge is asked whether it accepts that number in place of the true value. Errors
are published beside the row's scale, in ``reports/published/passing_errors.md``.

The rows have two to eight classes. Some are built: pairs of near logits, alone, repeated, and
beside masked classes, at offsets up to 1e4, the range where an implementation must be right unless
it says less. The others are drawn. The targets are one-hot, soft, or do not sum to one. The same
seed searches the same rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import inf
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from flint import arb
from numpy.random import Generator

from gradcert.engine.provenance import machine, processor, versions
from gradcert_oracle import (
    ALLOWED,
    FAITHFUL,
    FORMATS,
    GRADIENT,
    Algorithm,
    Format,
    Question,
    Row,
    budgets,
    enclose,
    judge,
    levels,
    scale,
)
from gradcert_reports.text.made import made_on, today

PUBLISHED = Path(__file__).parents[2] / "reports" / "published" / "passing_errors.md"
LARGEST_LOGIT = 1e4
OFFSETS = (0, 1, 2, 4, 8, 16, 24, 32, 40, 60, 64, 100, 128, 250, 256, 512, 1000, 1024, 4000, 10_000)
GAPS = (0, 0.25, 0.5, 1, 2, 3, 4, 6, 8)
TARGETS = ((1, 0), (0, 1), (0.5, 0.5), (0.75, 0.25), (2, 1))


@dataclass(frozen=True)
class Found:
    """A wrong value that passes: its error beside the scale, where it is, what explains it."""

    error: float
    asked: Question
    index: int
    value: float
    true: float
    algorithm: Algorithm


def _built() -> Iterator[tuple[list[float], list[float]]]:
    """Yield rows of two classes, and the same among repeated and masked classes."""
    for offset, sign, gap, (first, second) in product(OFFSETS, (1, -1), GAPS, TARGETS):
        pair, targets = [sign * offset, sign * offset - gap], [first, second]
        yield pair, targets
        yield [*pair, *pair[1:]], [*targets, 0]
        yield [-inf, *pair, -inf], [0, *targets, 0]


def _drawn(rng: Generator, count: int) -> Iterator[tuple[list[float], list[float]]]:
    """Yield rows at a random offset, of a random spread, some of them masked."""
    for number in range(count):
        classes = int(rng.integers(2, 9))
        offset = rng.choice([-1, 1]) * 10 ** rng.uniform(-1, np.log10(LARGEST_LOGIT))
        logits = offset + rng.normal(0, 10 ** rng.uniform(-1, 1), classes)
        if number % 4 == 0:
            logits[1 + np.flatnonzero(rng.random(classes - 1) < 0.5)] = -inf
        allowed = np.flatnonzero(logits > -inf)
        targets = np.zeros(classes)
        if number % 3 == 0:
            targets[rng.choice(allowed)] = 1
        elif number % 3 == 1:
            cuts = np.sort(rng.integers(0, 64, len(allowed) - 1, endpoint=True))
            targets[allowed] = np.diff([0, *cuts, 64]) / 64
        else:
            targets[allowed] = rng.uniform(0, 4, len(allowed)) / len(allowed)
        yield logits.tolist(), targets.tolist()


def questions(format: Format, seed: int, drawn: int) -> list[Question]:
    """Return a question about each row that is searched in a format."""
    unrounded = [*_built(), *_drawn(np.random.default_rng(seed), drawn)]
    found: dict[Question, None] = {}
    for z, t in unrounded:
        row, targets = (np.array(x).astype(format.dtype).astype(np.float64) for x in (z, t))
        if np.abs(row[row > -inf]).max() <= LARGEST_LOGIT:
            rows = tuple(row.tolist()), tuple(targets.tolist())
            found[Question(GRADIENT, rows, format)] = None
    return list(found)


def _towards(true: arb, value: float, format: Format) -> float:
    """Return the number of the format next to `value` that is no farther from `true`."""
    nearest = np.array(value).astype(format.dtype)
    if abs(float(nearest) - true) > abs(value - true):
        nearest = np.nextafter(nearest, np.array(float(true)).astype(format.dtype))
    return float(nearest)


def _allowances(asked: Question, algorithm: Algorithm) -> Sequence[arb] | None:
    if algorithm is FAITHFUL:
        return [asked.format.ulp(true) / 2 for true in enclose(asked)]
    return budgets(asked, algorithm)


def farthest(asked: Question, algorithm: Algorithm, beyond: float) -> Found | None:
    """Return the largest error that the level allows on a row, if it is larger than `beyond`."""
    allowances, size = _allowances(asked, algorithm), scale(asked)
    if allowances is None or ALLOWED * float(max(allowances)) <= beyond * size:
        return None
    index = max(range(asked.classes), key=allowances.__getitem__)
    truth = enclose(asked)
    true, most = truth[index], ALLOWED * float(allowances[index])
    values = [_towards(true, float(true) + side * most, asked.format) for side in (1, -1)]
    value = max(values, key=lambda value: float(abs(value - true)))
    error = float(abs(value - true)) / size
    if error <= beyond:
        return None
    replaced = [*map(float, truth[:index]), value, *map(float, truth[index + 1 :])]
    explained_by = judge(asked, replaced).algorithm
    if explained_by is None:
        return None
    return Found(error, asked, index, value, float(true), explained_by)


def search(format: Format, searched: Sequence[Question]) -> dict[str, Found]:
    """Return the largest error that passes on any row, by the best level that explains it."""
    largest: dict[str, Found] = {}
    for asked in searched:
        for algorithm in levels(format):
            best = largest.get(algorithm.level)
            found = farthest(asked, algorithm, best.error if best else 0.0)
            if found and found.algorithm.level == algorithm.level:
                largest[algorithm.level] = found
    order = [algorithm.level for algorithm in levels(format)]
    return dict(sorted(largest.items(), key=lambda item: order.index(item[0])))


def _number(x: float) -> str:
    return f"{x:.6g}"


def _row(values: Row) -> str:
    return "(" + ", ".join(map(_number, values)) + ")"


def _line(name: str, found: Found) -> str:
    passes = f"{found.true:.4g} {found.value - found.true:+.2g} for class {found.index}"
    row = f"z = {_row(found.asked['logits'])}, t = {_row(found.asked['targets'])}"
    return f"| {name} | {found.error:.2g} | {found.algorithm} | {row} | {passes} |"


_PAGE = """# The largest error that passes

Made by `make errors`, which runs `{command}`, on
{made_on}.

Of all the gradients that the judge accepted, these are the farthest from the truth. An error is
given beside the row's scale, the largest `o_k T + |t_k|`, which is between 1 and 2 for a one-hot
target. One value of the row is wrong, and the others are true. Rows have two to eight classes, and
logits of at most 1e4 in size. The figures are lower bounds: a row that was not searched may let
more pass. No row lets more than a sixteenth pass, except for what may underflow.

## By format

{by_format}

Rows searched: {counts}.

## By level

The largest error that passes by a level where no better one explains it.
"""
_HEAD = "error beside the scale | explained by | row | value that passes |\n" + "| --- " * 5 + "|"


def page(
    results: dict[str, dict[str, Found]], counts: dict[str, int], *, command: str, made_on: str
) -> str:
    """Return the page that is published."""
    worst = {
        format: max(by_level.values(), key=lambda found: found.error)
        for format, by_level in results.items()
    }
    lines = [f"| format | {_HEAD}", *(_line(format, found) for format, found in worst.items())]
    counted = ", ".join(f"{count:,} in {format}" for format, count in counts.items())
    parts = [
        _PAGE.format(command=command, made_on=made_on, by_format="\n".join(lines), counts=counted)
    ]
    for format, by_level in results.items():
        lines = [f"| level | {_HEAD}", *(_line(level, found) for level, found in by_level.items())]
        parts.append(f"### {format}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def main(
    seed: Annotated[int, typer.Option(help="The same seed searches the same rows.")] = 0,
    drawn: Annotated[
        int, typer.Option(min=0, help="Rows that are drawn, beside the built.")
    ] = 2000,
    output: Annotated[Path, typer.Option(help="Where the page is written.")] = PUBLISHED,
) -> None:
    """Search every format and write the page."""
    results: dict[str, dict[str, Found]] = {}
    counts: dict[str, int] = {}
    for format in FORMATS.values():
        searched = questions(format, seed, drawn)
        counts[format.name] = len(searched)
        results[format.name] = search(format, searched)
        worst = max(found.error for found in results[format.name].values())
        typer.echo(f"{format.name}: {worst:.2g} of the scale, over {len(searched):,} rows")
    command = f"python tests/benchmarks/passing_errors.py --seed {seed} --drawn {drawn}"
    found = versions("ml_dtypes")
    made = made_on(date=today(), versions=found, processor=processor(), machine=machine())
    output.write_text(page(results, counts, command=command, made_on=made))
    typer.echo(f"wrote {output}")


if __name__ == "__main__":
    typer.run(main)
