"""What an implementation is: functions from arrays to arrays, and the domain they are meant for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:  # What is built in can be listed without numpy.
    from typing import Any

    from numpy.typing import NDArray

__all__ = [
    "FORMAT_NAMES",
    "QUANTITY_NAMES",
    "TARGET_DOMAINS",
    "Array",
    "FormatName",
    "Function",
    "Implementation",
    "Loss",
    "OutputName",
    "QuantityName",
    "TargetDomain",
    "require_known",
]

Array: TypeAlias = "NDArray[Any]"
"""A numpy array of dtype float64, float32, float16 or ``ml_dtypes.bfloat16``."""

Function: TypeAlias = "Callable[..., NDArray[Any]]"

QuantityName = Literal["softmax", "loss", "dE/do", "do/dz", "dE/dz"]
FormatName = Literal["binary64", "binary32", "binary16", "bfloat16"]
TargetDomain = Literal["index", "probability", "any"]
OutputName = Literal["softmax", "sigmoid", "identity"]

QUANTITY_NAMES: tuple[QuantityName, ...] = get_args(QuantityName)
FORMAT_NAMES: tuple[FormatName, ...] = get_args(FormatName)
TARGET_DOMAINS: tuple[TargetDomain, ...] = get_args(TargetDomain)
_OUTPUTS: tuple[OutputName, ...] = get_args(OutputName)


@dataclass(frozen=True, kw_only=True)
class Loss:
    """The options of the loss an implementation claims.

    Reductions, class weights, ignored indices, label smoothing, temperature and the like go here,
    each with the default that leaves plain cross-entropy as it is.

    Attributes
    ----------
    output
        ``softmax``, with cross-entropy. Or an elementwise one, for which dE/dz may be claimed:
        ``sigmoid``, with ``E = -sum_j t_j ln o_j + (1 - t_j) ln(1 - o_j)``, or ``identity``, with
        ``E = sum_j (z_j - t_j)**2 / 2``.

    Raises
    ------
    ValueError
        For an unknown output.
    """

    output: OutputName = "softmax"

    def __post_init__(self) -> None:
        require_known("output", (self.output,), _OUTPUTS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Implementation:
    """An implementation under test: what it computes, and where it must be right.

    Attributes
    ----------
    name
        How reports call it: one line of printable characters, which whatever is given is made.
    functions
        From the name of a quantity to a function of numpy arrays. With B rows and n classes:

        =========== =============================== ============= ================================
        quantity    called with                     returns       which holds
        =========== =============================== ============= ================================
        ``softmax`` logits (B, n)                   (B, n)        ``o_j = exp(z_j) / sum exp(z_k)``
        ``loss``    logits, targets (B, n)          (B,)          ``E = -sum_j t_j ln o_j``
        ``dE/do``   probabilities, targets (B, n)   (B, n)        dE/do_j, every o_j free
        ``do/dz``   logits (B, n)                   (B, n, n)     do_i/dz_j at ``[:, i, j]``
        ``dE/dz``   logits, targets (B, n)          (B, n)        dE/dz_j of each row's own E
        =========== =============================== ============= ================================

        Arguments and result have the dtype of the format. Targets are rows: one-hot for a class
        index. A logit may be -inf where its target is zero.
    formats
        The formats it is meant for.
    targets
        The targets it is meant for: ``index`` (one-hot rows), ``probability`` (rows that sum to
        one) or ``any``.
    largest_logit
        It must be right for all finite logits up to this size. Beyond it the suite still tries.
    fewest_classes
        It need not take rows of fewer classes.
    loss
        The loss it claims.
    summary
        One line on how it computes.
    origin
        The SPEC that loads it again, if there is one; a report's snippet starts from it.
    library, device
        The distribution that computes, and where, for the record.

    Raises
    ------
    ValueError
        For an unknown quantity, format or target domain, or a selection that is empty.

    Examples
    --------
    >>> import numpy as np
    >>> def gradient(logits, targets):
    ...     powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    ...     return powers / powers.sum(axis=1, keepdims=True) - targets
    >>> mine = Implementation(name="mine", functions={"dE/dz": gradient})
    >>> mine.functions["dE/dz"](np.zeros((1, 2)), np.eye(2)[:1])
    array([[-0.5,  0.5]])
    """

    name: str
    functions: Mapping[QuantityName, Function]
    formats: tuple[FormatName, ...] = ("binary64", "binary32")
    targets: TargetDomain = "probability"
    largest_logit: float = 1e4
    fewest_classes: int = 1
    loss: Loss = field(default_factory=Loss)
    summary: str = ""
    origin: str = ""
    library: str = "numpy"
    device: str = "cpu"

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _printable(self.name))
        require_known("quantity", tuple(self.functions), QUANTITY_NAMES)
        require_known("format", self.formats, FORMAT_NAMES)
        require_known("target domain", (self.targets,), TARGET_DOMAINS)
        if self.loss.output != "softmax":
            require_known(f"quantity of {self.loss.output}", tuple(self.functions), ("dE/dz",))
        for quantity, function in self.functions.items():
            if not callable(function):
                raise ValueError(f"the function for {quantity!r} is not callable: {function!r}")
        if not 0 < self.largest_logit < inf:
            raise ValueError(
                f"largest_logit is {self.largest_logit!r}; it must be positive, finite"
            )


def _printable(text: str) -> str:
    """Return text in one line of what terminals and files take."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def require_known(what: str, given: Sequence[str], known: Sequence[str]) -> None:
    """Raise ValueError for the first of the names that is not known, and for none at all."""
    if not given:
        raise ValueError(f"no {what} given; choose from {', '.join(known)}")
    for name in given:
        if name not in known:
            raise ValueError(f"unknown {what} {name!r}; choose from {', '.join(known)}")
