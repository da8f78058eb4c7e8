"""Measure long searches: ``make bench`` runs this too.

Rows a second on one core by quantity, format and size; two workers beside one; and what Dask costs
for a block. The figures are published in ``reports/published/search_rates.md``, with the targets.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import typer
from wording import Target, digits

from gradcert.campaign.blocks import Block, drawn_block
from gradcert.campaign.cluster import connected, results
from gradcert.campaign.crew import DECIDING, Crew, versions
from gradcert.campaign.examining import examine, loaded
from gradcert.campaign.journal import Started
from gradcert.campaign.regimes import regimes_of
from gradcert.campaign.requests import Request
from gradcert.checks.accuracy import judged_rows
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim, claims_of
from gradcert.core.stored import LOGITS
from gradcert.engine.provenance import machine, processor
from gradcert_implementations import Options, load
from gradcert_reports.text.made import made_on, today

__all__ = ["Workers", "measured_rates", "measured_workers", "page"]

PUBLISHED = Path(__file__).parents[2] / "reports" / "published" / "search_rates.md"
FORMATS = ("binary64", "binary32", "binary16", "bfloat16")
SIZES = (2, 8, 64, 1024)
NUMBERS = 1 << 15
ROUNDS = 3
BLOCKS = 32
ONE_IN = 1 << 12

FEW, FORMAT, LEAST_ROWS = 8, "binary32", 1e6
LEAST_TIMES, MOST_COST = 1.8, 0.05
"""The targets: rows a second of so many classes in a format; how many times as fast two workers are
as one; and the part of a block's time that Dask adds."""

Rates = Mapping[tuple[str, str], Mapping[int, float]]


@dataclass(frozen=True)
class Workers:
    """The seconds that some blocks take: in this process, with one worker of Dask, and with two.

    Attributes
    ----------
    rows
        The rows of these blocks.
    """

    rows: int
    alone: float
    one: float
    two: float

    @property
    def cost(self) -> float:
        """The part that Dask adds."""
        return self.one / self.alone - 1

    @property
    def times(self) -> float:
        """How many times as fast two workers are as one."""
        return self.one / self.two


def _case(claim: Claim, classes: int, seed: int) -> Case:
    rng, rows = np.random.default_rng(seed), NUMBERS // classes
    logits = rng.uniform(-10, 10, (rows, classes))
    probabilities = rng.uniform(0.5, 1.5, (rows, classes)) / classes
    arguments = {
        claim.point: logits if claim.point == LOGITS else probabilities,
        "targets": np.eye(classes)[rng.integers(classes, size=rows)],
        "v": rng.uniform(-4, 4, (rows, classes)),
    }
    dtype = claim.format.dtype
    named = {name: array.astype(dtype) for name, array in arguments.items()}
    return Case(named, (Regime("benign"),) * rows)


def _rate(claim: Claim, classes: int) -> float:
    """Return the rows a second of screen and judge, in the best of some rounds with other rows."""
    best = np.inf
    for seed in range(ROUNDS):
        case = _case(claim, classes, seed)
        answer, rows = claim.answer(case), np.arange(case.rows)
        start = time.process_time()
        judged_rows(claim, case, answer, rows, one_in=ONE_IN)
        best = min(best, time.process_time() - start)
    return float(case.rows / best)


def measured_rates() -> Rates:
    """Return the rows a second of each quantity that has drawn rows, by format and classes."""
    claims = filter(regimes_of, claims_of(load("torch", formats=FORMATS)))
    return {
        (claim.quantity.name, claim.format.name): {
            classes: _rate(claim, classes) for classes in SIZES
        }
        for claim in claims
    }


def _seconds(crew: Crew, started: Started, blocks: Sequence[Block]) -> float:
    start = time.perf_counter()
    for _ in results(crew, started, blocks, uploaded=False):
        pass
    return time.perf_counter() - start


