"""The properties, each a function of a claim and a case, with the cases it wants.

The exact predicate of a check stands in its docstring, with what it cannot see.
"""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from hypothesis.strategies import SearchStrategy

from gradcert import strategies
from gradcert.cases import Case, Claim
from gradcert.checks import accuracy, batches, contract, effects
from gradcert.checks.evidence import Evidence, Judgements, Refuted, decimal, floats, text
from gradcert.strategies import Size
from gradcert_implementations import QUANTITY_NAMES, Implementation, QuantityName
from gradcert_oracle import FORMATS

__all__ = [
    "CHECKS",
    "Cases",
    "Check",
    "Evidence",
    "Judgements",
    "Refuted",
    "decimal",
    "floats",
    "planned",
    "text",
]


class Cases(Protocol):
    """What gives the cases of a claim."""

    def __call__(self, claim: Claim, *, below: int | None = None) -> SearchStrategy[Case] | None:
        """Return a strategy for all, or those below a number of classes; None if there are none."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """A property of an implementation's answers.

    Attributes
    ----------
    id
        Its stable name.
    run
        Passes and returns how each row was explained, or raises :class:`Refuted`, ``Broken`` or
        ``NotSupported``.
    cases
        The strategy of its cases for a claim.
    quantities
        Those it applies to.
    share
        The part of the examples it gets.
    against_truth
        Whether it holds values against true ones, and not against other answers.
    """

    id: str
    run: Callable[[Claim, Case], Judgements]
    cases: Cases
    quantities: tuple[QuantityName, ...] = QUANTITY_NAMES
    share: float = 1.0
    against_truth: bool = False


def _case(
    claim: Claim, *, size: Size = "small", below: int | None = None
) -> SearchStrategy[Case] | None:
    subject = claim.implementation
    return strategies.cases(
        claim.quantity,
        claim.format,
        subject.targets,
        subject.largest_logit,
        size=size,
        below=below,
        fewest=subject.fewest_classes,
        masked=subject.loss.output == "softmax",
    )


CHECKS: tuple[Check, ...] = (
    Check(id="no-side-effects", run=effects.no_side_effects, cases=_case, share=0.1),
    Check(id="inputs-unchanged", run=contract.inputs_unchanged, cases=_case, share=0.1),
    Check(id="same-answer-twice", run=contract.same_answer_twice, cases=_case, share=0.1),
    Check(id="accuracy", run=accuracy.accuracy, cases=_case, against_truth=True),
    Check(
        id="many-classes",
        run=accuracy.many_classes,
        cases=functools.partial(_case, size="wide"),
        quantities=("softmax", "loss", "dE/do", "dE/dz"),
        share=0.1,
        against_truth=True,
    ),
    Check(
        id="row-independence",
        run=batches.row_independence,
        cases=functools.partial(_case, size="batch"),
        share=0.25,
    ),
    Check(id="memory-layout", run=contract.memory_layout, cases=_case, share=0.1),
    Check(
        id="empty-batch",
        run=contract.empty_batch,
        cases=functools.partial(_case, size="pair"),
        share=0,  # One will do: only its shape counts.
    ),
    Check(id="nan-stays-in-its-row", run=contract.nan_stays_in_its_row, cases=_case, share=0.1),
)
"""All checks, in the order they run and are reported: first that it is a function at all."""


def planned(implementation: Implementation) -> Iterator[tuple[Check, Claim]]:
    """Yield every check that applies to an implementation, with the claim it is to examine."""
    for check in CHECKS:
        for quantity in implementation.functions:
            if quantity in check.quantities:
                for name in implementation.formats:
                    yield check, Claim(implementation, quantity, FORMATS[name])
