"""The answer where a mean divides by zero, because no row counts."""

from collections.abc import Callable

import numpy as np

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import AcceptedRows, Evidence, JudgedRow, Refuted, floats, text
from gradcert_implementations import Array, NothingKept

__all__ = ["require_nothing"]

_HOLDS: dict[NothingKept, Callable[[Array], Array]] = {
    NothingKept.NAN: np.isnan,
    NothingKept.ZERO: lambda values: values == 0,
    NothingKept.EITHER: lambda values: np.isnan(values) | (values == 0),
}


def require_nothing(claim: Claim, case: Case, answer: Array) -> list[JudgedRow | AcceptedRows]:
    """Refute a claim unless every value is NaN or zero, as its loss says.

    Parameters
    ----------
    case
        A case in which no row counts.
    answer
        The answer to it.

    Raises
    ------
    Refuted
        With the first value that is neither.
    """
    loss = claim.loss
    wanted = loss.nothing_kept_loss if claim.quantity.reduces else loss.nothing_kept_gradient
    for row, values in enumerate(answer):
        returned = floats(values)
        wrong = ~_HOLDS[wanted](np.array(returned))
        if wrong.any():
            index = int(wrong.argmax())
            said = "nan or zero" if wanted is NothingKept.EITHER else wanted.value
            raise Refuted(
                Evidence(
                    case,
                    f"{claim.quantity.name} is {text(returned[index])} where no row is kept; "
                    f"it should be {said}",
                    row=row,
                    returned=tuple(map(text, returned)),
                )
            )
    return []
