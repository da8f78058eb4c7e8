"""What is claimed: implementations of softmax and cross-entropy gradients, and how to load one."""

from gradcert_implementations.interface import (
    FORMAT_NAMES,
    QUANTITY_NAMES,
    TARGET_DOMAINS,
    Array,
    FormatName,
    Function,
    Implementation,
    Loss,
    QuantityName,
    TargetDomain,
)
from gradcert_implementations.loading import (
    BUILT_IN,
    FLAWED,
    SpecError,
    as_implementation,
    load,
    select,
    summary_of,
)

__all__ = [
    "BUILT_IN",
    "FLAWED",
    "FORMAT_NAMES",
    "QUANTITY_NAMES",
    "TARGET_DOMAINS",
    "Array",
    "FormatName",
    "Function",
    "Implementation",
    "Loss",
    "QuantityName",
    "SpecError",
    "TargetDomain",
    "as_implementation",
    "load",
    "select",
    "summary_of",
]
