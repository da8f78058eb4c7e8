"""Every wrong answer that has a meaning for a test's data: mutants, options, formulas and flaws."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from gradcert.audit.bounds.setups import Data, Rows, divisor
from gradcert.audit.bounds.truth import Answered, Truth
from gradcert.audit.mutants import MUTANTS, Part
from gradcert_implementations import (
    FLAWED,
    Array,
    Flaw,
    FlawKind,
    Function,
    Given,
    Loss,
    MeanOver,
    Reduction,
    documented,
    load,
)
from gradcert_implementations.interface import options_of
from gradcert_implementations.interface.losses import overridden
from gradcert_implementations.lifted import lifted
from gradcert_implementations.plain_terms import plain_terms
from gradcert_oracle import BINARY64
from gradcert_reports.audits.bound_records import Origin

__all__ = ["Wrong", "wrong_answers"]


@dataclass(frozen=True, eq=False)
class Wrong:
    """A wrong answer to a test's data.

    Attributes
    ----------
    name
        Its name.
    sentence
        What it is, in plain words.
    origin
        Where it comes from.
    make
        Returns the wrong answer to some rows. It may be right on these rows.
    """

    name: str
    sentence: str
    origin: Origin
    make: Callable[[Answered], Array]


def _of_answers(truth: Truth) -> Iterator[Wrong]:
    """Yield the mutants of the right answer that have a meaning for its first part."""
    data = truth.data

    def part(rows: Rows, wide: Array) -> Part:
        return Part(wide, rows.first, data.setup.rows_compared, rows.case.upstream)

    first = next(data.parts())
    right = part(first, truth.answer(first))
    for mutant in MUTANTS:
        if mutant.applies(right):
            yield Wrong(
                mutant.name,
                mutant.sentence,
                Origin.ANSWER,
                lambda answered, mutant=mutant: mutant.make(part(answered.rows, answered.wide)),  # type: ignore[misc]
            )


_DROPPED = (
    "label_smoothing",
    "class_weights",
    "logit_scale",
    "softcap",
    "z_loss",
)
"""The options of a row's loss that may be forgotten."""


def _without_options(truth: Truth) -> Iterator[Wrong]:
    """Yield the right answers to the loss without one of its options."""
    given = options_of(truth.loss)
    for name in filter(given.__contains__, _DROPPED):
        other = replace(truth, loss=overridden(truth.loss, [Given(name, getattr(Loss, name))]))
        yield Wrong(
            f"{name.replace('_', '-')}-dropped",
            f"the answer without {name}",
            Origin.LOSS,
            lambda answered, other=other: other.answer(answered.rows),  # type: ignore[misc]
        )


_IN_WORDS = {
    MeanOver.ROWS: "all rows",
    MeanOver.KEPT: "the rows that are kept",
    MeanOver.ELEMENTS: "all elements",
}


def _with_divisors(data: Data) -> Iterator[Wrong]:
    """Yield the right answer divided by something else."""

    def times(factor: Fraction) -> Callable[[Answered], Array]:
        return lambda answered: answered.wide * float(factor)

    is_mean = data.setup.loss.reduction is Reduction.MEAN
    if is_mean:
        yield Wrong(
            "not-divided",
            "the answer to a sum in place of a mean",
            Origin.LOSS,
            times(data.divisor),
        )
    for over, words in _IN_WORDS.items():
        ours = divisor(data.setup, over, data.labels)
        if ours not in (data.divisor, 0):
            yield Wrong(
                f"divided-by-{over}",
                f"an answer that is divided by {words}",
                Origin.LOSS,
                times(data.divisor / ours),
            )


def _softmax_dropped(truth: Truth) -> Wrong:

    def make(answered: Answered) -> Array:
        case = answered.rows.case.cast(BINARY64)
        terms = plain_terms(truth.loss, case["logits"], case["targets"], any_sum=True)
        assert case.upstream is not None
        g = case.upstream[:, np.newaxis]
        return terms.gradient(-terms.targets * g, g)

    return Wrong("softmax-dropped", "an answer without the term of the softmax", Origin.LOSS, make)


_SEEN_BY_VALUES = set(FlawKind) - {FlawKind.CALL, FlawKind.SIDE_EFFECT}
"""The kinds of flaws that one call on fresh arrays may show."""


def _of_flaw(flaw: Flaw, function: Function, truth: Truth) -> Wrong:
    claim = truth.claim
    known = claim.format.name in flaw.formats
    working = claim.format.dtype if known else np.dtype(np.float32)

    def make(answered: Answered) -> Array:
        arguments = claim.arguments(answered.rows.case)
        answer: Array = function(*(array.astype(working) for array in arguments))
        return answer.astype(np.float64)

    return Wrong(flaw.name, documented(flaw.name)[0].rstrip("."), Origin.FLAW, make)


def _flaws(truth: Truth) -> Iterator[Wrong]:
    """Yield the flaws of the catalogue that can be made under the loss of each row."""
    claim, quantity = truth.claim, truth.data.setup.quantity
    for name in FLAWED:
        flaw = load(name)
        assert isinstance(flaw, Flaw)
        if quantity not in flaw.functions or flaw.kind not in _SEEN_BY_VALUES:
            continue
        try:
            made = lifted(
                flaw, truth.loss, claim.implementation.domain, takes_upstream=claim.takes_upstream
            )
        except ValueError:  # It has no meaning under this loss.
            continue
        if quantity in made.functions:
            yield _of_flaw(made, made.functions[quantity], truth)


def wrong_answers(truth: Truth) -> list[Wrong]:
    """Return every wrong answer that has a meaning for a test's data.

    Examples
    --------
    >>> from gradcert.audit.bounds.setups import Setup, drawn
    >>> from gradcert_oracle import BINARY32
    >>> loss = Loss(label_smoothing=0.1)
    >>> setup = Setup(quantity="dE/dz", format=BINARY32, rows=4, classes=3, loss=loss)
    >>> names = [wrong.name for wrong in wrong_answers(Truth.of(drawn(setup, seed=0)))]
    >>> [name for name in ("zero", "label-smoothing-dropped", "no-shift") if name in names]
    ['zero', 'label-smoothing-dropped', 'no-shift']
    """
    found = [*_of_answers(truth)]
    if truth.claim.quantity.shares:
        found += [*_without_options(truth), *_with_divisors(truth.data)]
    if truth.claim.quantity.upstream:
        found.append(_softmax_dropped(truth))
    names = {one.name for one in found}  # A mutant that is a flaw, too, is tried once.
    return [*found, *(flaw for flaw in _flaws(truth) if flaw.name not in names)]
