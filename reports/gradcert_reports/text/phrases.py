"""How numbers and findings are put into words, the same in every report."""

from decimal import ROUND_FLOOR, Context, Decimal, localcontext

from gradcert_reports.model.mistake import Mistake
from gradcert_reports.model.records import Certificate, Diagnosis, Match, OtherOption
from gradcert_reports.model.results import CheckResult, Discrepancy, Sample
from gradcert_reports.model.verdict import Verdict

__all__ = [
    "also",
    "budgets",
    "diagnosis",
    "lower_bound",
    "magnitude",
    "mistake",
    "named",
    "outcome",
    "place",
    "reach",
    "reach_sentence",
    "singular",
    "size",
    "timing",
    "to_claim",
    "unnamed",
    "verdict",
    "where",
]

_LISTED = 4
"""Numbers of an option that are listed in words."""


def budgets(number: float | Decimal | None) -> str:
    """Return a number of budgets or ulps to two digits; a dash if there is none.

    Examples
    --------
    >>> budgets(0.8675), budgets(2.4e15), budgets(None)
    ('0.87', '2.4e+15', '-')
    """
    if number is None:
        return "-"
    return f"{number:.2f}" if number < 1000 else f"{number:.1e}"


def lower_bound(worst: Sample | None) -> str:
    """Return the budgets of the worst row that a search saw, rounded down; another may be worse.

    Examples
    --------
    >>> from gradcert_reports.model.results import Regime
    >>> plain = Regime(shape="drawn")
    >>> row = Sample(
    ...     algorithm="shifted", rank=1, budgets=0.999, regime=plain, classes=2, largest_logit=1.0
    ... )
    >>> lower_bound(row)
    '≥ 0.99'
    """
    if worst is None:
        return "-"
    with localcontext(Context(rounding=ROUND_FLOOR, traps=[])):
        return f"≥ {budgets(Decimal(worst.budgets))}"


def verdict(certificate: Certificate) -> str:
    """Return the verdict, with the number of checks that ran unless all did."""
    if certificate.complete:
        return certificate.verdict
    ran = f"{len(certificate.results)} of {certificate.planned} checks ran"
    return f"{certificate.verdict} ({ran})"


def timing(certificate: Certificate) -> str:
    """Return the duration, and the share of each part that was measured; the rest is our own.

    Returns
    -------
    One phrase, such as ``3.1 s: subject 70%, oracle 20%, the rest 10%``.
    """
    total = certificate.provenance.duration
    spent = {p: t for p, t in certificate.provenance.spent.items() if p != "checks"}
    if not spent or not total:
        return f"{total:.1f} s"
    spent["the rest"] = max(0.0, total - sum(spent.values()))
    most_first = sorted(spent, key=spent.__getitem__, reverse=True)
    return f"{total:.1f} s: {', '.join(f'{p} {spent[p] / total:.0%}' for p in most_first)}"


def outcome(certificate: Certificate, quantity: str, format: str) -> str:
    """Return the outcome for a quantity in a format: the verdicts that are not good, or the level.

    Returns
    -------
    A dash if no check compared values with true ones.
    """
    about = [
        result
        for result in certificate.results
        if (result.quantity, result.format) == (quantity, format)
    ]
    wrong = {result.verdict: None for result in about if result.verdict != Verdict.CONFORMS}
    if wrong:
        return ", ".join(wrong)
    judged = [result.worst for result in about if result.worst and result.samples]
    if not judged:
        return "-"
    worst = max(judged, key=lambda sample: sample.severity)
    return f"{worst.algorithm} {lower_bound(worst)}"


def also(certificate: Certificate) -> list[str]:
    """Return the refutations besides :attr:`Certificate.leading`, by check and quantity."""
    others: dict[str, list[str]] = {}
    for result in certificate.refutations:
        if result not in certificate.leading:
            others.setdefault(f"{result.check} {result.quantity}", []).append(result.format)
    return [f"also refuted by {what} in {', '.join(found)}" for what, found in others.items()]


def magnitude(number: float) -> str:
    """Return the size of a logit to two digits.

    Examples
    --------
    >>> magnitude(10000.0), magnitude(1.7976931348623157e308)
    ('1e+04', '1.8e+308')
    """
    return f"{number:.2g}"


def singular(name: str) -> str:
    """Return what one number of an argument is called.

    Examples
    --------
    >>> singular("logits"), singular("probabilities"), singular("v")
    ('logit', 'probability', 'v')
    """
    return f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s")


def place(discrepancy: Discrepancy) -> str:
    """Return which row of a batch has the fault; an empty text if there is only one row.

    Of a value of all rows it is which rows are shown.
    """
    rows = discrepancy.rows
    if discrepancy.first_rows:
        return f"rows {', '.join(map(str, discrepancy.first_rows))} of {rows}, counted from 0"
    return f"row {discrepancy.row} of {rows}, counted from 0" if rows > 1 else ""


