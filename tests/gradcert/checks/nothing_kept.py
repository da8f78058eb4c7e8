"""The answer where no row counts: a mean divides by zero, and a sum is zero."""

from collections.abc import Callable

import numpy as np

from gradcert.checks.shown import ASKED
from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import AcceptedRows, Evidence, JudgedRow, Refuted, floats, text
from gradcert_implementations import Array, NothingKept, Reduction

__all__ = ["require_nothing"]

_HOLDS: dict[NothingKept, Callable[[Array], Array]] = {
    NothingKept.NAN: np.isnan,
    NothingKept.ZERO: lambda values: values == 0,
    NothingKept.EITHER: lambda values: np.isnan(values) | (values == 0),
}


def require_nothing(
    claim: Claim,
    case: Case,
    answer: Array,
    *,
    where: str = "where no row is kept",
    shown_by: tuple[str, ...] = (ASKED,),
) -> list[JudgedRow | AcceptedRows]:
    """Refute a claim unless every value is zero for a sum, and NaN or zero for a mean.

    The loss says which of the two.

    Parameters
    ----------
    case
        A case in which no row counts, or the one whose rows were left out.
    answer
        The answer where no row counts.
    where
        How it comes that no row counts, as a part of a sentence.
    shown_by
        See :class:`Evidence`.

    Raises
    ------
    Refuted
        With the first value that is neither.
    """
    loss = claim.loss
    wanted = loss.nothing_kept_loss if claim.quantity.reduces else loss.nothing_kept_gradient
    if loss.reduction is not Reduction.MEAN:
        wanted = NothingKept.ZERO
    for row, values in enumerate(answer):
        returned = floats(values)
        wrong = ~_HOLDS[wanted](np.array(returned))
        if wrong.any():
            index = int(wrong.argmax())
            said = "nan or zero" if wanted is NothingKept.EITHER else wanted.value
            raise Refuted(
                Evidence(
                    case,
                    f"{claim.quantity.name} is {text(returned[index])} {where}; "
                    f"it should be {said}",
                    row=row,
                    returned=tuple(map(text, returned)),
                    shown_by=shown_by,
                )
            )
    return []
