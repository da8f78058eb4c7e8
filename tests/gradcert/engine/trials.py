"""One check run on case after case, and what it saw."""

from dataclasses import dataclass

from gradcert.checks import Check
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.clock import CLOCK
from gradcert.core.evidence import Refuted
from gradcert.core.failures import Broken, Died, NotSupported
from gradcert.engine.worst_rows import WorstRows

__all__ = ["Failing", "Trials"]


@dataclass(frozen=True)
class Failing:
    """A case on which a check failed, and why."""

    failure: Refuted | Broken | NotSupported
    case: Case


class Trials:
    """A check of a claim, run on case after case, and what it saw.

    Attributes
    ----------
    failed
        The last case that refuted or broke the claim.
    unsupported
        The last case that is not supported.
    worst_rows
        The worst rows of the cases that passed before one failed.
    """

    def __init__(self, claim: Claim, check: Check) -> None:
        self._claim = claim
        self._check = check
        self.worst_rows = WorstRows(claim.format)
        self.failed: Failing | None = None
        self.unsupported: Failing | None = None

    @property
    def died(self) -> bool:
        """Whether the process of the implementation ended in the last case that failed."""
        return self.failed is not None and isinstance(self.failed.failure, Died)

    @property
    def logits(self) -> int:
        """The number of logits in the last case that failed."""
        assert self.failed is not None
        return self.failed.case.point.size

    @CLOCK.charging("checks")
    def run(self, case: Case) -> None:
        """Try a case. Keep what it fails with, and raise it."""
        try:
            found = self._check.run(self._claim, case)
        except NotSupported as failure:
            self.unsupported = Failing(failure, case)
            return
        except Died as failure:
            # Each death costs a process, so none is a smaller case of another failure.
            if self.failed is None:
                self.failed = Failing(failure, failure.case or case)
                raise
            return
        except (Refuted, Broken) as failure:
            self.failed = Failing(failure, case)
            raise
        if self.failed is None:
            self.worst_rows.add(case, found)

    def fails(self, case: Case) -> bool:
        """Try a case. Keep what it fails with, and return whether it fails."""
        try:
            self.run(case)
        except (Refuted, Broken):
            return True
        return False

    @CLOCK.charging("checks")
    def failure(self, case: Case) -> Refuted | Broken | NotSupported | None:
        """Return why the check fails on this case, and keep nothing; None if it passes."""
        try:
            self._check.run(self._claim, case)
        except (Refuted, Broken, NotSupported) as failure:
            return failure
        return None
