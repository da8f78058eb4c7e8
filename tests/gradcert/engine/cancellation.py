"""What is lost at a confident target, where the gradient is p - 1 and p is nearly one."""

from math import isfinite

import numpy as np

from gradcert.core.claim import Claim
from gradcert.core.evidence import floats
from gradcert.core.failures import Broken, NotSupported
from gradcert.generation.plain import plain_case
from gradcert_implementations import Loss
from gradcert_oracle import GRADIENT, enclose, ulps

__all__ = ["cancellation"]

_LOGITS = tuple(k / 2 for k in range(1, 128))
"""At the target, beside a class with logit 0: 1 - p goes from 0.4 to 3e-28. Exact in bfloat16."""


def cancellation(claim: Claim) -> tuple[tuple[float, float], ...]:
    """Return pairs of 1 - p and the error of dE/dz at the target in ulps of its true value.

    There is one pair for each row ``[x, 0]`` with target ``[1, 0]``, in the order of x, where x is
    within the required range of logits and the answer is finite. There is none for other quantities
    than dE/dz of softmax, for a loss with options, and where the implementation does not answer.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> (claim,) = claims_of(load("numpy", quantities=["dE/dz"], formats=["binary64"]))
    >>> (complement, error) = cancellation(claim)[-1]
    >>> f"{complement:.1g} {error:.1g}"
    '3e-28 6e+15'
    """
    if claim.quantity is not GRADIENT or claim.loss != Loss():
        return ()
    largest = claim.implementation.domain.largest_logit
    points = []
    for x in (x for x in _LOGITS if x <= largest):
        case = plain_case(claim, np.array([[x, 0.0]]), "confident")
        try:
            value = floats(claim.answer(case))[0]
        except (Broken, NotSupported):
            return ()
        truth = enclose(claim.question(case, 0))[0]
        error = ulps(value, truth, claim.format)
        if error is not None and isfinite(error):
            points.append((-float(truth.mid()), error))
    return tuple(points)
