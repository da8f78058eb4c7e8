"""Certificates of one name are told apart in a report."""

import msgspec
import pytest

from gradcert import Certificate, certify
from gradcert_reports import Report, html, junit, markdown
from gradcert_reports.model.naming import distinct


@pytest.fixture(scope="module")
def found() -> Certificate:
    return certify("numpy", quantities=["dE/dz"], formats=["binary64"], max_examples=2)


def _elsewhere(found: Certificate, **changed: object) -> Certificate:
    provenance = msgspec.structs.replace(found.provenance, **changed)
    return msgspec.structs.replace(found, provenance=provenance)


def _names(*certificates: Certificate) -> list[str]:
    return [one.name for one in distinct(Report(certificates=certificates)).certificates]


def test_a_name_that_is_there_once_stays(found: Certificate) -> None:
    assert _names(found) == ["numpy"]


def test_machines_and_seeds_tell_apart_what_is_otherwise_the_same(found: Certificate) -> None:
    here, there = (_elsewhere(found, processor=name) for name in ("Zen 5", "Grace"))
    assert _names(here, there) == ["numpy (Zen 5)", "numpy (Grace)"]
    assert _names(found, _elsewhere(found, seed=7)) == ["numpy (seed 0)", "numpy (seed 7)"]


def test_as_much_is_told_as_is_needed_and_a_number_where_nothing_tells(found: Certificate) -> None:
    here, there = (_elsewhere(found, processor=name) for name in ("Zen 5", "Grace"))
    again = _elsewhere(there, seed=7)
    assert _names(here, there, again) == [
        "numpy (Zen 5, seed 0)",
        "numpy (Grace, seed 0)",
        "numpy (Grace, seed 7)",
    ]
    assert _names(here, here) == ["numpy (1)", "numpy (2)"]


@pytest.mark.parametrize("page", [html, junit, markdown])
def test_every_page_tells_them_apart(page: object, found: Certificate) -> None:
    assert callable(page)
    text = page(Report(certificates=(found, _elsewhere(found, seed=7))))
    assert "numpy (seed 0)" in text
    assert "numpy (seed 7)" in text
