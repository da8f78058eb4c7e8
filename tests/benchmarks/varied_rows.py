"""Ask whether a search should vary its worst rows: ``make bench`` runs this too.

For each subject and claim the same number of batches is examined three times: all drawn; half of
them drawn, and the rest variations of the worst rows judged so far, as a search has them; and half
drawn, and the rest of the regime that had the worst one. The table has the budgets of the worst row
judged, and is published in ``reports/published/varied_rows.md``.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import typer
from rich.progress import track

from gradcert.campaign.regimes import drawn, regimes_of
from gradcert.campaign.tally import Tally
from gradcert.campaign.variations import can_vary, parent_of, varied
from gradcert.checks.accuracy import judged_rows
from gradcert.core.case import Case
from gradcert.core.claim import Claim, claims_of
from gradcert_implementations import BUILT_IN, UNUSUAL, load
from gradcert_oracle import levels
from gradcert_reports.searches.records import Bound, JudgedRow

PUBLISHED = Path(__file__).parents[2] / "reports" / "published" / "varied_rows.md"
OPTIONS = {"quantities": ("dE/dz", "softmax", "loss"), "formats": ("binary32", "bfloat16")}
DRAWN, VARIED, FOCUSED = WAYS = ("all drawn", "half varied", "half of the worst regime")
BATCHES = 16
PARENTS = 8
ONE_IN = 1 << 12

HEAD = """# Are variations of the worst rows worse than other rows?

Made by `make bench`: the worst row judged among equally many numbers, and the seconds that it took.
"""


def _examined(claim: Claim, case: Case) -> tuple[int, JudgedRow | None]:
    tally, answer = Tally(claim), claim.answer(case).copy()
    tally.add(case, judged_rows(claim, case, answer, np.arange(case.rows), one_in=ONE_IN))
    return tally.rows, tally.worst


def worst_of(claim: Claim, way: str) -> tuple[Bound, float]:
    """Return the worst row judged by a way to search, and the seconds that it took."""
    generator, start = np.random.default_rng(1), time.process_time()
    regimes = regimes_of(claim)
    found: list[tuple[Bound, int, JudgedRow]] = []
    for number in range(BATCHES):
        by_bound = sorted(found, key=lambda one: one[:2])
        parents = [one for _, _, one in by_bound if can_vary(claim, one.arguments)][-PARENTS:]
        early = number < BATCHES / 2
        if way == VARIED and not early and parents:
            cases = [parent_of(claim, one.arguments) for one in parents]
            case = varied(claim, cases, generator)
        else:
            regime = regimes[number % len(regimes)]
            if way == FOCUSED and not early and by_bound:
                regime = by_bound[-1][2].regime.partition(",")[0]
            case = drawn(claim, regime, generator)
        _, worst = _examined(claim, case)
        if worst is not None:
            found.append((worst.bound, number, worst))
    seconds = time.process_time() - start
    return max((bound for bound, _, _ in found), default=Bound()), seconds


def _claims() -> Iterator[tuple[str, Claim]]:
    for name in (*BUILT_IN, *UNUSUAL):
        known = load(name)
        options = {
            "quantities": [one for one in OPTIONS["quantities"] if one in known.functions],
            "formats": [one for one in OPTIONS["formats"] if one in known.formats],
        }
        if all(options.values()):
            yield from ((name, claim) for claim in claims_of(load(name, **options)))


def _shown(claim: Claim, bound: Bound, seconds: float) -> str:
    return f"{bound.budgets:.3f} of {levels(claim.format)[bound.rank].level}, {seconds:.1f} s"


def main() -> None:
    """Compare, and publish the table."""
    lines = ["", f"| subject | claim | {' | '.join(WAYS)} |", "| --- | --- | ---: | ---: | ---: |"]
    claims = list(_claims())
    above = dict.fromkeys(WAYS, 0)
    below = dict.fromkeys(WAYS, 0)
    for name, claim in track(claims, description="claims"):
        found = {way: worst_of(claim, way) for way in WAYS}
        for way in WAYS:
            above[way] += found[way][0] > found[DRAWN][0]
            below[way] += found[way][0] < found[DRAWN][0]
        cells = (_shown(claim, *found[way]) for way in WAYS)
        lines.append(f"| {name} | {claim} | {' | '.join(cells)} |")
    summary = [
        f"Beside drawn rows, {way} finds a worse row in {above[way]} of {len(claims)} claims, and "
        f"none as bad in {below[way]}."
        for way in (VARIED, FOCUSED)
    ]
    PUBLISHED.write_text("\n".join([HEAD, *summary, *lines]) + "\n")
    for sentence in summary:
        typer.echo(sentence)


if __name__ == "__main__":
    main()
