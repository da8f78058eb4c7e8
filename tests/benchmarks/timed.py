"""What ``make bench`` times: the oracle, its floor, and the checks that people use today.

All do the same work: the gradient of one row, ``dE/dz`` of the cross-entropy of a softmax. Beside
it, the oracle's enclosures of log-softmax, of products with a vector and of dE/dt are timed, and
those of the gradient of losses with options. A subject first imports and converts what it needs for
a case, and returns the function that is timed. The peers always work in binary64, or with 50
digits. What is timed of the suite stands in ``suite.py``.
"""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from flint import arb, ctx

from gradcert_oracle import (
    GRADIENT,
    GUARD,
    HESSIAN_VECTOR_PRODUCT,
    LOG_SOFTMAX,
    LOG_SOFTMAX_BACKWARD,
    SOFTMAX_BACKWARD,
    TARGET_GRADIENT,
    Algorithm,
    Format,
    Loss,
    Quantity,
    Question,
    Row,
    budgets,
    scale,
)
from gradcert_oracle.precision import refine

ROWS = ("benign", "spread", "masked")
"""Normal logits; logits from the whole required range; half of the classes masked out."""

PALETTES = ("palette", "batch")
"""Rows of two dozen normal logits that recur without a period, as in the suite's wide rows."""

_NUMBERS = 24
"""The numbers of a palette."""


@dataclass(frozen=True)
class Case:
    """One row of logits, targets and v, with numbers of the format."""

    format: Format
    logits: Row
    targets: Row
    v: Row


def case(row: str, format: Format, classes: int) -> Case:
    """Return the row of this name, always the same one. Its target is one at an unmasked class.

    Examples
    --------
    >>> from gradcert_oracle import BINARY32
    >>> drawn = case("masked", BINARY32, 4)
    >>> [logit > -inf for logit in drawn.logits], drawn.targets
    ([False, True, False, True], (0.0, 1.0, 0.0, 0.0))
    """
    random = np.random.default_rng(classes)
    if row == "spread":
        logits = random.uniform(-1e4, 1e4, classes)
    elif row in PALETTES:
        logits = random.choice(random.normal(size=_NUMBERS), classes)
    else:
        logits = random.normal(size=classes)
    if row == "masked":
        logits[::2] = -inf
    targets = [0.0] * classes
    targets[1] = 1.0
    rows = (logits, random.normal(size=classes))
    z, v = (tuple(row.astype(format.dtype).astype(float).tolist()) for row in rows)
    return Case(format, z, tuple(targets), v)


Run = Callable[[], object]
"""The work that is timed."""


def working_precision(format: Format) -> int:
    """Return the bits with which the oracle begins, as the oracle itself says.

    Examples
    --------
    >>> from gradcert_oracle import BINARY64
    >>> working_precision(BINARY64) > BINARY64.precision + GUARD
    True
    """
    seen = []

    def evaluate(wide: Sequence[int]) -> list[arb]:
        seen.append(ctx.prec)
        return [arb(0) for _ in wide]

    refine(evaluate, 1, format, GUARD)
    return seen[0]


def _floor(case: Case) -> Run:
    """Compute one ball exponential and one ball logarithm per class, from balls."""
    bits, balls = working_precision(case.format), list(map(arb, case.logits))

    def run() -> object:
        with ctx.workprec(bits):
            powers = [x.exp() for x in balls]
            return powers, [power.log() for power in powers]

    return run


def _question(case: Case) -> Question:
    return Question(GRADIENT, (case.logits, case.targets), case.format)


def _oracle(case: Case) -> Run:
    question = _question(case)
    return lambda: GRADIENT.enclose(question, GUARD)  # Without the cache of `enclose`.


def _enclosed(quantity: Quantity) -> Callable[[Case], Run]:
    """Return what times the enclosures of a quantity."""

    def of(case: Case) -> Run:
        rows = {"logits": case.logits, "targets": case.targets, "v": case.v}
        given = tuple(rows[name] for name in quantity.arguments)
        question = Question(quantity, given, case.format)
        return lambda: quantity.enclose(question, GUARD)

    return of


def _enclosed_under(loss_of: Callable[[int], Loss]) -> Callable[[Case], Run]:
    """Return what times the enclosures of the gradient of a loss."""

    def of(case: Case) -> Run:
        loss = loss_of(len(case.logits))
        question = Question(GRADIENT, (case.logits, case.targets), case.format, loss)
        return lambda: GRADIENT.enclose(question, GUARD)

    return of


