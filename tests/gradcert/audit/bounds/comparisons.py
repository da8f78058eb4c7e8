"""The comparisons of tests: what they accept, and which limit a right answer is sure to meet."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Any, Protocol

import numpy as np

from gradcert_implementations import Array, SpecError
from gradcert_implementations.errors import one_line, type_name
from gradcert_oracle import Format

__all__ = [
    "Comparison",
    "Errors",
    "Running",
    "Sure",
    "close",
    "cosine",
    "mean_error",
    "norm",
    "of_your_own",
    "ulps",
]


class Running(Protocol):
    """A comparison under way: it gets the answers part by part, in binary64."""

    def add(self, got: Array, want: Array) -> bool:
        """Compare a part, and return whether the whole may still pass."""

    def passes(self) -> bool:
        """Return whether all that was added passes."""


@dataclass(frozen=True, eq=False)
class Errors:
    """How wrong a right answer may be in one row.

    Attributes
    ----------
    want
        The values that it is compared with.
    error
        The largest difference from each of them.
    """

    want: Array
    error: Array


@dataclass(frozen=True, eq=False)
class Sure:
    """Which limit of a comparison a right answer is sure to meet.

    Attributes
    ----------
    limit
        Returns the smallest limit that a row with these errors is sure to meet, or None. If each
        row meets a limit, so does the whole batch.
    written
        Returns how the comparison with a limit is written.
    note
        What else is changed for it, and why.
    """

    limit: Callable[[Errors], float | None]
    written: Callable[[float], str]
    note: str = ""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a test compares: whether the answer got is near the one that it wants.

    Attributes
    ----------
    predicate
        What it demands, as a formula.
    begin
        Begins to compare.
    sure
        Which limit is sure to be met; None where nothing is known.
    atol
        The absolute tolerance, if it has one.
    whole
        Whether it needs all values at once.
    tighter
        A comparison of the same kind with a relative tolerance that suits the format.
    """

    predicate: str
    begin: Callable[[], Running]
    sure: Sure | None = None
    atol: float | None = None
    whole: bool = False
    tighter: "Comparison | None" = None


@dataclass
class _Everywhere:
    """A predicate that must hold at each value."""

    holds: Callable[[Array, Array], Array]
    ok: bool = True

    def add(self, got: Array, want: Array) -> bool:
        self.ok = self.ok and bool(self.holds(got, want).all())
        return self.ok

    def passes(self) -> bool:
        return self.ok


_LARGEST_RTOL = 1 / 16
"""The largest relative tolerance of a bound that is right. A larger one accepts mistakes that are
larger than what any level rounds, whatever atol is."""


def close(atol: float, rtol: float, *, of_got: bool = False) -> Comparison:
    """Compare ``|got - want| <= atol + rtol |want|`` at each value.

    So do ``numpy.allclose(got, want)``, ``numpy.testing.assert_allclose(got, want)``,
    ``torch.allclose(got, want)``, ``jax.numpy.allclose(got, want)`` and
    ``torch.testing.assert_close(got, want)``. A NaN is close to nothing, and an infinity to itself.

    Parameters
    ----------
    atol, rtol
        The absolute and the relative tolerance.
    of_got
        Whether the relative one is of the answer got: the arguments are the other way round.

    Examples
    --------
    >>> near = close(0.5, 0.0)
    >>> near.predicate
    '|got - want| <= 0.5 + 0 |want|'
    >>> running = near.begin()
    >>> running.add(np.array([1.0]), np.array([1.5])), running.add(np.zeros(1), np.ones(1))
    (True, False)
    """

    def holds(got: Array, want: Array) -> Array:
        size = abs(got if of_got else want)
        within: Array = (abs(got - want) <= atol + rtol * size) & np.isfinite(size)
        return np.asarray(within | (got == want))

    right_rtol = float(f"{min(rtol, _LARGEST_RTOL):g}")  # As it is written.

    def limit(errors: Errors) -> float:
        size = abs(errors.want)
        if of_got:  # An answer may be smaller than the one wanted, by its whole error.
            size = np.maximum(size - errors.error, 0)
        return max(0.0, float((errors.error - right_rtol * size).max()))

    order = ",of=got" if of_got else ""
    note = f"rtol={rtol:g} accepts an error of {rtol:.0%} whatever atol is, so it is lowered."
    return Comparison(
        f"|got - want| <= {atol:g} + {rtol:g} |{'got' if of_got else 'want'}|",
        lambda: _Everywhere(holds),
        Sure(
            limit,
            lambda limit: f"atol={limit:g},rtol={right_rtol:g}{order}",
            note if right_rtol < rtol else "",
        ),
        atol,
    )


def ulps(count: float, format: Format) -> Comparison:
    """Compare the differences with units in the last place of the values wanted.

    Examples
    --------
    >>> from gradcert_oracle import BINARY32
    >>> running = ulps(1, BINARY32).begin()
    >>> running.add(np.array([1 + 2**-23]), np.ones(1)), running.add(np.array([1.001]), np.ones(1))
    (True, False)
    """

    def units(want: Array) -> Array:
        sizes = np.maximum(abs(want), format.smallest_normal)
        unit: Array = np.ldexp(1.0, np.frexp(sizes)[1] - format.precision)
        return unit

    def holds(got: Array, want: Array) -> Array:
        within: Array = abs(got - want) <= count * units(want)
        return within

    return Comparison(
        f"|got - want| <= {count:g} ulp of want",
        lambda: _Everywhere(holds),
        Sure(
            lambda errors: float((errors.error / units(errors.want)).max()),
            lambda limit: f"ulps:{limit:g}",
        ),
    )


