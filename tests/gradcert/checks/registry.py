"""All checks, in the order in which a report has them, and the plan of an implementation."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from math import prod

from gradcert.checks import (
    accuracy,
    batches,
    contract,
    effects,
    first_call,
    layouts,
    repeated_calls,
    upstream,
)
from gradcert.core.case import Case
from gradcert.core.claim import Claim, claims_of
from gradcert.core.evidence import AcceptedRows, JudgedRow
from gradcert.core.task import Task
from gradcert.generation.plan import Dimension, Item
from gradcert.generation.sizes import Size
from gradcert_implementations import FlawKind, Implementation

__all__ = ["CHECKS", "Check", "Part", "Planned", "check_named", "is_linear", "planned"]


class Part(Enum):
    """The part of the plan of cases that a check tries."""

    NONE = auto()
    SHORT_ROWS = auto()
    """All batches of up to 17 classes."""
    LONG_ROWS = auto()
    """All batches of more classes."""
    BATCHES = auto()
    """Some batches of several rows, short ones and long ones."""
    SAMPLE = auto()
    """The first rows of a few batches of long rows."""


def _any(_: Claim) -> bool:
    return True


def _has_rows(claim: Claim) -> bool:
    return not claim.quantity.reduces


def _takes_upstream(claim: Claim) -> bool:
    return claim.takes_upstream


def _has_a_second_backward(claim: Claim) -> bool:
    subject = claim.implementation
    again = subject.second_backward is not None and not subject.domain.overwrites_logits
    return again and claim.quantity.upstream


def _none(_: Claim) -> tuple[Item, ...]:
    return ()


def _layouts(claim: Claim) -> tuple[Item, ...]:
    """Return the layouts that the arguments of a claim can have, those of v by themselves too."""
    names = [one.name for one in layouts.layouts_of(claim)]
    if "v" in claim.quantity.arguments:
        names += [f"v: {name}" for name in names]
    return tuple(Item(Dimension.LAYOUTS, name) for name in names)


def is_linear(claim: Claim) -> bool:
    """Whether a row's answer has no more values than classes."""
    classes = 2
    return prod(claim.quantity.shape(1, classes)) <= classes


@dataclass(frozen=True, kw_only=True)
class Check:
    """A property of an implementation's answers.

    Attributes
    ----------
    id
        Its stable name.
    run
        Returns how each judged row is explained, and which rows a screen accepted; or raises
        ``Refuted``, ``Broken`` or ``NotSupported``.
    size
        The size of the cases that are searched for it.
    share
        Its part of these examples; at least one example is tried.
    part, items
        The part of the plan that it tries after them, and what it tries of a claim beside that.
    applies
        Whether it applies to a claim.
    against_truth
        Whether it compares values with true ones, and not with other answers.
    measures
        Whether the reach of a claim is measured beside it.
    opens
        Whether it runs on all claims before any other check does.
    leaves_traces
        Whether it refutes what a call leaves behind, and not the answer.
    may_be_refused
        Whether a subject may raise NotImplementedError. Then the result says so, and the verdict on
        the subject does not count it.
    across_calls, across_rows
        Whether a refutation means that equal calls, or equal rows of different batches, have
        different answers.
    kind
        The kind of mistake that a refutation shows, if no values show which it is.
    finding
        What a refutation says about the answer, if the statement of the evidence is about one value
        only.
    """

    id: str
    run: Callable[[Claim, Case], Sequence[JudgedRow | AcceptedRows]]
    size: Size = Size.SMALL
    share: float = 1.0
    part: Part = Part.SAMPLE
    items: Callable[[Claim], tuple[Item, ...]] = _none
    applies: Callable[[Claim], bool] = _any
    against_truth: bool = False
    measures: bool = False
    opens: bool = False
    leaves_traces: bool = False
    may_be_refused: bool = False
    across_calls: bool = False
    across_rows: bool = False
    kind: FlawKind = FlawKind.FORMULA
    finding: str = ""


CHECKS: tuple[Check, ...] = (
    Check(
        id="no-side-effects",
        run=effects.no_side_effects,
        share=0.1,
        leaves_traces=True,
        kind=FlawKind.SIDE_EFFECT,
    ),
    Check(id="inputs-unchanged", run=contract.inputs_unchanged, share=0.1, kind=FlawKind.MEMORY),
    Check(
        id="same-answer-twice",
        run=repeated_calls.same_answer_twice,
        share=0.1,
        across_calls=True,
        kind=FlawKind.CALL,
    ),
    Check(
        id="accuracy",
        run=accuracy.accuracy,
        part=Part.SHORT_ROWS,
        against_truth=True,
        measures=True,
    ),
    Check(
        id="many-classes",
        run=accuracy.many_classes,
        size=Size.MANY_CLASSES,
        share=0.1,
        part=Part.LONG_ROWS,
        applies=is_linear,
        against_truth=True,
    ),
    Check(
        id="row-independence",
        run=batches.row_independence,
        size=Size.MANY_ROWS,
        share=0.25,
        part=Part.BATCHES,
        applies=_has_rows,
        across_rows=True,
        kind=FlawKind.MEMORY,
        finding="a row's answer depends on the other rows of the batch",
    ),
    Check(
        id="memory-layout",
        run=layouts.memory_layout,
        share=0.1,
        items=_layouts,
        applies=layouts.has_layouts,
        kind=FlawKind.MEMORY,
        finding="the answer depends on the memory layout of the arguments",
    ),
    # Only the number of classes counts.
    Check(id="empty-batch", run=contract.empty_batch, share=0, part=Part.NONE, kind=FlawKind.SIZE),
    Check(
        id="nan-stays-in-its-row",
        run=contract.nan_stays_in_its_row,
        share=0.1,
        kind=FlawKind.MEMORY,
    ),
    Check(
        id="twice-the-upstream",
        run=upstream.twice_the_upstream,
        share=0.1,
        applies=_takes_upstream,
    ),
    Check(
        id="second-backward",
        run=upstream.second_backward,
        share=0.1,
        applies=_has_a_second_backward,
        against_truth=True,
        may_be_refused=True,
    ),
    Check(
        id="first-call",
        run=first_call.first_call,
        share=0,
        part=Part.NONE,
        against_truth=True,
        opens=True,
    ),
)
"""The contract of a function comes first: without it values mean little. The first call comes last,
although it runs first, because what is wrong at every call is better shown by ``accuracy``."""

_BY_ID = {check.id: check for check in CHECKS}


def check_named(name: str) -> Check:
    """Return the check with this id."""
    return _BY_ID[name]


@dataclass(frozen=True)
class Planned:
    """A check, and the claim that it examines."""

    check: Check
    claim: Claim

    @property
    def task(self) -> Task:
        """Its name in records."""
        return Task(self.check.id, self.claim.quantity.name, self.claim.format.name)


def planned(implementation: Implementation) -> Iterator[Planned]:
    """Yield every check that applies to an implementation, with the claim it examines.

    They come in the order in which they run.
    """
    claims = list(claims_of(implementation))
    for check in sorted(CHECKS, key=lambda check: not check.opens):
        for claim in claims:
            if check.applies(claim):
                yield Planned(check, claim)
