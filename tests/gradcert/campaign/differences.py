"""Every difference of two logits that a format has: rows (d, 0), with each target and each v."""

from math import ceil, log

import numpy as np

from gradcert.checks.registry import is_linear
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim
from gradcert.core.stored import LOGITS
from gradcert.generation.draws import Seeded
from gradcert.generation.scope import largest_logit
from gradcert_implementations import Array
from gradcert_oracle import BINARY32, Format

__all__ = [
    "case_of",
    "count_of",
    "described",
    "judged_by_the_oracle",
    "reason_against",
    "rows_of",
]


def judged_by_the_oracle(format: Format) -> bool:
    """Whether the oracle judges each row of a format; in wider formats the screen comes first."""
    return format.precision < BINARY32.precision


def _bits(format: Format) -> np.dtype[np.unsignedinteger]:
    return np.dtype(f"u{format.dtype.itemsize}")


def _largest(claim: Claim) -> float:
    """Return the largest size of d: that of a logit, or where exp(d) is zero in a wide format."""
    largest = largest_logit(claim, Seeded.pattern)
    if judged_by_the_oracle(claim.format):
        return largest
    return min(largest, float(ceil(1 - log(claim.format.smallest_subnormal))))


def _sizes(claim: Claim) -> int:
    """Return how many sizes d has: zero, and all numbers up to the largest."""
    largest = np.array(_largest(claim)).astype(claim.format.dtype)
    return int(largest.view(_bits(claim.format))) + 1


def reason_against(claim: Claim) -> str:
    """Return why a claim is not tried without exception; empty if it is.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> subject = load("numpy", quantities=["dE/dz"], formats=["binary64", "binary16"])
    >>> [reason_against(claim) for claim in claims_of(subject)]
    ['binary64 has too many numbers', '']
    """
    if claim.format.precision > BINARY32.precision:
        return f"{claim.format.name} has too many numbers"
    if claim.quantity.reduces:
        return "it has one value for all rows"
    if claim.point != LOGITS or not is_linear(claim):
        return "it is no function of two logits with a value for each class"
    if claim.only_classes not in (None, 2) or claim.fewest_classes > 2:
        return "it has no rows of two classes"
    return ""


def count_of(claim: Claim) -> int:
    """Return how many differences a claim has; of a wide format those from zero down.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> single, half = claims_of(load("numpy", quantities=["dE/dz"], formats=["fp32", "fp16"]))
    >>> count_of(half), count_of(single)
    (57798, 1121058817)
    """
    return _sizes(claim) * (2 if judged_by_the_oracle(claim.format) else 1)


def rows_of(claim: Claim) -> int:
    """Return how many rows a claim has for each difference.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> subject = load("numpy", quantities=["softmax", "dE/dz", "hvp"], formats=["binary16"])
    >>> [rows_of(claim) for claim in claims_of(subject)]
    [1, 2, 4]
    """
    return len(next(iter(_beside(claim).values()), "d"))


def described(claim: Claim) -> str:
    """Return in words what is tried of a claim."""
    largest = _largest(claim)
    highest = largest if judged_by_the_oracle(claim.format) else 0
    each = "".join(f", each one-hot {name}" for name in _beside(claim))
    return (
        f"logits (d, 0) for every d of {claim.format.name} from {-largest:g} to {highest:g}{each}"
    )


def case_of(claim: Claim, first: int, last: int) -> Case:
    """Return the rows of some differences, by their numbers: negative ones come first.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> (claim,) = claims_of(load("numpy", quantities=["loss"], formats=["binary16"]))
    >>> case = case_of(claim, 15360, 15361)
    >>> case["logits"].tolist(), case["targets"].tolist()
    ([[-1.0, 0.0], [-1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]])
    """
    dtype, bits, sizes = claim.format.dtype, _bits(claim.format), _sizes(claim)
    numbers = np.arange(first, last)
    d = (numbers % sizes).astype(bits).view(dtype)
    d = np.where(numbers < sizes, -d, d)
    every, rows = _beside(claim), rows_of(claim)
    logits = np.zeros((len(d) * rows, 2), dtype)
    logits[:, 0] = np.repeat(d, rows)
    arguments = {LOGITS: logits, "targets": np.resize(np.eye(2), logits.shape)}
    arguments |= {name: np.resize(one, logits.shape) for name, one in every.items()}
    arguments = {name: array.astype(dtype) for name, array in arguments.items()}
    return Case(arguments, (Regime("two logits", (), "one-hot"),) * len(logits))


def _beside(claim: Claim) -> dict[str, Array]:
    """Return every combination of what stands beside one d, by the name of the argument."""
    names = [name for name in ("targets", "v") if name in claim.quantity.arguments]
    places = np.indices([2] * len(names)).reshape(len(names), 2 ** len(names))
    return {name: np.eye(2)[place] for name, place in zip(names, places, strict=True)}
