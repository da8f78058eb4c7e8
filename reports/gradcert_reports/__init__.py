"""What was found: the certificate, its schema and its renderers. No verdict is computed here."""

from gradcert_reports.files import clear, keep, prepare, read, write
from gradcert_reports.html.page import html
from gradcert_reports.model.comparison import Change, Comparison, Direction, Setting, compare
from gradcert_reports.model.encoding import json_schema
from gradcert_reports.model.merging import merge
from gradcert_reports.model.mistake import Mistake
from gradcert_reports.model.records import (
    SCHEMA,
    Certificate,
    Coverage,
    Diagnosis,
    Entry,
    Match,
    Option,
    OtherLoss,
    OtherOption,
    Provenance,
    Report,
)
from gradcert_reports.model.results import (
    Changed,
    CheckResult,
    Discrepancy,
    Jacobian,
    Reach,
    Regime,
    Sample,
)
from gradcert_reports.model.rows import LargeBatch, LongRow, Range, Row
from gradcert_reports.model.verdict import Verdict, worst
from gradcert_reports.text.badge import badge
from gradcert_reports.text.claims import filled_in
from gradcert_reports.text.coverage import listed, not_tried
from gradcert_reports.text.differences import differences
from gradcert_reports.text.explanations import details, diagnosed, explanation, in_short
from gradcert_reports.text.junit import junit
from gradcert_reports.text.markdown import markdown
from gradcert_reports.text.phrases import timing
from gradcert_reports.text.terminal import cell, ledger, summary

__all__ = [
    "SCHEMA",
    "Certificate",
    "Change",
    "Changed",
    "CheckResult",
    "Comparison",
    "Coverage",
    "Diagnosis",
    "Direction",
    "Discrepancy",
    "Entry",
    "Jacobian",
    "LargeBatch",
    "LongRow",
    "Match",
    "Mistake",
    "Option",
    "OtherLoss",
    "OtherOption",
    "Provenance",
    "Range",
    "Reach",
    "Regime",
    "Report",
    "Row",
    "Sample",
    "Setting",
    "Verdict",
    "badge",
    "cell",
    "clear",
    "compare",
    "details",
    "diagnosed",
    "differences",
    "explanation",
    "filled_in",
    "html",
    "in_short",
    "json_schema",
    "junit",
    "keep",
    "ledger",
    "listed",
    "markdown",
    "merge",
    "not_tried",
    "prepare",
    "read",
    "summary",
    "timing",
    "worst",
    "write",
]
