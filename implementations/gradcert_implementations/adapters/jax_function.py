"""A JAX function of the logits alone, and its backward, which ``jax.vjp`` computes."""

from collections.abc import Callable

import jax
import numpy as np

from gradcert_implementations.adapters.conventions import require_shape_of_logits, rounded_to
from gradcert_implementations.adapters.kinds import Kind
from gradcert_implementations.interface import Array, Function

__all__ = ["functions_of_logits"]


def functions_of_logits(
    function: Callable[[jax.Array], jax.Array], kind: Kind, place: jax.Device, *, jit: bool
) -> dict[str, Function]:
    """Return the values of a function of the logits, and its backward for a gradient v of these.

    Parameters
    ----------
    function
        Its answer has the shape of the logits.
    kind
        What it is: a softmax or a log-softmax.
    place
        The device where it is computed.
    jit
        Whether to compile it.

    Examples
    --------
    >>> from gradcert_implementations.adapters.kinds import SOFTMAX
    >>> made = functions_of_logits(jax.nn.softmax, SOFTMAX, jax.devices()[0], jit=False)
    >>> made["softmax-backward"](np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    array([[ 0.25, -0.25]])
    """

    def answer_to(z: jax.Array) -> jax.Array:
        answer = function(z)
        require_shape_of_logits(answer.shape, z.shape)
        return answer

    def slope(z: jax.Array, v: jax.Array) -> jax.Array:
        answer, back = jax.vjp(answer_to, z)
        gradient: jax.Array = back(v.astype(answer.dtype))[0]
        return gradient

    def calling(compiled: Callable[..., jax.Array]) -> Function:
        def call(*arrays: Array) -> Array:
            with jax.enable_x64(True):
                given = (jax.device_put(array, place) for array in arrays)
                # The arrays of jax are read-only.
                return rounded_to(arrays[0].dtype, np.array(compiled(*given)))

        return call

    parts = (jax.jit(one) if jit else one for one in (answer_to, slope))
    return dict(zip(kind.quantities, map(calling, parts), strict=True))
