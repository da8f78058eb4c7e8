"""The pages and files of an audit of tests."""

from pathlib import Path

import msgspec
import pytest
from hostile_texts import HOSTILE_TEXTS

from gradcert_reports.audits.tests_files import (
    add_outcome,
    begin_outcomes,
    clear_tests_audit,
    read_outcomes,
    write_tests_audit,
)
from gradcert_reports.audits.tests_markdown import tests_markdown as markdown
from gradcert_reports.audits.tests_records import (
    AuditedTest,
    AuditOfTests,
    Fate,
    Outcome,
    score,
)
from gradcert_reports.audits.tests_text import tests_text as text


def _outcome(mutant: str, fate: Fate, **fields: object) -> Outcome:
    filled = {"reason": "", "failed": (), "passed": (), "seconds": 0.5, "command": "python"}
    sentence = f"an answer made {mutant}"
    return Outcome(mutant=mutant, sentence=sentence, fate=fate, **filled | fields)  # type: ignore[arg-type]


OUTCOMES = (
    _outcome("zero", Fate.KILLED, failed=("t.py::strict",), passed=("t.py::loose",)),
    _outcome("halved", Fate.SURVIVED, passed=("t.py::strict", "t.py::loose"), command="run it"),
    _outcome("doubled", Fate.KILLED, reason="took too long"),
    _outcome("next-row", Fate.NO_MEANING),
    _outcome("next-class", Fate.NOT_TRIED, reason="it cannot be made: MemoryError"),
)


def _audit(outcomes: tuple[Outcome, ...] = OUTCOMES) -> AuditOfTests:
    return AuditOfTests(
        gradcert="0.1.0",
        replaced="kernels:gradient",
        arguments=("t.py",),
        seconds=1.5,
        tests=(
            AuditedTest(name="t.py::strict", calls=1, gradients=1),
            AuditedTest(name="t.py::loose", calls=2, gradients=1),
            AuditedTest(name="t.py::value", calls=1, gradients=0),
            AuditedTest(name="t.py::late", calls=1, gradients=1),
            AuditedTest(name="t.py::other", calls=0, gradients=0),
        ),
        outcomes=outcomes,
        score=score(outcomes),
    )


def test_the_text_has_the_survivors_first_and_counts_each_test() -> None:
    lines = text(_audit()).splitlines()
    assert lines == [
        "kernels:gradient: the tests notice 2 of 3 wrong gradients (mutation score 67%)",
        "",
        "survived:",
        "  halved: an answer made halved passes",
        "    run it",
        "",
        "killed:",
        "  zero                    t.py::strict",
        "  doubled                 took too long",
        "",
        "no meaning here:",
        "  next-row",
        "",
        "not tried:",
        "  next-class              it cannot be made: MemoryError",
        "",
        f"{'test':60}{'killed':>10}{'survived':>10}",
        f"{'t.py::loose':60}{0:10}{2:10}",
        f"{'t.py::strict':60}{1:10}{1:10}",
        "",
        "Unless --maxfail=0 is among the arguments of pytest, a run ends at its first",
        "failing test. Tests that no mutant reached: 1 of 5. Tests that do not call the",
        "function: 1 of 5. Tests that call it without its gradient: 1 of 5.",
    ]


def test_of_a_long_name_the_end_is_shown() -> None:
    outcomes = (_outcome("zero", Fate.KILLED, failed=(f"{'folder/' * 20}t.py::test_end",)),)
    tests = (AuditedTest(name=outcomes[0].failed[0], calls=1, gradients=1),)
    lines = text(msgspec.structs.replace(_audit(outcomes), tests=tests)).splitlines()
    assert all(len(line) <= 80 for line in lines)
    assert sum("…" in line and "t.py::test_end" in line for line in lines) == 2


def test_the_page_says_the_same() -> None:
    page = markdown(_audit())
    assert page.index("## survived") < page.index("## killed") < page.index("## no meaning here")
    assert "```sh\nrun it\n```" in page
    assert "| zero | t.py::strict |" in page
    assert "| t.py::loose | 0 | 2 |" in page


def test_without_a_mutant_that_was_tried_there_is_no_score() -> None:
    audit = _audit((_outcome("next-row", Fate.NO_MEANING),))
    assert audit.score is None
    assert "no mutant could be tried" in text(audit)
    assert "no mutant could be tried" in markdown(audit)


@pytest.mark.parametrize("hostile", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS)
def test_text_from_elsewhere_stays_in_its_place(hostile: str) -> None:
    plain, strange = (
        msgspec.structs.replace(
            _audit(
                (
                    _outcome("zero", Fate.SURVIVED, passed=(name,)),
                    _outcome("doubled", Fate.KILLED, failed=(name,)),
                    _outcome("halved", Fate.NOT_TRIED, reason=name),
                )
            ),
            tests=(AuditedTest(name=name, calls=1, gradients=1),),
        )
        for name in ("plain", hostile)
    )
    assert len(text(strange).splitlines()) == len(text(plain).splitlines())
    assert all(c.isprintable() or c == "\n" for c in text(strange))
    table = [line for line in markdown(strange).splitlines() if line.startswith("|")]
    assert len(table) == len([one for one in markdown(plain).splitlines() if one.startswith("|")])


def test_outcomes_are_read_back_without_a_line_that_was_cut_short(tmp_path: Path) -> None:
    begin_outcomes(tmp_path, "key", list(OUTCOMES[:1]))
    add_outcome(tmp_path, OUTCOMES[1])
    with (tmp_path / "outcomes.jsonl").open("ab") as file:
        file.write(b'{"mutant": "dou')
    assert read_outcomes(tmp_path, "key") == list(OUTCOMES[:2])
    assert read_outcomes(tmp_path, "other") == []
    assert read_outcomes(tmp_path / "absent", "key") == []


@pytest.mark.parametrize(
    "content",
    ["", "\n", "{}\n", "[1]\n{}\n", '{"key":"key"}\n{}\n', "\0\n", '{"key":"key","a":1}\n'],
)
def test_a_file_that_is_not_ours_has_no_outcomes(tmp_path: Path, content: str) -> None:
    (tmp_path / "outcomes.jsonl").write_text(content)
    assert read_outcomes(tmp_path, "key") == []


def test_a_run_that_begins_has_no_old_report_and_the_record_is_read_back(tmp_path: Path) -> None:
    page, data = write_tests_audit(_audit(), tmp_path)
    assert msgspec.json.decode(data.read_bytes(), type=AuditOfTests) == _audit()
    clear_tests_audit(tmp_path)
    assert not page.exists()
    assert not data.exists()
