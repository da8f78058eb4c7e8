"""A row in which all classes but one are masked is NaN.

The largest exponential is one after the shift, so only the others are summed, with a shift of their
own: one plus the rest keeps more digits than the whole sum. If every other class is masked, the
largest of the others is minus infinity, and the difference to it is NaN. A mask of some classes is
right. The first token of a causal attention sees one class only.
"""

import numpy as np

from gradcert_implementations.catalogue import Flaw, FlawKind
from gradcert_implementations.interface import Array, Domain

__all__ = ["gradient", "implementation"]


def gradient(logits: Array, targets: Array) -> Array:
    """Return ``o_j - t_j``, the largest class summed apart from the others.

    Examples
    --------
    >>> gradient(np.array([[0.0, 0.0, -np.inf]]), np.array([[1.0, 0.0, 0.0]]))
    array([[-0.5,  0.5,  0. ]])
    """
    largest = logits.max(axis=-1, keepdims=True)
    first = logits.argmax(axis=-1)[:, None] == np.arange(logits.shape[-1])
    others = np.where(first, -np.inf, logits)
    second = others.max(axis=-1, keepdims=True)
    rest = np.exp(others - second).sum(axis=-1, keepdims=True)
    o: Array = np.exp(logits - largest) / (1 + np.exp(second - largest) * rest)
    return o - targets


implementation = Flaw(
    name="masked-but-one",
    functions={"dE/dz": gradient},
    domain=Domain(fewest_classes=2),
    formula="S = 1 + exp(m' - m) sum_k exp(z_k - m') over the others, m' their maximum or -inf",
    source="a common slip",
    kind=FlawKind.MASK,
    links=(),
    exposed_by=(((0.0, -np.inf),), ((1.0, 0.0),)),
)
