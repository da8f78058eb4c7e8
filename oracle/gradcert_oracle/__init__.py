"""What is true: softmax and cross-entropy, their derivatives and budgets, in ball arithmetic.

Everything here takes rows of plain Python floats, each of which is exact, and knows no framework.
"""

from gradcert_oracle.budgets import budgets, scale
from gradcert_oracle.definitions import cross_entropy, log_sum_exp, softmax
from gradcert_oracle.differences import (
    OracleError,
    analytic_log,
    analytic_log1p,
    central_differences,
    log_slopes,
)
from gradcert_oracle.formats import BFLOAT16, BINARY16, BINARY32, BINARY64, FORMATS, Format
from gradcert_oracle.precision import GUARD, Enclosures, Row
from gradcert_oracle.quantities import QUANTITIES
from gradcert_oracle.textbook import LEVELS, Algorithm, algorithms
from gradcert_oracle.verdicts import ALLOWED, FAITHFUL, Judgement, explain, judge, rungs, ulps

__all__ = [
    "ALLOWED",
    "BFLOAT16",
    "BINARY16",
    "BINARY32",
    "BINARY64",
    "FAITHFUL",
    "FORMATS",
    "GUARD",
    "LEVELS",
    "QUANTITIES",
    "Algorithm",
    "Enclosures",
    "Format",
    "Judgement",
    "OracleError",
    "Row",
    "algorithms",
    "analytic_log",
    "analytic_log1p",
    "budgets",
    "central_differences",
    "cross_entropy",
    "explain",
    "judge",
    "log_slopes",
    "log_sum_exp",
    "rungs",
    "scale",
    "softmax",
    "ulps",
]
