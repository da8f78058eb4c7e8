"""Whether two answers of an implementation agree: up to rounding, or byte by byte."""

from math import isfinite, isnan

from flint import arb

from gradcert.core.case import Case
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence, Refuted, errors, floats, judge_exactly, text
from gradcert_implementations import Array
from gradcert_oracle import Algorithm, algorithms, budgets

__all__ = ["require_agreement", "require_equal_bytes"]


def require_agreement(
    claim: Claim,
    case: Case,
    row: int,
    *,
    ours: Array,
    theirs: Array,
    difference: str,
    shown_by: tuple[str, ...],
) -> None:
    """Refute a claim unless two answers to a row agree: ``|v - w| <= 2 (b + b)`` for every value.

    Two NaNs agree, and two equal infinities: whether they are right is for ``accuracy`` to say.
    Answers of equal bytes need no budget.

    Parameters
    ----------
    case, row
        The row that both answer.
    ours, theirs
        The answers to compare, value by value, for that row.
    difference
        How the two calls differed, as the end of a sentence.
    shown_by
        See :class:`Evidence`.

    Raises
    ------
    Refuted
        With `ours` as the returned values and `theirs` as the expected ones.
    """
    if ours.tobytes() == theirs.tobytes():
        return
    a, b = floats(ours), floats(theirs)
    pairs = zip(a, b, strict=True)
    differing = [j for j, (v, w) in enumerate(pairs) if v != w and not (isnan(v) and isnan(w))]
    if not differing:
        return
    differences = errors([a[j] for j in differing], [b[j] for j in differing])

    def allowances(algorithm: Algorithm) -> list[arb] | None:
        found = budgets(claim.question(case, row), algorithm)
        return None if found is None else [2 * found[j] for j in differing]

    judgement = judge_exactly(claim, differences, allowances)
    if judgement.algorithm is None:
        index = differing[judgement.index]
        tried = (allowances(algorithm) for algorithm in reversed(algorithms(claim.format)))
        widest = next((each for each in tried if each is not None), None)
        raise Refuted(
            Evidence(
                case,
                f"{claim.quantity.name} is {text(a[index])}, but {text(b[index])} {difference}",
                row=row,
                index=index,
                returned=tuple(map(text, a)),
                expected=tuple(map(text, b)),
                expected_is="other",
                budgets=judgement.used if isfinite(judgement.used) else None,
                allowed=None if widest is None else float((2 * widest[judgement.index]).upper()),
                shown_by=shown_by,
            )
        )


def require_equal_bytes(
    case: Case, ours: Array, theirs: Array, *, what: str, shown_by: tuple[str, ...]
) -> None:
    """Refute a claim with the first row in which two answers to a case differ by a byte.

    Parameters
    ----------
    case
        What both answer.
    ours, theirs
        The answers to compare.
    what
        What is wrong if they differ, as a sentence.
    shown_by
        See :class:`Evidence`.

    Raises
    ------
    Refuted
        With the row of `ours` as the returned values and that of `theirs` as the expected ones.
    """
    for row, (values, others) in enumerate(zip(ours, theirs, strict=True)):
        if values.tobytes() != others.tobytes():
            raise Refuted(
                Evidence(
                    case,
                    what,
                    row=row,
                    returned=tuple(map(text, floats(values))),
                    expected=tuple(map(text, floats(others))),
                    expected_is="other",
                    shown_by=shown_by,
                )
            )
