"""The pages of the audits say what was found, and an interrupted run goes on."""

from html import unescape
from pathlib import Path

import pytest
from msgspec.structs import replace

import audits
from audits import Audited, PublicTest, Result, complete, digest, facts, pages, result_of
from gradcert.engine.provenance import machine, processor
from gradcert_reports.audits.example import EXAMPLE
from gradcert_reports.text.made import today

FIRST = next(test for test in facts() if test.replayed)
REFUSED = next(test for test in facts() if not test.replayed)
MADE = "2026-11-27 with gradcert 0.1.0, on Z80 (Linux)"


def found(test: PublicTest) -> Audited:
    """Return what stands for the result of a test: zeros pass, and the wrong sign does not."""
    return Audited(test, tuple(Result("", format, EXAMPLE) for format in test.formats))


def test_each_test_has_a_line_and_a_section() -> None:
    test = replace(FIRST, project="A | project", formats=("fp32", "bf16"))
    markdown, html = pages([found(test), Audited(REFUSED)], MADE).values()
    lines = [line for line in markdown.splitlines() if line.startswith("| A \\| project |")]
    assert len(lines) == 2
    assert all(line.endswith("| yes | no | 2 of 3 |") for line in lines)
    assert f"## {REFUSED.project}" in markdown
    assert "- Not replayed: " in markdown
    assert "2 cases, 1 of them replayed." in markdown
    assert "A | project" in html
    assert html.count("<h2") == 3


def test_each_page_says_what_made_it_and_when() -> None:
    markdown, html = pages([found(FIRST)], MADE).values()
    assert "Made by `make audits`" in markdown
    assert f", on {MADE}." in markdown
    assert f"Made by <code>make audits</code> on {MADE}." in html


def test_the_command_writes_the_day_and_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audits, "PUBLISHED", tmp_path)
    monkeypatch.setattr(audits, "complete", lambda _: [found(FIRST)])
    audits.main()
    for name in ("audits.md", "audits.html"):
        assert f"on {today()} with python " in (tmp_path / name).read_text()
    assert f", on {processor()} ({machine()})." in unescape((tmp_path / "audits.html").read_text())


def test_text_from_elsewhere_stays_text() -> None:
    test = replace(FIRST, project="<script>alert(1)</script>", advice="*b* <b>bold</b>")
    markdown, html = pages([found(test)], MADE).values()
    assert "<script>" not in html + markdown
    assert "<b>" not in html + markdown


def test_what_was_said_to_pass_and_does_not_is_listed() -> None:
    test = replace(FIRST, claimed_to_pass=("zero", "sign-flipped"))
    assert found(test).refused == ["sign-flipped"]
    assert Audited(test).refused == []
    said = "- Said elsewhere to pass, and refused here: sign-flipped."
    assert said in pages([found(test)], MADE)["audits.md"].splitlines()


def test_a_result_depends_on_the_facts_that_are_replayed_and_on_no_other() -> None:
    (format, *_) = FIRST.formats
    same = replace(FIRST, advice="another", link="https://example.com", elsewhere="nothing")
    assert digest(same, format) == digest(FIRST, format)
    for other in (
        replace(FIRST, rows=FIRST.rows + 1),
        replace(FIRST, close="allclose"),
        replace(FIRST, loss=("reduction=sum",)),
    ):
        assert digest(other, format) != digest(FIRST, format)
    assert digest(FIRST, "fp64") != digest(FIRST, format)


def test_a_run_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def result(test: PublicTest, format: str) -> Result:
        if len(asked) == 2:
            raise KeyboardInterrupt
        asked.append(format)
        return Result(digest(test, format), format, EXAMPLE)

    monkeypatch.setattr(audits, "LINES", tmp_path / ".audits" / "results.jsonl")
    monkeypatch.setattr(audits, "result_of", result)
    test = replace(FIRST, formats=("fp32", "bf16", "fp16"))
    with pytest.raises(KeyboardInterrupt):
        list(complete([test]))
    with audits.LINES.open("ab") as file:
        file.write(b'{"digest": "cut sho')
    asked.clear()
    (done,) = complete([test])
    assert asked == ["fp16"]
    assert [one.format for one in done.results] == ["fp32", "bf16", "fp16"]


def test_a_small_public_test_is_replayed() -> None:
    test = next(one for one in facts() if one.project == "ggml" and one.replayed)
    found = result_of(test, "fp32")
    assert {"zero", "sign-flipped", "times-1000"} <= {*found.passing}
    assert Audited(test, (found,)).refused == []
