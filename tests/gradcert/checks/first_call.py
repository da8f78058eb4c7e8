"""The first call of a function is as right as any other."""

from gradcert.checks.accuracy import accuracy
from gradcert.checks.effects import Effects, watched
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import AcceptedRows, JudgedRow

__all__ = ["first_call"]


def first_call(claim: Claim, case: Case) -> list[JudgedRow | AcceptedRows]:
    """The first call of a function is as right as any other, and has no side effects.

    Predicate: those of ``accuracy`` and of ``no-side-effects``, for the first row of one case,
    alone. It runs before all other checks, so that this is the first call of the function in the
    format. A function that prepares something in its first call, and gets that one wrong, is right
    whenever it is tried again. So nothing else sees it, and what was seen stands although it cannot
    be repeated.
    """
    effects = Effects()
    alone = case.alone(0)
    judged = accuracy(watched(claim, effects), alone)
    effects.require_none(alone)
    return judged
