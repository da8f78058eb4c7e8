"""gradcert certifies implementations of the softmax / cross-entropy gradient.

>>> import gradcert
>>> gradcert.certify("numpy", quantities=["dE/dz"], formats=["binary64"], max_examples=10).verdict
'conforms'

What is asked for is loaded when it is asked for: importing gradcert imports nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcert.certification import certify
    from gradcert_implementations import Implementation, Loss, SpecError, load
    from gradcert_reports import Certificate, Report

MAX_EXAMPLES = 100
"""Cases that a check with a full share of them tries, unless the caller says otherwise."""

__all__ = [
    "MAX_EXAMPLES",
    "Certificate",
    "Implementation",
    "Loss",
    "Report",
    "SpecError",
    "certify",
    "load",
]

_HOME = {
    "Certificate": "gradcert_reports",
    "Implementation": "gradcert_implementations",
    "Loss": "gradcert_implementations",
    "Report": "gradcert_reports",
    "SpecError": "gradcert_implementations",
    "certify": "gradcert.certification",
    "load": "gradcert_implementations",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gradcert' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
