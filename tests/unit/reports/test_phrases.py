"""What a certificate says in words: how far an implementation stays right, and what to claim."""

from math import inf, nan
from pathlib import Path

import pytest
from msgspec.structs import replace

from gradcert_reports import (
    Certificate,
    Diagnosis,
    Mistake,
    Reach,
    Regime,
    Sample,
    explanation,
    read,
)
from gradcert_reports.text.phrases import lower_bound, reach, reach_sentence, to_claim
from gradcert_reports.text.strips import Used

RIGHT = read(Path(__file__).with_name("golden") / "certificate.json").certificates[0]


def _reaching(*reaches: tuple[str, Reach | None]) -> Certificate:
    """Return a certificate with a result for each format and its reach."""
    first = RIGHT.results[0]
    results = tuple(replace(first, format=format, reach=found) for format, found in reaches)
    return replace(RIGHT, results=results)


def test_what_conforms_has_nothing_to_explain() -> None:
    with pytest.raises(ValueError, match="conforms; expected one that found a fault"):
        explanation(RIGHT.results[0])


@pytest.mark.parametrize(
    ("budgets", "said", "shade"),
    [
        (0.999, "≥ 0.99", 2),
        (1.999, "≥ 1.99", 4),
        (2.39e15, "≥ 2.3e+15", 4),
        (1e308, "≥ 1.0e+308", 4),
        (inf, "≥ Infinity", 4),
        (nan, "≥ NaN", 4),
    ],
)
def test_a_number_of_budgets_is_rounded_down_and_shaded_whatever_its_size(
    budgets: float, said: str, shade: int
) -> None:
    regime = Regime(shape="drawn")
    row = Sample(algorithm="", rank=1, budgets=budgets, regime=regime, classes=2, largest_logit=1.0)
    assert lower_bound(row) == said
    assert Used(budgets, refuted=True).shade == shade


FAR = Reach(reached=1.7e308)
SHORT, SHORTER = (Reach(reached=size, failed_at=1e36) for size in (1e20, 1e12))


@pytest.mark.parametrize(
    ("reaches", "word", "sentence"),
    [
        ([("binary64", None)], "-", ""),
        (
            [("binary64", FAR), ("binary32", FAR)],
            "max",
            "The reach is the largest number of every format.",
        ),
        (
            [("binary64", SHORT), ("binary64", SHORTER), ("binary32", FAR), ("bfloat16", SHORT)],
            "binary64 1e+12, bfloat16 1e+20",
            "The reach ends before the largest number: binary64 1e+12, bfloat16 1e+20.",
        ),
    ],
)
def test_the_reach_is_the_shortest_of_each_format_unless_it_is_the_largest_number(
    reaches: list[tuple[str, Reach | None]], word: str, sentence: str
) -> None:
    found = _reaching(*reaches)
    assert (reach(found), reach_sentence(found)) == (word, sentence)


def test_a_mistake_where_masked_says_what_to_claim_if_no_logit_is_masked() -> None:
    masked = Diagnosis(
        quantity="dE/dz",
        cases=1,
        matches=(),
        unexplained=1,
        findings=(),
        mistake=Mistake.MASK,
    )
    assert to_claim(masked) == "If no logit is ever -inf, add --domain finite_logits=true"
    assert to_claim(replace(masked, mistake=Mistake.FORMULA)) == ""
