"""MLX: ``mlx.nn.losses.cross_entropy``, differentiated by ``mlx.core.vjp``.

The documentation allows probabilities for each class as targets, and offers ``label_smoothing`` and
the reductions none, sum and mean. MLX has all four formats, binary64 only on the CPU, where it runs
here. On the CPU the sum is taken in the format of the logits, as the documentation says.
https://ml-explore.github.io/mlx/build/html/python/nn/_autosummary_functions/mlx.nn.losses.cross_entropy.html
https://ml-explore.github.io/mlx/build/html/python/_autosummary/mlx.core.vjp.html
https://ml-explore.github.io/mlx/build/html/python/data_types.html
"""

from collections.abc import Callable, Mapping
from functools import partial

import ml_dtypes
import mlx.core as mx
import numpy as np
from mlx import nn

from gradcert_implementations.adapters.offered import require_offered
from gradcert_implementations.interface import Array, Function, Implementation, Loss, Strides
from gradcert_implementations.names import FORMAT_NAMES, QuantityName

__all__ = ["functions_for", "implementation", "softmax"]

_BFLOAT16 = np.dtype(ml_dtypes.bfloat16)


def _taken(array: Array) -> mx.array:
    return mx.array(array, dtype=getattr(mx, array.dtype.name))


def _given(result: mx.array) -> Array:
    if result.dtype == mx.bfloat16:
        return np.array(result.astype(mx.float32)).astype(_BFLOAT16)
    return np.array(result)


def softmax(logits: Array) -> Array:
    """Return ``mlx.core.softmax``."""
    with mx.stream(mx.cpu):
        return _given(mx.softmax(_taken(logits), axis=-1))


def _called(loss: Loss, targets: Array) -> Callable[[mx.array], mx.array]:
    return partial(
        nn.losses.cross_entropy,
        targets=_taken(targets),
        label_smoothing=loss.label_smoothing,
        reduction=loss.reduction.value,
    )


def _value(loss: Loss, logits: Array, targets: Array) -> Array:
    with mx.stream(mx.cpu):
        return _given(_called(loss, targets)(_taken(logits)))


def _gradient(loss: Loss, logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    with mx.stream(mx.cpu):
        call, z = _called(loss, targets), _taken(logits)
        g = mx.ones_like(call(z)) if upstream is None else _taken(upstream)
        _, (slope,) = mx.vjp(call, [z], [g])
        return _given(slope)


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return ``cross_entropy`` with the options of a loss, and its gradient.

    Raises
    ------
    ValueError
        For an option that MLX does not offer.
    """
    require_offered(loss, "label_smoothing", "reduction")
    return {"loss": partial(_value, loss), "dE/dz": partial(_gradient, loss)}


implementation = Implementation(
    name="mlx",
    functions={"softmax": softmax, **functions_for(Loss())},
    formats=FORMAT_NAMES,
    library="mlx",
    strides=Strides.NONE,  # The arrays are copied.
    takes_upstream=True,
    functions_for=functions_for,
)
