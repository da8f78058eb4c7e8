"""What was found: the certificate, its schema and its renderers. No verdict is computed here."""

from gradcert_reports.badge import badge
from gradcert_reports.comparison import Change, Comparison, Direction, Setting, compare, differences
from gradcert_reports.files import clear, json_schema, keep, prepare, read, write
from gradcert_reports.html import html
from gradcert_reports.junit import junit
from gradcert_reports.markdown import markdown
from gradcert_reports.merging import merge
from gradcert_reports.numbers import timing
from gradcert_reports.records import (
    SCHEMA,
    Certificate,
    Diagnosis,
    Entry,
    Match,
    Provenance,
    Report,
)
from gradcert_reports.results import CheckResult, Discrepancy, Jacobian, Reach, Sample, Verdict
from gradcert_reports.terminal import details, diagnosed, explanation, ledger, summary

__all__ = [
    "SCHEMA",
    "Certificate",
    "Change",
    "CheckResult",
    "Comparison",
    "Diagnosis",
    "Direction",
    "Discrepancy",
    "Entry",
    "Jacobian",
    "Match",
    "Provenance",
    "Reach",
    "Report",
    "Sample",
    "Setting",
    "Verdict",
    "badge",
    "clear",
    "compare",
    "details",
    "diagnosed",
    "differences",
    "explanation",
    "html",
    "json_schema",
    "junit",
    "keep",
    "ledger",
    "markdown",
    "merge",
    "prepare",
    "read",
    "summary",
    "timing",
    "write",
]
