"""How far an implementation holds beyond the range of logits that decides."""

from math import log10

import msgspec
import numpy as np

from gradcert.cases import Broken, Case, Claim, NotSupported
from gradcert.checks import Refuted
from gradcert.checks.accuracy import accuracy
from gradcert_implementations import Array
from gradcert_oracle import Format
from gradcert_reports import Reach

__all__ = ["beyond", "sizes"]


def sizes(format: Format, decides_to: float) -> list[float]:
    """Return the sizes of logits to try beyond `decides_to`: decades, ever further apart, to max.

    Examples
    --------
    >>> from gradcert_oracle import BINARY16, BINARY64
    >>> sizes(BINARY16, 1e4)
    [65504.0]
    >>> [f"{size:.2g}" for size in sizes(BINARY64, 1e4)]
    ['1e+05', '1e+06', '1e+08', '1e+12', '1e+20', '1e+36', '1e+68', '1e+132', '1e+260', '1.8e+308']
    """
    tried, step = [], 1
    while log10(decides_to) + step < log10(format.max):
        tried.append(decides_to * 10.0**step)
        step *= 2
    return [*tried, format.max] if decides_to < format.max else []


def _cases(format: Format, size: float, masked: bool) -> list[Case]:
    """Return rows of that size: equal, opposite, offset either way, one huge, masked ones."""
    rows = [
        [size, size, size],
        [-size, -size, -size],
        [size, -size, 0],
        [-size, 0, 1],
        [size, size * (1 - 2.0 ** (2 - format.precision)), 0],
    ]
    if masked:
        rows += [[size, size, -np.inf], [-size, -size, -np.inf]]
    # Each twice: subjects that compile for each shape have met two rows of three.
    targets = np.array([[1.0, 0.0, 0.0]] * 2).astype(format.dtype)
    logits: list[Array] = [np.array([row, row]).astype(format.dtype) for row in rows]
    return [Case(row, targets, (f"|z| = {size:.2g}",) * 2) for row in logits]


def beyond(claim: Claim) -> Reach | None:
    """Try a claim that holds where it must on ever larger logits, to the format's largest number.

    Returns
    -------
    How far it held; None for dE/do, which takes no logits.
    """
    if claim.quantity == "dE/do":
        return None
    held_to = min(claim.implementation.largest_logit, claim.format.max)
    held = Reach(held_to=held_to)
    masked = claim.implementation.loss.output == "softmax"
    for size in sizes(claim.format, held_to):
        for case in _cases(claim.format, size, masked):
            try:
                accuracy(claim, case)
            except (Refuted, Broken, NotSupported) as error:
                statement = f"logits {case.first[0].astype(np.float64).tolist()}: {error}"
                return msgspec.structs.replace(held, failed_at=size, statement=statement)
        held = msgspec.structs.replace(held, held_to=size)
    return held