def measured_workers(options: Options) -> Workers:
    """Return how long some blocks of numpy take, without Dask and with it."""
    request = Request(spec="numpy", options=options)
    claims = list(loaded(request)[1].values())
    blocks = [drawn_block(number, claims, 0) for number in range(BLOCKS)]
    examine(request, blocks[0])
    start = time.perf_counter()
    rows = sum(examine(request, block).rows for block in blocks)
    alone = time.perf_counter() - start
    taken = {}
    started = Started(request=request, command="", date=today(), versions=versions(DECIDING))
    for workers in (1, 2):
        with connected(None, workers, started) as crew:
            _seconds(crew, started, blocks[:4])  # Each worker imports what it needs.
            taken[workers] = _seconds(crew, started, blocks)
    return Workers(rows, alone, taken[1], taken[2])


def _targets(rates: Rates, workers: Workers) -> Iterator[Target]:
    found = {
        quantity: by_size[FEW]
        for (quantity, format), by_size in rates.items()
        if format == FORMAT and FEW in by_size
    }
    claim = f"of every quantity {LEAST_ROWS:,.0f} rows of {FEW} classes in {FORMAT} a second"
    if found:
        least = min(found, key=lambda quantity: found[quantity])
        fast = sum(rate >= LEAST_ROWS for rate in found.values())
        said = f"{found[least]:,.0f}, {least}; {fast} of {len(found)} quantities have as many"
        yield Target(claim, said, found[least] >= LEAST_ROWS)
    else:
        yield Target(claim, "-", None)
    yield Target(
        f"two workers are at least {LEAST_TIMES} times as fast as one",
        digits(workers.times),
        workers.times >= LEAST_TIMES,
    )
    yield Target(
        f"Dask costs less than {MOST_COST:.0%} of a block",
        f"{workers.cost:+.1%}",
        workers.cost < MOST_COST,
    )


def _lines(rates: Rates, workers: Workers) -> Iterator[str]:
    yield from ("# Long searches, measured", "")
    made = made_on(
        date=today(), versions=versions(DECIDING), processor=processor(), machine=machine()
    )
    yield from (f"Made by `make bench` on {made}.", "")
    yield from ("## The targets", "", "| target | measured | holds |", "| --- | --- | --- |")
    for target in _targets(rates, workers):
        holds = "-" if target.holds is None else "yes" if target.holds else "**no**"
        yield f"| {target.claim} | {target.measured} | {holds} |"
    yield from ("", "## Rows a second", "")
    yield "Rows of PyTorch's answers that screen and oracle examine in a second, on one core. A"
    yield from ("Jacobian has no drawn rows: a search tries it on the plan of cases.", "")
    yield "| quantity | format | " + " | ".join(f"{n} classes" for n in SIZES) + " |"
    yield "| --- | --- | " + " | ".join("---:" for _ in SIZES) + " |"
    for (quantity, format), by_size in rates.items():
        figures = " | ".join(f"{rate:,.0f}" for rate in by_size.values())
        yield f"| {quantity} | {format} | {figures} |"
    yield from ("", "## Workers", "")
    yield f"{BLOCKS} blocks of dE/dz in {FORMAT} took {workers.alone:.1f} seconds in one process:"
    yield f"{workers.rows / workers.alone:,.0f} rows a second, with all that a search does beside"
    yield "screen and oracle: it draws the rows, calls the subject, tries the plan and judges more."
    yield f"With one worker of Dask they took {workers.one:.1f} seconds, and with two workers"
    yield f"{workers.two:.1f} seconds."


def page(rates: Rates, workers: Workers) -> str:
    """Return the figures as Markdown."""
    return "\n".join(_lines(rates, workers)) + "\n"


def main() -> None:
    """Measure, and publish the figures."""
    workers = measured_workers(Options(quantities=["dE/dz"], formats=[FORMAT]))
    PUBLISHED.write_text(page(measured_rates(), workers))
    typer.echo(f"wrote {PUBLISHED}")


if __name__ == "__main__":
    main()
