"""Which mistake a refutation is: the known flaws that make it too, and what is known without one.

A flaw explains a refuting case if, put in the implementation's place, it fails the same check on
the same case in the same way (see :mod:`gradcert.resemblance`). Its behaviour is compared as its
formula is, because it is run and not described.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from gradcert.cases import Broken, Case, Claim
from gradcert.checks import CHECKS, Check, Evidence
from gradcert.examine import Outcome
from gradcert.findings import findings
from gradcert.resemblance import fails_alike, outcome_of
from gradcert_implementations import (
    FLAWED,
    Flaw,
    QuantityName,
    documented,
    load,
)
from gradcert_oracle import FORMATS, Format
from gradcert_reports import Diagnosis, Match

__all__ = ["Examined", "diagnose", "exposing_case"]

_LISTED = 3


@dataclass(frozen=True)
class Examined:
    """What one check found about one claim."""

    claim: Claim
    check: Check
    outcome: Outcome


@dataclass(frozen=True)
class _Refutation:
    """A check that refutes a claim, with the evidence of some cases, that of the smallest first."""

    claim: Claim
    check: Check
    evidence: tuple[Evidence, ...]


@cache
def _catalogue() -> tuple[Flaw, ...]:
    return tuple(flaw for flaw in map(load, FLAWED) if isinstance(flaw, Flaw))


def exposing_case(flaw: Flaw, format: Format) -> Case:
    """Return the input that exposes a flaw, in a format."""
    first, targets = (np.array(rows).astype(format.dtype) for rows in flaw.exposed_by)
    return Case(first, targets, ("exposing",) * len(first))


def _refutation(examined: Examined) -> _Refutation:
    """Run the check on the refuting cases again; those that refute no more are left out."""
    claim, check = examined.claim, examined.check
    again = (outcome_of(claim, check, found.case) for found in examined.outcome.refutations)
    return _Refutation(claim, check, tuple(found for found in again if isinstance(found, Evidence)))


def _explained(flaw: Flaw, refutations: Sequence[_Refutation]) -> frozenset[tuple[int, int]]:
    """Return the cases it explains, of which refutation; none where it misses the smallest."""
    found = set()
    for number, refutation in enumerate(refutations):
        for place, evidence in enumerate(refutation.evidence):
            if fails_alike(flaw, refutation.claim, refutation.check, evidence):
                found.add((number, place))
            elif place == 0:
                break
    return frozenset(found)


@cache
def _is_exposed(flaw: Flaw, check: Check, quantity: QuantityName, format: Format) -> bool:
    """Tell whether a flaw fails a check on the input that exposes it."""
    # The exposing input is made of logits, or of probabilities.
    alike = (quantity == "dE/do") == (next(iter(flaw.functions)) == "dE/do")
    claim = Claim(flaw, quantity, format)
    return (
        alike
        and format.name in flaw.formats
        and outcome_of(claim, check, exposing_case(flaw, format)) is not None
    )


def _passes_where_exposed(flaw: Flaw, about: Sequence[Examined], format: Format) -> bool | None:
    """Tell whether the subject passes where the input that exposes the flaw makes the flaw fail.

    A check that the subject did not survive is not asked again. None if nothing exposes the flaw.
    """
    claim = replace(about[0].claim, format=format)
    broken = {e.check.id for e in about if isinstance(e.outcome.failure, Broken)}
    for check in CHECKS:
        if claim.quantity not in check.quantities or check.id in broken:
            continue
        if _is_exposed(flaw, check, claim.quantity, format):
            return outcome_of(claim, check, exposing_case(flaw, format)) is None
    return None


def _acquitted(flaw: Flaw, about: Sequence[Examined]) -> bool:
    """Tell whether the subject passes where the flaw is exposed, in every refuted format."""
    refuted = dict.fromkeys(e.claim.format for e in about if e.outcome.refutations)
    found = [_passes_where_exposed(flaw, about, format) for format in refuted]
    return True in found and False not in found


def _contradicted(flaw: Flaw, about: Sequence[Examined], refutations: Sequence[_Refutation]) -> int:
    """Count the formats in which the flaw fails and the subject does not.

    That is on the smallest refuting case, or on the input that exposes the flaw in the format it is
    best known in: the subject need not claim that one, so this speaks against the flaw, no more.
    """
    passed = [examined for examined in about if examined.outcome.failure is None]
    count = int(_passes_where_exposed(flaw, about, FORMATS[flaw.formats[0]]) is True)
    for refutation in refutations:
        for examined in passed:
            if examined.check is refutation.check:
                claim, smallest = examined.claim, refutation.evidence[0].case
                case = smallest.cast(claim.format)
                accused = replace(claim, implementation=flaw)
                count += (
                    outcome_of(claim, examined.check, case) is None
                    and outcome_of(accused, examined.check, case) is not None
                )
    return count


def _matches(
    about: Sequence[Examined], refutations: Sequence[_Refutation]
) -> tuple[tuple[Match, ...], int]:
    """Return the flaws that explain most cases, those first that less speaks against.

    And how many cases they explain together.
    """
    if not refutations:
        return (), 0
    subject, quantity = about[0].claim.implementation, about[0].claim.quantity
    formats = {refutation.claim.format.name for refutation in refutations}
    ranked = [
        (
            -len(explains),
            _contradicted(flaw, about, refutations),
            not formats <= set(flaw.formats),
            flaw,
            explains,
        )
        for flaw in _catalogue()
        if quantity in flaw.functions
        and flaw.loss == subject.loss
        and flaw.verdict != "conforms"
        and not _acquitted(flaw, about)
        if (explains := _explained(flaw, refutations))
    ]
    ranked.sort(key=lambda rank: (*rank[:3], rank[3].name))
    listed = [(flaw, explains) for *_, flaw, explains in ranked[:_LISTED]]
    matches = tuple(
        Match(
            flaw=flaw.name,
            title=documented(flaw.name)[0],
            formula=flaw.formula,
            explains=len(explains),
        )
        for flaw, explains in listed
    )
    return matches, len(frozenset().union(*(explains for _, explains in listed)))


def diagnose(all_examined: Sequence[Examined]) -> tuple[Diagnosis, ...]:
    """Compare what refutes an implementation with the catalogue, quantity by quantity.

    Parameters
    ----------
    all_examined
        What the checks of one implementation found, those that passed among them.

    Returns
    -------
    One diagnosis a refuted quantity. Its matches are the flaws that explain refuting cases, the
    best first: by how many they explain; then by how seldom they fail where the implementation
    passes; then those that are known in the refuted formats. A flaw is no match if the
    implementation passes, in every refuted format, where the input that exposes the flaw makes the
    flaw fail.
    """
    diagnoses = []
    for quantity in dict.fromkeys(examined.claim.quantity for examined in all_examined):
        about = [examined for examined in all_examined if examined.claim.quantity == quantity]
        passed = [examined for examined in about if examined.outcome.failure is None]
        refuted = [examined for examined in about if examined.outcome.refutations]
        again = [found for found in map(_refutation, refuted) if found.evidence]
        if not refuted:
            continue
        cases = sum(len(refutation.evidence) for refutation in again)
        seen = sum(len(examined.outcome.refutations) for examined in refuted)
        matches, explained = _matches(about, again)
        diagnoses.append(
            Diagnosis(
                quantity=quantity,
                cases=cases,
                matches=matches,
                unexplained=cases - explained,
                findings=findings(
                    [(r.check, r.claim, evidence) for r in again for evidence in r.evidence],
                    vanished=seen - cases,
                    checks={examined.check.id for examined in refuted},
                    refuted=sorted({examined.claim.format.name for examined in refuted}),
                    passed=sorted({examined.claim.format.name for examined in passed}),
                ),
            )
        )
    return tuple(diagnoses)
