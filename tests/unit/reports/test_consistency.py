"""A report that names what it does not have is refused, whatever the schema says."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gradcert_reports import (
    Coverage,
    Discrepancy,
    Entry,
    LargeBatch,
    LongRow,
    Range,
    Report,
    Verdict,
    read,
)
from gradcert_reports.model.consistency import contradictions
from gradcert_reports.model.encoding import decode, encode

GOLDEN = read(Path(__file__).with_name("golden") / "certificate.json")
REFUTED = GOLDEN.certificates[1]
replace = msgspec.structs.replace


def _with(**changed: Any) -> Report:
    """Return a report whose only result has another discrepancy."""
    (first, *_) = REFUTED.refutations
    assert first.discrepancy is not None
    found: Discrepancy = replace(first.discrepancy, **changed)
    return Report(certificates=(replace(REFUTED, results=(replace(first, discrepancy=found),)),))


def _claim(place: int) -> Report:
    line = Entry(claim=3, statement="E", where="F", expected=Verdict.REFUTED, certificate=place)
    return replace(GOLDEN, ledger=(line,))


def _results(*results: Any, planned: int = 9) -> Report:
    return Report(certificates=(replace(REFUTED, results=results, planned=planned),))


def _covering(*coverage: Coverage) -> Report:
    return Report(certificates=(replace(REFUTED, coverage=coverage),))


ROWS = Coverage(dimension="rows", tried=("1", "2"), left=("65537",))
BATCH = LargeBatch(rows=9, kept=(0, 8))
LONG = LongRow(length=400, places=(0, 399), numbers=("1.0", "-0.5"))


def _large() -> Report:
    return _with(
        row=8, arguments={"logits": (LONG, LONG)}, batch=BATCH, returned=LONG, expected=LONG
    )


FIRST = REFUTED.refutations[0]
ABOUT = "diagonal-only, accuracy dE/dz binary64, "


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (
            replace(GOLDEN, certificates=(replace(GOLDEN.certificates[0], passed=0.5),)),
            "numpy conforms, but 50% of its checks passed",
        ),
        (_with(row=1), f"{ABOUT}has its discrepancy in row 1, but `logits` has 1 rows"),
        (_with(row=-1), f"{ABOUT}has its discrepancy in row -1, but `logits` has 1 rows"),
        (
            _with(arguments={"logits": (("0.0",),), "v": ()}),
            f"{ABOUT}has its discrepancy in row 0, but `v` has 0 rows",
        ),
        (
            _with(row=3, arguments={"logits": (("0.0",),) * 2}, batch=BATCH),
            f"{ABOUT}has its discrepancy in row 3, but `logits` has 2 of 9 rows",
        ),
        (
            _with(row=8, arguments={"logits": (("0.0",),) * 3}, batch=BATCH),
            f"{ABOUT}keeps 2 rows, but `logits` has 3",
        ),
        (
            _with(arguments={"logits": (("0.0",),)}, batch=LargeBatch(rows=9, kept=(0, 9))),
            f"{ABOUT}keeps rows that are not from small to large within its 9",
        ),
        (
            _with(arguments={"logits": (replace(LONG, numbers=("1.0",)),)}),
            f"{ABOUT}has 1 numbers at 2 places in a row of `logits`",
        ),
        (
            _with(returned=replace(LONG, places=(5, 5))),
            f"{ABOUT}has places that are not from left to right within 400 in the returned row",
        ),
        (
            _with(expected=replace(LONG, places=(-1, 5))),
            f"{ABOUT}has places that are not from left to right within 400 in the expected row",
        ),
        *(
            (
                _with(returned=replace(LONG, ranges=wrong)),
                f"{ABOUT}has ranges that are not the whole of its 400 numbers in the returned row",
            )
            for wrong in (
                (Range(first=0, last=398, number="0.0"),),
                (Range(first=0, last=9, number="0.0"), Range(first=11, last=399, number="1.0")),
                (Range(first=0, last=-1, number="0.0"), Range(first=0, last=399, number="1.0")),
            )
        ),
        (_with(arguments={}), f"{ABOUT}has a discrepancy without arguments"),
        (
            _results(replace(FIRST, discrepancy=None)),
            f"{ABOUT}is refuted without a discrepancy",
        ),
        (
            _results(FIRST, FIRST),
            "diagonal-only has the result of accuracy dE/dz binary64 twice",
        ),
        (_results(FIRST, planned=0), "diagonal-only has 1 results, of 0 planned"),
        (
            _covering(replace(ROWS, left=("65537", "2"))),
            "diagonal-only has both tried and left 2 of rows",
        ),
        (
            _covering(replace(ROWS, tried=("1", "2", "1"))),
            "diagonal-only has tried 1 of rows twice",
        ),
        (_covering(ROWS, ROWS), "diagonal-only has the coverage of rows twice"),
        (_claim(3), "claim 3 of the ledger is at certificate 3, but there are 3, counted from 0"),
        (_claim(-1), "claim 3 of the ledger is at certificate -1, but there are 3"),
    ],
)
def test_a_report_that_contradicts_itself_is_refused(report: Report, said: str) -> None:
    assert next(contradictions(report)).startswith(said)
    with pytest.raises(msgspec.ValidationError, match="^" + said.partition("`")[0]):
        decode(encode(report))


@pytest.mark.parametrize(
    "report", [GOLDEN, _claim(2), _with(), _results(FIRST), _covering(ROWS), _large()]
)
def test_a_report_without_a_contradiction_is_read(report: Report) -> None:
    assert list(contradictions(report)) == []
    assert decode(encode(report)) == report


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b"null",
        b"{}",
        b'{"schema": 2, "certificates": []}',
        b"\xff\xfe{\0}\0",
        b'{"schema": "gradcert-report/2", "certificates": [{"name": "\xff"}]}',
        b'{"x": ' + b"[" * 100_000,
    ],
)
def test_what_is_no_report_is_refused(content: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        decode(content)
