"""The label is rounded to the 16-bit format of the logits.

Labels and logits are moved to the device together, and one conversion takes both to the narrow
format. A class index is then a rounded number. In bfloat16 it has eight bits, so above 256 every
second label is a neighbour's, and further up a whole group of classes has one label. In binary16
that begins at 2048. Small numbers of classes are right.
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

__all__ = ["implementation", "with_bits"]


def with_bits(bits: float) -> Mapping[QuantityName, Function]:
    """Return the gradient for labels rounded to a number of bits, half to even.

    Examples
    --------
    >>> with_bits(1)["dE/dz"](np.array([[0.0, 0.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 0.0, 1.0]]))
    array([[0.25, 0.25, 0.25, 0.25]])
    """

    def gradient(logits: Array, targets: Array) -> Array:
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        o: Array = powers / powers.sum(axis=-1, keepdims=True)
        classes = o.shape[-1]
        labels = _rounded(np.arange(classes), int(bits))
        stored = np.zeros_like(o)
        # A label that is rounded up beyond the last class is nowhere.
        inside = labels < classes
        np.add.at(stored.T, labels[inside], targets.T[inside])
        return o - stored

    return {"dE/dz": gradient}


def _rounded(labels: Array, bits: int) -> Array:
    """Return whole numbers rounded to a number of bits, half to even."""
    mantissas, exponents = np.frexp(labels.astype(np.float64))
    result: Array = np.ldexp(np.rint(np.ldexp(mantissas, bits)), exponents - bits)
    return result.astype(np.int64)


def _stated(bits: float) -> str:
    return f"the label y is rounded to {bits:g} bits"


def _fit(evidence: Sequence[Seen]) -> Iterable[tuple[float, ...]]:
    """Return the formats that lead from each label to the class whose value is too small."""
    possible = [8, 11]
    for seen in evidence:
        label = label_of(seen)
        if label is None or not is_by_class(seen):
            return []
        excess = seen.returned - seen.expected
        taken = int(excess.argmin()) if (differs(seen) & (excess < 0)).any() else len(excess)
        moved = {bits: int(_rounded(np.array(label), bits)) for bits in possible}
        possible = [bits for bits in possible if min(moved[bits], len(excess)) == taken != label]
    return [(bits,) for bits in possible] if evidence else []


implementation = ParametricFlaw(
    name="label-rounded-to-few-bits",
    functions=with_bits(8),
    domain=Domain(targets="index"),
    formula=_stated(8),
    source="reported in Keras #15012, TensorFlow #50964, ONNX Runtime PR 3237",
    kind=FlawKind.PRECISION,
    links=(
        "https://github.com/keras-team/keras/issues/15012",
        "https://github.com/tensorflow/tensorflow/issues/50964",
        "https://github.com/microsoft/onnxruntime/pull/3237",
    ),
    exposed_by=(((0.0,) * 258,), ((0.0,) * 257 + (1.0,),)),
    at=with_bits,
    stated=_stated,
    fit=_fit,
)
