"""The arguments of a loss with options in terms of the plain loss, and the way back.

A loss with options is the plain loss of other logits and targets, times a factor, plus a z-loss::

    dF/dz_rk = M g_r m_r s (1 - tanh(s z_k / c)**2) (A / D (p_k - a_k / A) + 2 zeta L p_k / D_z)

with the names of :class:`Loss`, and A the sum of the a_k.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from gradcert_implementations.interface import Array, Loss, MeanOver, Reduction, SmoothingOver
from gradcert_implementations.parametric import Seen

__all__ = ["PlainTerms", "in_plain_terms", "plain_terms"]


@dataclass(frozen=True)
class PlainTerms:
    """The arguments of a loss with options in terms of the plain loss.

    Attributes
    ----------
    logits, targets
        u and a / A, or a where the targets may sum to anything.
    kept
        Which rows count, of shape (B, 1).
    slope
        du/dz, a number or one for each logit.
    rows
        What the cross-entropy of a row is multiplied by, of shape (B, 1), without g.
    z_values
        The terms ``M m_r zeta L**2 / D_z`` of the z-loss, of shape (B, 1), without g.
    z_slopes
        Their gradients by the logits z, of shape (B, n); zeros of shape (1, 1) without a z-loss.
    """

    logits: Array
    targets: Array
    kept: Array
    slope: Array
    rows: Array
    z_values: Array
    z_slopes: Array

    def gradient(self, plain: Array, upstream: "Array | float" = 1) -> Array:
        """Return dF/dz, given the gradient of the plain loss, which holds the upstream gradient."""
        by_logit = np.where(self.kept, plain * self.rows * self.slope, plain.dtype.type(0))
        return by_logit + self.z_slopes * upstream

    def loss(self, plain: Array) -> Array:
        """Return the terms of F, one for each row, given the values of the plain loss."""
        terms = np.where(self.kept, plain[:, np.newaxis] * self.rows, plain.dtype.type(0))
        return (terms + self.z_values)[:, 0]

    def plain_gradient(self, gradient: Array) -> Array:
        """Return the gradient of the plain loss, given dF/dz under ones: 0/0 where that is lost."""
        found: Array = (gradient - self.z_slopes) / self.slope / self.rows
        return found

    def plain_loss(self, terms: Array) -> Array:
        """Return the values of the plain loss, given the terms of F."""
        plain: Array = ((terms[:, np.newaxis] - self.z_values) / self.rows)[:, 0]
        return plain


def _effective_logits(loss: Loss, logits: Array, own: Collection[str]) -> tuple[Array, Array]:
    """Return u and du/dz."""
    number = logits.dtype.type
    scale, cap = number(loss.logit_scale), loss.softcap
    u, slope = logits, number(1)
    if scale != 1 and "logit_scale" not in own:
        u, slope = logits * scale, scale
    if cap is not None and "softcap" not in own:
        bent = np.tanh(u / number(cap))
        u, slope = bent * number(cap), (number(1) - bent) * (number(1) + bent) * slope
    return u, slope


def _effective_targets(loss: Loss, targets: Array, own: Collection[str]) -> Array:
    """Return a."""
    number, classes = targets.dtype.type, targets.shape[-1]
    a, smoothing = targets, loss.label_smoothing
    if smoothing and "label_smoothing" not in own:
        if loss.smoothing_over is SmoothingOver.OTHERS:
            smoothing *= classes / (classes - 1)
        a = a * number(1 - smoothing) + number(smoothing / classes)
    weights = loss.weights(classes)
    if weights is not None and "class_weights" not in own:
        a = a * np.array(weights, targets.dtype)
    return a


def _z_loss(loss: Loss, logits: Array, counted: Array, zeta: float) -> tuple[Array, Array]:
    """Return the terms ``m_r zeta L**2`` of all options, and their gradients by the logits."""
    number = logits.dtype.type
    if not zeta:
        return np.zeros((1, 1), logits.dtype), np.zeros((1, 1), logits.dtype)
    u, slope = _effective_logits(loss, logits, ())
    largest = u.max(axis=-1, keepdims=True)
    powers = np.exp(u - largest)
    total = powers.sum(axis=-1, keepdims=True)
    lse = largest + np.log(total)
    terms, slopes = lse**2 * number(zeta), powers / total * (lse * number(2 * zeta)) * slope
    return np.where(counted, terms, number(0)), np.where(counted, slopes, number(0))


def _divisor(loss: Loss, over: MeanOver, targets: Array, kept: Array) -> float:
    rows, classes = targets.shape
    match over:
        case MeanOver.ROWS:
            return float(rows)
        case MeanOver.KEPT:
            return float(kept.sum())
        case MeanOver.ELEMENTS:
            return float(rows * classes)
        case MeanOver.WEIGHTS:
            weights = np.array(loss.weights(classes), targets.dtype).astype(np.float64)
            return float(weights[targets[kept[:, 0]].argmax(axis=-1)].sum())


def plain_terms(
    loss: Loss, logits: Array, targets: Array, *, any_sum: bool = False, own: Collection[str] = ()
) -> PlainTerms:
    """Return the arguments of a loss in terms of the plain loss, in their own dtype.

    If the mean divides by zero, no row counts.

    Parameters
    ----------
    loss
        The loss, of softmax outputs.
    logits, targets
        Of shape (B, n). An ignored row has no target.
    any_sum
        Whether the targets of the plain loss may sum to anything. If not, they sum to one.
    own
        The options that are left alone in all but the z-loss. With ``label_smoothing`` must be
        ``class_weights``, and with ``logit_scale`` ``softcap``, because they are applied later.

    Examples
    --------
    >>> terms = plain_terms(Loss(class_weights=[3, 1]), np.zeros((1, 2)), np.array([[0.5, 0.5]]))
    >>> terms.targets, terms.rows
    (array([[0.75, 0.25]]), array([[2.]]))
    """
    number = targets.dtype.type
    kept = np.ones((len(targets), 1), bool)
    if loss.ignore_index is not None:
        kept = (targets != 0).any(axis=-1, keepdims=True)
    front, zeta, counted = loss.multiplier, loss.multiplier * loss.z_loss, kept
    if loss.reduction is Reduction.MEAN:
        divisor = _divisor(loss, loss.mean_over, targets, kept)
        z_divisor = _divisor(loss, loss.z_loss_mean_over or loss.mean_over, targets, kept)
        if not (divisor and z_divisor):
            counted, divisor, z_divisor = np.zeros_like(kept), 1, 1
        zeta /= z_divisor
        if "reduction" not in own:
            front, kept = front / divisor, counted
    u, slope = _effective_logits(loss, logits, own)
    a = _effective_targets(loss, targets, own)
    rows = np.full((len(targets), 1), number(front))
    if loss.class_weights is not None and not any_sum and "class_weights" not in own:
        sums = a.sum(axis=-1, keepdims=True)
        a = a / np.where(sums == 0, number(1), sums)
        rows = rows * np.where(kept, sums, number(1))
    if loss.ignore_index is not None:
        a = np.where(kept, a, number(0))
    if "ignore_index" in own:
        kept = np.ones_like(kept)
    z_terms = _z_loss(loss, logits, counted, 0.0 if "z_loss" in own else zeta)
    return PlainTerms(u, a, kept, slope, rows, *z_terms)


def in_plain_terms(seen: Seen, loss: Loss) -> Seen:
    """Return a row that refutes an implementation of a loss as one of the plain loss would.

    Parameters
    ----------
    seen
        The row, of dE/dz or of the loss of its row, under an upstream gradient of one.
    loss
        The loss.
    """
    wide = (seen.arguments[name].astype(np.float64) for name in ("logits", "targets"))
    terms = plain_terms(loss, *wide)
    plain = terms.plain_gradient if len(seen.returned) > 1 else terms.plain_loss

    def undone(values: Array) -> Array:
        every = np.zeros((len(terms.logits), len(values)))
        every[seen.row] = values
        row: Array = plain(every if len(values) > 1 else every[:, 0])[seen.row].reshape(-1)
        return row

    arguments = {**seen.arguments, "logits": terms.logits, "targets": terms.targets}
    return replace(
        seen, arguments=arguments, returned=undone(seen.returned), expected=undone(seen.expected)
    )
