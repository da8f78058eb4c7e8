"""A flaw under another loss: what it does to the plain loss, or to a few options, in any other one.

A flaw of the plain loss is called with the logits and the targets that a loss with options makes of
its own; see :mod:`~gradcert_implementations.plain_terms`. Everything else is done as it should be.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

import numpy as np

from gradcert_implementations.catalogue import Flaw
from gradcert_implementations.interface import Array, Domain, Function, Loss, Reduction
from gradcert_implementations.names import QuantityName, TargetDomain
from gradcert_implementations.plain_terms import plain_terms

__all__ = ["has_meaning", "lifted"]

_Flaw = TypeVar("_Flaw", bound=Flaw)

_ANY_SUM: tuple[TargetDomain, ...] = ("any", "signed")
"""The targets that may sum to anything."""


def has_meaning(flaw: Flaw, loss: Loss) -> bool:
    """Return whether a flaw may be made under a loss.

    A flaw of an option may if the loss has the option, and any other one if the outputs are those
    that it is about.
    """
    if loss == flaw.loss or flaw.functions_for is None:
        return loss.output == flaw.loss.output
    return bool(flaw.functions_for(loss))


def _gradient(flaw: Flaw, function: Function, loss: Loss) -> Function:
    any_sum = flaw.domain.targets in _ANY_SUM

    def gradient(logits: Array, targets: Array, *upstream: Array) -> Array:
        terms = plain_terms(loss, logits, targets, any_sum=any_sum, own=flaw.own)
        if not upstream:
            return terms.gradient(function(terms.logits, terms.targets))
        g = np.broadcast_to(upstream[0], len(logits))
        return terms.gradient(function(terms.logits, terms.targets, g), g[:, np.newaxis])

    return gradient


def _value(flaw: Flaw, function: Function, loss: Loss) -> Function:
    any_sum = flaw.domain.targets in _ANY_SUM

    def value(logits: Array, targets: Array) -> Array:
        terms = plain_terms(loss, logits, targets, any_sum=any_sum, own=flaw.own)
        rows = terms.loss(function(terms.logits, terms.targets))
        return rows if loss.reduction is Reduction.NONE else np.asarray(rows.sum())

    return value


_LIFTS: Mapping[QuantityName, Callable[[Flaw, Function, Loss], Function]] = {
    "dE/dz": _gradient,
    "loss": _value,
}


_GRADIENT: frozenset[QuantityName] = frozenset({"dE/dz"})
"""The quantity that has an upstream gradient."""


def _times_upstream(function: Function) -> Function:
    def multiplied(*arguments: Array) -> Array:
        *others, upstream = arguments
        answer: Array = function(*others) * upstream.reshape(-1, 1)
        return answer

    return multiplied


def lifted(
    flaw: _Flaw, loss: Loss, domain: Domain | None = None, *, takes_upstream: bool = False
) -> _Flaw:
    """Return a flaw as it is made under another loss.

    Parameters
    ----------
    flaw
        A flaw of the plain loss, or one of some options.
    loss
        The loss. If it is that of the flaw, nothing is lifted.
    domain
        The domain to claim, if it is another one.
    takes_upstream
        Whether dE/dz is called with an upstream gradient. A flaw that takes none is right about it.

    Raises
    ------
    ValueError
        If the flaw, or each of its quantities, has no meaning under the loss, or if its domain
        contradicts the loss.

    Examples
    --------
    >>> from gradcert_implementations import load
    >>> smoothed = lifted(load("diagonal-only"), Loss(label_smoothing=0.5))
    >>> smoothed.functions["dE/dz"](np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]]))
    array([[-0.375, -0.125]])
    """
    if not has_meaning(flaw, loss):
        raise ValueError(f"the flaw {flaw.name} has no meaning with {loss}; leave one of them out")
    functions = dict(flaw.functions)
    if loss != flaw.loss:
        made = flaw.functions if flaw.functions_for is None else flaw.functions_for(loss)
        functions = {
            name: _LIFTS[name](flaw, made[name], loss) for name in functions if name in _LIFTS
        }
        if not functions:
            raise ValueError(
                f"the flaw {flaw.name} is about {', '.join(flaw.functions)}, which no option of a "
                "loss changes; leave the options out"
            )
    if takes_upstream and not flaw.takes_upstream:
        functions |= {name: _times_upstream(functions[name]) for name in _GRADIENT & set(functions)}
    return replace(
        flaw,
        functions=functions,
        loss=loss,
        domain=domain or flaw.domain,
        takes_upstream=takes_upstream or flaw.takes_upstream,
    )
