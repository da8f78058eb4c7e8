"""The first calls of a function are as right as any other."""

from gradcert.checks.accuracy import accuracy
from gradcert.checks.effects import Effects, watched
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import AcceptedRows, JudgedRow

__all__ = ["first_call"]


_CALLS = 3
"""A framework warms up in the first call, records the second, and replays it in the third."""


def first_call(claim: Claim, case: Case) -> list[JudgedRow | AcceptedRows]:
    """The first calls of a function are as right as any other, and have no side effects.

    Predicate: those of ``accuracy`` and of ``no-side-effects``, for the first row of one case,
    alone, in each of three calls. It runs before all other checks, so that these are the first
    calls of the function in the format. A function that prepares something in its first calls, and
    gets one of them wrong, is right whenever it is tried again. So nothing else sees it, and what
    was seen stands although it cannot be repeated.
    """
    effects = Effects()
    alone = case.alone(0)
    watching = watched(claim, effects)
    judged = [row for _ in range(_CALLS) for row in accuracy(watching, alone)]
    effects.require_none(alone)
    return judged
