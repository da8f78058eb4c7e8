"""Where the time of an examination goes: to the oracle, the subject, Hypothesis, or the checks."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

__all__ = ["CLOCK", "Clock", "Payer", "Spent", "added", "since"]

Payer = Literal["oracle", "subject", "Hypothesis", "checks"]

Spent = dict[str, float]
"""Seconds by payer."""


def added(one: Spent, other: Spent) -> Spent:
    """Return the sum of both, payer by payer."""
    return {p: one.get(p, 0.0) + other.get(p, 0.0) for p in one | other}


def since(before: Spent, now: Spent) -> Spent:
    """Return the time spent in between, payer by payer."""
    return {p: seconds - before.get(p, 0.0) for p, seconds in now.items()}


class Clock:
    """Charges each moment to one payer: the one that began last and has not ended.

    Examples
    --------
    >>> clock = Clock()
    >>> with clock.charging("Hypothesis"), clock.charging("oracle"):
    ...     time.sleep(0.01)
    >>> clock.spent["oracle"] > 0.009 > clock.spent["Hypothesis"]
    True
    """

    def __init__(self) -> None:
        self.spent: Spent = {}
        self._payers: list[Payer] = []
        self._since = 0.0

    def _settle(self) -> None:
        now = time.perf_counter()
        if self._payers:
            payer = self._payers[-1]
            self.spent[payer] = self.spent.get(payer, 0.0) + now - self._since
        self._since = now

    @contextmanager
    def charging(self, payer: Payer) -> Iterator[None]:
        """Charge the time inside to `payer`, except for time that another payer takes inside."""
        self._settle()
        self._payers.append(payer)
        try:
            yield
        finally:
            self._settle()
            self._payers.pop()


CLOCK = Clock()
"""The clock of this process, which examines one claim at a time."""
