"""Checks that a schema cannot make: every row and certificate that a report names must exist."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from gradcert_reports.model.records import Certificate, Report
from gradcert_reports.model.results import CheckResult
from gradcert_reports.model.rows import LongRow, Row
from gradcert_reports.model.verdict import Verdict

__all__ = ["contradictions"]


def _ascends(places: Sequence[int], length: int) -> bool:
    """Whether places go up, and are within a length."""
    inside = not places or (places[0] >= 0 and places[-1] < length)
    return inside and all(a < b for a, b in pairwise(places))


def _of_row(which: str, row: Row) -> Iterator[str]:
    """Yield what makes a long row no row."""
    if isinstance(row, LongRow):
        if len(row.places) != len(row.numbers):
            yield f"has {len(row.numbers)} numbers at {len(row.places)} places in {which}"
        if not _ascends(row.places, row.length):
            yield f"has places that are not from left to right within {row.length} in {which}"
        starts = [0, *(one.last + 1 for one in row.ranges)]
        ends = [*(one.first for one in row.ranges), row.length]
        if row.ranges and (starts != ends or any(a >= b for a, b in pairwise(starts))):
            yield f"has ranges that are not the whole of its {row.length} numbers in {which}"


def _of_result(result: CheckResult) -> Iterator[str]:
    """Yield what a result refers to and does not have."""
    found = result.discrepancy
    if found is None:
        if result.verdict == Verdict.REFUTED:
            yield "is refuted without a discrepancy"
        return
    if not found.arguments:
        yield "has a discrepancy without arguments"
    batch = found.batch
    if batch is not None and not _ascends(batch.kept, batch.rows):
        yield f"keeps rows that are not from small to large within its {batch.rows}"
    for name, rows in found.arguments.items():
        if name not in found.row_arguments:
            kept = len(rows) if batch is None else f"{len(rows)} of {batch.rows}"
            yield f"has its discrepancy in row {found.row}, but `{name}` has {kept} rows"
        elif batch is not None and len(rows) != len(batch.kept):
            yield f"keeps {len(batch.kept)} rows, but `{name}` has {len(rows)}"
        for row in rows:
            yield from _of_row(f"a row of `{name}`", row)
    yield from _of_row("the returned row", found.returned)
    yield from _of_row("the expected row", found.expected)


def _of_coverage(certificate: Certificate) -> Iterator[str]:
    """Yield each dimension and each item that is there twice."""
    dimensions = Counter(one.dimension for one in certificate.coverage)
    for dimension, count in dimensions.items():
        if count > 1:
            yield f"{certificate.name} has the coverage of {dimension} twice"
    for one in certificate.coverage:
        tried, left = Counter(one.tried), Counter(one.left)
        for label in tried:
            if label in left:
                yield f"{certificate.name} has both tried and left {label} of {one.dimension}"
            elif tried[label] > 1:
                yield f"{certificate.name} has tried {label} of {one.dimension} twice"


def _of_certificate(certificate: Certificate) -> Iterator[str]:
    """Yield a result that is there twice, too many results, and the contradictions of each."""
    results = Counter((one.check, one.quantity, one.format) for one in certificate.results)
    for (check, quantity, format), count in results.items():
        if count > 1:
            yield f"{certificate.name} has the result of {check} {quantity} {format} twice"
    if len(certificate.results) > certificate.planned:
        yield (
            f"{certificate.name} has {len(certificate.results)} results, "
            f"of {certificate.planned} planned"
        )
    if certificate.verdict == Verdict.CONFORMS and certificate.passed not in (None, 1):
        yield f"{certificate.name} conforms, but {certificate.passed:.0%} of its checks passed"
    yield from _of_coverage(certificate)
    for result in certificate.results:
        about = f"{result.check} {result.quantity} {result.format}"
        for contradiction in _of_result(result):
            yield f"{certificate.name}, {about}, {contradiction}"


def contradictions(report: Report) -> Iterator[str]:
    """Yield what follows the schema and cannot be true, in one sentence each.

    Examples
    --------
    >>> list(contradictions(Report(certificates=())))
    []
    """
    count = len(report.certificates)
    for entry in report.ledger:
        if not 0 <= entry.certificate < count:
            yield (
                f"claim {entry.claim} of the ledger is at certificate {entry.certificate}, "
                f"but there are {count}, counted from 0"
            )
    for certificate in report.certificates:
        yield from _of_certificate(certificate)
