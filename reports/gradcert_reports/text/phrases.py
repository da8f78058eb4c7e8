"""How numbers are put into words, the same in every report."""

from gradcert_reports.model.records import Certificate, Diagnosis
from gradcert_reports.model.results import CheckResult, Discrepancy, Sample

__all__ = [
    "also",
    "arguments",
    "budgets",
    "diagnosis",
    "lower_bound",
    "magnitude",
    "mistake",
    "outcome",
    "place",
    "reach",
    "size",
    "timing",
    "unnamed",
    "values",
    "verdict",
    "where",
]

_SHOWN = 12


def budgets(value: float | None) -> str:
    """Return a number of budgets or ulps to two digits; a dash where there is none.

    Examples
    --------
    >>> budgets(0.8675), budgets(2.4e15), budgets(None)
    ('0.87', '2.4e+15', '-')
    """
    if value is None:
        return "-"
    return f"{value:.2f}" if value < 1000 else f"{value:.1e}"


def lower_bound(worst: Sample | None) -> str:
    """Return the budgets of the worst row that a search saw: there may be a worse one."""
    return "-" if worst is None else f"≥ {budgets(worst.budgets)}"


def verdict(certificate: Certificate) -> str:
    """Return the verdict, with how many checks ran unless all did."""
    if certificate.complete:
        return certificate.verdict
    ran = f"{len(certificate.results)} of {certificate.planned} checks ran"
    return f"{certificate.verdict} ({ran})"


def timing(certificate: Certificate) -> str:
    """Say how long it took, and who took it: what is left is our own, diagnosis included."""
    total = certificate.provenance.duration
    spent = {p: t for p, t in certificate.provenance.spent.items() if p != "checks"}
    if not spent or not total:
        return f"{total:.1f} s"
    spent["the rest"] = max(0.0, total - sum(spent.values()))
    most_first = sorted(spent, key=spent.__getitem__, reverse=True)
    return f"{total:.1f} s: {', '.join(f'{p} {spent[p] / total:.0%}' for p in most_first)}"


def outcome(certificate: Certificate, quantity: str, format: str) -> str:
    """Return what came out for a quantity in a format: what is wrong, else the level."""
    about = [
        result
        for result in certificate.results
        if (result.quantity, result.format) == (quantity, format)
    ]
    wrong = {result.verdict: None for result in about if result.verdict != "conforms"}
    if wrong:
        return ", ".join(wrong)
    judged = [result.worst for result in about if result.worst and result.samples]
    if not judged:
        return "-"
    worst = max(judged, key=lambda sample: (sample.rung, sample.budgets))
    return f"{worst.algorithm} {lower_bound(worst)}"


def also(certificate: Certificate) -> list[str]:
    """Return what refutes besides :attr:`Certificate.leading`, a line a check and quantity."""
    others: dict[str, list[str]] = {}
    for result in certificate.refutations:
        if result not in certificate.leading:
            others.setdefault(f"{result.check} {result.quantity}", []).append(result.format)
    return [f"also refuted by {what} in {', '.join(found)}" for what, found in others.items()]


def magnitude(value: float) -> str:
    """Return the size of a logit, short.

    Examples
    --------
    >>> magnitude(10000.0), magnitude(1.7976931348623157e308)
    ('1e+04', '1.8e+308')
    """
    return f"{value:.2g}"


def _short(number: str) -> str:
    """Return a decimal without the zeros that say nothing."""
    return number.rstrip("0").rstrip(".") if "." in number and "e" not in number else number


def values(numbers: tuple[str, ...]) -> str:
    """Return values in one line, long ones cut short.

    Examples
    --------
    >>> values(("0.0", "-1.50")), values(("0.0",) * 100)[-14:]
    ('[0, -1.5]', '... 100 in all]')
    """
    shown = ", ".join(map(_short, numbers[:_SHOWN]))
    return f"[{shown}, ... {len(numbers)} in all]" if len(numbers) > _SHOWN else f"[{shown}]"


def place(discrepancy: Discrepancy) -> str:
    """Return which row of a batch refutes; an empty text where there is but one."""
    rows = len(discrepancy.first)
    return f"row {discrepancy.row} of {rows}, counted from 0" if rows > 1 else ""


def arguments(discrepancy: Discrepancy) -> str:
    """Return the refuting row in one line."""
    first = values(discrepancy.first[discrepancy.row])
    before = f"{place(discrepancy)}: " if place(discrepancy) else ""
    shown = f"{before}{discrepancy.argument} {first}"
    if discrepancy.targets:
        shown += f", targets {values(discrepancy.targets[discrepancy.row])}"
    return shown


def unnamed(found: Diagnosis) -> bool:
    """Tell whether no known flaw explains most of the refuting cases."""
    return not found.matches or 2 * found.unexplained > found.cases


def diagnosis(found: Diagnosis) -> str:
    """Return which known flaw explains a refuted quantity, in one sentence."""
    cases = f"{found.cases} refuting case{'s' if found.cases != 1 else ''}"
    if not found.matches:
        return f"no known flaw explains the {cases}"
    best = found.matches[0]
    if not found.unexplained:
        return f"{best.flaw} explains {best.explains} of {cases}"
    if unnamed(found):
        return f"no known flaw explains {found.unexplained} of {cases}; {best.flaw} {best.explains}"
    return f"{best.flaw} explains {best.explains} of {cases}; no known flaw {found.unexplained}"


def mistake(found: Diagnosis) -> str:
    """Return which mistake a refuted quantity makes: the flaw, else the most telling finding."""
    said = diagnosis(found)
    return f"{said}: {found.findings[0]}" if unnamed(found) and found.findings else said


def size(discrepancy: Discrepancy) -> str:
    """Return how large the error is, in ulps and budgets, or an empty text if it has no size."""
    parts = []
    if discrepancy.ulps is not None:
        parts.append(f"{budgets(discrepancy.ulps)} ulps")
    if discrepancy.budgets is not None:
        parts.append(f"{budgets(discrepancy.budgets)} budgets")
    return ", ".join(parts)


def where(result: CheckResult | None) -> str:
    """Return where a certificate's worst error was seen."""
    if result is None or result.worst is None:
        return "-"
    worst = result.worst
    return f"{result.quantity} {result.format}, {worst.regime}, {worst.classes} classes"


def reach(certificate: Certificate) -> str:
    """Return how far all quantities held: ``max``, or the formats that stopped short of it."""
    short: dict[str, float] = {}
    reaches = [(result.format, result.reach) for result in certificate.results if result.reach]
    for format, found in reaches:
        if found.failed_at is not None:
            short[format] = min(short.get(format, found.held_to), found.held_to)
    if not reaches:
        return "-"
    return ", ".join(f"{format} {magnitude(to)}" for format, to in short.items()) or "max"
