"""What speaks against a flaw: it fails where the subject passes."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from gradcert.checks import CHECKS, Check
from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim, claims_of
from gradcert.core.failures import Broken
from gradcert.diagnosis.matching import fails, in_place_of
from gradcert.diagnosis.observing import observed
from gradcert.diagnosis.refutations import Checked, Refutations
from gradcert_implementations import Flaw, Loss, Reduction
from gradcert_implementations.lifted import lifted
from gradcert_oracle import FORMATS, Format, Quantity

__all__ = ["contradicted", "contradicted_elsewhere", "exposing_case"]


def exposing_case(flaw: Flaw, format: Format, loss: Loss | None = None) -> Case:
    """Return the input that exposes a flaw, in a format.

    If another loss than that of the flaw reduces its rows, they have the upstream gradient of the
    first one.
    """
    point = next(claims_of(flaw)).point
    arrays = [np.array(rows).astype(format.dtype) for rows in flaw.exposed_by]
    arguments = dict(zip((point, "targets", "v"), arrays, strict=False))
    upstream = np.array(flaw.upstream).astype(format.dtype) if flaw.upstream else None
    if upstream is not None and loss and loss.reduction is not Reduction.NONE:
        upstream = upstream[:1].reshape(())
    return Case(arguments, (Regime("exposing"),) * len(arrays[0]), upstream)


@lru_cache(maxsize=256)
def _is_exposed(flaw: Flaw, check: Check, quantity: Quantity, format: Format) -> bool:
    """Return whether a flaw fails a check on the input that exposes it."""
    case = exposing_case(flaw, format, flaw.loss)
    return (
        # The exposing input is made of logits, or of probabilities, and need not have a v.
        set(quantity.arguments) <= set(case.arguments)
        and format.name in flaw.formats
        and fails(Claim(flaw, quantity, format), check, case)
    )


def _in_format(case: Case, format: Format) -> Case | None:
    """Return a case in a format; None if a number, or twice its upstream gradient, overflows."""
    cast = case.cast(format)
    pairs = [(case[name], cast[name]) for name in case.arguments]
    if case.upstream is not None and cast.upstream is not None:
        with np.errstate(over="ignore"):
            pairs.append((case.upstream, 2 * cast.upstream))
    overflows = any((np.isfinite(before) & ~np.isfinite(now)).any() for before, now in pairs)
    return None if overflows else cast


def _suits(claim: Claim, case: Case) -> bool:
    """Return whether a claim is about the classes and the logits of a case."""
    return (
        claim.only_classes in (None, case.classes)
        and claim.fewest_classes <= case.classes
        and (claim.masked or bool(np.isfinite(case.point).all()))
    )


def _passes_where_exposed(flaw: Flaw, about: Sequence[Checked], format: Format) -> bool:
    """Return whether the subject passes where the input that exposes the flaw makes the flaw fail.

    It does not where its claim is not about that input. A check that broke the subject is not run
    again.
    """
    claim = replace(about[0].claim, format=format)
    case = exposing_case(flaw, format, claim.loss)
    if not _suits(claim, case):
        return False
    if claim.loss != flaw.loss:
        flaw = lifted(flaw, claim.loss, claim.implementation.domain)
    broken = [one.check for one in about if isinstance(one.outcome.failure, Broken)]
    for check in CHECKS:
        if check in broken or not check.applies(claim):
            continue
        if _is_exposed(flaw, check, claim.quantity, format):
            return not fails(claim, check, case)
    return False


def contradicted(flaw: Flaw, found: Refutations) -> int:
    """Count the cases on which the flaw fails and the subject does not, in the refuted formats.

    They are the input that exposes the flaw, and cases that passed.
    """
    formats = {refutation.claim.format for refutation in found.again}
    count = sum(_passes_where_exposed(flaw, found.about, format) for format in formats)
    for refutation in found.again:
        accused = in_place_of(refutation.claim, flaw, refutation.check)
        wrong = (observed(accused, refutation.check, case).wrong for case in refutation.passed)
        count += sum(map(bool, wrong))
    return count


def contradicted_elsewhere(flaw: Flaw, found: Refutations) -> int:
    """Count the cases on which the flaw fails and the subject does not, in other formats.

    They are the input that exposes the flaw, in the format it is best known in, which the subject
    need not claim; and the smallest refuting cases, in formats in which the check passes and that
    have their numbers. A mistake may be made in one format only, so these cases do not acquit a
    flaw.
    """
    formats = {refutation.claim.format for refutation in found.again}
    count = sum(
        _passes_where_exposed(flaw, found.about, format)
        for format in {FORMATS[flaw.formats[0]]} - formats
    )
    for refutation in found.again:
        for one in found.about:
            if one.outcome.failure is None and one.check is refutation.check:
                case = _in_format(refutation.evidence[0].case, one.claim.format)
                if case is None:
                    continue
                accused = in_place_of(one.claim, flaw, one.check)
                count += not fails(one.claim, one.check, case) and fails(accused, one.check, case)
    return count
