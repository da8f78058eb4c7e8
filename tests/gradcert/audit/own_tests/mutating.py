"""A mutant at work on the gradients of one function, and what it met."""

from dataclasses import dataclass, field

from gradcert.audit.mutants import Mutant
from gradcert.audit.own_tests.label_mutants import LABEL_MUTANTS
from gradcert.audit.own_tests.operands import Operands, mutated
from gradcert_implementations import Array
from gradcert_implementations.errors import one_line

__all__ = ["Mutating", "Tally"]


@dataclass
class Tally:
    """What happened to a function.

    Attributes
    ----------
    calls
        How often it was called.
    gradients
        How many gradients of it were computed.
    changed
        How many of them the mutant changed.
    failure
        Why the mutant could not be made, in one line; empty where it could.
    """

    calls: int = 0
    gradients: int = 0
    changed: int = 0
    failure: str = ""


@dataclass(frozen=True)
class Mutating:
    """What makes gradients wrong, and counts them.

    Attributes
    ----------
    mutant
        How they are made wrong. None leaves them as they are.
    tally
        What happened.
    """

    mutant: Mutant | None
    tally: Tally = field(default_factory=Tally)

    @property
    def needs_arguments(self) -> bool:
        """Whether the mutant needs the values of the arguments, as they are before the call."""
        return self.mutant in LABEL_MUTANTS

    def replaced(self, gradient: Array, operands: Operands) -> "Array | None":
        """Return a gradient made wrong; None if it stays as it is.

        A mutant that fails, for lack of memory for example, changes nothing: the failure is ours,
        and a test that failed with it would not have noticed a wrong gradient.
        """
        self.tally.gradients += 1
        if self.mutant is None:
            return None
        try:
            wrong = mutated(self.mutant, gradient, operands)
        except Exception as error:  # noqa: BLE001
            self.tally.failure = one_line(error)
            return None
        self.tally.changed += wrong is not None
        return wrong