@dataclass
class _Sums:
    """Sums over all values, and a predicate of them. A NaN fulfils no predicate."""

    holds: Callable[["_Sums"], bool]
    count: int = 0
    error: float = 0.0
    squared_error: float = 0.0
    squared_want: float = 0.0
    squared_got: float = 0.0
    product: float = 0.0

    def add(self, got: Array, want: Array) -> bool:
        error = got - want
        self.count += want.size
        self.error += float(abs(error).sum())
        self.squared_error += float(np.square(error).sum())
        self.squared_want += float(np.square(want).sum())
        self.squared_got += float(np.square(got).sum())
        self.product += float((got * want).sum())
        return True

    def passes(self) -> bool:
        return self.holds(self)


def _relative_norm(errors: Errors) -> float | None:
    """Return the 2-norm of the errors beside that of what is wanted; None if that is zero."""
    size = float(np.linalg.norm(errors.want))
    return float(np.linalg.norm(errors.error)) / size if size else None


def norm(limit: float) -> Comparison:
    """Compare ``||got - want|| <= limit ||want||`` in the 2-norm of all values.

    Examples
    --------
    >>> running = norm(0.1).begin()
    >>> running.add(np.array([1.0, 1.0]), np.array([1.0, 1.1])), running.passes()
    (True, True)
    """
    return Comparison(
        f"||got - want|| <= {limit:g} ||want||",
        lambda: _Sums(lambda sums: sqrt(sums.squared_error) <= limit * sqrt(sums.squared_want)),
        Sure(_relative_norm, lambda limit: f"norm:{limit:g}"),
    )


_ROUNDED = 2.0**-36
"""More than what the sums of a cosine round, relative to it."""


def cosine(least: float) -> Comparison:
    """Compare the cosine of the angle between all values got and all values wanted.

    An answer whose error is c times as long as what is wanted has an angle of at most arcsin c. The
    limit of :class:`Sure` is how far the cosine may be below one.

    Examples
    --------
    >>> running = cosine(0.99).begin()
    >>> running.add(np.array([2.0, 2.0]), np.array([1.0, 1.0])), running.passes()
    (True, True)
    """

    def holds(sums: _Sums) -> bool:
        sizes = sqrt(sums.squared_got) * sqrt(sums.squared_want)
        return sums.product >= least * sizes and 0 < sizes < inf

    def below_one(errors: Errors) -> float | None:
        sine = _relative_norm(errors)
        if sine is None or sine >= 1:
            return None
        return max(_ROUNDED, sine**2 / (1 + sqrt(1 - sine**2)))

    return Comparison(
        f"the cosine of got and want >= {least:g}",
        lambda: _Sums(holds),
        Sure(below_one, lambda limit: f"cosine:{1 - limit:.15g}"),
    )


def mean_error(limit: float) -> Comparison:
    """Compare the mean of ``|got - want|`` over all values with a limit.

    Examples
    --------
    >>> running = mean_error(0.1).begin()
    >>> running.add(np.array([1.0, 1.0]), np.array([1.0, 1.1])), running.passes()
    (True, True)
    """
    return Comparison(
        f"the mean of |got - want| <= {limit:g}",
        lambda: _Sums(lambda sums: sums.error <= limit * sums.count),
        Sure(lambda errors: float(errors.error.mean()), lambda limit: f"mean:{limit:g}"),
    )


@dataclass
class _Whole:
    """All values, for a function that wants them at once."""

    name: str
    function: Callable[[Array, Array], Any]
    format: Format
    got: list[Array] = field(default_factory=list)
    want: list[Array] = field(default_factory=list)

    def _stored(self, values: Array) -> Array:
        # A function need not know bfloat16; its numbers are numbers of binary32.
        known = self.format.dtype.kind == "f"
        return values.astype(self.format.dtype if known else np.float32)

    def add(self, got: Array, want: Array) -> bool:
        self.got.append(self._stored(got))
        self.want.append(self._stored(want))
        return True

    def passes(self) -> bool:
        got, want = np.concatenate(self.got), np.concatenate(self.want)
        self.got, self.want = [], []
        try:
            answer = self.function(got, want)
            found = np.asarray(True if answer is None else answer)
        except AssertionError:
            return False
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # Such as SystemExit, and what pytest.skip raises.
            raise SpecError(
                f"{self.name}(got, want) fails on arrays of shape {want.shape}: {one_line(error)}; "
                "expected True or False, or AssertionError for what is not close"
            ) from error
        if found.size != 1 or found.dtype != np.bool_:
            raise SpecError(
                f"{self.name}(got, want) returns {type_name(answer)} for arrays of shape "
                f"{want.shape}; expected True or False, or AssertionError for what is not close"
            )
        return bool(found.item())


def of_your_own(name: str, function: Callable[[Array, Array], Any], format: Format) -> Comparison:
    """Compare by a function (got, want) that returns a bool, or raises AssertionError.

    It gets all values at once, as numpy arrays of the format, or of binary32 for bfloat16. If it
    returns None, it accepts.

    Examples
    --------
    >>> from gradcert_oracle import BINARY32
    >>> running = of_your_own("equal", np.testing.assert_array_equal, BINARY32).begin()
    >>> running.add(np.ones((1, 2)), np.ones((1, 2))), running.passes()
    (True, True)
    """
    return Comparison(f"{name}(got, want)", lambda: _Whole(name, function, format), whole=True)
