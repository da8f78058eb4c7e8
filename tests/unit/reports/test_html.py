"""The HTML report: well-formed, self-contained and true, whatever a subject says."""

import os
import re
import subprocess
import sys
from base64 import b64encode
from hashlib import sha256
from html import unescape
from pathlib import Path

import matplotlib as mpl
import msgspec
import pytest
from filled_reports import NAMES_THAT_MAY_BE_EMPTY, filled
from parsed_pages import Page, check

from gradcert_reports import (
    Certificate,
    Discrepancy,
    Entry,
    Mistake,
    Regime,
    Report,
    Verdict,
    explanation,
    html,
    markdown,
    read,
)

replace = msgspec.structs.replace

GOLDEN = read(Path(__file__).with_name("golden") / "certificate.json")
RIGHT, REFUTED, _ = GOLDEN.certificates
CUT_SHORT = replace(RIGHT, verdict=Verdict.INCOMPLETE, worst=None, results=RIGHT.results[:3])


def page(*certificates: Certificate) -> Page:
    return Page(html(Report(certificates=certificates)))


def test_the_page_is_well_formed_and_loads_nothing() -> None:
    shown = check(html(Report(certificates=(RIGHT, REFUTED, CUT_SHORT))))
    assert ("html", "lang", "en") in shown.attributes
    assert shown.tags.count("svg") >= 2


def test_a_reason_is_shown_as_text() -> None:
    (first, *_) = REFUTED.refutations
    broken = replace(
        first, verdict=Verdict.BROKEN, reason="raised ValueError: <b>out of registers</b>"
    )
    shown = page(replace(REFUTED, verdict=Verdict.BROKEN, results=(broken,), diagnoses=()))
    assert "<b>out of registers</b>" in shown.text
    assert "dE/dz in binary64 is broken" in shown.text
    assert "np.array(" in shown.text
    assert "b" not in shown.tags


def test_a_refutation_is_shown_with_its_evidence() -> None:
    source = html(Report(certificates=(REFUTED,)))
    shown = Page(source)
    assert "diagonal-only is refuted for dE/dz in binary64" in shown.text
    assert "accuracy refutes it in binary64" in shown.text
    found = REFUTED.leading[0].discrepancy
    assert found is not None
    assert found.enclosure in shown.text
    assert " ".join(found.snippet.split()) in shown.text
    assert "Error 4.5e+15 ulps, " in shown.text
    assert "1 ◀ here 0.0 0.5 0.0 0.0" in shown.text
    assert "0 -0x1.0000000000000p-1 \N{EN DASH} 0x0.0p+0 0x1.0000000000000p+0" in shown.text
    assert "the one that the returned gradients imply" in shown.text
    assert "2 of them are missing" in shown.text
    assert "Jacobian, implied, row by row: 0.25, 0; 0, 0.25" in source


def test_the_first_screen_says_what_is_wrong() -> None:
    shown = page(RIGHT, REFUTED).text
    first = shown[: shown.index("Check by check ✓")]
    assert "Of 2 implementations, 1 conforms and 1 is refuted." in first
    assert "The chain rule with the diagonal of the softmax Jacobian only" in first
    assert "dE/dz_j = t_j o_j - t_j" in first
    assert (
        "At logits [0, 0], targets [1, 0] it returns [-0.5, 0] where [-0.5, 0.5] is true." in first
    )
    assert RIGHT.worst is not None
    assert f"{RIGHT.level} ≥ " in first


def test_the_first_screen_has_the_first_finding_if_no_flaw_fits() -> None:
    (diagnosis,) = REFUTED.diagnoses
    unknown = replace(
        diagnosis, matches=(), unexplained=diagnosis.cases, findings=("each is 1.5 times", "large")
    )
    report = Report(certificates=(replace(REFUTED, name="scaled", diagnoses=(unknown,)),))
    sentence = f"No known flaw explains the {diagnosis.cases} refuting cases: each is 1.5 times"
    assert f"{sentence}." in Page(html(report)).text.partition("dE/dz is refuted")[0]
    line = next(line for line in markdown(report).splitlines() if line.startswith("| scaled"))
    assert sentence.lower() in line.lower()


