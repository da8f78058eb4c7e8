"""The properties, each a function of a claim and a case, with the cases it wants.

The exact predicate of a check stands in its docstring, with what it cannot see.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

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
    "Check",
    "Evidence",
    "Judgements",
    "Refuted",
    "decimal",
    "floats",
    "planned",
    "text",
]


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
    size
        What cases it wants.
    share
        The part of the examples it gets; at least one.
    quantities
        Those it applies to.
    against_truth
        Whether it holds values against true ones, and not against other answers.
    """

    id: str
    run: Callable[[Claim, Case], Judgements]
    size: Size = "small"
    share: float = 1.0
    quantities: tuple[QuantityName, ...] = QUANTITY_NAMES
    against_truth: bool = False

    def cases(self, claim: Claim, *, below: int | None = None) -> SearchStrategy[Case] | None:
        """Return the strategy of its cases for a claim; see :func:`gradcert.strategies.cases`."""
        subject = claim.implementation
        return strategies.cases(
            claim.quantity,
            claim.format,
            subject.targets,
            subject.largest_logit,
            size=self.size,
            below=below,
            fewest=subject.fewest_classes,
            masked=subject.loss.output == "softmax",
        )


CHECKS: tuple[Check, ...] = (
    Check(id="no-side-effects", run=effects.no_side_effects, share=0.1),
    Check(id="inputs-unchanged", run=contract.inputs_unchanged, share=0.1),
    Check(id="same-answer-twice", run=contract.same_answer_twice, share=0.1),
    Check(id="accuracy", run=accuracy.accuracy, against_truth=True),
    Check(
        id="many-classes",
        run=accuracy.many_classes,
        size="wide",
        share=0.1,
        quantities=("softmax", "loss", "dE/do", "dE/dz"),
        against_truth=True,
    ),
    Check(
        id="row-independence",
        run=batches.row_independence,
        size="batch",
        share=0.25,
    ),
    Check(id="memory-layout", run=contract.memory_layout, share=0.1),
    Check(id="empty-batch", run=contract.empty_batch, share=0),  # Only the shape of a case counts.
    Check(id="nan-stays-in-its-row", run=contract.nan_stays_in_its_row, share=0.1),
)
"""All checks, in the order they run and are reported: first that it is a function at all."""


def planned(implementation: Implementation) -> Iterator[tuple[Check, Claim]]:
    """Yield every check that applies to an implementation, with the claim it is to examine."""
    for check in CHECKS:
        for quantity in implementation.functions:
            if quantity in check.quantities:
                for name in implementation.formats:
                    yield check, Claim(implementation, quantity, FORMATS[name])
