"""MyGrad: ``mygrad.nnet.softmax_crossentropy``, differentiated by its ``backward``.

The documentation requires class indices and promises the mean over rows. Where no mean is claimed,
it is differentiated with an incoming gradient that is the number of rows times that of each row;
rows with another one are a batch of their own. The documentation names no formats. MyGrad accepts
binary16, which is not claimed: the mean underflows a small gradient, and no factor brings it back.
https://mygrad.readthedocs.io/en/latest/generated/mygrad.nnet.losses.softmax_crossentropy.html
https://mygrad.readthedocs.io/en/latest/generated/mygrad.Tensor.backward.html
"""

from collections.abc import Mapping

import mygrad
import numpy as np
from mygrad import nnet

from gradcert_implementations.adapters.conventions import parts_of_a_mean
from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.adapters.offered import of_labels, require_offered
from gradcert_implementations.interface import (
    Array,
    Domain,
    Function,
    Implementation,
    Loss,
    Reduction,
)
from gradcert_implementations.names import QuantityName

__all__ = ["functions_for", "implementation", "softmax"]


def softmax(logits: Array) -> Array:
    """Return ``mygrad.nnet.softmax``."""
    o: Array = nnet.softmax(logits, constant=True).data
    return o


def _of_the_mean(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    z = mygrad.tensor(logits)
    nnet.softmax_crossentropy(z, class_indices(targets)).backward(upstream)
    slope: Array = z.grad
    return slope


def _of_rows(logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    """Return the gradient of the rows' mean loss times the number of rows."""
    g = np.ones(len(logits), logits.dtype) if upstream is None else upstream
    slopes = np.zeros_like(logits)
    for part in parts_of_a_mean(targets, g, averages=True) or [np.arange(0)]:
        weight = (len(part) * g[part[:1]]).sum()
        slopes[part] = _of_the_mean(logits[part], targets[part], weight)
    return slopes


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the gradient of the mean over rows, or of each row's loss.

    Raises
    ------
    ValueError
        For an option that MyGrad does not offer.
    """
    reductions = Reduction.NONE, Reduction.MEAN
    require_offered(loss, "reduction", reductions=reductions)
    mean = loss.reduction is Reduction.MEAN
    return {"dE/dz": of_labels(_of_the_mean if mean else _of_rows)}


implementation = Implementation(
    name="mygrad",
    functions={"softmax": softmax, **functions_for(Loss())},
    domain=Domain(targets="index"),
    library="mygrad",
    takes_upstream=True,
    functions_for=functions_for,
)
