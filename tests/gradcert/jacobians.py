"""The softmax Jacobian that returned gradients imply, beside the true one."""

import numpy as np

from gradcert.cases import Broken, Claim, NotSupported
from gradcert.checks import Evidence, decimal, text
from gradcert_oracle import QUANTITIES
from gradcert_reports import Jacobian

__all__ = ["implied_jacobian"]

_SEEN = 12
"""Classes of a Jacobian that can still be taken in at a glance."""

_GUARD = 100


def implied_jacobian(claim: Claim, evidence: Evidence) -> Jacobian | None:
    """Return the Jacobian at the refuting row of logits, true and implied.

    The chain rule with the target at class i alone is ``dE/dz_j = -(1/o_i) do_i/dz_j``. So the
    gradient for that target tells row i of the Jacobian, whatever it was computed from. What
    returns do/dz says it itself. None for other quantities and outputs, for rows with a logit of
    -inf, for very long rows, and where the implementation does not answer.

    Examples
    --------
    >>> from gradcert.cases import Case
    >>> from gradcert_implementations import load
    >>> from gradcert_oracle import BINARY64
    >>> claim = Claim(load("diagonal-only"), "dE/dz", BINARY64)
    >>> case = Case(np.zeros((1, 2)), np.array([[1.0, 0.0]]), ("ties",))
    >>> implied_jacobian(claim, Evidence(case, "wrong")).returned
    (('0.25', '0.0'), ('0.0', '0.25'))
    """
    logits = evidence.case.first[evidence.row : evidence.row + 1]
    classes = logits.shape[1]
    if (
        claim.quantity not in ("dE/dz", "do/dz")
        or claim.implementation.loss.output != "softmax"
        or not 2 <= classes <= _SEEN
        or not np.isfinite(logits).all()
    ):
        return None
    row = tuple(logits[0].astype(np.float64).tolist())
    eye = np.eye(classes, dtype=logits.dtype)
    try:
        if claim.quantity == "do/dz":
            returned = claim.answer(logits, eye[:1])[0].astype(np.float64)
        else:
            answers = [claim.answer(logits, eye[i : i + 1])[0] for i in range(classes)]
            softmax = QUANTITIES["softmax"](row, (), claim.format)
            o = np.array([float(probability.mid()) for probability in softmax])
            with np.errstate(all="ignore"):
                # Adding zero makes of -0.0, which reads like a mistake, 0.0.
                returned = -o[:, np.newaxis] * np.array(answers, dtype=np.float64) + 0.0
    except (Broken, NotSupported):
        return None
    true = list(map(decimal, QUANTITIES["do/dz"](row, (), claim.format, _GUARD)))
    return Jacobian(
        true=tuple(tuple(true[i : i + classes]) for i in range(0, len(true), classes)),
        returned=tuple(tuple(map(text, values)) for values in returned.tolist()),
    )
