"""The report as one HTML page: self-contained, light and dark, on any screen, without script."""

import re

import jinja2

from gradcert_reports.model.naming import distinct
from gradcert_reports.model.records import Certificate, Match, Report
from gradcert_reports.model.results import CheckResult, Verdict
from gradcert_reports.text.junit import well_formed
from gradcert_reports.text.phrases import (
    budgets,
    diagnosis,
    lower_bound,
    magnitude,
    mistake,
    outcome,
    place,
    reach,
    size,
    timing,
    unnamed,
    values,
    where,
)
from gradcert_reports.text.tables import refuting, row, silent, tally

__all__ = ["html"]

_SAID: dict[Verdict, tuple[str, str]] = {
    "conforms": ("conforms", "conform"),
    "refuted": ("is refuted", "are refuted"),
    "broken": ("is broken", "are broken"),
    "not supported": ("is not supported", "are not supported"),
    "incomplete": ("is incomplete", "are incomplete"),
}

_CONTROL = re.compile("[\x7f-\x9f\ufdd0-\ufdef]")
"""What HTML forbids and XML does not."""


def _counted(report: Report) -> str:
    """Return how many implementations came out how, in one sentence."""
    found = [certificate.verdict for certificate in report.certificates]
    counts = {verdict: found.count(verdict) for verdict in _SAID if verdict in found}
    parts = [f"{n} {_SAID[verdict][n > 1]}" for verdict, n in counts.items()]
    if not parts:
        return "No implementation was examined."
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[1:] else parts)
    if len(found) == 1:
        return f"{report.certificates[0].name} {_SAID[found[0]][0]}."
    return f"Of {len(found)} implementations, {listed}."


def _known(certificate: Certificate) -> list[Match]:
    """Return the flaw that explains most of each diagnosis, each once."""
    best = [d.matches[0] for d in certificate.diagnoses if not unnamed(d)]
    return list({match.flaw: match for match in best}.values())


def _others(certificate: Certificate) -> list[CheckResult]:
    """Return the refutations that are not the first of their quantity."""
    leading = set(map(id, certificate.leading))
    return [result for result in certificate.refutations if id(result) not in leading]


_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("gradcert_reports.html"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
_environment.filters |= {
    "budgets": budgets,
    "diagnosis": diagnosis,
    "known": _known,
    "lower_bound": lower_bound,
    "magnitude": magnitude,
    "others": _others,
    "mistake": mistake,
    "outcome": outcome,
    "place": place,
    "reach": reach,
    "refuting": refuting,
    "row": row,
    "silent": silent,
    "size": size,
    "tally": tally,
    "timing": timing,
    "values": values,
    "where": where,
}


def html(report: Report) -> str:
    """Render a report as an HTML page that needs nothing but itself."""
    # Matplotlib takes half a second to import, and only this page needs it.
    from gradcert_reports.html import figures
    from gradcert_reports.html.heatmaps import heatmaps
    from gradcert_reports.html.matrix import GLYPHS, matrix

    report = distinct(report)
    checks = dict.fromkeys(result.check for one in report.certificates for result in one.results)
    page = _environment.get_template("index.html.jinja").render(
        report=report,
        counted=_counted(report),
        checks=list(checks),
        glyphs=GLYPHS,
        matrix=matrix(report, list(checks)),
        heatmaps=heatmaps,
        against_size=figures.against_size(report),
        against_regime=figures.against_regime(report),
        cancellation=figures.cancellation(report),
    )
    return _CONTROL.sub("\ufffd", well_formed(page.lstrip()))
