"""The report as one HTML page: self-contained, light and dark, for any screen.

Its one script sorts and filters tables; the page is whole without it.
"""

from base64 import b64encode
from hashlib import sha256
from importlib import resources

from gradcert_reports.model.naming import distinct
from gradcert_reports.model.records import Certificate, Report
from gradcert_reports.model.verdict import Verdict, counts
from gradcert_reports.text import phrases
from gradcert_reports.text.claims import claims
from gradcert_reports.text.coverage import Covered, covered
from gradcert_reports.text.escape import well_formed
from gradcert_reports.text.findings import findings, mistakes, scope, sentence, worst_first
from gradcert_reports.text.glossary import KINDS, TERMS
from gradcert_reports.text.made import NAMED, commands
from gradcert_reports.text.rows import arguments, values, wrong_value
from gradcert_reports.text.strips import ALLOWED, shapes, strip
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
        return f"{only.name} {sentence(only)}."
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
    return f"Of {len(report.certificates)} implementations, {listed}."


_LONG = 20_000
"""Characters of Python above which it is left out: a page may have a hundred refutations."""

_LISTED = 60
"""Items of the plan that are listed for each dimension."""


def _covered(certificate: Certificate) -> list[Covered]:
    return covered(certificate, _LISTED)


_FEW = 3
"""Wrong implementations that are shown unfolded: of more, a reader wants the table first."""

_SCRIPT = resources.files("gradcert_reports.html").joinpath("templates/page.js").read_text()
_SCRIPT_HASH = b64encode(sha256(_SCRIPT.encode()).digest()).decode()
"""The only script that the page lets a browser run."""


def _capitalised(text: str) -> str:
    """Return a text with a large first letter, unless it begins with a name."""
    first, _, rest = text.partition(" ")
    return f"{first.capitalize()} {rest}" if first in ("every", "no", "another") else text


_environment = environment("gradcert_reports.html")
_environment.globals |= {
    "Verdict": Verdict,
    "allowed": ALLOWED,
    "kinds": KINDS,
    "longest_code": _LONG,
    "most_commands": NAMED,
    "script": _SCRIPT,
    "script_hash": _SCRIPT_HASH,
    "terms": TERMS,
}
_environment.filters |= {
    "arguments": arguments,
    "budgets": phrases.budgets,
    "commands": commands,
    "covered": _covered,
    "diagnosis": phrases.diagnosis,
    "lower_bound": phrases.lower_bound,
    "capitalise": _capitalised,
    "findings": findings,
    "magnitude": phrases.magnitude,
    "mistake": phrases.mistake,
    "mistakes": mistakes,
    "claims": claims,
    "outcome": phrases.outcome,
    "place": phrases.place,
    "reach_sentence": phrases.reach_sentence,
    "refuting": refuting,
    "scope": scope,
    "silent": silent,
    "size": phrases.size,
    "strip": strip,
    "tally": tally,
    "timing": phrases.timing,
    "to_claim": phrases.to_claim,
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
    The page: one file with its styles, its pictures and its script.

    Examples
    --------
    >>> html(Report(certificates=())).splitlines()[0]
    '<!doctype html>'
    """
    # Matplotlib takes half a second to import, and only this page needs it.
    from gradcert_reports.html.heatmaps import heatmaps

    report = distinct(report)
    places = {id(one): place for place, one in enumerate(report.certificates, 1)}
    certificates = worst_first(report.certificates)
    wrong = [one for one in certificates if one.verdict.wrong]
    unfolded = wrong if len(wrong) <= _FEW else []
    if len(certificates) == 1:
        unfolded = certificates
    checks = dict.fromkeys(result.check for one in report.certificates for result in one.results)
    page = _environment.get_template("index.html.jinja").render(
        report=report,
        certificates=certificates,
        place_of=lambda one: places[id(one)],
        unfolded=[places[id(one)] for one in unfolded],
        counted=_counted(report),
        checks=list(checks),
        shapes=shapes(certificates),
        heatmaps=heatmaps,
    )
    return well_formed(page.lstrip())
