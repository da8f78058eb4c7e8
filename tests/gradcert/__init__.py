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
    from gradcert.conformance import conformance_tests
    from gradcert.limits import Limits
    from gradcert_implementations import Implementation, Loss, SpecError, load
    from gradcert_implementations.adapters.jax_loss import from_jax
    from gradcert_implementations.adapters.numpy_function import from_numpy
    from gradcert_implementations.adapters.program import from_command
    from gradcert_implementations.adapters.torch_loss import from_torch
    from gradcert_reports import Certificate, Report

MAX_EXAMPLES = 100
"""Cases that a check with a full share of them tries, unless the caller says otherwise."""

__all__ = [
    "MAX_EXAMPLES",
    "Certificate",
    "Implementation",
    "Limits",
    "Loss",
    "Report",
    "SpecError",
    "certify",
    "conformance_tests",
    "from_command",
    "from_jax",
    "from_numpy",
    "from_torch",
    "load",
]

_HOME = {
    "Certificate": "gradcert_reports",
    "Implementation": "gradcert_implementations",
    "Limits": "gradcert.limits",
    "Loss": "gradcert_implementations",
    "Report": "gradcert_reports",
    "SpecError": "gradcert_implementations",
    "certify": "gradcert.certification",
    "conformance_tests": "gradcert.conformance",
    "from_command": "gradcert_implementations.adapters.program",
    "from_jax": "gradcert_implementations.adapters.jax_loss",
    "from_numpy": "gradcert_implementations.adapters.numpy_function",
    "from_torch": "gradcert_implementations.adapters.torch_loss",
    "load": "gradcert_implementations",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gradcert' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
