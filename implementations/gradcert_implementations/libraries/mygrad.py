"""MyGrad: ``mygrad.nnet.softmax_crossentropy``, differentiated by its ``backward``.

The documentation requires class indices and promises the mean over rows. The mean is differentiated
with an incoming gradient equal to the number of rows. The documentation names no formats. MyGrad
accepts binary16, which is not claimed: the mean underflows a small gradient, and no factor brings
it back.
https://mygrad.readthedocs.io/en/latest/generated/mygrad.nnet.losses.softmax_crossentropy.html
"""

import mygrad
from mygrad import nnet

from gradcert_implementations.adapters.labels import class_indices
from gradcert_implementations.interface import Array, Domain, Implementation

__all__ = ["gradient", "implementation", "softmax"]


def softmax(logits: Array) -> Array:
    """Return ``mygrad.nnet.softmax``."""
    o: Array = nnet.softmax(logits, constant=True).data
    return o


def gradient(logits: Array, targets: Array) -> Array:
    """Return the gradient of the rows' mean loss times the number of rows."""
    z = mygrad.tensor(logits)
    nnet.softmax_crossentropy(z, class_indices(targets)).backward(len(logits))
    slope: Array = z.grad
    return slope


implementation = Implementation(
    name="mygrad",
    functions={"softmax": softmax, "dE/dz": gradient},
    domain=Domain(targets="index"),
    library="mygrad",
)
