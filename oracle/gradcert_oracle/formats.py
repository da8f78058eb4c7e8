"""The floating-point formats under test: precision, range, unit in the last place.

Every value of these formats is a binary64 number, so the oracle takes and compares plain Python
floats; only the dtype at the boundary differs.
"""

import functools
from dataclasses import dataclass

import ml_dtypes
import numpy as np
from flint import arb

__all__ = ["BFLOAT16", "BINARY16", "BINARY32", "BINARY64", "FORMATS", "Format"]


@dataclass(frozen=True, kw_only=True)
class Format:
    """A binary floating-point format (IEEE 754-2019, section 3.3).

    Attributes
    ----------
    name
        ``binary64``, ``binary32``, ``binary16`` or ``bfloat16``.
    precision
        Bits of the significand, the leading one included.
    max_exponent
        Exponent of the largest finite number, ``2**max_exponent * (2 - 2**(1 - precision))``.
    dtype
        The numpy dtype that stores it.
    flushes
        Whether hardware may replace subnormal results by zero. No hardware does for binary16, whose
        smallest normal number, 6e-5, would hide real errors.

    Examples
    --------
    >>> BFLOAT16.max, BINARY16.smallest_subnormal
    (3.3895313892515355e+38, 5.960464477539063e-08)
    """

    name: str
    precision: int
    max_exponent: int
    dtype: np.dtype
    flushes: bool

    @functools.cached_property
    def max(self) -> float:
        """The largest finite number."""
        return (2.0 - 2.0 ** (1 - self.precision)) * 2.0**self.max_exponent

    @functools.cached_property
    def smallest_normal(self) -> float:
        """The smallest positive number of full precision."""
        return 2.0 ** (1 - self.max_exponent)

    @functools.cached_property
    def smallest_subnormal(self) -> float:
        """The smallest positive number; one ulp of everything below ``2 * smallest_normal``."""
        return self.smallest_normal * 2.0 ** (1 - self.precision)

    @property
    def underflow(self) -> float:
        """What an operation may lose to underflow: a flushed normal number, or a subnormal one."""
        return self.smallest_normal if self.flushes else self.smallest_subnormal

    def ulp(self, value: arb) -> arb:
        """Return the unit in the last place at the point of `value` nearest to zero, exactly.

        Examples
        --------
        >>> float(BINARY32.ulp(arb(1))) == 2.0**-23
        True
        >>> float(BINARY64.ulp(arb(0)))
        5e-324
        """
        mantissa, exponent = value.abs_lower().man_exp()
        leading = int(exponent) + int(mantissa).bit_length() - 1
        lowest = 1 - self.max_exponent
        return arb((1, (leading if mantissa and leading > lowest else lowest) + 1 - self.precision))

    def narrow(self, value: arb, guard: int) -> bool:
        """Tell whether `value` is a ball narrower than ``2**-guard`` ulp of any point in it.

        The relative test suffices for normal numbers, ``ulp(x) >= |x| 2**-precision``; the absolute
        one, against the smallest subnormal number, for what underflows.
        """
        return bool(
            value.rel_accuracy_bits() >= self.precision + guard + 3
            or value.rad() <= arb((1, 1 - self.max_exponent + 1 - self.precision - guard - 2))
        )


BINARY64 = Format(
    name="binary64", precision=53, max_exponent=1023, dtype=np.dtype("float64"), flushes=True
)
BINARY32 = Format(
    name="binary32", precision=24, max_exponent=127, dtype=np.dtype("float32"), flushes=True
)
BINARY16 = Format(
    name="binary16", precision=11, max_exponent=15, dtype=np.dtype("float16"), flushes=False
)
BFLOAT16 = Format(
    name="bfloat16",
    precision=8,
    max_exponent=127,
    dtype=np.dtype(ml_dtypes.bfloat16),
    flushes=True,
)

FORMATS: dict[str, Format] = {
    format.name: format for format in (BINARY64, BINARY32, BINARY16, BFLOAT16)
}
