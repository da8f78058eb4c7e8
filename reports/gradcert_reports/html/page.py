"""The report as one HTML page: self-contained, light and dark, for any screen, without a script."""

from gradcert_reports.model.naming import distinct
from gradcert_reports.model.records import Certificate, Match, Report
from gradcert_reports.model.results import CheckResult
from gradcert_reports.model.verdict import Verdict, counts
from gradcert_reports.text import phrases
from gradcert_reports.text.claims import claims
from gradcert_reports.text.coverage import Covered, covered
from gradcert_reports.text.escape import well_formed
from gradcert_reports.text.rows import arguments, values, wrong_value
from gradcert_reports.text.tables import refuting, silent, tally
from gradcert_reports.text.templating import environment

__all__ = ["html"]


def _counted(report: Report) -> str:
    """Return the number of implementations with each verdict, in one sentence."""
    found = counts(certificate.verdict for certificate in report.certificates)
    parts = [f"{count} {verdict.predicate(count)}" for verdict, count in found.items()]
    if not parts:
        return "No implementation was examined."
    if len(report.certificates) == 1:
        (only,) = report.certificates
        return f"{only.name} {only.verdict.predicate(1)}."
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
    return f"Of {len(report.certificates)} implementations, {listed}."


def _known(certificate: Certificate) -> list[Match]:
    """Return the best match of each diagnosis that a known flaw explains, each flaw once."""
    best = [d.matches[0] for d in certificate.diagnoses if not phrases.unnamed(d)]
    return list({match.flaw: match for match in best}.values())


def _others(certificate: Certificate) -> list[CheckResult]:
    """Return the refutations that are not the first of their quantity."""
    leading = set(map(id, certificate.leading))
    return [result for result in certificate.refutations if id(result) not in leading]


_LONG = 20_000
"""Characters of Python above which it is left out: a page may have a hundred refutations."""

_LISTED = 60
"""Items of the plan that are listed for each dimension."""


def _covered(certificate: Certificate) -> list[Covered]:
    return covered(certificate, _LISTED)


_environment = environment("gradcert_reports.html")
_environment.globals |= {"Verdict": Verdict, "longest_code": _LONG}
_environment.filters |= {
    "arguments": arguments,
    "as_option": phrases.as_option,
    "budgets": phrases.budgets,
    "covered": _covered,
    "diagnosis": phrases.diagnosis,
    "known": _known,
    "lower_bound": phrases.lower_bound,
    "magnitude": phrases.magnitude,
    "mistake": phrases.mistake,
    "claims": claims,
    "others": _others,
    "outcome": phrases.outcome,
    "place": phrases.place,
    "reach_sentence": phrases.reach_sentence,
    "refuting": refuting,
    "silent": silent,
    "size": phrases.size,
    "tally": tally,
    "timing": phrases.timing,
    "values": values,
    "where": phrases.where,
    "wrong_value": wrong_value,
}


def html(report: Report) -> str:
    """Render a report as an HTML page that loads nothing.

    Parameters
    ----------
    report
        The report.

    Returns
    -------
    The page: one file with its styles and pictures, without scripts.

    Examples
    --------
    >>> html(Report(certificates=())).splitlines()[0]
    '<!doctype html>'
    """
    # Matplotlib takes half a second to import, and only this page needs it.
    from gradcert_reports.html import figures
    from gradcert_reports.html.heatmaps import heatmaps
    from gradcert_reports.html.matrix import matrix

    report = distinct(report)
    checks = dict.fromkeys(result.check for one in report.certificates for result in one.results)
    page = _environment.get_template("index.html.jinja").render(
        report=report,
        counted=_counted(report),
        checks=list(checks),
        matrix=matrix(report, list(checks)),
        heatmaps=heatmaps,
        against_size=figures.against_size(report),
        against_regime=figures.against_regime(report),
        cancellation=figures.cancellation(report),
    )
    return well_formed(page.lstrip())
