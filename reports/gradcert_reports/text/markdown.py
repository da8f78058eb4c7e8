"""The report as Markdown: a table, then each refutation with its minimal counterexample.

GitHub accepts a comment of at most 65,536 characters. What does not fit is left out, and the report
says so.
"""

from typing import Any

from markupsafe import Markup

from gradcert_reports.model.naming import distinct
from gradcert_reports.model.records import Certificate, Report
from gradcert_reports.text import phrases
from gradcert_reports.text.claims import claims
from gradcert_reports.text.coverage import Covered, covered
from gradcert_reports.text.escape import fenced, in_html, in_markdown
from gradcert_reports.text.findings import findings, mistakes, scope, sentence, worst_first
from gradcert_reports.text.made import NAMED, commands
from gradcert_reports.text.rows import arguments, values, wrong_value
from gradcert_reports.text.tables import refuting, silent
from gradcert_reports.text.templating import environment

__all__ = ["markdown"]


_MOST = 60_000
"""Characters of a report. Somebody may add a few words to it in a comment."""

_LONG = 4_000
"""Characters of Python above which it is left out, so that one case leaves room for the others."""


_LISTED = 12
"""Items of the plan that are listed for each dimension."""


def _covered(certificate: Certificate) -> list[Covered]:
    return covered(certificate, _LISTED)


def _code(python: str) -> str:
    """Return Python code in a fence, or where to find it if it is long."""
    if len(python) > _LONG:
        return "The Python code that reproduces it is long: certificate.json has it."
    return Markup(fenced(python))


def _escaped(value: Any) -> Any:
    """Return a value as the template shows it: every text is escaped, unless it is markup."""
    return in_markdown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _why(certificate: Certificate) -> str:
    """Return the reason for a verdict, in a few sentences."""
    parts = []
    if certificate.verdict.wrong:
        kinds = "; ".join(mistakes(certificate))
        parts.append(f"{scope(certificate)}: {kinds}" if kinds else scope(certificate))
    parts += [phrases.mistake(one.diagnosis) for one in findings(certificate)[:1] if one.diagnosis]
    if certificate.worst is None:
        parts += [f"{one.verdict}: {one.reason}" for one in silent(certificate)[:1]]
    if worst := certificate.worst:
        used = phrases.lower_bound(worst.worst)
        parts.append(f"{certificate.level} {used} budgets, at {phrases.where(worst)}")
        parts.append(f"reach {phrases.reach(certificate)}")
    return "; ".join(parts) or "-"


_environment = environment("gradcert_reports.text", finalize=_escaped)
_environment.globals["most_commands"] = NAMED
_environment.filters |= {
    "also": phrases.also,
    "arguments": arguments,
    "claims": claims,
    "code": _code,
    "commands": commands,
    "covered": _covered,
    "findings": findings,
    "in_html": in_html,
    "lower_bound": phrases.lower_bound,
    "magnitude": phrases.magnitude,
    "mistake": phrases.mistake,
    "named": phrases.named,
    "outcome": phrases.outcome,
    "refuting": refuting,
    "scope": scope,
    "sentence": sentence,
    "silent": silent,
    "size": phrases.size,
    "to_claim": phrases.to_claim,
    "unnamed": phrases.unnamed,
    "values": values,
    "verdict": phrases.verdict,
    "why": _why,
    "wrong_value": wrong_value,
}


def markdown(report: Report) -> str:
    """Render a report as Markdown that fits a pull-request comment.

    The worst come first. If it is too long, pieces are left out until it fits, the most important
    last: the details of those that conform, their sections, the details of those that do not, the
    lines of those that conform, and then the sections and the lines of the others.

    Parameters
    ----------
    report
        The report.

    Returns
    -------
    The page, short enough for a comment on GitHub.

    Examples
    --------
    >>> markdown(Report(certificates=())).splitlines()[0]
    '# gradcert report'
    """
    report = distinct(report)
    certificates = worst_first(report.certificates)
    count = len(certificates)
    wrong = sum(one.verdict.wrong for one in certificates)
    template = _environment.get_template("report.md.jinja")
    # Pieces in the order of their importance: what they are of, and of how many.
    order = (
        ("lines", wrong),
        ("sections", wrong),
        ("lines", count - wrong),
        ("folded", wrong),
        ("sections", count - wrong),
        ("folded", count - wrong),
    )

    def rendered(steps: int) -> str:
        """Render one more piece with each step."""
        shown = dict.fromkeys(("lines", "sections", "folded"), 0)
        for kind, most in order:
            shown[kind] += min(most, steps)
            steps -= min(most, steps)
        return template.render(report=report, certificates=certificates, **shown)

    fits, too_many = 0, 3 * count + 1
    steps = too_many - 1
    while fits < too_many - 1:
        shown = rendered(steps)
        if len(shown) <= _MOST:
            fits = steps
        else:
            too_many = steps
        steps = (fits + too_many) // 2
    return rendered(fits)
