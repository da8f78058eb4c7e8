"""Read back the audit of a project's tests that a command kept."""

from pathlib import Path

import msgspec

from gradcert_reports.audits.tests_records import AuditOfTests, Fate


def audit_in(folder: Path) -> AuditOfTests:
    return msgspec.json.decode((folder / "audit.json").read_bytes(), type=AuditOfTests)


def names_of(audit: AuditOfTests, fate: Fate) -> list[str]:
    return [outcome.mutant for outcome in audit.of(fate)]