def test_a_flaw_that_explains_few_cases_is_no_headline() -> None:
    diagnosis = REFUTED.diagnoses[0]
    few = replace(
        diagnosis,
        cases=9,
        matches=(),
        partly=diagnosis.matches,
        unexplained=8,
        findings=("zero everywhere",),
    )
    first = page(replace(REFUTED, diagnoses=(few,))).text.partition("dE/dz is refuted")[0]
    assert "No known flaw names the mistake of the 9 refuting cases" in first
    assert "zero everywhere" in first
    assert diagnosis.matches[0].formula not in first


def test_an_incomplete_report_says_so_and_a_complete_one_does_not() -> None:
    said = f"{len(CUT_SHORT.results)} of {CUT_SHORT.planned} checks"
    shown = page(RIGHT, CUT_SHORT).text
    assert "The run was cut short, or it is still going." in shown
    assert f"): {said}" in shown  # Both are called numpy, and have a suffix.
    assert "cut short" not in page(RIGHT).text


def test_a_level_is_a_lower_bound() -> None:
    assert "is a lower bound" in page(RIGHT).text


def test_the_same_report_gives_the_same_bytes(tmp_path: Path) -> None:
    report = Report(certificates=(RIGHT, REFUTED))
    file = tmp_path / "certificate.json"
    file.write_bytes(msgspec.json.encode(report))
    code = (
        "import pathlib, sys, gradcert_reports as r;"
        "sys.stdout.buffer.write(r.html(r.read(pathlib.Path(sys.argv[1]))).encode())"
    )
    rendered = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        env=os.environ | {"PYTHONHASHSEED": "1", "MPLCONFIGDIR": str(tmp_path), "TZ": "Asia/Tokyo"},
        capture_output=True,
        check=True,
    ).stdout
    with mpl.rc_context({"font.size": 40, "axes.facecolor": "red", "text.usetex": True}):
        assert html(report).encode() == rendered


def test_a_ledger_links_each_claim_to_what_was_found() -> None:
    def entry(expected: Verdict) -> Entry:
        return Entry(claim=3, statement="s < t", where="here", expected=expected, certificate=0)

    shown = page(REFUTED)
    assert "#claims" not in shown.values("href")
    report = Report(
        certificates=(REFUTED,), ledger=(entry(Verdict.REFUTED), entry(Verdict.CONFORMS))
    )
    shown = check(html(report))
    assert "3 s < t here ✗ refuted diagonal-only" in shown.text
    assert "refuted but conforms was expected diagonal-only" in shown.text


def _with(discrepancy: Discrepancy) -> Certificate:
    (first, *_) = REFUTED.refutations
    return replace(REFUTED, results=(replace(first, discrepancy=discrepancy),))


def test_the_row_of_a_batch_that_is_shown_is_named() -> None:
    (first, *_) = REFUTED.refutations
    assert first.discrepancy is not None
    batch = replace(
        first.discrepancy,
        arguments={
            name: (("9.0", "9.0"), *rows, ("9.0", "9.0"))
            for name, rows in first.discrepancy.arguments.items()
        },
        row=1,
        regimes=(
            Regime(shape="ties"),
            Regime(shape="spread", targets="soft"),
            Regime(shape="ties"),
        ),
    )
    found = _with(batch)
    assert "Row 1 of 3, counted from 0: spread, soft." in page(found).text
    assert "at        row 1 of 3, counted from 0: logits [0, 0]" in explanation(found.results[0])
    assert "row 1" not in explanation(first)


def test_every_argument_of_the_call_is_shown_in_its_order() -> None:
    (first, *_) = REFUTED.refutations
    assert first.discrepancy is not None
    arguments = first.discrepancy.arguments | {"v": (("0.25", "4.0"),)}
    found = _with(replace(first.discrepancy, arguments=arguments))
    assert "logits [0, 0], targets [1, 0], v [0.25, 4]" in explanation(found.results[0])
    assert "At logits [0, 0], targets [1, 0], v [0.25, 4] it returns" in page(found).text
    assert "class returned true value logit target v" in page(found).text


