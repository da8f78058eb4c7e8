"""Certificates of one name have distinct names in a report."""

from pathlib import Path

import msgspec
import pytest

from gradcert_reports import Certificate, Report, html, junit, markdown, read
from gradcert_reports.model.naming import distinct


@pytest.fixture(scope="module")
def found() -> Certificate:
    return read(Path(__file__).with_name("golden") / "certificate.json").certificates[0]


def _elsewhere(found: Certificate, **changed: object) -> Certificate:
    provenance = msgspec.structs.replace(found.provenance, **changed)
    return msgspec.structs.replace(found, provenance=provenance)


def _names(*certificates: Certificate) -> list[str]:
    return [one.name for one in distinct(Report(certificates=certificates)).certificates]


def test_a_name_that_is_there_once_stays(found: Certificate) -> None:
    assert _names(found) == ["numpy"]


def test_a_trait_that_is_empty_adds_nothing_to_a_name(found: Certificate) -> None:
    here, there = (msgspec.structs.replace(found, origin=origin) for origin in ("", "my.py:f"))
    assert _names(here, there) == ["numpy", "numpy (my.py:f)"]


def test_machines_and_seeds_distinguish_what_is_otherwise_the_same(found: Certificate) -> None:
    here, there = (_elsewhere(found, processor=name) for name in ("Zen 5", "Grace"))
    assert _names(here, there) == ["numpy (Zen 5)", "numpy (Grace)"]
    assert _names(found, _elsewhere(found, seed=7)) == ["numpy (seed 0)", "numpy (seed 7)"]
    assert _names(found, _elsewhere(found, effort="quick")) == [
        "numpy (effort not given)",
        "numpy (effort quick)",
    ]


@pytest.mark.parametrize("record", ["loss", "domain"])
def test_options_that_differ_distinguish_certificates_and_equal_ones_are_not_named(
    found: Certificate, record: str
) -> None:
    plain, smooth, soft = (
        msgspec.structs.replace(found, **{record: {"output": "softmax"} | options})
        for options in ({}, {"label_smoothing": 0.1}, {"label_smoothing": 0.1, "softcap": 30.0})
    )
    assert _names(plain, smooth) == [
        "numpy (label smoothing not given)",
        "numpy (label smoothing 0.1)",
    ]
    assert _names(plain, smooth, soft) == [
        "numpy (label smoothing not given, softcap not given)",
        "numpy (label smoothing 0.1, softcap not given)",
        "numpy (label smoothing 0.1, softcap 30)",
    ]


def test_the_levels_that_are_claimed_distinguish_certificates(found: Certificate) -> None:
    wide = msgspec.structs.replace(found, at_least="wide")
    assert _names(found, wide) == ["numpy (at least any level)", "numpy (at least wide)"]


def test_a_suffix_is_as_long_as_necessary_and_a_number_if_no_trait_differs(
    found: Certificate,
) -> None:
    here, there = (_elsewhere(found, processor=name) for name in ("Zen 5", "Grace"))
    again = _elsewhere(there, seed=7)
    assert _names(here, there, again) == [
        "numpy (Zen 5, seed 0)",
        "numpy (Grace, seed 0)",
        "numpy (Grace, seed 7)",
    ]
    assert _names(here, here) == ["numpy (1)", "numpy (2)"]


@pytest.mark.parametrize("page", [html, junit, markdown])
def test_every_page_has_the_distinct_names(page: object, found: Certificate) -> None:
    assert callable(page)
    text = page(Report(certificates=(found, _elsewhere(found, seed=7))))
    assert "numpy (seed 0)" in text
    assert "numpy (seed 7)" in text
