"""The properties, each a function of a claim and a case, with the cases it wants.

The exact predicate of a check stands in its docstring, with what it cannot see.
"""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis.strategies import SearchStrategy

from gradcert import strategies
from gradcert.cases import Case, Claim
from gradcert.checks import accuracy, contract, laws
from gradcert.checks.evidence import Evidence, Judgements, Refuted
from gradcert_implementations import QUANTITY_NAMES, QuantityName

__all__ = ["CHECKS", "Check", "Evidence", "Judgements", "Refuted"]


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
    """

    id: str
    run: Callable[[Claim, Case], Judgements]
    cases: Callable[[Claim], SearchStrategy[Case]]
    quantities: tuple[QuantityName, ...] = QUANTITY_NAMES
    share: float = 1.0


def _case(claim: Claim) -> SearchStrategy[Case]:
    subject = claim.implementation
    return strategies.cases(claim.quantity, claim.format, subject.targets, subject.largest_logit)


def _wide_case(claim: Claim) -> SearchStrategy[Case]:
    subject = claim.implementation
    return strategies.cases(
        claim.quantity, claim.format, subject.targets, subject.largest_logit, wide=True
    )


def _shifted_case(claim: Claim) -> SearchStrategy[Case]:
    subject = claim.implementation
    return strategies.shifted_cases(claim.format, subject.targets, subject.largest_logit)


_OF_LOGITS: tuple[QuantityName, ...] = ("softmax", "loss", "do/dz", "dE/dz")

CHECKS: tuple[Check, ...] = (
    Check(id="accuracy", run=accuracy.accuracy, cases=_case),
    Check(
        id="many-classes",
        run=accuracy.many_classes,
        cases=_wide_case,
        quantities=("softmax", "loss", "dE/do", "dE/dz"),
        share=0.1,
    ),
    Check(id="sum-to-zero", run=laws.sum_to_zero, cases=_case, quantities=("dE/dz",), share=0.5),
    Check(id="shift", run=laws.shift, cases=_shifted_case, quantities=_OF_LOGITS, share=0.25),
    Check(id="permutation", run=laws.permutation, cases=_case, share=0.25),
    Check(id="row-independence", run=laws.row_independence, cases=_case, share=0.25),
    Check(id="shape-and-dtype", run=contract.shape_and_dtype, cases=_case, share=0.1),
    Check(id="inputs-unchanged", run=contract.inputs_unchanged, cases=_case, share=0.1),
    Check(id="same-answer-twice", run=contract.same_answer_twice, cases=_case, share=0.1),
    Check(id="memory-layout", run=contract.memory_layout, cases=_case, share=0.1),
    Check(id="empty-batch", run=contract.empty_batch, cases=_case, share=0.1),
    Check(id="nan-stays-in-its-row", run=contract.nan_stays_in_its_row, cases=_case, share=0.1),
)
"""All checks, in the order they are reported."""
