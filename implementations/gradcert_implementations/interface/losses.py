"""The loss that an implementation claims: every option with its formula."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from math import inf
from typing import Any

from gradcert_implementations.interface.choices import (
    MeanOver,
    NothingKept,
    Reduction,
    SmoothingOver,
)
from gradcert_implementations.interface.given import Given, options_of, store_checked
from gradcert_implementations.interface.values import accepts, choice, number, optional, whole
from gradcert_implementations.interface.weights import checked_weights, weights_for
from gradcert_implementations.names import OUTPUT_NAMES, OutputName

__all__ = ["Loss", "overridden"]


_NEEDS_SOFTMAX = (
    "label_smoothing",
    "class_weights",
    "ignore_index",
    "logit_scale",
    "softcap",
    "z_loss",
)
"""The options that have a meaning for the softmax only."""


def _is_mean(values: Mapping[str, Any]) -> bool:
    return values["reduction"] is Reduction.MEAN


@dataclass(frozen=True)
class _Refinement:
    """An option that says more about another one, and nothing without it.

    Attributes
    ----------
    field
        Its name.
    of
        What it needs, in words.
    holds
        Whether the values of a loss have that.
    """

    field: str
    of: str
    holds: Callable[[Mapping[str, Any]], bool]


_REFINEMENTS = (
    _Refinement("smoothing_over", "label_smoothing", lambda values: values["label_smoothing"] > 0),
    _Refinement("mean_over", "reduction=mean", _is_mean),
    _Refinement(
        "z_loss_mean_over",
        "z_loss and reduction=mean",
        lambda values: _is_mean(values) and values["z_loss"] > 0,
    ),
    _Refinement("nothing_kept_loss", "reduction=mean", _is_mean),
    _Refinement("nothing_kept_gradient", "reduction=mean", _is_mean),
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Loss:
    """The loss that an implementation computes or differentiates.

    With logits z (R rows, K classes) and targets t::

        u_k = c tanh(s z_k / c)                      softcap c, logit scale s
        a_k = w_k ((1 - e') t_k + e'/K)              class weights w, label smoothing e
        L   = ln sum_k exp(u_k)
        C_r = sum_k a_k (L - u_k)                    the cross-entropy of row r
        F   = M sum_r g_r m_r (C_r / D + zeta L**2 / D_z)

    m_r is 0 where row r is ignored, else 1. g is the upstream gradient: one number a row, or one
    for all rows where there is a reduction.

    Attributes
    ----------
    output
        The function from logits z to outputs o. It decides the loss E of targets t:

        ============ ============================= ===============================================
        output       o_j                           E
        ============ ============================= ===============================================
        softmax      exp(z_j) / sum_k exp(z_k)     -sum_j t_j ln o_j
        sigmoid      1 / (1 + exp(-z_j))           -sum_j (t_j ln o_j + (1 - t_j) ln(1 - o_j))
        identity     z_j                           sum_j (o_j - t_j)**2 / 2
        ============ ============================= ===============================================

        With ``sigmoid`` and ``identity`` only dE/dz can be claimed, and of the options below only
        ``reduction``, ``mean_over``, ``multiplier``, ``nothing_kept_loss`` and
        ``nothing_kept_gradient``.
    label_smoothing
        e, from 0 up to 1, without 1. The part of the target that other classes
        get; see `smoothing_over`.
    smoothing_over
        ``all``: e' = e. ``others``: e' = e K/(K - 1), so that each class but the label gets
        e/(K - 1).
    class_weights
        w, one number for each class, from 0 up and not all zero. An array or a sequence fixes the
        number of classes K, and is stored as a tuple of floats. A function gets K and returns an
        array of K numbers. A text ``0.5,2,1`` or ``my.py:weights`` stands for what it names. None:
        every w_k is 1.
    ignore_index
        The label of rows that do not count: their m_r is 0, and so is their gradient. It may be the
        index of a class. None: every row counts.
    logit_scale
        s, above 0. One over the temperature.
    softcap
        c, above 0. None: u = s z.
    z_loss
        zeta, from 0 up. The weight of the square of the logarithm of the sum of exponentials. Class
        weights do not apply to it.
    reduction
        ``none``, ``sum`` (D = D_z = 1) or ``mean``.
    mean_over
        What D is in a mean: ``rows`` R, ``kept`` sum_r m_r, ``weights`` sum_r m_r w_{y_r} with the
        labels y, ``elements`` R K.
    z_loss_mean_over
        What D_z is in a mean. None: D_z = D.
    multiplier
        M, any finite number but 0.
    nothing_kept_loss, nothing_kept_gradient
        What the value and the gradient of a mean may be where D is 0: ``nan``, ``zero`` or
        ``either``.

    Raises
    ------
    ValueError
        For a value out of its range, and for options that contradict each other. The message is one
        line.

    Examples
    --------
    >>> Loss()
    Loss()
    >>> Loss(label_smoothing=0.1, reduction="mean", mean_over="kept", ignore_index=-100)
    Loss(label_smoothing=0.1, ignore_index=-100, reduction='mean', mean_over='kept')
    >>> Loss(output="tanh")
    Traceback (most recent call last):
    ValueError: unknown output 'tanh'; choose from softmax, sigmoid, identity
    >>> Loss(mean_over="kept")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: mean_over=kept has no meaning without reduction=mean; add it, or leave mean_over out
    """

    output: OutputName = field(default="softmax", metadata=accepts(choice(OUTPUT_NAMES)))
    label_smoothing: float = field(
        default=0.0,
        metadata=accepts(
            number("a number from 0 up to 1, without 1, such as 0.1", lambda x: 0 <= x < 1)
        ),
    )
    smoothing_over: SmoothingOver = field(
        default=SmoothingOver.ALL, metadata=accepts(choice(tuple(SmoothingOver)))
    )
    class_weights: Any = field(default=None, metadata=accepts(checked_weights))
    ignore_index: int | None = field(
        default=None, metadata=accepts(optional(whole("a whole number, such as -100, or None")))
    )
    logit_scale: float = field(
        default=1.0,
        metadata=accepts(number("a positive finite number, such as 0.5", lambda x: 0 < x < inf)),
    )
    softcap: float | None = field(
        default=None,
        metadata=accepts(
            optional(number("a positive finite number, such as 30, or None", lambda x: 0 < x < inf))
        ),
    )
    z_loss: float = field(
        default=0.0,
        metadata=accepts(number("a finite number from 0 up, such as 1e-4", lambda x: 0 <= x < inf)),
    )
    reduction: Reduction = field(default=Reduction.NONE, metadata=accepts(choice(tuple(Reduction))))
    mean_over: MeanOver = field(default=MeanOver.ROWS, metadata=accepts(choice(tuple(MeanOver))))
    z_loss_mean_over: MeanOver | None = field(
        default=None, metadata=accepts(optional(choice(tuple(MeanOver))))
    )
    multiplier: float = field(
        default=1.0,
        metadata=accepts(
            number("a finite number that is not 0, such as 2", lambda x: 0 < abs(x) < inf)
        ),
    )
    nothing_kept_loss: NothingKept = field(
        default=NothingKept.EITHER, metadata=accepts(choice(tuple(NothingKept)))
    )
    nothing_kept_gradient: NothingKept = field(
        default=NothingKept.EITHER, metadata=accepts(choice(tuple(NothingKept)))
    )

    def __post_init__(self) -> None:
        store_checked(self)
        if self.output != Loss.output:
            for name in _NEEDS_SOFTMAX:
                if getattr(self, name) != getattr(Loss, name):
                    raise ValueError(
                        f"{name} has no meaning with output={self.output}; leave one of them out"
                    )
        values = _values(self)
        for refinement in _REFINEMENTS:
            name = refinement.field
            if values[name] != getattr(Loss, name) and not refinement.holds(values):
                raise ValueError(
                    f"{name}={values[name]} has no meaning without {refinement.of}; add it, or "
                    f"leave {name} out"
                )
        for name in ("mean_over", "z_loss_mean_over"):
            if values[name] is MeanOver.WEIGHTS and self.class_weights is None:
                raise ValueError(
                    f"{name}=weights needs class_weights; add them, or write {name}=kept"
                )

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in options_of(self).items())
        return f"Loss({given})"

    def weights(self, classes: int) -> tuple[float, ...] | None:
        """Return w for this many classes.

        Returns
        -------
        A number for each class; None without class weights.

        Raises
        ------
        ValueError
            If there is another number of weights, and if a function does not return weights.

        Examples
        --------
        >>> Loss(class_weights=lambda n: [1 / n] * n).weights(2)
        (0.5, 0.5)
        """
        return weights_for(self.class_weights, classes)


def _values(loss: Loss) -> dict[str, Any]:
    return {option.name: getattr(loss, option.name) for option in fields(loss)}


def overridden(declared: Loss, given: Iterable[Given]) -> Loss:
    """Return a loss with some of its options given anew.

    An option that says more about another one goes back to its default where the new values leave
    it without meaning, unless it is given itself: with another reduction than the mean, no
    ``mean_over`` is left.

    Raises
    ------
    ValueError
        For options that contradict each other.

    Examples
    --------
    >>> declared = Loss(label_smoothing=0.1, reduction="mean", mean_over="kept")
    >>> overridden(declared, [Given("reduction", Reduction.SUM)])
    Loss(label_smoothing=0.1, reduction='sum')
    """
    said = {one.name: one.value for one in given}
    values = _values(declared) | said
    for refinement in _REFINEMENTS:
        if refinement.field not in said and not refinement.holds(values):
            values[refinement.field] = getattr(Loss, refinement.field)
    return Loss(**values)
