"""The label is stored in a signed type that is too narrow.

A signed byte counts to 127. A label of 128 is stored as -128, and one of 300 as 44. NumPy, PyTorch
and JAX count a negative index from the end of the row, and the target is subtracted there. A kernel
in C or CUDA subtracts it in front of the row, where the row before ends. A kernel that compares the
label with a counter finds no class, and subtracts it nowhere. Up to 128 classes all are right.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from gradcert_implementations.catalogue import FlawKind
from gradcert_implementations.interface import Array, Domain, Function
from gradcert_implementations.names import QuantityName
from gradcert_implementations.parametric import ParametricFlaw, Seen
from gradcert_implementations.reading import (
    differs,
    is_by_class,
    label_of,
)

__all__ = ["implementation", "signed"]

_FROM_THE_END, _NOWHERE, _IN_THE_ROW_BEFORE = range(3)
"""Where the target of a negative label is subtracted."""

_WHERE = "counts from the end", "is no class", "lies in the row before"

_FEWEST, _TYPES = 4, (8, 16)
"""The bits of the narrowest type that is tried, and those that are likeliest."""


def _stored(labels: Array, bits: int) -> Array:
    """Return whole numbers as a signed type of so many bits holds them."""
    half = 1 << (bits - 1)
    result: Array = (labels + half) % (2 * half) - half
    return result


def signed(bits: float, where: float) -> Mapping[QuantityName, Function]:
    """Return the gradient for labels in a signed type of so many bits.

    A negative label counts from the end of the row (0), is no class (1), or lies in the row before
    (2), which the first row has not.

    Examples
    --------
    >>> signed(2, 0)["dE/dz"](np.array([[0.0, 0.0, -np.inf, -np.inf]]), np.eye(4)[2:3])
    array([[ 0.5,  0.5, -1. ,  0. ]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        labels = _stored(np.arange(o.shape[-1]), int(bits))
        negative = labels < 0
        np.subtract.at(o.T, labels[~negative], targets.T[~negative])
        if where == _FROM_THE_END:
            np.subtract.at(o.T, labels[negative], targets.T[negative])
        elif where == _IN_THE_ROW_BEFORE:
            np.subtract.at(o[:-1].T, labels[negative], targets[1:].T[negative])
        return o

    return {"dE/dz": gradient}


def _stated(bits: float, where: float) -> str:
    return f"the label y is stored in {bits:g} signed bits; a negative one {_WHERE[int(where)]}"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the bits that lead from each label to the class whose value is too small.

    A row whose neighbour writes into it shows nothing of its own label, and fits by chance only.
    """
    possible: set[tuple[int, int]] | None = None
    for seen in evidence:
        label = label_of(seen)
        if label is None or not is_by_class(seen):
            return []
        excess = np.where(differs(seen), seen.returned - seen.expected, 0)
        taken = int(excess.argmin()) if (excess < 0).any() else None
        fits = set()
        for bits in range(_FEWEST, label.bit_length() + 1):
            stored = int(_stored(np.array(label), bits))
            if stored >= 0:
                fits |= {(bits, where) for where in range(3) if stored == taken != label}
            elif taken is None:
                fits |= {(bits, _NOWHERE), (bits, _IN_THE_ROW_BEFORE)}
            elif len(excess) + stored == taken:
                fits.add((bits, _FROM_THE_END))
        possible = fits if possible is None else possible & fits
    return sorted(possible or (), key=lambda fit: (fit[0] not in _TYPES, fit))


implementation = ParametricFlaw(
    name="label-taken-as-signed",
    functions=signed(8, _FROM_THE_END),
    domain=Domain(targets="index"),
    formula=_stated(8, _FROM_THE_END),
    source="a common slip",
    kind=FlawKind.SIZE,
    links=(),
    exposed_by=(((0.0,) * 129,), ((0.0,) * 128 + (1.0,),)),
    at=signed,
    stated=_stated,
    fit=_fit,
)
