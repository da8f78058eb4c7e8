"""A report says below its title what was certified and claimed, and what made it and when."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from gradcert_reports import Certificate, Report, html, markdown, read
from gradcert_reports.text.made import NAMED, commands, today

(SUBJECT, *_) = read(Path(__file__).with_name("golden") / "certificate.json").certificates
COMMAND = "gradcert certify numpy --seed 7"


def _made(*, command: str = COMMAND, name: str = "numpy", device: str = "cpu") -> Certificate:
    made = replace(
        SUBJECT.provenance, command=command, device=device, seed=7, effort="quick", processor="Z80"
    )
    claimed = ("label smoothing 0.1", "targets are indices")
    return replace(SUBJECT, name=name, claimed=claimed, at_least="shifted", provenance=made)


def _head(page: str) -> str:
    """Return what stands between the title of a page and its first table, without markup."""
    title, table = ("<h1>", "<table") if page.startswith("<!") else ("# gradcert report", "\n| ")
    head = page.partition(title)[2].partition(table)[0]
    return " ".join(re.sub(r"<[^>]*>", "", head).replace("\\", "").split())


@pytest.mark.parametrize("page", [html, markdown])
def test_the_line_under_the_title_says_what_was_certified_and_what_made_it(page: object) -> None:
    assert callable(page)
    head = _head(page(Report(certificates=(_made(),))))
    said = [
        "numpy, numpy 2.4.6 on cpu (Z80); gradcert 0.1.0, seed 7, quick effort; 2026-11-25",
        f"made by {COMMAND}.",
        "Claimed: label smoothing 0.1; targets are indices.",
        "At least shifted is demanded.",
    ]
    places = [head.index(words) for words in said]
    assert places == sorted(places)


@pytest.mark.parametrize("page", [html, markdown])
def test_of_several_implementations_the_line_says_what_they_have_in_common(page: object) -> None:
    assert callable(page)
    head = _head(page(Report(certificates=(_made(), _made(device="cuda:0", name="other")))))
    made = "seed 7, on cpu and cuda:0 (Z80), with gradcert 0.1.0"
    assert re.search(
        rf"2026-11-25T00:00:00\+00:00, {re.escape(made)}(; made)?,? by {COMMAND}\.", head
    )


@pytest.mark.parametrize("page", [html, markdown])
def test_a_few_commands_are_listed_and_of_many_each_implementation_has_its_own(
    page: object,
) -> None:
    assert callable(page)
    several = tuple(
        _made(command=f"gradcert certify one{i}", name=f"one{i}") for i in range(NAMED + 1)
    )
    few, many = (page(Report(certificates=some)) for some in (several[:-1], several))
    assert f"Made by {NAMED} commands" in _head(few)
    assert all(f"gradcert certify one{i}" in _head(few) for i in range(NAMED))
    assert f"by {NAMED + 1} commands, each named with its implementation." in _head(many)
    below = re.sub(r"<[^>]*>", "", many)
    assert all(f"ade by gradcert certify one{i}." in below for i in range(NAMED + 1))


def test_a_certificate_without_a_command_adds_none() -> None:
    assert commands([_made(), _made(command=""), _made()]) == [COMMAND]
    assert "by" not in _head(markdown(Report(certificates=(_made(command=""),) * 2))).split()


def test_a_day_is_written_as_iso_8601() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", today())
