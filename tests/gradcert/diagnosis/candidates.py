"""The flaws that may be the mistake, with fitted parameters and conditions, the likeliest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence
from gradcert.diagnosis.conditional import under
from gradcert.diagnosis.counterevidence import contradicted, contradicted_elsewhere
from gradcert.diagnosis.fitting import fitted, seen
from gradcert.diagnosis.matching import fails_at_first_only, fails_in_the_same_way, in_place_of
from gradcert.diagnosis.observing import observed
from gradcert.diagnosis.refutations import Refutation, Refutations, Seen
from gradcert.diagnosis.where import Condition, Rows, where
from gradcert_implementations import FLAWED, TARGET_DOMAINS, Flaw, Loss, load
from gradcert_implementations.lifted import has_meaning
from gradcert_implementations.parametric import ParametricFlaw
from gradcert_implementations.parametric import Seen as Row
from gradcert_reports import Verdict

__all__ = ["Candidate", "candidates", "condition_of"]

_COMPARED = 6
"""Values of the parameters of a flaw that are compared by what contradicts them."""


def _enough(explained: int, cases: int) -> bool:
    """Return whether at least nine tenths of the cases are explained."""
    return 10 * explained >= 9 * cases


@dataclass(frozen=True)
class Candidate:
    """A flaw that explains some of the cases, and what speaks for and against it.

    Attributes
    ----------
    explains
        The cases that it explains, by refutation and place.
    contradicted, contradicted_elsewhere
        How many cases there are on which it fails and the subject passes, in the refuted formats
        and in others.
    in_other_formats
        Whether it is known in other formats than those that are refuted.
    beyond
        Whether the claim is for targets that the flaw is not about. There it may be wrong for
        another reason than its mistake.
    where
        The condition under which the subject makes the mistake.
    unconditional
        How many cases would contradict it without its condition.
    """

    flaw: Flaw
    explains: frozenset[tuple[int, int]]
    contradicted: int
    contradicted_elsewhere: int
    in_other_formats: bool
    beyond: bool = False
    where: Condition | None = None
    unconditional: int = 0

    @property
    def order(self) -> tuple[int, int, int, bool, bool, int, bool, int, bool, str]:
        """The sort key: most cases explained first, then least counter-evidence.

        A flaw of an option that the loss has comes before one of the plain loss.
        A flaw that explains everything as it is comes before one with a condition or parameters,
        and a condition of one bound before one of two. Of those with a condition, the one that
        would fail most elsewhere comes first: it has no conditions of its own.
        """
        return (
            -len(self.explains),
            self.contradicted,
            self.contradicted_elsewhere,
            self.beyond,
            not self.flaw.own,
            len(self.where.bounds) if self.where else 0,
            isinstance(self.flaw, ParametricFlaw),
            -self.unconditional,
            self.in_other_formats,
            self.flaw.name,
        )

    def settles(self, cases: int) -> bool:
        """Whether it explains every case as it is, and nothing speaks against it."""
        against = self.contradicted or self.contradicted_elsewhere or self.beyond or self.where
        return len(self.explains) == cases and not against

    def headline(self, found: Refutations) -> bool:
        """Whether it explains most of the cases, and nothing contradicts it.

        Predicate: it explains at least nine tenths of all cases under a condition. Without one it
        explains half of all cases and half of those that tell flaws apart, of which there is at
        least one, and nine tenths of the one or of the other.
        """
        if self.contradicted:
            return False
        of_all = len(self.explains), found.cases
        if self.where:
            return _enough(*of_all)
        of_telling = len(self.explains & found.telling), len(found.telling)
        halves = all(2 * explained >= cases for explained, cases in (of_all, of_telling))
        return bool(found.telling) and halves and (_enough(*of_all) or _enough(*of_telling))

    def undecided(self, found: Refutations) -> bool:
        """Whether it would name the mistake if a case told flaws apart."""
        enough = not self.contradicted and _enough(len(self.explains), found.cases)
        return enough and not found.telling


@cache
def _catalogue() -> tuple[Flaw, ...]:
    return tuple(flaw for flaw in map(load, FLAWED) if isinstance(flaw, Flaw))


def _applicable(claim: Claim) -> Iterator[Flaw]:
    """Yield the flaws that may be the mistake of a claim."""
    for flaw in _catalogue():
        if (
            claim.quantity.name in flaw.functions
            and has_meaning(flaw, claim.loss)
            and flaw.takes_upstream <= claim.takes_upstream
            and flaw.verdict != str(Verdict.CONFORMS)
        ):
            yield flaw


def _explained(flaw: Flaw, found: Refutations) -> frozenset[tuple[int, int]]:
    """Return the cases that a flaw explains, by refutation and place.

    The search in a refutation ends if the flaw does not explain its smallest case.
    """
    explained = set()
    for number, refutation in enumerate(found.again):
        if refutation.once:
            explained |= {
                (number, place)
                for place, evidence in enumerate(refutation.evidence)
                if fails_at_first_only(flaw, refutation.claim, refutation.check, evidence)
            }
            continue
        cases = zip(refutation.evidence, refutation.observed, strict=True)
        for place, (evidence, rows) in enumerate(cases):
            if fails_in_the_same_way(
                flaw, refutation.claim, refutation.check, evidence, rows.values
            ):
                explained.add((number, place))
            elif place == 0:
                break
    return frozenset(explained)


def _has_values(claim: Claim, evidence: Evidence) -> bool:
    """Return whether evidence has the values of one row."""
    of_a_row = not claim.quantity.reduces or evidence.case.rows == 1
    values = bool(evidence.returned and evidence.expected)
    return of_a_row and values and evidence.expected_is == "true"


def _to_fit(found: Refutations) -> Iterator[tuple[Refutation, list[Row]]]:
    """Yield the refutations by true values, each with the rows that parameters are fitted to."""
    for refutation in found.repeated:
        claim = refutation.claim
        rows = [seen(claim, one) for one in refutation.evidence if _has_values(claim, one)]
        if rows and refutation.check.against_truth:
            yield refutation, rows


def condition_of(seen: Sequence[Seen], flaw: Flaw | None = None) -> Condition | None:
    """Return what sets the wrong rows apart from the right ones.

    If a flaw is given, only the right rows count in which it is wrong.
    """
    wrong, right = [], []
    for one in seen:
        rows = one.rows.right
        if flaw:
            accused = in_place_of(one.claim, flaw, one.check)
            rows &= observed(accused, one.check, one.rows.case).wrong
        wrong.append(Rows(one.rows.case, sorted(one.rows.wrong)))
        right.append(Rows(one.rows.case, sorted(rows)))
    return where(wrong, right)


def _under_a_condition(one: Candidate, found: Refutations) -> Candidate:
    """Return the candidate with a condition, if that explains why the subject passes elsewhere."""
    claim = found.about[0].claim
    condition = condition_of(found.rows, one.flaw)
    if condition is None or claim.implementation.loss != Loss():
        return one
    flaw = under(condition, one.flaw, claim)
    explains = _explained(flaw, found)
    if len(explains) < len(one.explains) or contradicted(flaw, found):
        return one
    return replace(
        one, explains=explains, contradicted=0, where=condition, unconditional=one.contradicted
    )


def _candidate(flaw: Flaw, explains: frozenset[tuple[int, int]], found: Refutations) -> Candidate:
    claimed = TARGET_DOMAINS.index(found.about[0].claim.implementation.domain.targets)
    return Candidate(
        flaw,
        explains,
        contradicted(flaw, found),
        contradicted_elsewhere(flaw, found),
        in_other_formats=not {r.claim.format.name for r in found.again} <= set(flaw.formats),
        beyond=TARGET_DOMAINS.index(flaw.domain.targets) < claimed,
    )


def _least_contradicted(flaws: Sequence[Flaw], found: Refutations) -> Candidate | None:
    """Return the first flaw that explains cases and that nothing contradicts.

    The flaws are one flaw with different values. If each is contradicted, it is the first that
    nothing contradicts under a condition, or else the one that least contradicts. None if none
    explains a case.
    """
    tried = []
    for flaw in flaws:
        explains = _explained(flaw, found)
        if not explains:
            continue
        one = _candidate(flaw, explains, found)
        if not one.contradicted:
            return one
        tried.append(one)
    tried.sort(key=lambda one: one.contradicted)
    for one in tried:
        if 2 * len(one.explains) >= found.cases:
            conditional = _under_a_condition(one, found)
            if conditional.where:
                return conditional
    return tried[0] if tried else None


def _with_values(
    flaw: ParametricFlaw, found: Refutations, to_fit: Sequence[tuple[Refutation, list[Row]]]
) -> Candidate | None:
    """Return a flaw with the values of its parameters that explain most; None if none explains.

    The likeliest that explain the smallest case of a check are tried on all cases. The cases of a
    check may show only a part of the values, so the next check's are tried, until one value
    explains enough and nothing contradicts it.
    """
    chosen: Candidate | None = None
    most = 0
    for refutation, rows in to_fit:
        claim = refutation.claim
        smallest = refutation.evidence[0], refutation.observed[0].values
        best: list[Flaw] = []
        for candidate in fitted(flaw, claim, rows):
            if not fails_in_the_same_way(candidate, claim, refutation.check, *smallest):
                continue
            explained = len(_explained(candidate, found))
            if explained > most:
                best, most = [], explained
            if explained == most:
                best.append(candidate)
        one = _least_contradicted(best[:_COMPARED], found)
        if one and (chosen is None or one.order < chosen.order):
            chosen = one
        if chosen and not chosen.contradicted and _enough(most, found.cases):
            break
    return chosen


def candidates(found: Refutations) -> list[Candidate]:
    """Return the flaws that explain cases, most cases explained first, then least contradicted.

    Parameters are fitted only if no flaw without them explains every case and nothing speaks
    against it: that flaw would come first. Those of a flaw of an option of the loss always are.
    """
    matching: list[Candidate] = []
    to_fit = list(_to_fit(found))
    settled = False
    applicable = _applicable(found.about[0].claim)
    for known in sorted(applicable, key=lambda one: isinstance(one, ParametricFlaw)):
        if settled and isinstance(known, ParametricFlaw) and not known.own:
            continue
        if isinstance(known, ParametricFlaw):
            one = _with_values(known, found, to_fit)
        else:
            one = _least_contradicted([known], found)
        if one is None:
            continue
        matching.append(one)
        settled |= one.settles(found.cases)
    return sorted(matching, key=lambda candidate: candidate.order)
