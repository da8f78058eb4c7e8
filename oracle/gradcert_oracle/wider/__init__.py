"""Arithmetic that is wider than a format under test, on whole arrays, with proved errors."""

from gradcert_oracle.wider.arithmetic import PAIRED, PLAIN, Balance, Wider
from gradcert_oracle.wider.exponentials import (
    DEEPEST,
    LOST,
    PAIRED_ERROR,
    PLAIN_ERROR,
    powers,
)
from gradcert_oracle.wider.hyperbolic import (
    STEEPNESS_LOST,
    Tangents,
    steepness_error,
    tangent_error,
    tangents,
)
from gradcert_oracle.wider.logarithms import LOG_ERROR, LOG_LOST, log1p
from gradcert_oracle.wider.pairs import Array, Pair, blocks

__all__ = [
    "DEEPEST",
    "LOG_ERROR",
    "LOG_LOST",
    "LOST",
    "PAIRED",
    "PAIRED_ERROR",
    "PLAIN",
    "PLAIN_ERROR",
    "STEEPNESS_LOST",
    "Array",
    "Balance",
    "Pair",
    "Tangents",
    "Wider",
    "blocks",
    "log1p",
    "powers",
    "steepness_error",
    "tangent_error",
    "tangents",
]
