"""What is lost at a confident target, where the gradient is p - 1 and p comes near one."""

from math import isfinite

import numpy as np

from gradcert.cases import Broken, Claim, NotSupported
from gradcert.checks import floats
from gradcert_oracle import QUANTITIES, ulps

__all__ = ["cancellation"]

_LOGITS = tuple(k / 2 for k in range(1, 128))
"""At the target, beside a class with logit 0: 1 - p goes from 0.4 to 3e-28. Exact in bfloat16."""


def cancellation(claim: Claim) -> tuple[tuple[float, float], ...]:
    """Return pairs of 1 - p and the error of dE/dz at the target in ulps of its true value.

    One pair a row ``[x, 0]`` with target ``[1, 0]``, in the order of x, where x is within the range
    of logits that decides. None where nothing finite was returned, for other quantities than
    dE/dz, for other outputs than softmax, and where the implementation does not answer.

    Examples
    --------
    >>> from gradcert_implementations import load
    >>> from gradcert_oracle import BINARY64
    >>> points = cancellation(Claim(load("numpy"), "dE/dz", BINARY64))
    >>> (complement, error) = points[-1]
    >>> f"{complement:.1g} {error:.1g}"
    '3e-28 6e+15'
    """
    if claim.quantity != "dE/dz" or claim.implementation.loss.output != "softmax":
        return ()
    xs = [x for x in _LOGITS if x <= claim.implementation.largest_logit]
    targets = np.array([[1.0, 0.0]]).astype(claim.format.dtype)
    points = []
    for x in xs:
        logits = np.array([[x, 0.0]]).astype(claim.format.dtype)
        try:
            value = floats(claim.answer(logits, targets))[0]
        except (Broken, NotSupported):
            return ()
        truth = QUANTITIES["dE/dz"]((x, 0.0), (1.0, 0.0), claim.format)[0]
        error = ulps(value, truth, claim.format)
        if error is not None and isfinite(error):
            points.append((-float(truth.mid()), error))
    return tuple(points)
