"""The floating-point formats under test: their precision, range and unit in the last place.

Every number of these formats is also a binary64 number. So the oracle takes and compares plain
Python floats, and only arrays at the boundary have the format's own dtype.
"""

import functools
from dataclasses import dataclass
from math import frexp

import ml_dtypes
import numpy as np
from flint import arb

__all__ = ["BFLOAT16", "BINARY16", "BINARY32", "BINARY64", "FORMATS", "Format"]


@dataclass(frozen=True, kw_only=True)
class Format:
    """A binary floating-point format (IEEE 754-2019, section 3.3).

    The range is stated and not derived, because not every format spends its largest exponent on
    infinities as IEEE formats do.

    Attributes
    ----------
    name
        ``binary64``, ``binary32``, ``binary16`` or ``bfloat16``.
    precision
        Bits of the significand, the leading bit included.
    max
        The largest finite number.
    smallest_normal
        The smallest positive number of full precision, a power of two.
    dtype
        The numpy dtype that stores it.
    flushes
        Whether hardware may replace subnormal results by zero. No hardware does so in binary16,
        where everything below its smallest normal number, 6e-5, would be lost.

    Examples
    --------
    >>> BFLOAT16.max, BINARY16.smallest_subnormal
    (3.3895313892515355e+38, 5.960464477539063e-08)
    """

    name: str
    precision: int
    max: float
    smallest_normal: float
    dtype: np.dtype
    flushes: bool

    def __hash__(self) -> int:
        return hash(self.name)

    @functools.cached_property
    def smallest_subnormal(self) -> float:
        """The smallest positive number: one ulp of all numbers below ``2 * smallest_normal``."""
        return self.smallest_normal * 2.0 ** (1 - self.precision)

    @property
    def underflow(self) -> float:
        """The most an operation may lose to underflow."""
        return self.smallest_normal if self.flushes else self.smallest_subnormal

    @functools.cached_property
    def _lowest_exponent(self) -> int:
        return frexp(self.smallest_normal)[1] - 1

    def ulp(self, value: arb) -> arb:
        """Return one unit in the last place of a number, or of a ball the smallest of any point.

        The ulp of ``2**k`` is that of the numbers above it. A ball around ``2**k`` also holds
        numbers below it, which have half that ulp, and then half is returned. So an error within
        the result is within one ulp of the true value, wherever in the ball that is.
        :func:`~gradcert_oracle.verdicts.ulps` measures an error and needs no such bound.

        Returns
        -------
        A power of two, exactly.

        Examples
        --------
        >>> float(BINARY32.ulp(arb(1))) == 2.0**-23
        True
        >>> float(BINARY32.ulp(arb(1, 1e-9))) == 2.0**-24
        True
        >>> float(BINARY64.ulp(arb(0)))
        5e-324
        """
        mantissa, exponent = value.abs_lower().man_exp()
        leading = int(exponent) + int(mantissa).bit_length() - 1
        lowest = self._lowest_exponent
        return arb((1, (leading if mantissa and leading > lowest else lowest) + 1 - self.precision))

    def accurate_bits(self, guard: int) -> int:
        """Return the bits of relative accuracy from which a ball is narrow, whatever its value.

        Parameters
        ----------
        guard
            As for :meth:`narrow`.

        Returns
        -------
        A number of bits, to compare with ``arb.rel_accuracy_bits``.

        Examples
        --------
        >>> BINARY64.accurate_bits(10)
        66
        """
        return self.precision + guard + 3

    def narrow(self, value: arb, guard: int) -> bool:
        """Return whether `value` is a ball narrower than ``2**-guard`` ulp of any point in it.

        A normal number has ``ulp(x) >= |x| 2**-precision``, so a bound of the relative width is
        enough. What underflows needs a bound of the absolute width, relative to the smallest
        subnormal number.

        Returns
        -------
        A boolean.

        Examples
        --------
        >>> BINARY64.narrow(arb(1, 1e-20), 10), BINARY64.narrow(arb(1, 1e-17), 10)
        (True, False)
        """
        return bool(
            value.rel_accuracy_bits() >= self.accurate_bits(guard)
            or value.rad() <= arb((1, self._lowest_exponent + 1 - self.precision - guard - 2))
        )


BINARY64 = Format(
    name="binary64",
    precision=53,
    max=(2 - 2.0**-52) * 2.0**1023,
    smallest_normal=2.0**-1022,
    dtype=np.dtype("float64"),
    flushes=True,
)
BINARY32 = Format(
    name="binary32",
    precision=24,
    max=(2 - 2.0**-23) * 2.0**127,
    smallest_normal=2.0**-126,
    dtype=np.dtype("float32"),
    flushes=True,
)
BINARY16 = Format(
    name="binary16",
    precision=11,
    max=65504.0,
    smallest_normal=2.0**-14,
    dtype=np.dtype("float16"),
    flushes=False,
)
BFLOAT16 = Format(
    name="bfloat16",
    precision=8,
    max=(2 - 2.0**-7) * 2.0**127,
    smallest_normal=2.0**-126,
    dtype=np.dtype(ml_dtypes.bfloat16),
    flushes=True,
)

FORMATS: dict[str, Format] = {
    format.name: format for format in (BINARY64, BINARY32, BINARY16, BFLOAT16)
}
"""The formats by name, from the widest to the narrowest."""
