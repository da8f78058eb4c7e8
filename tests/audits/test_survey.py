"""The facts about public tests: each is complete, and what it names can be read and called."""

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradcert_implementations import (
    FORMAT_ALIASES,
    QUANTITIES_OF_A_LOSS,
    QUANTITY_NAMES,
    Array,
    Loss,
    Reduction,
)
from gradcert_implementations.importing import imported_object, named
from gradcert_implementations.options import Options

FOLDER = Path(__file__).parent
TESTS: list[dict[str, Any]] = tomllib.loads((FOLDER / "tests.toml").read_text("utf-8"))["test"]

NEEDED = {
    "project": str,
    "test": str,
    "link": str,
    "commit": str,
    "read": date,
    "quantity": str,
    "formats": list,
    "rows": int,
    "classes": int,
    "logits": str,
    "upstream": str,
    "targets": str,
    "loss": list,
    "close": str,
    "replayed": bool,
    "elsewhere": str,
    "advice": str,
}
OPTIONAL = {
    "unconfirmed": str,
    "ignored": float,
    "why_not": str,
    "differs": str,
    "claimed": str,
    "claimed_to_pass": list,
}

NUMBER = r"-?[0-9.]+(?:e-?[0-9]+)?"
DISTRIBUTION = re.compile(rf"normal(:{NUMBER})?|uniform:{NUMBER},{NUMBER}|ones")
CLOSE = re.compile(
    rf"(assert_close|allclose)(:of=got)?|atol={NUMBER},rtol={NUMBER}(,of=got)?|norm:{NUMBER}"
    r"|comparisons\.py:(?P<function>\w+)(\(.+\))?"
)

MOST = 2_000_000_000
"""The largest number of logits that is replayed."""


def _name(test: dict[str, Any]) -> str:
    return f"{test['project']}: {test['test']}"


each = pytest.mark.parametrize("test", TESTS, ids=map(_name, TESTS))


def _comparison(close: str) -> Any:
    text = close.replace("comparisons.py", str(FOLDER / "comparisons.py"))
    return imported_object(named(text), text)


OWN = sorted({test["close"] for test in TESTS if test["close"].startswith("comparisons.py:")})
every_own = pytest.mark.parametrize("close", OWN)


def _loss(test: dict[str, Any]) -> Loss:
    options = Options(loss=test["loss"])
    return Loss(**{one.name: one.value for one in options.loss})


@each
def test_a_test_has_every_key_and_no_other(test: dict[str, Any]) -> None:
    known = NEEDED | OPTIONAL
    assert set(NEEDED) <= set(test) <= set(known)
    for key, value in test.items():
        assert type(value) is known[key], key
        assert value or value in (0, False, []), key


@each
def test_a_link_is_to_a_file_at_a_commit(test: dict[str, Any]) -> None:
    assert re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+/blob/[0-9a-f]{40}/\S+", test["link"])
    assert test["commit"] in test["link"]


@each
def test_names_and_numbers_are_known(test: dict[str, Any]) -> None:
    assert test["quantity"] in QUANTITY_NAMES
    assert test["formats"]
    assert all(name in FORMAT_ALIASES for name in test["formats"])
    assert test["targets"] in ("index", "probability")
    assert test["rows"] > 0
    assert test["classes"] > 1
    assert 0 <= test.get("ignored", 0) < 1


@each
def test_distributions_and_comparisons_are_written_as_the_audit_reads_them(
    test: dict[str, Any],
) -> None:
    assert DISTRIBUTION.fullmatch(test["logits"])
    assert DISTRIBUTION.fullmatch(test["upstream"])
    assert CLOSE.fullmatch(test["close"])


@each
def test_the_options_of_a_loss_are_options_of_ours(test: dict[str, Any]) -> None:
    loss = _loss(test)
    if test["loss"]:
        assert test["quantity"] in QUANTITIES_OF_A_LOSS
    if "ignored" in test:
        assert loss.ignore_index is not None
    assert isinstance(loss.reduction, Reduction)


@each
def test_what_is_not_replayed_says_why_and_nothing_too_large_is_replayed(
    test: dict[str, Any],
) -> None:
    assert test["replayed"] == ("why_not" not in test)
    assert not test["replayed"] or test["rows"] * test["classes"] <= MOST


def test_no_case_is_told_twice() -> None:
    cases = [(test["project"], test["test"], test["quantity"]) for test in TESTS]
    assert len(cases) == len(set(cases))


def test_the_readme_counts_the_cases_that_are_replayed() -> None:
    count = sum(test["replayed"] for test in TESTS)
    assert (
        f"what {count} cases of public tests let" in (FOLDER.parents[1] / "README.md").read_text()
    )


def test_each_comparison_is_used() -> None:
    used = {found["function"] for close in OWN if (found := CLOSE.fullmatch(close))}
    assert used == set(_comparison("comparisons.py:__all__"))


def _values(*, scale: float = 100.0) -> Array:
    return scale * np.random.default_rng(1).standard_normal((6, 5))


@every_own
def test_a_comparison_accepts_equal_arrays(close: str) -> None:
    for kind in (np.float64, np.float32, np.float16):
        values = _values(scale=1.0).astype(kind)
        assert _comparison(close)(values, values.copy()) is True


@every_own
def test_a_comparison_refuses_zeros_unless_it_compares_nothing(close: str) -> None:
    want = _values()
    assert _comparison(close)(np.zeros_like(want), want) is (close == "comparisons.py:nothing")


@every_own
@pytest.mark.parametrize(
    ("value", "function"), [(np.nan, "transformer_engine"), (np.inf, "rms_relative")]
)
def test_a_comparison_refuses_what_is_not_finite_unless_it_is_documented(
    close: str, value: float, function: str
) -> None:
    accepted = close in ("comparisons.py:nothing", f"comparisons.py:{function}")
    want = _values()
    with np.errstate(invalid="ignore"):
        assert _comparison(close)(np.full_like(want, value), want) is accepted


@every_own
def test_a_comparison_leaves_its_arguments_as_they_are(close: str) -> None:
    got, want = _values(scale=1.0), _values(scale=2.0)
    kept = got.copy(), want.copy()
    _comparison(close)(got, want)
    np.testing.assert_array_equal(got, kept[0])
    np.testing.assert_array_equal(want, kept[1])


def test_a_mean_that_is_nan_passes_in_ggml_and_so_every_finite_answer_does() -> None:
    compare = _comparison("comparisons.py:ggml_mean_asymmetry")
    want = _values(scale=1.0)
    want[0, 0] = 0
    for factor in (-1.0, 0.0, 60.0, 1000.0):
        assert compare(factor * want, want) is True
    assert compare(np.full_like(want, np.inf), want) is False


def test_a_norm_is_the_same_for_a_flipped_sign() -> None:
    want = _values()
    assert _comparison("comparisons.py:same_norm")(-want, want) is True
