"""The error budgets that an implementation used, by the shape of the row."""

from pathlib import Path

import msgspec
import pytest

from gradcert_reports import Certificate, Regime, Report, Sample, html, read
from gradcert_reports.text.strips import shapes, strip

replace = msgspec.structs.replace

RIGHT, REFUTED, _ = read(Path(__file__).with_name("golden") / "certificate.json").certificates


def _sample(shape: str, budgets: float, *, refuted: bool = False, changes: str = "") -> Sample:
    return Sample(
        algorithm="" if refuted else "shifted",
        rank=2,
        budgets=budgets,
        regime=Regime(shape=shape, changes=(changes,)),
        classes=2,
        largest_logit=1.0,
    )


def _with(*samples: Sample) -> Certificate:
    first, *rest = (replace(result, samples=()) for result in RIGHT.results)
    return replace(RIGHT, results=(replace(first, samples=samples), *rest))


def test_the_worst_case_of_each_shape_is_shown_whatever_was_done_to_its_row() -> None:
    found = _with(
        _sample("ties", 0.5), _sample("ties", 1.5, changes="offset"), _sample("benign", 0.25)
    )
    assert shapes([found]) == ["ties", "benign"]
    ties, benign = strip(found, shapes([found]))
    assert ties is not None
    assert benign is not None
    assert (ties.budgets, benign.budgets) == (1.5, 0.25)


def test_a_case_that_no_level_explains_is_worse_than_any_that_one_explains() -> None:
    found = _with(_sample("ties", 1.9), _sample("ties", 0.1, refuted=True))
    (used,) = strip(found, ["ties"])
    assert used is not None
    assert used.refuted


def test_a_shape_without_a_case_has_an_empty_cell() -> None:
    assert strip(_with(_sample("ties", 1)), ["benign"]) == [None]


@pytest.mark.parametrize(("budgets", "shade"), [(0, 0), (0.4, 1), (0.6, 2), (1.9, 4), (2, 4)])
def test_a_cell_is_darker_the_more_of_the_allowed_budgets_is_used(
    budgets: float, shade: int
) -> None:
    (used,) = strip(_with(_sample("ties", budgets)), ["ties"])
    assert used is not None
    assert used.shade == shade


def test_the_page_has_the_strips_of_all_implementations() -> None:
    page = html(Report(certificates=tuple(replace(REFUTED, name=f"one {i}") for i in range(70))))
    _, _, strips = page.partition('aria-label="Budgets by regime"')
    assert all(f">one {i}<" in strips for i in range(70))


def test_the_page_of_one_implementation_has_its_strip() -> None:
    _, _, strips = html(Report(certificates=(RIGHT,))).partition('aria-label="Budgets by regime"')
    assert all(f'<th scope="col">{shape}</th>' in strips for shape in shapes([RIGHT]))
    assert "Budgets by regime" not in html(Report(certificates=(_with(),)))


def test_ten_thousand_samples_do_not_make_a_large_page() -> None:
    samples = [_sample("ties", number / 5000) for number in range(10_000)]
    assert len(html(Report(certificates=(_with(*samples),)))) < 1_000_000
