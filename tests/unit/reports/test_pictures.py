"""The pictures of the page: what they draw, what they say in words, and what they leave out."""

import re
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from gradcert_reports import Certificate, Jacobian, Regime, Report, Sample, Verdict, html, read
from gradcert_reports.html.figures import against_regime, against_size
from gradcert_reports.html.heatmaps import heatmaps
from gradcert_reports.html.matrix import matrix

replace = msgspec.structs.replace

RIGHT, REFUTED, _ = read(Path(__file__).with_name("golden") / "certificate.json").certificates


def _page(*certificates: Certificate) -> str:
    return html(Report(certificates=certificates))


TRUE = (("0.25", "-0.25"), ("-0.25", "0.25"))


@pytest.mark.parametrize(
    ("returned", "differing", "missing"),
    [
        (TRUE, 0, 0),
        ((("0.25", "0.0"), ("-0.0", "0.25")), 2, 2),
        ((("0.25", "0.25"), ("-0.25", "nan")), 2, 0),
        ((("0.25", "-0.2500001"), ("-0.25", "0.25")), 0, 0),
    ],
)
def test_entries_of_a_jacobian_that_are_wrong_or_missing_are_counted(
    returned: Any, differing: int, missing: int
) -> None:
    drawn = heatmaps(Jacobian(true=TRUE, returned=returned), "j")
    assert drawn is not None
    assert (drawn.differing, drawn.missing) == (differing, missing)
    assert drawn.returned.count("stroke-width: 2.2") == differing


@pytest.mark.parametrize("returned", [(), (("0.25",),), (("a", "b", "c"),) * 2])
def test_a_jacobian_without_a_picture_has_none(returned: Any) -> None:
    assert heatmaps(Jacobian(true=TRUE, returned=returned), "j") is None


def _with_samples(certificate: Certificate, samples: tuple[Sample, ...]) -> Certificate:
    first, *rest = certificate.results
    return replace(certificate, results=(replace(first, samples=samples), *rest))


def test_ten_thousand_samples_do_not_make_a_large_page() -> None:
    random = np.random.default_rng(0)
    samples = tuple(
        Sample(
            algorithm="shifted",
            rank=2,
            budgets=budgets,
            regime=Regime(shape=shape),
            classes=2,
            largest_logit=logit,
        )
        for (shape, _), budgets, logit in zip(
            product(("benign", "ties"), range(5000)),
            random.uniform(0, 2, 10_000),
            random.uniform(0, 1e4, 10_000),
            strict=True,
        )
    )
    assert len(html(Report(certificates=(_with_samples(RIGHT, samples),)))) < 1_000_000


def test_more_implementations_than_markers_are_said_to_be_left_out() -> None:
    shown = _page(*(replace(REFUTED, name=f"number-{i}") for i in range(11)))
    assert "3 more implementations are left out" in shown
    assert all(f"number-{i}" in shown for i in range(11))


def _of(*quantities: str) -> Certificate:
    """Return a certificate with samples of these quantities."""
    (judged, *_) = (result for result in RIGHT.results if result.samples)
    return replace(RIGHT, results=tuple(replace(judged, quantity=name) for name in quantities))


@pytest.mark.parametrize(
    ("certificates", "drawn"),
    [
        ([["softmax", "loss", "gradient"]], "gradient"),
        ([["gradient"], ["softmax", "gradient"]], "gradient"),
        ([["softmax", "gradient"], ["softmax"]], "softmax"),
        ([["softmax"], ["gradient"]], "gradient"),
        ([["softmax"], []], "softmax"),
    ],
)
def test_the_quantity_that_most_have_samples_of_is_drawn_and_the_last_among_equals(
    certificates: Iterable[Iterable[str]], drawn: str
) -> None:
    report = Report(certificates=tuple(_of(*quantities) for quantities in certificates))
    for picture in (against_size(report), against_regime(report)):
        assert picture is not None
        assert picture.quantity == drawn


def test_without_samples_there_is_no_picture() -> None:
    assert against_size(Report(certificates=(_of(),))) is None


def test_rows_of_one_shape_are_on_one_line_whatever_was_done_to_them() -> None:
    (judged, *_) = (result for result in RIGHT.results if result.samples)
    regimes = [
        Regime(shape="ties", changes=changes, targets=targets)
        for changes, targets in product(((), ("offset",)), ("soft", "one-hot"))
    ]
    samples = tuple(replace(judged.samples[0], regime=regime) for regime in regimes)
    found = replace(RIGHT, results=(replace(judged, samples=samples),))
    picture = against_regime(Report(certificates=(found,)))
    assert picture is not None
    labels = re.findall(">([^<]+)</text>", picture.panels[0])
    assert labels.count("ties") == 1
    assert not {"offset", "soft", "one-hot"} & set(" ".join(labels).replace(",", "").split())


def test_a_cell_of_the_picture_says_how_many_of_how_many_are_wrong() -> None:
    results = [
        replace(result, format=format)
        for result in REFUTED.results
        for format in ("binary64", "binary32")
    ]
    found = replace(REFUTED, results=tuple(results), planned=len(results))
    changed = [
        replace(result, verdict=Verdict.CONFORMS)
        if (result.check, result.format) == ("accuracy", "binary32")
        else result
        for result in results
    ]
    report = Report(certificates=(found, replace(found, results=tuple(changed))))
    drawn = matrix(report, ["accuracy"])
    assert drawn is not None
    assert [count in drawn.picture for count in ("✗ 2/2", "✗ 1/2", "✗ 1/1")] == [True, True, False]


@pytest.mark.parametrize("count", [60, 61])
def test_a_picture_of_too_many_implementations_says_how_many_are_in_the_table_only(
    count: int,
) -> None:
    report = Report(certificates=tuple(replace(REFUTED, name=f"number {i}") for i in range(count)))
    drawn = matrix(report, ["accuracy"])
    assert drawn is not None
    assert drawn.left_out == count - 60
    assert drawn.picture.count("number ") == 2 * 60


def test_where_nothing_is_wrong_or_one_is_alone_there_is_no_such_picture() -> None:
    assert matrix(Report(certificates=(RIGHT, RIGHT)), ["accuracy"]) is None
    assert matrix(Report(certificates=(REFUTED,)), ["accuracy"]) is None
    assert "The same as a table" not in _page(RIGHT, RIGHT)
    assert "Implementations and checks: the worst verdict." in _page(RIGHT, RIGHT)
