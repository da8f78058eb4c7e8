"""A loss and a domain in words, for certificates: what is claimed, and what is not."""

from collections.abc import Callable, Iterator

from gradcert_implementations.interface.choices import MeanOver, Reduction, SmoothingOver
from gradcert_implementations.interface.domains import Domain, Layout
from gradcert_implementations.interface.given import options_of
from gradcert_implementations.interface.losses import Loss
from gradcert_implementations.interface.together import finite_logits
from gradcert_implementations.interface.weights import weights_in_words
from gradcert_implementations.names import OutputName, TargetDomain

__all__ = ["domain_in_words", "loss_in_words", "unclaimed"]

_OUTPUTS: dict[OutputName, str] = {
    "softmax": "cross-entropy of a softmax",
    "sigmoid": "binary cross-entropy of sigmoids",
    "identity": "half the squared error",
}

_TARGETS: dict[TargetDomain, str] = {
    "index": "one class for each row",
    "probability": "targets that sum to one",
    "any": "targets from zero up",
    "signed": "targets of any sign",
}

_OTHER_TARGETS: dict[TargetDomain, str] = {
    "index": "no targets but one class for each row",
    "probability": "no targets that do not sum to one",
    "any": "no negative targets",
}

_SHAPES = {
    Layout.ROWS: "logits of shape (B, n)",
    Layout.SEQUENCE: "logits of shape (B, S, n)",
    Layout.CHANNELS: "logits of shape (N, n, d1) and (N, n, d1, d2)",
}

_SHARING = {SmoothingOver.ALL: "all classes", SmoothingOver.OTHERS: "the other classes"}

_DIVISORS = {
    MeanOver.ROWS: "mean over rows",
    MeanOver.KEPT: "mean over kept rows",
    MeanOver.WEIGHTS: "mean over the class weights of kept rows",
    MeanOver.ELEMENTS: "mean over all elements",
}


def _size(number: object) -> str:
    return str(number).removesuffix(".0")


def _smoothing(loss: Loss) -> str:
    return f"label smoothing {_size(loss.label_smoothing)} over {_SHARING[loss.smoothing_over]}"


def _reduction(loss: Loss) -> str:
    return "sum over rows" if loss.reduction is Reduction.SUM else _DIVISORS[loss.mean_over]


_PHRASES: dict[str, Callable[[Loss], str]] = {
    "output": lambda loss: _OUTPUTS[loss.output],
    "label_smoothing": _smoothing,
    "smoothing_over": lambda _: "",  # The phrase of the smoothing says it, and so below.
    "class_weights": lambda loss: f"class weights {weights_in_words(loss.class_weights)}",
    "logit_scale": lambda loss: f"logits times {_size(loss.logit_scale)}",
    "z_loss": lambda loss: f"z-loss {_size(loss.z_loss)}",
    "reduction": _reduction,
    "mean_over": lambda _: "",
    "z_loss_mean_over": lambda loss: (
        f"z-loss: {_DIVISORS[loss.z_loss_mean_over or loss.mean_over]}"
    ),
    "multiplier": lambda loss: f"times {_size(loss.multiplier)}",
    "nothing_kept_loss": lambda loss: f"loss {loss.nothing_kept_loss} where no row is kept",
    "nothing_kept_gradient": lambda loss: (
        f"gradient {loss.nothing_kept_gradient} where no row is kept"
    ),
}
"""The phrase of each option. One that is not here has its name and its value for a phrase."""


def loss_in_words(loss: Loss) -> str:
    """Return what a loss is: a phrase for each option that is on.

    Returns
    -------
    Phrases with semicolons between them; that of the plain loss if no option is on.

    Examples
    --------
    >>> loss_in_words(Loss(label_smoothing=0.1, reduction="mean", mean_over="kept"))
    'label smoothing 0.1 over all classes; mean over kept rows'
    >>> loss_in_words(Loss())
    'cross-entropy of a softmax'
    """
    phrases = [
        _PHRASES[name](loss) if name in _PHRASES else f"{name} {_size(value)}"
        for name, value in options_of(loss).items()
    ]
    return "; ".join(filter(None, phrases)) or _OUTPUTS[loss.output]


def domain_in_words(domain: Domain) -> str:
    """Return what a domain is: a phrase for the targets, one for the size of logits, and more.

    Returns
    -------
    Phrases with semicolons between them.

    Examples
    --------
    >>> domain_in_words(Domain(targets="index", classes=50257, finite_logits=True))
    'one class for each row; logits up to 10000; no logit of -inf; 50257 classes'
    """
    phrases = [_TARGETS[domain.targets], f"logits up to {_size(domain.largest_logit)}"]
    if domain.finite_logits:
        phrases.append("no logit of -inf")
    if domain.classes is not None:
        phrases.append(f"{domain.classes} classes")
    elif domain.fewest_classes != Domain.fewest_classes:
        phrases.append(f"at least {domain.fewest_classes} classes")
    if domain.layout is not Layout.ROWS:
        phrases.append(_SHAPES[domain.layout])
    if domain.overwrites_logits:
        phrases.append("the logits are overwritten")
    if domain.ignored_rows_may_hold_anything:
        phrases.append("ignored rows may hold anything")
    return "; ".join(phrases)


def unclaimed(
    loss: Loss, domain: Domain, *, upstream: bool = True, masked: bool = True
) -> tuple[str, ...]:
    """Return what is not claimed, so that no certificate says anything about it.

    Parameters
    ----------
    loss, domain
        What is claimed.
    upstream
        Whether the gradient is asked under upstream gradients other than ones.
    masked
        Whether a claimed quantity may have a logit of -inf.

    Returns
    -------
    One phrase for each thing that is left out, with the option that decides it.

    Examples
    --------
    >>> for line in unclaimed(Loss(), Domain(targets="any")):
    ...     print(line)
    no ignored rows: ignore_index is not claimed
    no sum or mean over rows: reduction is none
    no negative targets: targets is any
    no shapes but logits of shape (B, n): layout is rows
    """
    ones = () if upstream else ("upstream gradient: ones; the function takes no other",)
    return (*_unclaimed(loss, domain, masked=masked), *ones)


def _unclaimed(loss: Loss, domain: Domain, *, masked: bool) -> Iterator[str]:
    if loss.ignore_index is None:
        yield "no ignored rows: ignore_index is not claimed"
    elif not domain.ignored_rows_may_hold_anything:
        yield (
            "no NaN or infinity in an ignored row: ignored_rows_may_hold_anything is not claimed"
        )
    if loss.reduction is Reduction.NONE:
        yield "no sum or mean over rows: reduction is none"
    if domain.targets in _OTHER_TARGETS:
        yield f"{_OTHER_TARGETS[domain.targets]}: targets is {domain.targets}"
    if finite_logits(loss, domain):
        why = "claimed" if domain.finite_logits else "implied by label smoothing or a softcap"
        yield f"no logit of -inf: finite_logits is {why}"
    elif not masked:
        yield "no logit of -inf: what is claimed is about finite logits"
    if domain.classes is not None:
        yield f"no number of classes but {domain.classes}: classes is claimed"
    if domain.overwrites_logits:
        yield "no second backward: overwrites_logits is claimed"
    yield f"no shapes but {_SHAPES[domain.layout]}: layout is {domain.layout}"
