"""Measure long searches: ``make bench`` runs this too.

Rows a second on one core by quantity, format and size; two workers beside one; and what Dask costs
for a block. The figures are published in ``reports/published/search_rates.md``.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import typer
from distributed import Client

from gradcert.campaign.blocks import Block, drawn_block
from gradcert.campaign.cluster import connected, results
from gradcert.campaign.examining import examine, loaded
from gradcert.campaign.requests import Request
from gradcert.checks.accuracy import judged_rows
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim, claims_of
from gradcert.engine.provenance import machine, processor
from gradcert_implementations import Options, load

PUBLISHED = Path(__file__).parents[2] / "reports" / "published" / "search_rates.md"
QUANTITIES = ("softmax", "loss", "dE/dz", "softmax-backward", "hvp")
FORMATS = ("binary64", "binary32", "binary16", "bfloat16")
SIZES = (2, 8, 64, 1024)
NUMBERS = 1 << 15
ROUNDS = 3
BLOCKS = 24
ONE_IN = 1 << 12


def _case(claim: Claim, classes: int) -> Case:
    rng, rows = np.random.default_rng(0), NUMBERS // classes
    arguments = {
        "logits": rng.uniform(-10, 10, (rows, classes)),
        "targets": np.eye(classes)[rng.integers(classes, size=rows)],
        "v": rng.uniform(-4, 4, (rows, classes)),
    }
    dtype = claim.format.dtype
    named = {name: array.astype(dtype) for name, array in arguments.items()}
    return Case(named, (Regime("benign"),) * rows)


def _rate(claim: Claim, classes: int) -> float:
    """Return the rows a second of screen and judge, in the best of some rounds."""
    case = _case(claim, classes)
    answer, rows, best = claim.answer(case), np.arange(case.rows), np.inf
    for _ in range(ROUNDS):
        start = time.process_time()
        judged_rows(claim, case, answer, rows, one_in=ONE_IN)
        best = min(best, time.process_time() - start)
    return float(case.rows / best)


def _rates() -> Iterator[str]:
    yield "| quantity | format | " + " | ".join(f"{n} classes" for n in SIZES) + " |"
    yield "| --- | --- | " + " | ".join("---:" for _ in SIZES) + " |"
    subject = load("torch", quantities=QUANTITIES, formats=FORMATS)
    for claim in claims_of(subject):
        rates = " | ".join(f"{_rate(claim, classes):,.0f}" for classes in SIZES)
        yield f"| {claim.quantity.name} | {claim.format.name} | {rates} |"


def _seconds(client: Client, request: Request, blocks: Sequence[Block]) -> float:
    start = time.perf_counter()
    for _ in results(client, request, blocks, uploaded=False):
        pass
    return time.perf_counter() - start


def _workers() -> Iterator[str]:
    options = Options(quantities=["dE/dz"], formats=["binary32"])
    request = Request(spec="numpy", options=options)
    claims = list(loaded(request)[1].values())
    blocks = [drawn_block(number, claims, 0) for number in range(BLOCKS)]
    examine(request, blocks[0])
    start = time.perf_counter()
    for block in blocks:
        examine(request, block)
    alone = time.perf_counter() - start
    taken = {}
    for workers in (1, 2):
        with connected(None, workers, "numpy") as client:
            _seconds(client, request, blocks[:4])  # Each worker imports what it needs.
            taken[workers] = _seconds(client, request, blocks)
    cost = taken[1] / alone - 1
    yield f"{BLOCKS} blocks of dE/dz in binary32 took {alone:.1f} seconds in this process. With one"
    yield f"worker of Dask they took {taken[1]:.1f} seconds ({cost:+.1%}), and with two workers"
    yield f"{taken[2]:.1f} seconds: two workers are {taken[1] / taken[2]:.2f} times as fast as one."


def main() -> None:
    """Measure, and publish the figures."""
    lines = [
        "# Long searches, measured",
        "",
        f"Made by `make bench` on {machine()}, {processor()}.",
        "",
        "Rows of PyTorch's answers that screen and oracle examine in a second, on one core.",
        "",
        *_rates(),
        "",
        *_workers(),
    ]
    PUBLISHED.write_text("\n".join(lines) + "\n")
    typer.echo(f"wrote {PUBLISHED}")


if __name__ == "__main__":
    main()
