"""Subjects, claims and cases that several test modules need."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim
from gradcert_implementations import Array, Options, as_implementation
from gradcert_oracle import BINARY64, Format, quantity_of

RIGHT_SOURCE = """
import numpy as np

def right(logits, targets):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) - targets
"""
"""A right gradient as the source of a file."""


def right(z: Array, t: Array) -> Array:
    """Return ``o - t``."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    difference: Array = powers / powers.sum(axis=1, keepdims=True) - t
    return difference


def claim_of(
    function: Callable[..., Any],
    quantity: str = "dE/dz",
    format: Format = BINARY64,
    targets: str | None = None,
) -> Claim:
    """Return the claim that a plain function computes a quantity."""
    options = Options(quantities=[quantity], formats=[format.name], targets=targets)
    return Claim(as_implementation(function, options), quantity_of(quantity), format)


def case_of(z: Any, t: Any, format: Format = BINARY64) -> Case:
    """Return the case of these rows of logits and targets."""
    logits, targets = (np.array(rows, dtype=format.dtype) for rows in (z, t))
    return Case({"logits": logits, "targets": targets}, (Regime("ties"),) * len(logits))
