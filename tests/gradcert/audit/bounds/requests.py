"""The data of a test from texts, as a command line and a data file have them."""

from collections.abc import Sequence
from pathlib import Path

from gradcert.audit.bounds.distributions import distribution
from gradcert.audit.bounds.setups import INDEX, NUMBERS_OF_A_PART, Setup
from gradcert.core.stored import LOGITS
from gradcert_implementations import (
    Domain,
    Loss,
    MeanOver,
    QuantityName,
    TargetDomain,
    classes_of,
    fewest_classes,
)
from gradcert_implementations.interface.given import given_fields, options_of
from gradcert_implementations.interface.losses import overridden
from gradcert_implementations.interface.together import check_together
from gradcert_implementations.names import (
    FORMAT_ALIASES,
    FORMAT_NAMES,
    QUANTITIES_OF_A_LOSS,
    QUANTITY_ARGUMENTS,
    known_name,
)
from gradcert_oracle import FORMATS, quantity_of

__all__ = ["bytes_needed", "bytes_that_are_free", "setup_of"]

_AUDITED: tuple[QuantityName, ...] = tuple(
    name
    for name, arguments in QUANTITY_ARGUMENTS.items()
    if arguments[0] == LOGITS and len(quantity_of(name).shape(1, 1)) <= 2
)
"""The quantities whose tests can be audited: of logits, with a value for each class or row."""

_DRAWN_TARGETS: tuple[TargetDomain, ...] = (INDEX, "probability")
"""The targets that are drawn."""

_OF_A_PART, _OF_ALL, _OF_A_ROW = 200, 80, 16
"""Bytes that a number of a part costs, one of the whole data, and a row."""


def bytes_needed(setup: Setup, *, whole: bool) -> int:
    """Return how much memory an audit needs at most.

    Parameters
    ----------
    setup
        The data.
    whole
        Whether the comparison needs all values at once.
    """
    numbers = setup.rows_compared * setup.classes
    part = min(numbers, max(NUMBERS_OF_A_PART, setup.classes))
    return part * _OF_A_PART + setup.rows * _OF_A_ROW + numbers * _OF_ALL * whole


def bytes_that_are_free() -> float:
    """Return how much memory is free, or infinity where the system does not say so.

    Memory that Linux uses as a cache of files is free.
    """
    try:
        with Path("/proc/meminfo").open() as lines:
            return next(float(line.split()[1]) for line in lines if "MemAvailable" in line) * 1024
    except (OSError, StopIteration):
        return float("inf")


def _check(setup: Setup) -> None:
    """Raise ValueError, in one line, for what contradicts itself."""
    loss = setup.loss
    check_together(loss, Domain(targets=setup.targets))
    if loss.output != Loss.output:
        raise ValueError(f"the audit is about the softmax, and output={loss.output}; leave it out")
    if setup.quantity not in QUANTITIES_OF_A_LOSS and options_of(loss):
        names = ", ".join(options_of(loss))
        raise ValueError(f"{setup.quantity} has no meaning with {names}; leave them out")
    if setup.ignored and loss.ignore_index is None:
        raise ValueError(
            "rows are ignored, and the loss has no ignore_index; add --loss ignore_index=-100"
        )
    if loss.mean_over is MeanOver.WEIGHTS and setup.targets != INDEX:
        raise ValueError("mean_over=weights needs labels; leave --targets out")
    only, fewest = classes_of(loss, Domain()), fewest_classes(loss, Domain())
    if only not in (None, setup.classes) or setup.classes < fewest:
        wanted = only or f"at least {fewest}"
        raise ValueError(f"the loss has {wanted} classes, and --classes is {setup.classes}")


def setup_of(
    *,
    quantity: str = "dE/dz",
    format: str = "binary32",
    rows: int,
    classes: int,
    loss: Sequence[str] = (),
    logits: str = "normal",
    upstream: str = "",
    targets: str = INDEX,
    ignored: float = 0.0,
    compared: int | None = None,
) -> Setup:
    """Return the data of a test.

    Parameters
    ----------
    quantity, format
        What it compares, and the format of its arrays.
    rows, classes
        The shape of its logits.
    loss
        The options of its loss, as texts ``NAME=VALUE``.
    logits, upstream
        How they are drawn; see :func:`~gradcert.audit.bounds.distributions.distribution`. By
        default the upstream gradient is one, and the v of a backward is normal.
    targets
        ``index`` or ``probability``.
    ignored
        The part of the rows that is ignored.
    compared
        How many of the rows are compared; None for all.

    Raises
    ------
    ValueError
        For an unknown name, and for what contradicts itself, in one line.

    Examples
    --------
    >>> setup_of(rows=4, classes=3, loss=["reduction=mean"], format="bf16").format.name
    'bfloat16'
    >>> setup_of(rows=4, classes=3, ignored=0.5)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: rows are ignored, and the loss has no ignore_index; add --loss ignore_index=-100
    """
    name = known_name("quantity", quantity, _AUDITED)
    of_a_vector = "v" in QUANTITY_ARGUMENTS[name]
    setup = Setup(
        quantity=name,
        format=FORMATS[known_name("format", format, FORMAT_NAMES, FORMAT_ALIASES)],
        rows=rows,
        classes=classes,
        loss=overridden(Loss(), given_fields(Loss, loss)),
        logits=distribution(logits),
        upstream=distribution(upstream or ("normal" if of_a_vector else "ones")),
        targets=known_name("targets", targets, _DRAWN_TARGETS),
        ignored=ignored,
        compared=compared,
    )
    _check(setup)
    return setup
