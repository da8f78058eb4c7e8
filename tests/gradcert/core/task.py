"""Which check, quantity and format a piece of work is about, by name."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradcert_reports import CheckResult

__all__ = ["Task"]


@dataclass(frozen=True)
class Task:
    """One check of one claim, as it is named in records and between processes.

    Examples
    --------
    >>> print(Task("accuracy", "dE/dz", "binary32"))
    accuracy-dE/dz-binary32
    """

    check: str
    quantity: str
    format: str

    def __str__(self) -> str:
        return f"{self.check}-{self.quantity}-{self.format}"

    @classmethod
    def of(cls, result: "CheckResult") -> "Task":
        """Return the task that a result is of."""
        return cls(result.check, result.quantity, result.format)
