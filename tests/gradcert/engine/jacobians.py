"""The softmax Jacobian that returned gradients imply, beside the true one."""

import numpy as np

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence, decimal, text
from gradcert.core.failures import Broken, NotSupported
from gradcert_implementations import Array, MeanOver
from gradcert_oracle import GRADIENT, JACOBIAN, SOFTMAX, Question, Row, enclose
from gradcert_reports import Jacobian

__all__ = ["implied_jacobian"]

_SEEN = 12
"""Classes of a Jacobian that a reader can still take in at a glance."""

_GUARD = 100


def _is_textbook(claim: Claim, case: Case) -> bool:
    """Return whether the gradient for a target at one class is that of the textbook loss."""
    loss = claim.loss
    divided = loss.mean_over is MeanOver.ELEMENTS
    ignored = loss.ignore_index in range(case.classes)
    return claim.true_loss(case).is_plain and not divided and not ignored


def _implied(claim: Claim, case: Case, row: Row) -> Array:
    """Return the Jacobian from the gradients for a target at each class alone."""
    classes = len(row)
    eye = np.eye(classes, dtype=case.point.dtype)
    answers = [
        claim.answer(Case({"logits": case.point, "targets": eye[i : i + 1]}, case.regimes))[0]
        for i in range(classes)
    ]
    softmax = enclose(Question(SOFTMAX, (row,), claim.format))
    o = np.array([float(probability.mid()) for probability in softmax])
    with np.errstate(all="ignore"):
        # Adding zero turns -0.0, which looks like a mistake, into 0.0.
        implied: Array = -o[:, np.newaxis] * np.array(answers, dtype=np.float64) + 0.0
    return implied


def implied_jacobian(claim: Claim, evidence: Evidence) -> Jacobian | None:
    """Return the Jacobian at the refuting row of logits, true and implied.

    The chain rule with the target at class i alone is ``dE/dz_j = -(1/o_i) do_i/dz_j``. So the
    gradient for that target shows row i of the Jacobian, however it was computed. An answer
    for do/dz is the Jacobian itself. The result is None for other quantities and losses, for rows
    with a logit of -inf, for very long rows, and where the implementation does not answer.

    Examples
    --------
    >>> from gradcert.core.case import Regime
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> (claim,) = claims_of(load("diagonal-only", formats=["binary64"]))
    >>> arrays = {"logits": np.zeros((1, 2)), "targets": np.array([[1.0, 0.0]])}
    >>> implied_jacobian(claim, Evidence(Case(arrays, (Regime("ties"),)), "wrong")).returned
    (('0.25', '0.0'), ('0.0', '0.25'))
    """
    case = evidence.case.alone(evidence.row)
    if (
        claim.quantity not in (GRADIENT, JACOBIAN)
        or not 2 <= case.classes <= _SEEN
        or not np.isfinite(case.point).all()
        or (claim.quantity is GRADIENT and not _is_textbook(claim, case))
    ):
        return None
    row: Row = tuple(case.point[0].astype(np.float64).tolist())
    try:
        if claim.quantity is JACOBIAN:
            returned = claim.answer(case)[0].astype(np.float64)
        else:
            returned = _implied(claim, case, row)
    except (Broken, NotSupported):
        return None
    true = list(map(decimal, enclose(Question(JACOBIAN, (row,), claim.format), _GUARD)))
    return Jacobian(
        true=tuple(tuple(true[i : i + len(row)]) for i in range(0, len(true), len(row))),
        returned=tuple(tuple(map(text, values)) for values in returned.tolist()),
    )
