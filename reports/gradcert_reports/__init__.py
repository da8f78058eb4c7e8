"""What was found: the certificate, its schema and its renderers. No verdict is computed here."""

from gradcert_reports.files import json_schema, prepare, read, write
from gradcert_reports.markdown import markdown
from gradcert_reports.records import (
    SCHEMA,
    Certificate,
    CheckResult,
    Diagnosis,
    Discrepancy,
    Entry,
    Match,
    Provenance,
    Reach,
    Report,
    Verdict,
    Worst,
)
from gradcert_reports.terminal import details, diagnosed, explanation, ledger, summary

__all__ = [
    "SCHEMA",
    "Certificate",
    "CheckResult",
    "Diagnosis",
    "Discrepancy",
    "Entry",
    "Match",
    "Provenance",
    "Reach",
    "Report",
    "Verdict",
    "Worst",
    "details",
    "diagnosed",
    "explanation",
    "json_schema",
    "ledger",
    "markdown",
    "prepare",
    "read",
    "summary",
    "write",
]
