"""The Python that shows how a check called a function, where each argument is changed alike."""

from gradcert.core.claim import Claim

__all__ = ["ASKED", "with_classes_changed", "with_rows_changed"]

ASKED = "f(*args)"
"""The call as the case has it."""


def _changed(claim: Claim, arguments: str, expression: str, has_it: str) -> str:
    # An upstream gradient has no classes, and one for all rows has no rows.
    condition = f" if {has_it} else a" if claim.takes_upstream else ""
    return f"{expression}{condition} for a in {arguments}"


def with_classes_changed(claim: Claim, expression: str, arguments: str = "args") -> str:
    """Return a loop over arguments that changes the classes of each array ``a``.

    Examples
    --------
    >>> from gradcert.core.claim import claims_of
    >>> from gradcert_implementations import load
    >>> claim = next(claims_of(load("numpy")))
    >>> with_classes_changed(claim, "a[:, ::-1]")
    'a[:, ::-1] for a in args'
    """
    return _changed(claim, arguments, expression, "a.ndim > 1")


def with_rows_changed(claim: Claim, expression: str) -> str:
    """Return a loop over arguments that changes the rows of each array ``a``."""
    return _changed(claim, "args", expression, "a.ndim")
