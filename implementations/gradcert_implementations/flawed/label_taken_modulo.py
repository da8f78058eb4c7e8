"""The label of a class is stored in too few bits.

Class indices are stored as bytes to save memory, or pass through a type that was wide enough for
the first data set. A label of 256 becomes a label of zero: the remainder of a division by a power
of two. The target is subtracted from a wrong class, and the right one is pushed down. With up to as
many classes as the type can count, nothing is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Domain, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    is_by_class,
    label_of,
)

__all__ = ["counted_modulo", "implementation"]


def counted_modulo(modulus: float) -> Mapping[QuantityName, Function]:
    """Return loss and gradient for the label ``y mod modulus`` of a one-hot row of label y.

    Examples
    --------
    >>> counted_modulo(2)["dE/dz"](np.array([[0.0, -np.inf, 0.0]]), np.array([[0.0, 0.0, 1.0]]))
    array([[-0.5,  0. ,  0.5]])
    """

    def stored(targets: Array) -> Array:
        result = np.zeros_like(targets)
        for start in range(0, targets.shape[-1], int(modulus)):
            part = targets[:, start : start + int(modulus)]
            result[:, : part.shape[-1]] += part
        return result

    def loss(logits: Array, targets: Array) -> Array:
        t = stored(targets)
        shifted = logits - logits.max(axis=-1, keepdims=True)
        surprise = np.log(np.exp(shifted).sum(axis=-1, keepdims=True)) - shifted
        total: Array = (t * np.where(t == 0, 0, surprise)).sum(axis=-1)
        return total

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        return o - stored(targets)

    return {"loss": loss, "dE/dz": gradient}


def _stated(modulus: float) -> str:
    return f"the label y is taken as y mod {modulus:g}"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the powers of two that lead from each label to the class whose value is too small."""
    moduli: set[int] | None = None
    for seen in evidence:
        label = label_of(seen)
        if label is None:
            return []
        powers = {1 << k for k in range(1, label.bit_length()) if label >> k}
        if is_by_class(seen):
            taken = int((seen.returned - seen.expected).argmin())
            powers = {power for power in powers | {label - taken} if 0 < power <= label}
            powers = {power for power in powers if label % power == taken}
        moduli = powers if moduli is None else moduli & powers
    return [(modulus,) for modulus in sorted(moduli or (), key=lambda m: (m & (m - 1) > 0, -m))]


implementation = ParametricFlaw(
    name="label-taken-modulo",
    functions=counted_modulo(256),
    domain=Domain(targets="index"),
    formula=_stated(256),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 257,), ((0.0,) * 256 + (1.0,),)),
    at=counted_modulo,
    stated=_stated,
    fit=_fit,
)
