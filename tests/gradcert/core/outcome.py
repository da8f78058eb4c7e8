"""What one check found out about one claim."""

from dataclasses import dataclass

from gradcert.core.case import Case
from gradcert.core.evidence import Evidence, Refuted
from gradcert.core.failures import Broken, NotSupported
from gradcert_oracle import Judgement

__all__ = ["Outcome", "WorstRow"]


@dataclass(frozen=True)
class WorstRow:
    """The row of a passed case that used most of its budget, and the level that explains it."""

    judgement: Judgement
    case: Case
    row: int


@dataclass(frozen=True)
class Outcome:
    """What one check found out about one claim.

    Attributes
    ----------
    examples
        Cases tried until the verdict was known.
    worst_rows
        The worst row of each case that passed and was judged, and of the rows that a screen
        accepted, the worst one of each kind.
    failure, case
        Why the check failed, and the smallest case on which it did. A case that is not supported is
        the failure only where nothing worse was found. None if the check passed on every case.
    refutations
        The evidence of the smallest refuting case, and of the cases tried after the first that
        refuted, where they refute too.
    passed
        Some cases that passed, of a check that failed: the last ones before the first that failed,
        and those of the cases tried after it that passed.
    """

    examples: int = 0
    worst_rows: tuple[WorstRow, ...] = ()
    failure: Refuted | Broken | NotSupported | None = None
    case: Case | None = None
    refutations: tuple[Evidence, ...] = ()
    passed: tuple[Case, ...] = ()
