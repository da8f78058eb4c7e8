"""The oracle: true values of softmax and cross-entropy, their derivatives and error budgets.

It works in ball arithmetic. It takes rows of plain Python floats, each of which is exact, and knows
no framework.
"""

from gradcert_oracle.acceptance import Screened
from gradcert_oracle.budgets import budgets, scale
from gradcert_oracle.differences import (
    OracleError,
    analytic_log,
    analytic_log1p,
    central_differences,
    log_slopes,
)
from gradcert_oracle.formats import BFLOAT16, BINARY16, BINARY32, BINARY64, FORMATS, Format
from gradcert_oracle.losses import Loss, Share, SmoothingOver
from gradcert_oracle.precision import GUARD, Enclosures
from gradcert_oracle.quantities import (
    GRADIENT,
    HESSIAN_VECTOR_PRODUCT,
    IDENTITY_GRADIENT,
    JACOBIAN,
    LOG_SOFTMAX,
    LOG_SOFTMAX_BACKWARD,
    LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS,
    LOSS,
    LOSS_BY_PROBABILITY,
    QUANTITIES,
    REDUCED_LOSS,
    SIGMOID_GRADIENT,
    SOFTMAX,
    SOFTMAX_BACKWARD,
    SOFTMAX_BACKWARD_OF_OUTPUTS,
    TARGET_GRADIENT,
    quantity_of,
    question,
)
from gradcert_oracle.questions import Quantity, Question, enclose
from gradcert_oracle.rows import Row
from gradcert_oracle.screening import ScreenError, screen
from gradcert_oracle.textbook import LEVELS, Algorithm, algorithms
from gradcert_oracle.verdicts import (
    ALLOWED,
    FAITHFUL,
    Judgement,
    judge,
    judge_differences,
    levels,
    ulps,
)

__all__ = [
    "ALLOWED",
    "BFLOAT16",
    "BINARY16",
    "BINARY32",
    "BINARY64",
    "FAITHFUL",
    "FORMATS",
    "GRADIENT",
    "GUARD",
    "HESSIAN_VECTOR_PRODUCT",
    "IDENTITY_GRADIENT",
    "JACOBIAN",
    "LEVELS",
    "LOG_SOFTMAX",
    "LOG_SOFTMAX_BACKWARD",
    "LOG_SOFTMAX_BACKWARD_OF_LOGARITHMS",
    "LOSS",
    "LOSS_BY_PROBABILITY",
    "QUANTITIES",
    "REDUCED_LOSS",
    "SIGMOID_GRADIENT",
    "SOFTMAX",
    "SOFTMAX_BACKWARD",
    "SOFTMAX_BACKWARD_OF_OUTPUTS",
    "TARGET_GRADIENT",
    "Algorithm",
    "Enclosures",
    "Format",
    "Judgement",
    "Loss",
    "OracleError",
    "Quantity",
    "Question",
    "Row",
    "ScreenError",
    "Screened",
    "Share",
    "SmoothingOver",
    "algorithms",
    "analytic_log",
    "analytic_log1p",
    "budgets",
    "central_differences",
    "enclose",
    "judge",
    "judge_differences",
    "levels",
    "log_slopes",
    "quantity_of",
    "question",
    "scale",
    "screen",
    "ulps",
]
