"""Which other loss the answers are right for: an option that is on and not claimed, or the reverse.

A loss is tried as a certificate of it would be: the subject, with that loss for its claim, is asked
again, and the oracle judges. So the options that a report proposes make the certificate conform, as
far as the cases tell that were tried.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from gradcert.checks import Check, check_named
from gradcert.core.case import Case
from gradcert.core.claim import Claim, claims_of
from gradcert.diagnosis.matching import fails
from gradcert.diagnosis.other_losses import Sample, other_losses
from gradcert.diagnosis.refutations import Refutations
from gradcert.generation.plain import plain_case
from gradcert_implementations import Flaw, Given, Implementation, Loss, Reduction
from gradcert_implementations.interface import options_of
from gradcert_implementations.interface.losses import overridden
from gradcert_implementations.interface.weights import weights_in_words
from gradcert_oracle import Quantity
from gradcert_reports import OtherLoss, OtherOption

__all__ = ["other_loss"]

_SAMPLES, _SAMPLED = 4, 1 << 12
"""Cases that numbers are fitted to, one by one, and how many logits such a case may have."""


_PLAIN = ((1, 2, 1.0), (3, 5, 4.0), (5, 33, 8.0), (2, 3, 50.0))
"""Rows, classes and the largest logit of plain batches."""


@dataclass(frozen=True)
class _Trial:
    """A case on which another loss must be right.

    Attributes
    ----------
    refutes
        Whether it refutes the loss that is claimed. If not, it is counter-evidence against a loss
        for which the answer is wrong.
    """

    claim: Claim
    check: Check
    case: Case
    refutes: bool


def _trials(found: Sequence[Refutations]) -> Iterator[_Trial]:
    """Yield the cases that refute, and those that passed."""
    for refutation in (one for about in found for one in about.repeated):
        claim, check = refutation.claim, refutation.check
        for evidence in refutation.evidence:
            if not evidence.level:
                yield _Trial(claim, check, evidence.case, refutes=True)
        for case in refutation.passed:
            yield _Trial(claim, check, case, refutes=False)


def _plain_trials(subject: Implementation) -> Iterator[_Trial]:
    """Yield plain batches for every claim that has options: another loss is right for each.

    Of the cases that refute, few may be plain, and a wrong loss may explain those that are not.
    """
    generator = np.random.default_rng(0)
    for claim in claims_of(subject):
        if not claim.quantity.options:
            continue
        for rows, classes, size in _PLAIN:
            count = claim.only_classes or max(classes, claim.fewest_classes)
            largest = min(size, subject.domain.largest_logit)
            plain = plain_case(claim, generator.uniform(-largest, largest, (rows, count)), "plain")
            labels = generator.integers(0, count, rows)
            targets = np.eye(count, dtype=claim.format.dtype)[labels]
            case = replace(plain, arguments={**plain.arguments, "targets": targets})
            yield _Trial(claim, check_named("accuracy"), case, refutes=False)


def _samples(about: Refutations) -> list[Sample]:
    """Return wrong rows of the smallest cases in the widest formats, which show most digits."""
    found = []
    for refutation in about.repeated:
        for evidence, seen in zip(refutation.evidence, refutation.observed, strict=True):
            if refutation.check.against_truth and evidence.returned and not evidence.level:
                rows = {evidence.row: list(map(float, evidence.returned)), **seen.values}
                found.append(Sample(refutation.claim, evidence.case, rows))
    usable = [
        sample
        for sample in found
        if sample.case.point.size <= _SAMPLED and np.isfinite(sample.values).all()
    ]
    return sorted(usable, key=lambda one: (-one.claim.format.precision, one.case.point.size))[
        :_SAMPLES
    ]


def _allowed(claim: Claim, before: Loss, case: Case) -> "Case | None":
    """Return the rows of a case that the loss of a claim is asked for; None if there is none.

    With another loss fewer logits may be -inf, huge masks may not stand where every class has a
    part of the target, and no row is ignored if no label is.
    """
    subject = claim.implementation
    if claim.only_classes not in (None, case.classes) or case.classes < claim.fewest_classes:
        return None
    z = case["logits"].astype(np.float64)
    finite = np.isnan(z) | (abs(z) <= subject.domain.largest_logit)
    kept = np.all(finite | (z == -np.inf) if claim.masked else finite, axis=1)
    if claim.loss.ignore_index is None and before.ignore_index is not None:
        kept &= np.any(case["targets"] != 0, axis=1)
    if not kept.any():
        return None
    rows = case if kept.all() else case.of_rows(np.flatnonzero(kept))
    if rows.upstream is None:
        return rows
    reduced = claim.loss.reduction is not Reduction.NONE
    if reduced and rows.upstream.ndim:
        return replace(rows, upstream=rows.upstream[0].reshape(()))
    if not reduced and not rows.upstream.ndim:
        return replace(rows, upstream=np.broadcast_to(rows.upstream, rows.rows).copy())
    return rows


class _Other:
    """A subject that claims another loss."""

    def __init__(self, subject: Implementation, loss: Loss) -> None:
        self._before = subject.loss
        self._claims = {
            (claim.quantity.name, claim.format): claim
            for claim in claims_of(subject.with_loss(loss))
        }

    def is_right(self, trial: _Trial) -> bool | None:
        """Return whether the check of a trial passes; None where the loss is not asked for."""
        claim = self._claims.get((trial.claim.quantity.name, trial.claim.format))
        if claim is None or not trial.check.applies(claim):
            return None
        case = _allowed(claim, self._before, trial.case)
        return None if case is None else not fails(claim, trial.check, case)


def _explained(other: _Other, trials: Sequence[_Trial]) -> "Mapping[Quantity, int] | None":
    """Return how many refuting cases another loss explains; None if it is not what is computed.

    Of the refuting cases of each quantity that it is asked for it explains nine tenths, the
    smallest among them, and nothing contradicts it.
    """
    asked: dict[Quantity, int] = {}
    explained: dict[Quantity, int] = {}
    for trial in trials:
        right = other.is_right(trial)
        if right is None:
            continue
        quantity = trial.claim.quantity
        if not right and (not trial.refutes or not explained.get(quantity)):
            return None
        if trial.refutes:
            asked[quantity] = asked.get(quantity, 0) + 1
            explained[quantity] = explained.get(quantity, 0) + right
    refuted = {trial.claim.quantity for trial in trials if trial.refutes}
    enough = all(10 * explained.get(one, 0) >= 9 * asked.get(one, 1) for one in refuted)
    return explained if enough else None


def _text(value: object) -> str:
    """Return the value of an option as the command line takes it."""
    if isinstance(value, tuple):
        return ",".join(map(_text, value))
    if callable(value):
        return weights_in_words(value)
    return "none" if value is None else str(value).removesuffix(".0")


def _changed(before: Loss, after: Loss) -> tuple[OtherOption, ...]:
    """Return the options to give anew, so that one loss becomes another.

    An option that says more about another one falls back to its default by itself.
    """
    values = {option.name: getattr(after, option.name) for option in fields(Loss)}
    changed = [name for name, value in values.items() if value != getattr(before, name)]
    needed = [
        name
        for name in changed
        if not _follows(before, after, [other for other in changed if other != name])
    ]
    return tuple(
        OtherOption(
            name=name,
            value=_text(values[name]),
            claimed=_text(getattr(before, name)) if name in options_of(before) else "",
        )
        for name in needed
    )


def _follows(before: Loss, after: Loss, given: Sequence[str]) -> bool:
    """Return whether these options, given anew, are enough to make one loss of another."""
    try:
        return overridden(before, [Given(name, getattr(after, name)) for name in given]) == after
    except ValueError:
        return False


def other_loss(found: Sequence[Refutations]) -> Mapping[Quantity, OtherLoss]:
    """Return the other loss that a subject computes, if it computes one, by refuted quantity.

    Parameters
    ----------
    found
        What refutes each refuted quantity.

    Returns
    -------
    What to say of each quantity that has options, the same options of all; empty if no other loss
    explains nine tenths of the cases of each, or if something contradicts it: a case on which the
    subject passes and would not pass with that loss, or a plain batch on which it would not, of any
    of its quantities and formats.
    """
    about = [
        one
        for one in found
        # A flaw makes its mistake under every loss, so that no loss is the one that it computes.
        if one.about[0].claim.quantity.options
        and not isinstance(one.about[0].claim.implementation, Flaw)
    ]
    trials = sorted(_trials(about), key=lambda trial: (not trial.refutes, trial.case.point.size))
    seen = set()
    for one in about:
        subject = one.about[0].claim.implementation
        rows_depend = any(refutation.check.across_rows for refutation in one.again)
        for loss in other_losses(_samples(one), rows_depend=rows_depend):
            if loss in seen:
                continue
            seen.add(loss)
            try:
                other = _Other(subject, loss)
            except ValueError:  # It contradicts the domain.
                continue
            explained = _explained(other, trials)
            if explained is None or _explained(other, [*_plain_trials(subject)]) is None:
                continue
            options = _changed(subject.loss, loss)
            return {
                quantity: OtherLoss(explains=cases, options=options)
                for quantity, cases in explained.items()
            }
    return {}
