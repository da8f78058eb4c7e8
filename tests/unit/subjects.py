"""Subjects, claims and cases that several test modules need, and one check run on a subject."""

from collections.abc import Callable
from typing import Any

import numpy as np

from gradcert.checks import CHECKS
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim
from gradcert.core.settings import SearchSettings
from gradcert.engine.check_runner import run_check
from gradcert.engine.record import result_of
from gradcert_implementations import (
    FORMAT_NAMES,
    Array,
    Implementation,
    Options,
    as_implementation,
)
from gradcert_oracle import BINARY64, Format, quantity_of
from gradcert_reports import CheckResult

BY_ID = {check.id: check for check in CHECKS}

Gradient = Callable[[Array, Array], Any]

RIGHT_SOURCE = """
import numpy as np

def right(logits, targets):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) - targets
"""
"""A right gradient as the source of a file."""


def flipped(z: Array, t: Array) -> Array:
    """Return the right gradient with its sign flipped."""
    return t - right(z, t) - t


def log_sum_exp(z: Array, t: Array) -> Array:
    """Return ``exp(z - lse) - t``."""
    largest = z.max(axis=1, keepdims=True)
    lse = largest + np.log(np.exp(z - largest).sum(axis=1, keepdims=True))
    return np.exp(z - lse) - t


def right(z: Array, t: Array) -> Array:
    """Return ``o - t``."""
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    difference: Array = powers / powers.sum(axis=1, keepdims=True) - t
    return difference


def under_upstream(gradient: Gradient, *, second: Gradient | None = None) -> Implementation:
    """Return a subject that multiplies a gradient by its upstream gradient, one number a row.

    Its second backward has the same answer, or that of another gradient.
    """

    def times(factor: Gradient) -> Callable[[Array, Array, Array], Any]:
        return lambda z, t, g: factor(z, t) * g[:, np.newaxis]

    return Implementation(
        name=getattr(gradient, "__name__", type(gradient).__name__),
        functions={"dE/dz": times(gradient)},
        formats=FORMAT_NAMES,
        takes_upstream=True,
        second_backward=times(second or gradient),
    )


def claim_of(
    function: Callable[..., Any] | Implementation,
    quantity: str = "dE/dz",
    format: Format = BINARY64,
    targets: str | None = None,
) -> Claim:
    """Return the claim that a plain function, or an implementation, computes a quantity."""
    options = Options(quantities=[quantity], formats=[format.name], targets=targets)
    return Claim(as_implementation(function, options), quantity_of(quantity), format)


CHECKS_OF_GRADIENT = tuple(check.id for check in CHECKS if check.applies(claim_of(right)))
"""The checks of a gradient that takes no upstream gradient, in the order of a report."""

OF_GRADIENT = len(CHECKS_OF_GRADIENT)
"""How many checks a gradient in one format has."""


def case_of(z: Any, t: Any, format: Format = BINARY64) -> Case:
    """Return the case of these rows of logits and targets."""
    logits, targets = (np.array(rows, dtype=format.dtype) for rows in (z, t))
    return Case({"logits": logits, "targets": targets}, (Regime("ties"),) * len(logits))


def checked(
    check_id: str, subject: Gradient | Implementation, *, targets: str | None = None
) -> CheckResult:
    """Return what one check finds in a gradient."""
    claim, check = claim_of(subject, targets=targets), BY_ID[check_id]
    return result_of(
        claim, check, run_check(claim, check, SearchSettings(max_examples=100, seed=0))
    )


# Mistakes.


def batch_wide_maximum(z: Array, t: Array) -> Array:
    powers = np.exp(z - z.max())
    return powers / powers.sum(axis=1, keepdims=True) - t


def in_binary32(z: Array, t: Array) -> Array:
    return right(z, t).astype(np.float32)


def transposed(z: Array, t: Array) -> Array:
    return right(z, t).T[None]


def wanting_writable_input(z: Array, t: Array) -> Array:
    if not z.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return right(z, t)


class Jittering:
    """Another answer at every other call."""

    calls = 0

    def __call__(self, z: Array, t: Array) -> Array:
        self.calls += 1
        return right(z, t) + self.calls % 2


class Accumulating:
    """Adds into the array it handed out before, as gradients that nobody zeroed do."""

    def __init__(self) -> None:
        self.grad = np.zeros((0, 0))

    def __call__(self, z: Array, t: Array) -> Array:
        if self.grad.shape != z.shape:
            self.grad = np.zeros_like(z)
        self.grad += right(z, t)
        return self.grad


class ReusingOneBuffer:
    """Hands out the same array again and again, so that the next answer changes the last."""

    def __init__(self) -> None:
        self.buffer = np.zeros((0, 0))

    def __call__(self, z: Array, t: Array) -> Array:
        if self.buffer.shape != z.shape:
            self.buffer = np.zeros_like(z)
        self.buffer[:] = right(z, t)
        return self.buffer


class Late:
    """Hands out the answer to the call before, if that was of the same shape."""

    def __init__(self) -> None:
        self.last = np.zeros((0, 0))

    def __call__(self, z: Array, t: Array) -> Array:
        now = right(z, t)
        found = self.last if self.last.shape == z.shape else now
        self.last = now
        return found.copy()
