"""The pages and files of an audit of a bound."""

from pathlib import Path

import msgspec
import pytest
from hostile_texts import HOSTILE_TEXTS
from msgspec.structs import replace

from gradcert_reports.audits.bound_files import encoded, write_bound_audit
from gradcert_reports.audits.bound_markdown import bound_markdown
from gradcert_reports.audits.bound_page import bound_page
from gradcert_reports.audits.bound_records import BoundAudit
from gradcert_reports.audits.bound_text import bound_text
from gradcert_reports.audits.example import EXAMPLE

MANY = replace(EXAMPLE, passing=EXAMPLE.passing * 150)


def test_every_page_answers_the_four_questions() -> None:
    for page in (bound_text(EXAMPLE), bound_markdown(EXAMPLE), bound_page(EXAMPLE)):
        words = " ".join(page.replace("\\", "").split())
        for said in (
            "2 of 3 wrong answers pass.",
            "an answer that is all zeros",
            "The largest right value is 0.0042.",
            "100% of the right values are at most 0.01, the absolute tolerance.",
            "atol=1.2e-09,rtol=0 is met by every right implementation of the level shifted with",
            "That is proved for 4 of 4 rows.",
            "a sum in place of the mean: 0 of the 2 pass",
            "1 more makes no mistake that was seen on this data, and a right bound accepts it.",
        ):
            assert said in words


def test_the_terminal_shows_the_worst_and_the_report_shows_all() -> None:
    assert "  and 288 more; --report DIR lists them" in bound_text(MANY).splitlines()
    assert max(map(len, bound_text(MANY).splitlines())) <= 80
    assert bound_markdown(MANY).count("| zero |") == 150
    assert bound_page(MANY).count(">zero<") == 150


def test_of_right_values_that_are_all_zero_there_is_no_picture() -> None:
    zeros = replace(EXAMPLE.sizes, decades=(), zeros=12, largest=0.0)
    assert "<svg" in bound_page(EXAMPLE)
    assert "<svg" not in bound_page(replace(EXAMPLE, sizes=zeros))


def test_without_a_bound_that_is_known_the_pages_say_so() -> None:
    audit = replace(EXAMPLE, right_bound=None)
    for page in (bound_text(audit), bound_markdown(audit), bound_page(audit)):
        assert "No bound of this kind is known" in page


@pytest.mark.parametrize("hostile", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_text_from_elsewhere_stays_in_its_place(hostile: str) -> None:
    plain, strange = (
        replace(EXAMPLE, predicate=f"{name}(got, want)", command=name) for name in ("x", hostile)
    )
    lines = bound_text(strange).splitlines()
    assert all(line.isprintable() for line in lines)
    assert lines[-20:] == bound_text(plain).splitlines()[-20:]
    assert len(bound_markdown(strange).splitlines()) == len(bound_markdown(plain).splitlines())
    page = bound_page(strange)
    assert page.count("<") == bound_page(plain).count("<")


def test_the_files_are_read_back(tmp_path: Path) -> None:
    paths = write_bound_audit(EXAMPLE, tmp_path / "new")
    assert [path.name for path in paths] == ["index.html", "report.md", "audit.json"]
    assert all(path.stat().st_size > 0 for path in paths)
    assert msgspec.json.decode(paths[-1].read_bytes(), type=BoundAudit) == EXAMPLE
    assert paths[-1].read_bytes() == encoded(EXAMPLE)
