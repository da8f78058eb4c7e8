"""What a long search costs: the page says which targets hold, and a tiny run fills it."""

import pytest
import search_rates
from search_rates import Workers, measured_rates, measured_workers, page

from gradcert_implementations import Options
from gradcert_oracle import JACOBIAN, QUANTITIES

HOLDING = Workers(rows=9_000_000, alone=10.0, one=10.4, two=5.5)


def _holds(text: str) -> list[str]:
    lines = text.split("## Rows a second", maxsplit=1)[0].splitlines()
    return [line.split(" | ")[-1].removesuffix(" |") for line in lines[8:] if line]


def test_each_target_is_compared_with_what_was_measured() -> None:
    fast, slow = {2: 5e6, 8: 2e6}, {2: 5e6, 8: 4e5}
    every = {("dE/dz", "binary32"): fast, ("hvp", "binary64"): slow}
    assert _holds(page(every, HOLDING)) == ["yes", "yes", "yes"]
    every |= {("hvp", "binary32"): slow}
    missed = page(every, Workers(rows=9_000_000, alone=10.0, one=10.6, two=6.0))
    assert _holds(missed) == ["**no**", "**no**", "**no**"]
    assert "| 400,000, hvp; 1 of 2 quantities have as many |" in missed
    assert "| 1.77 |" in missed
    assert "| +6.0% |" in missed
    assert _holds(page({}, HOLDING))[0] == "-"
    assert "900,000 rows a second, with all that a search does" in missed


def test_a_tiny_run_measures_every_quantity_but_the_jacobian(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tiny = {"NUMBERS": 64, "ROUNDS": 1, "SIZES": (2, 8), "FORMATS": ("binary32",), "BLOCKS": 2}
    for name, value in tiny.items():
        monkeypatch.setattr(search_rates, name, value)
    rates = measured_rates()
    assert {quantity for quantity, _ in rates} == {one.name for one in QUANTITIES} - {JACOBIAN.name}
    assert all(rate > 0 for by_size in rates.values() for rate in by_size.values())
    options = Options(quantities=["softmax"], formats=["binary32"], domain=["classes=2"])
    workers = measured_workers(options)
    assert min(workers.alone, workers.one, workers.two) > 0
    assert len(_holds(page(rates, workers))) == 3
