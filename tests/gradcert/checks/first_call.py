"""The first calls of a function are as right as any other."""

import time

from gradcert.checks.accuracy import accuracy
from gradcert.checks.agreement import require_equal_bytes
from gradcert.checks.effects import Effects, watched
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import AcceptedRows, JudgedRow

__all__ = ["first_call"]


_CALLS = 3
"""A framework warms up in the first call, records the second, and replays it in the third."""


_LATER = 0.1
"""Seconds after which an answer must be what it was."""


def first_call(claim: Claim, case: Case) -> list[JudgedRow | AcceptedRows]:
    """The first calls of a function are as right as any other, and have no side effects.

    Predicate: those of ``accuracy`` and of ``no-side-effects``, for the first row of one case,
    alone, in each of three calls; and byte equality of the answer to the whole case and a copy of
    it, a tenth of a second and one call later. It runs before all other checks, so that these are
    the first calls of the function in the format. A function that prepares something in its first
    calls, and gets one of them wrong, is right whenever it is tried again. So nothing else sees it,
    and what was seen stands although it cannot be repeated. A function that returns before its work
    is done, on a thread or on a device, may be right by the time another check looks.
    """
    effects = Effects()
    alone = case.alone(0)
    watching = watched(claim, effects)
    judged = [row for _ in range(_CALLS) for row in accuracy(watching, alone)]
    effects.require_none(alone)
    answer = claim.answer(case)
    kept = answer.copy()
    time.sleep(_LATER)
    claim.answer(alone)  # An isolated function shows what has changed with the next call.
    require_equal_bytes(
        case,
        answer,
        kept,
        what="the answer changed after it was returned",
        shown_by=("a := f(*args)", f"__import__('time').sleep({_LATER})", "a"),
    )
    return judged
