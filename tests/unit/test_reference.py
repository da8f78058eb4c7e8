"""The reference is what the docstrings and the help texts say, and leads where it says."""

import re
from collections import Counter

import pytest
from griffe import Object
from reference import PAGE, anchor, documented, reference

import gradcert

TEXT = PAGE.read_text()

FUNCTIONS = {
    path: thing
    for things in documented().values()
    for path, thing in things.items()
    if thing.is_function
}


def test_the_reference_is_current() -> None:
    assert reference() == TEXT, "the docstrings or the help texts changed: run `make reference`"


def test_every_public_name_of_gradcert_has_its_heading() -> None:
    headings = set(re.findall(r"^### `gradcert\.(\w+)`$", TEXT, flags=re.MULTILINE))
    assert headings == set(gradcert.__all__)


def test_every_link_of_the_reference_leads_somewhere() -> None:
    prose = re.sub(r"(?ms)^ *```.*?^ *```$", "", TEXT)
    headings = Counter(anchor(heading) for heading in re.findall(r"(?m)^#+ (.*)$", prose))
    places = {
        f"{place}-{number}" if number else place
        for place, count in headings.items()
        for number in range(count)
    }
    links = re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", prose)
    assert len(links) > len(gradcert.__all__)
    for page, place in links:
        assert (PAGE.parent / page).exists(), page
        if not page:
            assert place in places


def test_no_markup_of_the_docstrings_is_left_in_the_reference() -> None:
    assert not re.search(r":(class|func|meth|mod|data):", TEXT)
    assert "::\n" not in TEXT


@pytest.mark.parametrize("path", FUNCTIONS)
def test_a_public_function_says_what_it_takes_and_returns_and_shows_a_call(path: str) -> None:
    function: Object = FUNCTIONS[path]
    assert function.docstring is not None
    said = {section.kind.value for section in function.docstring.parsed}
    takes = {"parameters"} if len(function.parameters) else set()
    assert takes | {"returns", "examples"} <= said


def test_every_command_and_every_option_of_pytest_stands_in_the_reference() -> None:
    assert "### `gradcert audit pytest`" in TEXT
    assert "--gradcert-report=DIR" in TEXT
