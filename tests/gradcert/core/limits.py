"""The time and the memory that an implementation in a process of its own may use."""

from dataclasses import dataclass
from importlib.util import find_spec
from math import inf
from numbers import Real
from pathlib import Path

__all__ = ["STATUS", "UNLIMITED", "Limits", "memory_can_be_limited"]

STATUS = Path("/proc/self/status")
"""Where Linux says how much memory this process has."""

_MOST_GIGABYTES = 1e9
"""What is far beyond this has no place in the numbers of the operating system."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of an isolated implementation.

    Attributes
    ----------
    seconds
        Seconds that one call may take.
    gigabytes
        Memory, in units of 2**30 bytes, that its process may allocate once all is loaded. It is
        enforced on Linux.

    Raises
    ------
    ValueError
        If a limit is not a positive number, or if `gigabytes` is finite and above 1e9.

    Examples
    --------
    >>> Limits(seconds=10, gigabytes=0.5).memory
    536870912
    """

    seconds: float = 60
    gigabytes: float = 4

    def __post_init__(self) -> None:
        for name, limit in (("seconds", self.seconds), ("gigabytes", self.gigabytes)):
            if not isinstance(limit, Real) or isinstance(limit, bool) or not limit > 0:
                raise ValueError(f"{name} is {limit!r}; expected a positive number, such as 4.0")
        if _MOST_GIGABYTES < self.gigabytes < inf:
            raise ValueError(
                f"gigabytes is {self.gigabytes!r}; expected at most {_MOST_GIGABYTES:g}"
            )

    @property
    def memory(self) -> int | None:
        """The bytes that its process may allocate; None if there is no limit."""
        return int(self.gigabytes * (1 << 30)) if self.gigabytes < inf else None


def memory_can_be_limited() -> bool:
    """Return whether this system can: Linux with ``/proc``, and Python's module ``resource``."""
    try:
        return STATUS.exists() and find_spec("resource") is not None
    except ValueError:  # What stands in for a module may have no spec.
        return False


UNLIMITED = Limits(seconds=inf, gigabytes=inf)
"""No limits, for an implementation that has its own process only to run beside others."""
