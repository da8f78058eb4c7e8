"""What was found: the certificate, its schema and its renderers. No verdict is computed here."""

from gradcert_reports.files import json_schema, read, write
from gradcert_reports.markdown import markdown
from gradcert_reports.records import (
    SCHEMA,
    Certificate,
    CheckResult,
    Discrepancy,
    Provenance,
    Reach,
    Report,
    Verdict,
    Worst,
)

__all__ = [
    "SCHEMA",
    "Certificate",
    "CheckResult",
    "Discrepancy",
    "Provenance",
    "Reach",
    "Report",
    "Verdict",
    "Worst",
    "json_schema",
    "markdown",
    "read",
    "write",
]
