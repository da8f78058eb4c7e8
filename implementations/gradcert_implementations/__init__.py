"""What is claimed: implementations of softmax and cross-entropy gradients, and how to load one."""

from gradcert_implementations.catalogue import (
    BUILT_IN,
    CLAIMED,
    FLAWED,
    LIBRARIES,
    UNUSUAL,
    Flaw,
    Rows,
    documented,
    plugged_in,
)
from gradcert_implementations.importing import SpecError
from gradcert_implementations.interface import (
    FORMAT_NAMES,
    QUANTITY_NAMES,
    TARGET_DOMAINS,
    Array,
    FormatName,
    Function,
    Implementation,
    Loss,
    OutputName,
    QuantityName,
    TargetDomain,
)
from gradcert_implementations.loading import as_implementation, load, reloading, select

__all__ = [
    "BUILT_IN",
    "CLAIMED",
    "FLAWED",
    "FORMAT_NAMES",
    "LIBRARIES",
    "QUANTITY_NAMES",
    "TARGET_DOMAINS",
    "UNUSUAL",
    "Array",
    "Flaw",
    "FormatName",
    "Function",
    "Implementation",
    "Loss",
    "OutputName",
    "QuantityName",
    "Rows",
    "SpecError",
    "TargetDomain",
    "as_implementation",
    "documented",
    "load",
    "plugged_in",
    "reloading",
    "select",
]
