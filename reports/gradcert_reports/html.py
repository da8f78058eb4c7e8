"""The report as one HTML page: self-contained, light and dark, on any screen."""

from gradcert_reports.records import Report

__all__ = ["html"]


def html(report: Report) -> str:
    """Render a report."""
    raise NotImplementedError
