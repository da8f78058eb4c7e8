"""The data of a test: its shape, its loss, and how its numbers are drawn, part by part."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from gradcert.audit.bounds.distributions import NORMAL, ONES, Distribution
from gradcert.core.case import Case, Regime
from gradcert_implementations import (
    QUANTITY_ARGUMENTS,
    Array,
    Loss,
    MeanOver,
    QuantityName,
    Reduction,
    TargetDomain,
)
from gradcert_implementations.interface import Given, options_of, recorded
from gradcert_implementations.interface.losses import overridden
from gradcert_oracle import Format

__all__ = ["INDEX", "NUMBERS_OF_A_PART", "Data", "Rows", "Setup", "divisor", "drawn", "in_words"]

NUMBERS_OF_A_PART = 1 << 20
"""Logits of a part of the batch that is worked on at once; a part has at least one row."""

_CONFIDENT = 12.0
"""What is added to the logit of the label in confident rows."""

INDEX: TargetDomain = "index"
"""The targets that are one label a row."""


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What a test computes, and on which data.

    Attributes
    ----------
    quantity
        The quantity that it compares.
    format
        The format of its arrays.
    rows, classes
        The shape of its logits.
    loss
        The loss.
    logits
        How the logits are drawn.
    upstream
        How the upstream gradient is drawn: one number a row, or one for all rows where the loss has
        a reduction. For a quantity that multiplies a vector it is that vector.
    targets
        ``index``: one label a row, drawn evenly. ``probability``: the softmax of normal numbers.
    ignored
        The part of the rows that is ignored.
    confident
        The part of the rows whose label has a logit far above the others.
    compared
        How many of the rows are compared, the first ones; None for all. A mean divides by all rows
        all the same, so that values have the sizes that they have in the test.
    """

    quantity: QuantityName
    format: Format
    rows: int
    classes: int
    loss: Loss
    logits: Distribution = NORMAL
    upstream: Distribution = ONES
    targets: TargetDomain = INDEX
    ignored: float = 0.0
    confident: float = 0.0
    compared: int | None = None

    @property
    def rows_compared(self) -> int:
        """The number of rows that are compared."""
        return self.rows if self.compared is None else min(self.rows, self.compared)


@dataclass(frozen=True, eq=False)
class Rows:
    """Consecutive rows of the data.

    Attributes
    ----------
    case
        Their arguments, and their upstream gradient, one number for each row.
    first
        The index of the first row.
    """

    case: Case
    first: int