def _budgets(case: Case) -> Run:
    question, algorithm = _question(case), Algorithm("shifted", "pairwise")
    uncached = inspect.unwrap(budgets)

    def run() -> object:
        scale.cache_clear()
        return uncached(question, algorithm)

    return run


def torch_loss(case: Case) -> tuple[Callable[[Any], Any], Any]:
    """Return PyTorch's cross-entropy as a function of the logits, and the logits."""
    import torch

    targets = torch.tensor(case.targets, dtype=torch.float64)
    logits = torch.tensor(case.logits, dtype=torch.float64, requires_grad=True)
    return lambda z: torch.nn.functional.cross_entropy(z, targets), logits


def _gradcheck(case: Case, *, fast: bool) -> Run:
    import torch

    loss, logits = torch_loss(case)
    return lambda: torch.autograd.gradcheck(loss, (logits,), fast_mode=fast)


def jax_loss(case: Case) -> tuple[Callable[[Any], Any], Any]:
    """Return the cross-entropy of jax's log-softmax as a function of the logits, and the logits."""
    import jax

    targets, logits = np.array(case.targets), np.array(case.logits)
    return lambda z: -(targets * jax.nn.log_softmax(z)).sum(), logits


def _check_grads(case: Case) -> Run:
    import jax
    from jax.test_util import check_grads

    loss, logits = jax_loss(case)

    def run() -> object:
        with jax.enable_x64(True):
            check_grads(loss, (logits,), order=1, modes=["rev"])
        return None

    return run


def mpmath_gradient(case: Case) -> Callable[[], list[Any]]:
    """Return the function that differentiates the definition along every logit, with 50 digits."""
    import mpmath

    logits = list(map(mpmath.mpf, case.logits))
    with_target = [j for j, target in enumerate(case.targets) if target]

    def loss(z: list[Any]) -> Any:
        powers = list(map(mpmath.exp, z))
        whole = mpmath.fsum(powers)
        return -mpmath.fsum(case.targets[j] * mpmath.log(powers[j] / whole) for j in with_target)

    def along(j: int) -> Any:
        return mpmath.diff(lambda s: loss([*logits[:j], s, *logits[j + 1 :]]), logits[j])

    def run() -> list[Any]:
        with mpmath.workdps(50):
            return [along(j) for j in range(len(logits))]

    return run


OURS = ("floor", "oracle", "budgets")

BESIDE = {
    quantity.name: quantity
    for quantity in (
        LOG_SOFTMAX,
        SOFTMAX_BACKWARD,
        LOG_SOFTMAX_BACKWARD,
        HESSIAN_VECTOR_PRODUCT,
        TARGET_GRADIENT,
    )
}
"""The quantities beside the gradient whose enclosures are timed."""

VECTOR = "vector"
"""The row that they are timed on: normal logits and normal v, with a one-hot target."""

SUBJECTS: dict[str, Callable[[Case], Run]] = {
    "floor": _floor,
    "oracle": _oracle,
    "budgets": _budgets,
    "gradcheck": lambda case: _gradcheck(case, fast=False),
    "gradcheck, fast": lambda case: _gradcheck(case, fast=True),
    "check_grads": _check_grads,
    "mpmath.diff": mpmath_gradient,
}
"""What is timed of the gradient, by the name in the tables."""

ENCLOSED = {name: _enclosed(quantity) for name, quantity in BESIDE.items()}
"""What is timed beside it."""

PLAIN = "no options"
"""What is timed of the plain loss, beside the losses with options."""

OPTIONS: dict[str, Callable[[int], Loss]] = {
    "label smoothing": lambda _: Loss(label_smoothing=0.1),
    "class weights": lambda classes: Loss(class_weights=tuple(1 / (1 + k) for k in range(classes))),
    "logit scale": lambda _: Loss(logit_scale=0.7),
    "z-loss": lambda _: Loss(z_loss=1e-4),
    "softcap": lambda _: Loss(softcap=30.0),
}
"""The losses of which each is timed, by the name of their option, for a number of classes."""

WITH_OPTIONS = "with options"
"""The row that they are timed on: normal logits with a one-hot target."""

UNDER = {
    name: _enclosed_under(loss_of) for name, loss_of in {PLAIN: lambda _: Loss(), **OPTIONS}.items()
}
"""What is timed of losses."""

PEERS = tuple(subject for subject in SUBJECTS if subject not in OURS)
"""The checks of others. Those of PyTorch and jax raise if they find the gradient wrong."""