def unnamed(found: Diagnosis) -> bool:
    """Return whether no known flaw names the mistake."""
    return not found.matches


def named(match: Match) -> str:
    """Return the id of a flaw, and the condition under which the implementation makes it."""
    return f"{match.flaw}, {match.where}," if match.where else match.flaw


def _value(option: OtherOption) -> str:
    """Return an option with its value in words, of many numbers the first ones only."""
    first = option.value.split(",")[:_LISTED]
    more = ", ..." if option.value.count(",") >= _LISTED else ""
    return f"{option.name.replace('_', ' ')} {', '.join(first)}{more}"


def to_claim(found: Diagnosis) -> str:
    """Return what to claim if the answers are meant: other options, or logits that are never -inf.

    Returns
    -------
    An empty text if no claim makes them right.

    Examples
    --------
    >>> from gradcert_reports import OtherLoss
    >>> smoothing = OtherOption(name="label_smoothing", value="0.1")
    >>> found = Diagnosis(
    ...     quantity="dE/dz",
    ...     cases=9,
    ...     matches=(),
    ...     other_loss=OtherLoss(options=(smoothing,), explains=9),
    ...     unexplained=0,
    ...     findings=(),
    ... )
    >>> to_claim(found)
    'This is label smoothing 0.1. If it is meant, add --loss label_smoothing=0.1'
    """
    other = found.other_loss
    if other is None:
        masked = found.mistake is Mistake.MASK
        return "If no logit is ever -inf, add --domain finite_logits=true" if masked else ""
    given = " ".join(f"--loss {option.name}={option.value}" for option in other.options)
    claimed = [f"{option.name}={option.claimed}" for option in other.options if option.claimed]
    if not claimed:
        seen = " and ".join(map(_value, other.options))
        return f"This is {seen}. If it is meant, add {given}"
    right = " and ".join(f"{option.name}={option.value}" for option in other.options)
    verb = "are" if len(claimed) > 1 else "is"
    return (
        f"The answers are those of {right}; {' and '.join(claimed)} {verb} claimed. "
        f"If that is meant, claim {given}"
    )


def diagnosis(found: Diagnosis) -> str:
    """Return which known flaw explains a refuted quantity, in one sentence."""
    cases = f"{found.cases} refuting case{'s' if found.cases != 1 else ''}"
    if found.matches:
        best = found.matches[0]
        return f"{named(best)} explains {best.explains} of {cases}"
    if found.other_loss:
        return f"another loss explains {found.other_loss.explains} of {cases}"
    if found.partly:
        best = found.partly[0]
        partly = f"{named(best)} explains {best.explains} of them"
        return f"no known flaw names the mistake of the {cases}; {partly}"
    return f"no known flaw explains the {cases}"


def mistake(found: Diagnosis) -> str:
    """Return which mistake makes a quantity wrong: the flaw, or else the most useful finding."""
    sentence = diagnosis(found)
    if not unnamed(found) or found.other_loss or not found.findings:
        return sentence
    return f"{sentence}: {found.findings[0]}"


def size(discrepancy: Discrepancy) -> str:
    """Return the size of the error in ulps and budgets; an empty text if it has no size."""
    parts = []
    if discrepancy.ulps is not None:
        parts.append(f"{budgets(discrepancy.ulps)} ulps")
    if discrepancy.budgets is not None:
        parts.append(f"{budgets(discrepancy.budgets)} budgets")
    return ", ".join(parts)


def where(result: CheckResult | None) -> str:
    """Return where the worst error of a certificate was seen."""
    if result is None or result.worst is None:
        return "-"
    worst = result.worst
    return f"{result.quantity} {result.format}, {worst.regime}, {worst.classes} classes"


def _short_reaches(certificate: Certificate) -> str | None:
    """Return the formats whose reach ends before the largest number; None without a reach."""
    short: dict[str, float] = {}
    reaches = [(result.format, result.reach) for result in certificate.results if result.reach]
    for format, found in reaches:
        if found.failed_at is not None:
            short[format] = min(short.get(format, found.reached), found.reached)
    if not reaches:
        return None
    return ", ".join(f"{format} {magnitude(reached)}" for format, reached in short.items())


def reach(certificate: Certificate) -> str:
    """Return the reach of all quantities: ``max``, or the formats in which it is shorter."""
    short = _short_reaches(certificate)
    return "-" if short is None else short or "max"


def reach_sentence(certificate: Certificate) -> str:
    """Return the reach of all quantities in one sentence; an empty text if it was not measured."""
    short = _short_reaches(certificate)
    if short is None:
        return ""
    if not short:
        return "The reach is the largest number of every format."
    return f"The reach ends before the largest number: {short}."
