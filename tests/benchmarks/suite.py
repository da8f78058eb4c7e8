"""What ``make bench`` times of the suite: its verdict on a row, and what the screen saves.

The verdict is that of the check of accuracy. It calls a plain function of numpy, screens the
answer, and lets the oracle judge what the screen does not accept. It also lets the oracle judge
every 64th row or so of those accepted, by their values. The rows that are timed are not among
those, so that every run does the same work. The judge of a row is timed beside the verdict.
"""

import itertools
from collections.abc import Callable

import numpy as np
from plain_function import gradient
from timed import Case, Run

from gradcert.checks.accuracy import accuracy
from gradcert.checks.screening import drawn_sample
from gradcert.core.case import Case as Drawn
from gradcert.core.case import Regime
from gradcert.core.claim import Claim, claims_of
from gradcert.core.evidence import floats
from gradcert_implementations import Array, Implementation
from gradcert_oracle import BINARY32, Format, budgets, judge, scale, screen
from gradcert_oracle.questions import _enclose

__all__ = ["BATCH", "ONE_IN", "SUITE", "TOGETHER", "VERDICT", "claim_of", "rows_of"]

VERDICT = (("verdict",), ("verdict, 16 rows",), ("judge",), ("floor",))
"""What is timed for the verdict on a row, each alone in its process as the peers are."""

BATCH = ("judged", "screened")
"""What is timed for the rows a second, without the screen and with it."""

TOGETHER = 16
"""Rows of a small batch, of which the verdict is timed too."""

ONE_IN = 64
"""Of so many rows that the screen accepts, the oracle judges one all the same."""


def rows_of(classes: int) -> int:
    """Return how many rows a batch of this width has, for the rows a second.

    Examples
    --------
    >>> rows_of(10), rows_of(1000), rows_of(100_000)
    (512, 65, 4)
    """
    return max(4, min(512, (1 << 16) // classes))


def claim_of(format: Format) -> Claim:
    """Return the claim of a right gradient. It computes in binary32 where a format has 16 bits."""

    def rounded(logits: Array, targets: Array) -> Array:
        wide = BINARY32.dtype
        return gradient(logits.astype(wide), targets.astype(wide)).astype(format.dtype)

    function = gradient if format.precision >= BINARY32.precision else rounded
    subject = Implementation(name="plain", functions={"dE/dz": function}, formats=(format.name,))
    (claim,) = claims_of(subject)
    return claim


def _drawn(case: Case, rows: int, seed: int = 0) -> Drawn:
    """Return rows with the numbers of a row, in another order in each."""
    random = np.random.default_rng(seed)
    numbers = {"logits": case.logits, "targets": case.targets}
    arrays = {
        name: random.permuted(np.tile(row, (rows, 1)), axis=1) for name, row in numbers.items()
    }
    return Drawn(arrays, (Regime("benign"),) * rows).cast(case.format)


def _undrawn(case: Case, rows: int) -> Drawn:
    """Return the first of these batches that has no row in the sample of those accepted."""
    claim = claim_of(case.format)
    for seed in itertools.count():
        drawn = _drawn(case, rows, seed)
        if not drawn_sample(np.ones(rows, dtype=bool), claim.answer(drawn)).any():
            break
    return drawn


def _forget() -> None:
    """Let the oracle forget the rows that it remembers, as the suite has new rows each time."""
    for known in (_enclose, budgets, scale):
        known.cache_clear()


def _verdict(case: Case, rows: int) -> Run:
    """Run the check of accuracy on a batch."""
    claim, drawn = claim_of(case.format), _undrawn(case, rows)

    def run() -> object:
        _forget()
        return accuracy(claim, drawn)

    return run


def _judge(claim: Claim, drawn: Drawn, answer: Array, row: int) -> object:
    _forget()
    return judge(claim.question(drawn, row), floats(answer[row]))


def _judged(case: Case, rows: int) -> Run:
    """Let the oracle judge every row."""
    claim, drawn = claim_of(case.format), _drawn(case, rows)
    answer = claim.answer(drawn)
    return lambda: [_judge(claim, drawn, answer, row) for row in range(rows)]


def _screened(case: Case, rows: int) -> Run:
    """Screen a batch, and let the oracle judge what the screen does not accept."""
    claim, drawn = claim_of(case.format), _drawn(case, rows)
    answer, arguments = claim.answer(drawn), claim.arguments(drawn)

    def run() -> object:
        found = screen(claim.quantity, claim.format, arguments, answer)
        assert found is not None
        left = map(int, np.flatnonzero(~found.accepted))
        return [_judge(claim, drawn, answer, row) for row in left]

    return run


SUITE: dict[str, Callable[[Case], Run]] = {
    "verdict": lambda case: _verdict(case, 1),
    "verdict, 16 rows": lambda case: _verdict(case, TOGETHER),
    "judge": lambda case: _judged(case, 1),
    "judged": lambda case: _judged(case, rows_of(len(case.logits))),
    "screened": lambda case: _screened(case, rows_of(len(case.logits))),
}
"""What is timed, by its name in the record."""
