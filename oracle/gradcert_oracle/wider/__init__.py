"""Arithmetic that is wider than a format under test, on whole arrays, with proved errors."""

from gradcert_oracle.wider.arithmetic import PAIRED, PLAIN, Balance, Wider
from gradcert_oracle.wider.exponentials import (
    DEEPEST,
    LOST,
    PAIRED_ERROR,
    PLAIN_ERROR,
    powers,
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
    "Array",
    "Balance",
    "Pair",
    "Wider",
    "blocks",
    "log1p",
    "powers",
]
