"""What an implementation in a process of its own may use."""

from dataclasses import dataclass
from math import inf

__all__ = ["UNLIMITED", "Limits"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an isolated implementation may use.

    Attributes
    ----------
    seconds
        Of one call.
    gigabytes
        Of memory (2**30 bytes) that its process may allocate once all is loaded.
    """

    seconds: float = 60
    gigabytes: float = 4

    @property
    def memory(self) -> int | None:
        """The bytes that its process may allocate; None if there is no limit."""
        return int(self.gigabytes * (1 << 30)) if self.gigabytes < inf else None


UNLIMITED = Limits(seconds=inf, gigabytes=inf)
"""For an implementation that has a process of its own only because others run beside it."""
