"""The reach of a claim: how far it holds beyond the required range of logits."""

from math import log10

import msgspec
import numpy as np

from gradcert.checks.accuracy import accuracy
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Refuted
from gradcert.core.failures import Broken, NotSupported
from gradcert.generation.draws import Seeded
from gradcert.generation.plain import plain_case
from gradcert.generation.scope import largest_logit
from gradcert_oracle import Format
from gradcert_reports import Reach

__all__ = ["reach_of", "sizes"]


def sizes(format: Format, required: float) -> list[float]:
    """Return the sizes of logits to try beyond the required one, in ever longer steps, to max.

    Examples
    --------
    >>> from gradcert_oracle import BINARY16, BINARY64
    >>> sizes(BINARY16, 1e4)
    [65504.0]
    >>> [f"{size:.2g}" for size in sizes(BINARY64, 1e4)]
    ['1e+05', '1e+06', '1e+08', '1e+12', '1e+20', '1e+36', '1e+68', '1e+132', '1e+260', '1.8e+308']
    """
    tried, step = [], 1
    while log10(required) + step < log10(format.max):
        tried.append(10.0 ** (log10(required) + step) if step > 300 else required * 10.0**step)
        step *= 2
    return [*tried, format.max] if required < format.max else []


def _cases(claim: Claim, size: float) -> list[Case]:
    """Return rows of that size: equal, opposite, offset either way, one huge, masked ones."""
    rows = [
        [size, size, size],
        [-size, -size, -size],
        [size, -size, 0],
        [-size, 0, 1],
        [size, size * (1 - 2.0 ** (2 - claim.format.precision)), 0],
    ]
    if claim.masked:
        rows += [[size, size, -np.inf], [-size, -size, -np.inf]]
    # Two equal rows, because subjects that compile for each shape have met two rows of three.
    classes = claim.only_classes or max(len(rows[0]), claim.fewest_classes)
    pairs = (np.array([np.resize(row, classes)] * 2) for row in rows)
    return [plain_case(claim, pair, f"|z| = {size:.2g}") for pair in pairs]


def reach_of(claim: Claim) -> Reach | None:
    """Try a claim that holds on the logits of the plan on larger ones, up to the largest number.

    Returns
    -------
    How far it holds; None for a quantity that takes no logits.
    """
    if "logits" not in claim.quantity.arguments:
        return None
    tried = largest_logit(claim, Seeded.pattern)
    reach = Reach(reached=tried)
    for size in sizes(claim.format, tried):
        for case in _cases(claim, size):
            try:
                accuracy(claim, case)
            except (Refuted, Broken, NotSupported) as error:
                statement = f"logits {case['logits'][0].astype(np.float64).tolist()}: {error}"
                return msgspec.structs.replace(reach, failed_at=size, statement=statement)
        reach = msgspec.structs.replace(reach, reached=size)
    return reach