def test_the_only_script_is_the_one_whose_hash_the_page_allows() -> None:
    source = html(Report(certificates=(REFUTED,)))
    (script,) = re.findall("<script>(.*?)</script>", source, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in source


def test_a_page_has_one_quantity_at_a_time_the_worst_kind_of_mistake_first() -> None:
    (diagnosis,) = REFUTED.diagnoses
    (first, *_) = REFUTED.refutations
    found = replace(
        REFUTED,
        quantities=("loss", "dE/dz"),
        results=(replace(first, quantity="loss"), first),
        diagnoses=(
            replace(diagnosis, quantity="loss", mistake=Mistake.PRECISION, findings=("of loss",)),
            replace(diagnosis, mistake=Mistake.FORMULA, findings=("of dE/dz",)),
        ),
    )
    shown = page(found).text
    said = ["dE/dz is refuted: wrong formula", "of dE/dz", "loss is refuted: precision", "of loss"]
    places = [shown.index(words) for words in said]
    assert places == sorted(places)
    assert "Also refuted: loss." in shown


@pytest.mark.parametrize("without", sorted(set(NAMES_THAT_MAY_BE_EMPTY) - {"certificates"}))
def test_a_page_needs_nothing_that_a_record_may_leave_out(without: str) -> None:
    check(html(filled("plain", without=without)))


def test_implementations_are_shown_the_worst_first_and_those_that_conform_are_folded() -> None:
    source = html(Report(certificates=(RIGHT, REFUTED)))
    assert source.index('id="i2"') < source.index('id="i1"')
    folds = re.findall('<details class="implementation" data-implementation="."( open)?>', source)
    assert folds == [" open", ""]


@pytest.mark.parametrize(
    ("word", "name"),
    [("level", "level"), ("budget", "error-budget"), ("ulp", "ulp"), ("regime", "regime")],
)
@pytest.mark.parametrize("certificates", [(REFUTED,), (RIGHT, REFUTED)])
def test_a_word_of_the_glossary_is_a_link_where_it_is_used_first(
    word: str, name: str, certificates: tuple[Certificate, ...]
) -> None:
    source = html(Report(certificates=certificates))
    _, _, body = source.partition('<main id="findings">')
    body = re.sub(r'<a class="term" href="#term-([a-z-]+)">[^<]*</a>', r"[\1]", body)
    text = re.sub(r"<[^>]*>", " ", body)
    first = re.search(rf"\[?[a-z-]*\b{word}", text, re.IGNORECASE)
    assert first is not None
    assert text[first.start() :].startswith(f"[{name}]")
    assert f'id="term-{name}"' in source


def test_how_to_read_the_page_and_the_glossary_are_in_one_fold_at_the_end() -> None:
    _, _, fold = html(Report(certificates=(REFUTED,))).partition('<details class="reading">')
    inside, _, after = fold.partition("</details>")
    assert 'id="how-to-read"' in inside
    assert 'id="term-ulp"' in inside
    assert "the worst first" in inside
    assert "<details" not in inside + after


def test_a_learner_unfolds_the_explanation_of_the_flaw_with_its_numbers() -> None:
    (diagnosis,) = REFUTED.diagnoses
    lesson = "The chain rule sums over all outputs.\nAt logits [0, 0] the product is <-0.5, 0>."
    shown = replace(REFUTED, diagnoses=(replace(diagnosis, lesson=lesson),))
    source = html(Report(certificates=(shown,)))
    _, _, fold = source.partition("<summary>To learn why: gradcert explain diagonal-only</summary>")
    assert unescape(fold.partition("</pre>")[0]).endswith(lesson)
    assert "To learn why" not in html(Report(certificates=(REFUTED,)))


def test_the_pair_of_jacobians_is_the_first_picture_and_comes_before_the_numbers() -> None:
    _, _, evidence = html(Report(certificates=(REFUTED,))).partition('<div class="refutation">')
    assert '<figure class="jacobian">' in evidence
    assert evidence.index("<svg") > evidence.index('<figure class="jacobian">')
    assert evidence.index("</figure>") < evidence.index('<table class="numbers">')
    before, _, _ = html(Report(certificates=(REFUTED,))).partition('<figure class="jacobian">')
    assert "<svg" not in before


def test_a_certificate_alone_has_no_comparison() -> None:
    assert "checks" not in page(REFUTED).values("id")
    assert "checks" in page(REFUTED, REFUTED).values("id")
