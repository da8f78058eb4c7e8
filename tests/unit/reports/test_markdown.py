"""The Markdown of a report fits a comment, says everything once, and holds hostile texts."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gradcert_reports import (
    CheckResult,
    Mistake,
    Regime,
    Report,
    Verdict,
    details,
    html,
    markdown,
    read,
)

GOLDEN = Path(__file__).with_name("golden")
REFUTED = read(GOLDEN / "certificate.json").certificates[1]
replace = msgspec.structs.replace

COMMENT = 65536
"""Characters: GitHub takes no longer comment."""


HOSTILE = [
    "<script>alert(1)</script>",
    "a | b",
    "`tick` ``ticks``",
    "two\nlines",
    "x\n```\n<script>alert(1)</script>",
    "[link](javascript:alert(1))",
    "![image](https://example.com/i.png)",
    "back\\|slash",
    "*b* _i_ # h",
]


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


def _raising(text: str) -> CheckResult:
    return CheckResult(
        check="accuracy",
        quantity="dE/dz",
        format="binary64",
        verdict=Verdict.BROKEN,
        examples=1,
        reason=f"raised ValueError: {text}",
    )


def _saying(wrong: str, text: str) -> Report:
    """Return the report of a subject that is wrong in one way, and says this text everywhere."""
    (found,) = REFUTED.diagnoses
    match = replace(found.matches[0], title=text, formula=text)
    results = (_raising(text),)
    if wrong == "refuted":
        first = REFUTED.refutations[0]
        assert first.discrepancy is not None
        shown = replace(
            first.discrepancy, statement=text, snippet=text, regimes=(Regime(shape=text),)
        )
        results = (replace(first, discrepancy=shown),)
    subject = replace(
        REFUTED,
        name=text,
        summary=text,
        loss={text: text},
        domain={text: text},
        results=results,
        planned=1,
        diagnoses=(replace(found, matches=(match,), findings=(text,)),),
        provenance=replace(REFUTED.provenance, processor=text, versions={text: text}),
    )
    return Report(certificates=(subject,))


@functools.cache
def _written(wrong: str, text: str) -> list[Token]:
    parser = MarkdownIt("commonmark").enable("table")
    return parser.parse(markdown(_saying(wrong, text)))


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("wrong", ["refuted", "broken"])
def test_a_hostile_name_or_message_stays_text_in_the_report(text: str, wrong: str) -> None:
    hostile, tame = _written(wrong, text), _written(wrong, "plain")
    assert [token.type for token in hostile if token.nesting >= 0] == [
        token.type for token in tame if token.nesting >= 0
    ]
    kinds, usual = ([token.type for token in _flat(tokens)] for tokens in (hostile, tame))
    assert not set(kinds) & {"html_inline", "link_open", "image", "em_open"}
    for kind in ("strong_open", "code_inline", "fence"):
        assert kinds.count(kind) == usual.count(kind)
    assert "".join(token.content for token in hostile if token.type == "html_block") == "".join(
        token.content for token in tame if token.type == "html_block"
    )
    first_row = next(token for token in hostile if token.type == "td_open")
    name_cell = hostile[hostile.index(first_row) + 1]
    shown = "".join(child.content for child in name_cell.children or [])
    assert re.sub(r"\s+", " ", shown.replace("\u200b", "")) == " ".join(text.split())


MENTIONS = ["@user", "see #123", "GH-7", "https://github.com/o/r/issues/1", "r#12 by @a/b"]


@pytest.mark.parametrize("text", MENTIONS)
@pytest.mark.parametrize("wrong", ["refuted", "broken"])
def test_text_of_the_subject_notifies_nobody_on_github(wrong: str, text: str) -> None:
    shown = markdown(_saying(wrong, text))
    prose = re.sub(r"(?s)```.*?```", "", shown)
    assert not re.search(r"@\w|#\d|GH-\d|://", prose)
    assert text in prose.replace("\u200b", "")


def test_the_page_of_one_implementation_begins_with_its_verdict_and_its_scope() -> None:
    (diagnosis,) = REFUTED.diagnoses
    found = replace(REFUTED, diagnoses=(replace(diagnosis, mistake=Mistake.FORMULA),))
    _, said, *_ = filter(None, markdown(Report(certificates=(found,))).splitlines())
    assert said == "diagonal-only is refuted for dE/dz in binary64: wrong formula."


def test_a_kernel_that_raises_has_its_two_scripts_on_the_page() -> None:
    first = REFUTED.refutations[0]
    assert first.discrepancy is not None
    raising = replace(
        _raising("out of registers"),
        discrepancy=replace(first.discrepancy, snippet="print(1)", standalone="print(2)"),
    )
    broken = replace(REFUTED, verdict=Verdict.BROKEN, results=(raising,), diagnoses=())
    shown = markdown(Report(certificates=(broken,)))
    assert shown.index("print(1)") < shown.index("Without gradcert:") < shown.index("print(2)")


def test_checks_that_are_broken_for_one_reason_are_one_line() -> None:
    broken = tuple(
        replace(_raising("no"), check=check)
        for check in ("accuracy", "many-classes", "memory-layout", "empty-batch", "same-answer")
    )
    subject = replace(REFUTED, verdict=Verdict.BROKEN, results=broken, diagnoses=())
    shown = markdown(Report(certificates=(subject,)))
    visible = re.sub(r"(?s)<details>.*?</details>", "", shown)
    table, _, section = visible.partition("\n## ")
    assert table.count("raised ValueError: no") == section.count("raised ValueError: no") == 1
    assert "raised ValueError: no; the same holds for 4 more checks" in visible
    for result in broken:
        assert f"{result.check} {result.quantity} {result.format}" in shown


def test_one_error_is_said_once_whatever_calls_raise_it() -> None:
    called_otherwise = replace(_raising("no"), check="empty-batch")
    reason = f"{called_otherwise.reason}, for a batch of no rows"
    other = replace(_raising("yes"), check="memory-layout")
    results = (replace(called_otherwise, reason=reason), _raising("no"), _raising("no"), other)
    shown = details(replace(REFUTED, verdict=Verdict.BROKEN, results=results, diagnoses=()))
    assert shown.count("raised ValueError: no") == 1
    assert "and 2 more checks are broken for the same reason" in shown
    assert shown.count("raised ValueError: yes") == 1


OPTIONS = {
    "label_smoothing": 0.125,
    "ignore_index": -100,
    "finite_logits": True,
    "softcap": None,
    "mean_over": "rows",
}


@pytest.mark.parametrize("page", [html, markdown])
@pytest.mark.parametrize("record", ["loss", "domain"])
def test_every_option_of_the_loss_and_the_domain_is_on_the_page(page: object, record: str) -> None:
    assert callable(page)
    shown = page(Report(certificates=(replace(REFUTED, **{record: OPTIONS}),)))
    assert (
        f"{record.capitalize()}: label smoothing 0.125, ignore index -100, finite logits yes, "
        "softcap not given, mean over rows."
    ) in shown


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (3, None),
        (34, r"The details of the last \d+ implementations are left out"),
        (300, r"The sections of the last \d+ implementations are left out"),
        (3000, r"\d+ more implementations are left out"),
    ],
)
def test_however_many_implementations_there_are_the_markdown_fits_a_comment(
    count: int, said: str | None
) -> None:
    many = tuple(replace(REFUTED, name=f"number {i}") for i in range(count))
    shown = markdown(Report(certificates=many))
    assert len(shown) < COMMENT
    assert "## number 0: refuted" in shown or count == 3000
    assert "number 0 " in shown
    left_out = re.findall(r"\*\*.*left out here\*\*: index.html", shown)
    assert bool(left_out) == (said is not None)
    if said:
        assert len(shown) > COMMENT / 2
        assert re.search(said, shown)
        assert MarkdownIt("commonmark").render(shown).count("<details>") == shown.count(
            "</details>"
        )


def test_the_only_refuted_one_of_many_keeps_its_counterexample() -> None:
    right = read(GOLDEN / "certificate.json").certificates[0]
    wrong = replace(REFUTED, name="zzz-the-last-by-name")
    many = (*(replace(right, name=f"a{i}") for i in range(120)), wrong)
    shown = markdown(Report(certificates=many))
    assert len(shown) < COMMENT
    assert "left out here" in shown
    assert "## zzz-the-last-by-name: refuted for dE/dz in binary64" in shown
    assert "| 1 (wrong) | 0.0 | 0.5 | 0.0 | 0.0 |" in shown
    assert 'gradcert.load("diagonal-only"' in shown


def test_python_that_is_too_long_for_a_comment_is_left_out() -> None:
    changed = tuple(
        replace(result, discrepancy=replace(result.discrepancy, snippet="x = 0\n" * 20000))
        for result in REFUTED.results
        if result.discrepancy is not None
    )
    shown = markdown(Report(certificates=(replace(REFUTED, results=changed),)))
    assert "x = 0" not in shown
    assert "The Python code that reproduces it is long" in shown
    assert "dE/dz is 0.0; its true value is 0.5." in shown


def test_the_markdown_of_a_kept_certificate_is_the_kept_one() -> None:
    """Where the page is meant to have changed, write what is rendered to the file and read it."""
    assert markdown(read(GOLDEN / "certificate.json")) == (GOLDEN / "report.md").read_text()


def test_the_published_report_is_that_of_its_certificate_and_fits_a_comment() -> None:
    published = Path(__file__).parents[3] / "reports" / "published" / "built-ins"
    written = (published / "report.md").read_text()
    assert markdown(read(published / "certificate.json")) == written
    assert len(written) < COMMENT
