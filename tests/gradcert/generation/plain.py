"""Plain cases: a point that is given, and the simplest other arguments."""

import numpy as np

from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim
from gradcert_implementations import Array

__all__ = ["PLAIN_NUMBERS", "plain_case"]

PLAIN_NUMBERS = {"logits": 0.0, "probabilities": 0.5}
"""The simplest number of each first argument."""


def plain_case(claim: Claim, point: Array, regime: str) -> Case:
    """Return the case of a point for a claim: targets, and v, are one at one class of a row.

    It is the first class, or the second one where rows of the first class are ignored.

    Parameters
    ----------
    claim
        Its quantity says which arguments there are, and its format which dtype they have.
    point
        The first argument, logits or probabilities, of shape (rows, classes).
    regime
        The name of the rows in records.
    """
    first = np.zeros(point.shape)
    ignored = claim.loss.ignore_index == 0 and point.shape[1] > 1
    first[:, int(ignored)] = 1
    others = ("targets", "v") if "v" in claim.quantity.arguments else ("targets",)
    arguments = {claim.point: point, **dict.fromkeys(others, first)}
    case = Case(arguments, (Regime(regime),) * len(point))
    return case.cast(claim.format)
