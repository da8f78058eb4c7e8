"""How figures are written, and how a target is judged by them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from records import Spread

__all__ = ["Target", "around", "digits", "duration", "ratio_target"]


def duration(seconds: float) -> str:
    """Return seconds with three digits.

    Examples
    --------
    >>> [duration(x) for x in (27.04, 0.0338, 0.000121, 432.1)]
    ['27.0 s', '33.8 ms', '121 us', '432 s']
    """
    if seconds >= 0.9995:
        return f"{digits(seconds)} s"
    return f"{digits(seconds * 1e3)} ms" if seconds >= 0.9995e-3 else f"{digits(seconds * 1e6)} us"


def digits(x: float) -> str:
    """Return a number with three digits, or with all digits before the point.

    Examples
    --------
    >>> [digits(x) for x in (0.04567, 3.14159, 27.04, 12345.6)]
    ['0.0457', '3.14', '27.0', '12,346']
    """
    if x >= 99.95:
        return f"{x:,.0f}"
    return f"{x:.1f}" if x >= 9.995 else f"{x:.2f}" if x >= 0.9995 else f"{x:#.3g}"


def around(spread: Spread) -> str:
    """Return a median, with the least and the most in brackets.

    Examples
    --------
    >>> around(Spread.of([3.0, 1.0, 2.0])), around(Spread.of([2.0]))
    ('2.00 (1.00 to 3.00)', '2.00')
    """
    if spread.noise == 0:
        return digits(spread.median)
    return f"{digits(spread.median)} ({digits(spread.least)} to {digits(spread.most)})"


@dataclass(frozen=True)
class Target:
    """A target, what was measured, and whether it holds. None if it was not measured."""

    claim: str
    measured: str
    holds: bool | None


def ratio_target(
    claim: str,
    found: Iterable[tuple[str, Spread | None]],
    holds: Callable[[float], bool],
) -> Target:
    """Judge the largest of several ratios or other numbers."""
    known = [(where, spread) for where, spread in found if spread]
    if not known:
        return Target(claim, "-", None)
    where, largest = max(known, key=lambda item: item[1].median)
    return Target(claim, f"{around(largest)}, {where}", holds(largest.median))
