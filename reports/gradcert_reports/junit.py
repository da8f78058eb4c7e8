"""The report as JUnit XML, which continuous integration reads."""

from gradcert_reports.records import Report

__all__ = ["junit"]


def junit(report: Report) -> str:
    """Render a report."""
    raise NotImplementedError
