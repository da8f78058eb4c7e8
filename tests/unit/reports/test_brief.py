"""A certificate and a report as ``print`` and a notebook show them."""

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from filled_reports import filled
from hostile_texts import HOSTILE_TEXTS

import gradcert
from gradcert_reports import Certificate, Report, read

GOLDEN = Path(__file__).with_name("golden")
REPORT = filled("plain")
EACH = pytest.mark.parametrize("certificate", REPORT.certificates, ids=lambda one: one.verdict)


class Tags(HTMLParser):
    """The tags of a text, in their order."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(f"{tag} {attrs}")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")


@EACH
def test_a_certificate_prints_in_about_ten_lines_that_begin_with_its_verdict(
    certificate: Certificate,
) -> None:
    first, *others = str(certificate).splitlines()
    assert first.startswith(f"plain {certificate.verdict.predicate(1)}")
    assert 3 <= len(others) <= 12
    assert max(map(len, others)) <= 180


def test_a_report_prints_a_line_for_each_of_its_ten_worst_certificates() -> None:
    few = str(REPORT).splitlines()
    assert len(few) == 1 + len(REPORT.certificates)
    many = Report(certificates=REPORT.certificates[:1] * 25)
    first, *others = str(many).splitlines()
    assert first.startswith("25 implementations: ")
    assert len(others) == 11
    assert others[-1] == "  and 15 more"


def test_the_only_refuted_one_of_many_is_printed_first() -> None:
    right, wrong, _ = read(GOLDEN / "certificate.json").certificates
    _, first, *_ = str(Report(certificates=(*(right,) * 25, wrong))).splitlines()
    assert first.startswith(f"  {wrong.name}: refuted")


def test_a_notebook_shows_a_line_for_each_certificate_with_its_verdict() -> None:
    shown = REPORT._repr_html_()
    assert shown.count("<tr>") == 1 + len(REPORT.certificates)
    for certificate in REPORT.certificates:
        assert f"{certificate.verdict.glyph} {certificate.verdict}" in shown
        assert certificate._repr_html_().count("<tr>") == 2


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_text_from_elsewhere_stays_text_in_both(name: str, turn: int) -> None:
    tame, hostile = filled("plain", turn=turn), filled(HOSTILE_TEXTS[name], turn=turn)
    assert Tags(hostile._repr_html_()).tags == Tags(tame._repr_html_()).tags
    for one in (hostile, *hostile.certificates):
        assert all(character.isprintable() or character == "\n" for character in str(one))
    assert len(str(hostile).splitlines()) == len(str(tame).splitlines())


def test_what_a_refuted_gradient_prints_has_the_case_and_the_mistake() -> None:
    certificate = gradcert.certify("diagonal-only", formats=["fp64"], max_examples=10)
    shown = re.sub(" +", " ", str(certificate))
    assert shown.startswith("diagonal-only is refuted for dE/dz in binary64: wrong formula\n")
    for line in ("at logits [0, 0], targets [1, 0]", "true [-0.5, 0.5]", "returned [-0.5, 0]"):
        assert f"\n {line}\n" in shown
    assert "\n diagnosis diagonal-only explains" in shown
    again = msgspec.json.decode(msgspec.json.encode(certificate), type=Certificate)
    assert str(again) == str(certificate)


@pytest.mark.parametrize("progress", [True, False])
def test_certify_shows_a_bar_on_a_terminal_if_that_is_wanted(
    progress: bool, tmp_path: Path
) -> None:
    code = (
        "import gradcert; gradcert.certify('diagonal-only', formats=['fp64'], max_examples=5, "
        f"effort='quick', progress={progress})"
    )
    # It makes rich take any stream for a terminal.
    environment = os.environ | {"FORCE_COLOR": "1", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == ""
    assert ("diagonal-only" in done.stderr) == progress


def test_a_certificate_is_written_as_the_report_of_it_alone(tmp_path: Path) -> None:
    (certificate, *_) = REPORT.certificates
    written = gradcert.write(certificate, str(tmp_path / "new" / "folder"))
    names = ["index.html", "report.md", "junit.xml", "badge.svg", "certificate.json"]
    assert written == [tmp_path / "new" / "folder" / name for name in names]
    assert read(written[-1]) == Report(certificates=(certificate,))