@dataclass(frozen=True, eq=False)
class Data:
    """The data of a test, drawn from a seed.

    Attributes
    ----------
    setup, seed
        What it is drawn from.
    labels
        The label of each row; -1 where the row is ignored.
    divisor, z_divisor
        What the loss divides by.
    """

    setup: Setup
    seed: int
    labels: Array
    divisor: Fraction
    z_divisor: Fraction

    @property
    def loss(self) -> Loss:
        """The loss of each row by itself, with the divisor as a factor.

        So a part of the rows has the gradients that it has in the whole batch.
        """
        whole = self.setup.loss
        by_row = [Given("reduction", Reduction.NONE)]
        if whole.reduction is Reduction.MEAN:
            factor = Fraction(whole.multiplier) / self.divisor
            z_loss = Fraction(whole.z_loss) * self.divisor / self.z_divisor
            by_row += [Given("multiplier", float(factor)), Given("z_loss", float(z_loss))]
        return overridden(whole, by_row)

    def parts(self) -> Iterator[Rows]:
        """Draw the rows, part by part."""
        count = max(1, NUMBERS_OF_A_PART // self.setup.classes)
        rows = self.setup.rows_compared
        for first in range(0, rows, count):
            yield self._part(first, min(count, rows - first))

    def _part(self, first: int, count: int) -> Rows:
        setup, labels = self.setup, self.labels[first : first + count]
        generator = np.random.default_rng([self.seed, 1, first])
        shape = count, setup.classes
        places = np.arange(count), labels.clip(0)
        logits = setup.logits.draw(generator, shape)
        confident = generator.random(count) < setup.confident
        logits[places] += np.where(confident, _CONFIDENT, 0.0)
        if setup.targets == INDEX:
            targets = np.zeros(shape)
            targets[places] = 1
        else:
            targets = np.exp(generator.standard_normal(shape, np.float32).astype(np.float64))
            targets /= targets.sum(axis=1, keepdims=True)
        targets[labels < 0] = 0
        arguments = {"logits": logits, "targets": targets}
        one_for_all = setup.loss.reduction is not Reduction.NONE
        if "v" in QUANTITY_ARGUMENTS[setup.quantity]:
            arguments["v"] = setup.upstream.draw(generator, shape)
            upstream = np.ones(count)
        elif one_for_all:
            upstream = setup.upstream.draw(np.random.default_rng([self.seed, 2]), (1,))
            upstream = np.broadcast_to(upstream, count)
        else:
            upstream = setup.upstream.draw(generator, (count,))
        case = Case(arguments, (Regime("drawn"),) * count, upstream).cast(setup.format)
        for name in arguments:
            if not np.isfinite(case[name]).all():
                raise ValueError(
                    f"the {name} that are drawn are not finite in {setup.format.name}; "
                    "give smaller numbers"
                )
        return Rows(case, first)


def divisor(setup: Setup, over: MeanOver, labels: Array) -> Fraction:
    """Return what a mean over these labels divides by."""
    match over:
        case MeanOver.ROWS:
            return Fraction(setup.rows)
        case MeanOver.KEPT:
            return Fraction(int((labels >= 0).sum()))
        case MeanOver.ELEMENTS:
            return Fraction(setup.rows * setup.classes)
        case MeanOver.WEIGHTS:
            weights = np.array(setup.loss.weights(setup.classes))
            return Fraction(float(weights[labels[labels >= 0]].sum()))


def drawn(setup: Setup, seed: int) -> Data:
    """Draw the labels of a test's data, and say what its loss divides by.

    Raises
    ------
    ValueError
        If every row is ignored, or has a label of weight zero where the weights are the divisor.

    Examples
    --------
    >>> from gradcert_oracle import BINARY32
    >>> mean = Loss(reduction="mean", mean_over="kept", ignore_index=-100)
    >>> data = drawn(
    ...     Setup(
    ...         quantity="dE/dz", format=BINARY32, rows=4, classes=3, loss=mean, ignored=0.5
    ...     ),
    ...     seed=1,
    ... )
    >>> data.labels, data.divisor
    (array([-1,  1, -1, -1]), Fraction(1, 1))
    """
    generator = np.random.default_rng([seed, 0])
    labels = generator.integers(0, setup.classes, setup.rows)
    ignored = generator.random(setup.rows) < setup.ignored
    if setup.loss.ignore_index is not None:
        ignored |= labels == setup.loss.ignore_index
    labels[ignored] = -1
    if (labels < 0).all():
        raise ValueError("every row is ignored; give a smaller --ignored or another ignore_index")
    if setup.loss.reduction is not Reduction.MEAN:
        return Data(setup, seed, labels, Fraction(1), Fraction(1))
    over = setup.loss.mean_over
    z_over = setup.loss.z_loss_mean_over or over
    ours, of_z_loss = (divisor(setup, one, labels) for one in (over, z_over))
    if not ours or not of_z_loss:
        raise ValueError(
            "the weights of all labels are zero, so that the mean divides by zero; give other "
            "class_weights, or more --rows"
        )
    return Data(setup, seed, labels, ours, of_z_loss)


def in_words(setup: Setup) -> Iterator[str]:
    """Yield what a test compares, and on which data.

    Examples
    --------
    >>> from gradcert_oracle import BINARY32
    >>> loss = Loss(reduction="sum", label_smoothing=0.1)
    >>> setup = Setup(quantity="dE/dz", format=BINARY32, rows=4, classes=3, loss=loss)
    >>> print(*in_words(setup), sep="; ")
    dE/dz in binary32; 4 x 3 logits, normal; label_smoothing=0.1; reduction=sum
    """
    yield f"{setup.quantity} in {setup.format.name}"
    yield f"{setup.rows} x {setup.classes} logits, {setup.logits}"
    every = recorded(setup.loss)
    for name in options_of(setup.loss):
        yield f"{name}={every[name]}"
    if setup.upstream != ONES:
        yield f"upstream gradient {setup.upstream}"
    if setup.targets != INDEX:
        yield f"targets {setup.targets}"
    if setup.ignored:
        yield f"{setup.ignored:g} of the rows ignored"
    if setup.rows_compared < setup.rows:
        yield f"{setup.rows_compared} of the rows compared"
