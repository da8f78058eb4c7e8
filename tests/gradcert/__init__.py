"""gradcert certifies implementations of the softmax / cross-entropy gradient.

>>> import gradcert
>>> gradcert.certify("numpy", quantities=["dE/dz"], formats=["binary64"], max_examples=10).verdict
'conforms'

Each public name is loaded when it is used, so that importing gradcert imports nothing else.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcert.api import certify
    from gradcert.core.limits import Limits
    from gradcert.suite.conformance_tests import conformance_tests
    from gradcert_implementations import Domain, Implementation, Loss, SpecError, load
    from gradcert_implementations.adapters.jax_loss import from_jax
    from gradcert_implementations.adapters.numpy_function import from_numpy
    from gradcert_implementations.adapters.program import from_command
    from gradcert_implementations.adapters.torch_loss import from_torch
    from gradcert_reports import Certificate, Report, explanation, write

MAX_EXAMPLES = 100
"""The most cases that a standard run draws for a check, unless the caller says otherwise."""

__all__ = [
    "MAX_EXAMPLES",
    "Certificate",
    "Domain",
    "Implementation",
    "Limits",
    "Loss",
    "Report",
    "SpecError",
    "certify",
    "conformance_tests",
    "explanation",
    "from_command",
    "from_jax",
    "from_numpy",
    "from_torch",
    "load",
    "write",
]

_HOME = {
    "Certificate": "gradcert_reports",
    "Domain": "gradcert_implementations",
    "Implementation": "gradcert_implementations",
    "Limits": "gradcert.core.limits",
    "Loss": "gradcert_implementations",
    "Report": "gradcert_reports",
    "SpecError": "gradcert_implementations",
    "certify": "gradcert.api",
    "conformance_tests": "gradcert.suite.conformance_tests",
    "explanation": "gradcert_reports",
    "from_command": "gradcert_implementations.adapters.program",
    "from_jax": "gradcert_implementations.adapters.jax_loss",
    "from_numpy": "gradcert_implementations.adapters.numpy_function",
    "from_torch": "gradcert_implementations.adapters.torch_loss",
    "load": "gradcert_implementations",
    "write": "gradcert_reports",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'gradcert' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
