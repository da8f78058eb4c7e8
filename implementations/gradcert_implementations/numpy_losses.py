"""The loss with its options, and its gradient, written out in NumPy.

Formulas: :class:`gradcert_implementations.Loss` has those of the loss. By the chain rule, with
p = softmax(u) and A = sum_k a_k::

    dF/dz_rk = M g_r m_r s (1 - tanh(s z_k / c)**2) ((A / D + 2 zeta L / D_z) p_k - a_k / D)

The 16-bit formats are computed in binary32 and rounded once, at the end. They get their class
weights in their own format.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradcert_implementations.interface import (
    Array,
    Function,
    Loss,
    MeanOver,
    Reduction,
    SmoothingOver,
)
from gradcert_implementations.names import QuantityName

__all__ = ["functions_for"]


@dataclass(frozen=True)
class _Batch:
    """What a loss makes of a batch of R rows and K classes.

    Attributes
    ----------
    kept
        Which rows count, of shape (R, 1).
    targets
        a, of shape (R, K).
    slope
        du/dz, of shape (R, K) or ().
    powers, mass
        ``exp(u - max u)``, of shape (R, K), and their sums, of shape (R, 1).
    surprise
        ``L - u``, of shape (R, K).
    log_sum
        L, of shape (R, 1).
    divisor, z_divisor
        D and D_z.
    """

    kept: Array
    targets: Array
    slope: Array
    powers: Array
    mass: Array
    surprise: Array
    log_sum: Array
    divisor: float
    z_divisor: float

    @property
    def nothing(self) -> bool:
        """Whether the loss is 0/0."""
        return not (self.divisor and self.z_divisor)


def _wide(array: Array) -> Array:
    return array.astype(np.float32) if array.dtype.itemsize == 2 else array


def _shares(loss: Loss, t: Array, weights: Array) -> Array:
    """Return a."""
    share = loss.label_smoothing
    if loss.smoothing_over is SmoothingOver.OTHERS:
        share *= t.shape[1] / (t.shape[1] - 1)
    shares: Array = weights * ((1 - share) * t + share / t.shape[1])
    return shares


def _divisor(over: MeanOver, t: Array, weights: Array, kept: Array) -> float:
    match over:
        case MeanOver.ROWS:
            return len(t)
        case MeanOver.KEPT:
            return float(kept.sum())
        case MeanOver.ELEMENTS:
            return t.size
        case MeanOver.WEIGHTS:
            return float(weights[t.argmax(axis=1)].sum(where=kept[:, 0], dtype=np.float64))


def _batch(loss: Loss, logits: Array, targets: Array) -> _Batch:
    z, t = _wide(logits), _wide(targets)
    kept: Array = np.ones((len(t), 1), bool)
    if loss.ignore_index is not None:
        kept = np.any(t, axis=1, keepdims=True)
        z = np.where(kept, z, 0)  # An ignored row may hold anything.
    given = loss.weights(t.shape[1]) or (1.0,) * t.shape[1]
    weights = _wide(np.array(given).astype(logits.dtype))
    u, slope = loss.logit_scale * z, np.array(loss.logit_scale, z.dtype)
    if loss.softcap is not None:
        bent = np.tanh(u / loss.softcap)
        u, slope = loss.softcap * bent, slope * (1 - bent) * (1 + bent)
    largest = u.max(axis=1, keepdims=True)
    powers = np.exp(u - largest)
    mass = powers.sum(axis=1, keepdims=True)
    divisor = z_divisor = 1.0
    if loss.reduction is Reduction.MEAN:
        divisor = _divisor(loss.mean_over, t, weights, kept)
        z_divisor = _divisor(loss.z_loss_mean_over or loss.mean_over, t, weights, kept)
    return _Batch(
        kept=kept,
        targets=_shares(loss, t, weights),
        slope=slope,
        powers=powers,
        mass=mass,
        surprise=np.log(mass) - (u - largest),
        log_sum=largest + np.log(mass),
        divisor=divisor,
        z_divisor=z_divisor,
    )


def _value(loss: Loss, logits: Array, targets: Array) -> Array:
    """Return ``M (C_r / D + zeta L**2 / D_z)`` of each row, or their sum."""
    batch = _batch(loss, logits, targets)
    reduced = loss.reduction is not Reduction.NONE
    if batch.nothing:
        nothing = loss.nothing_kept_loss.number
        return np.full(() if reduced else len(logits), nothing, logits.dtype)
    a = batch.targets
    entropy = (a * np.where(a == 0, 0, batch.surprise)).sum(axis=1, keepdims=True) / batch.divisor
    square = loss.z_loss * batch.log_sum**2 / batch.z_divisor
    each = np.where(batch.kept, loss.multiplier * (entropy + square), 0)[:, 0]
    return np.asarray(each.sum() if reduced else each).astype(logits.dtype)


def _gradient(loss: Loss, logits: Array, targets: Array, upstream: "Array | None" = None) -> Array:
    """Return dF/dz by the formula of this module."""
    batch = _batch(loss, logits, targets)
    if batch.nothing:
        return np.full_like(logits, loss.nothing_kept_gradient.number)
    g = 1 if upstream is None else _wide(upstream)[..., np.newaxis]
    p, a = batch.powers / batch.mass, batch.targets
    total = a.sum(axis=1, keepdims=True) / batch.divisor
    total = total + 2 * loss.z_loss * batch.log_sum / batch.z_divisor
    slopes = loss.multiplier * g * batch.slope * (total * p - a / batch.divisor)
    return np.where(batch.kept, slopes, 0).astype(logits.dtype)


def functions_for(loss: Loss) -> Mapping[QuantityName, Function]:
    """Return the value of a loss and its gradient; nothing for another output than the softmax.

    Parameters
    ----------
    loss
        Any loss.

    Returns
    -------
    ``loss`` is called with logits and targets of shape (R, K), and returns shape (R,), or () where
    the loss has a reduction. ``dE/dz`` is called with the upstream gradient too, and returns shape
    (R, K). An ignored row is a row of zeros for targets.

    Examples
    --------
    >>> functions = functions_for(Loss(ignore_index=-100, reduction="mean", mean_over="kept"))
    >>> logits, targets = np.zeros((2, 2)), np.array([[1.0, 0.0], [0.0, 0.0]])
    >>> functions["loss"](logits, targets)
    array(0.69314718)
    >>> functions["dE/dz"](logits, targets, np.array(2.0))
    array([[-1.,  1.],
           [ 0.,  0.]])
    """
    if loss.output != Loss.output:
        return {}
    return {
        "loss": functools.partial(_value, loss),
        "dE/dz": functools.partial(_gradient, loss),
    }
