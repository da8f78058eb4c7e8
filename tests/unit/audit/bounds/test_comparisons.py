"""A comparison accepts what the function of the library accepts, and no NaN."""

from pathlib import Path

import numpy as np
import pytest

from gradcert.audit.bounds.comparisons import (
    Comparison,
    close,
    cosine,
    mean_error,
    norm,
    of_your_own,
    ulps,
)
from gradcert.audit.bounds.written_comparisons import comparison
from gradcert_implementations import Array, SpecError
from gradcert_oracle import BFLOAT16, BINARY32, FORMATS


def accepts(compare: Comparison, got: Array, want: Array, parts: int = 1) -> bool:
    running = compare.begin()
    for rows in zip(np.array_split(got, parts), np.array_split(want, parts), strict=True):
        with np.errstate(invalid="ignore"):
            running.add(*rows)
    return running.passes()


def pairs() -> list[tuple[Array, Array]]:
    """Answers that are near at some values, and far at others."""
    generator = np.random.default_rng(0)
    found = []
    for size in (0.0, 1e-9, 1e-6, 1e-4, 1e-2, 1.0):
        want = generator.standard_normal((8, 5)) * 10.0 ** generator.integers(-6, 1, (8, 1))
        found.append((want + size * generator.standard_normal(want.shape) * abs(want), want))
        found.append((want + size * generator.standard_normal(want.shape), want))
    return found


@pytest.mark.parametrize(("atol", "rtol"), [(1e-8, 1e-5), (0.0, 1e-3), (1e-4, 0.0), (5.0, 50.0)])
def test_close_is_allclose_of_numpy(atol: float, rtol: float) -> None:
    verdicts = []
    for got, want in (*pairs(), (np.full(2, np.inf), np.array([np.inf, 1.0]))):
        verdicts.append(np.allclose(got, want, rtol=rtol, atol=atol))
        assert accepts(close(atol, rtol), got, want) == verdicts[-1]
        other_way = np.allclose(want, got, rtol=rtol, atol=atol)
        assert accepts(close(atol, rtol, of_got=True), got, want) == other_way
    assert len(set(verdicts)) == 2 or rtol > 1


@pytest.mark.parametrize("name", FORMATS)
def test_assert_close_has_the_defaults_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    dtype = getattr(torch, {"binary64": "double", "binary32": "float"}.get(name, name), None)
    dtype = dtype or torch.half
    compare = comparison("assert_close", FORMATS[name])
    for got, want in pairs():
        ours = torch.tensor(got).to(dtype), torch.tensor(want).to(dtype)
        try:
            torch.testing.assert_close(*ours)
            passes = True
        except AssertionError:
            passes = False
        assert accepts(compare, *(one.double().numpy() for one in ours)) == passes


@pytest.mark.parametrize(
    "compare",
    [
        close(1.0, 1.0),
        close(1.0, 1.0, of_got=True),
        ulps(1e9, BINARY32),
        norm(1e3),
        cosine(-1.0),
        mean_error(1e3),
    ],
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_no_comparison_accepts_what_is_not_finite(compare: Comparison, value: float) -> None:
    want = np.ones((2, 3))
    assert accepts(compare, want, want)
    got = want.copy()
    got[1, 2] = value
    assert not accepts(compare, got, want)


@pytest.mark.parametrize("compare", [norm(1e-4), cosine(0.9999), mean_error(1e-4), close(1e-4, 0)])
def test_parts_are_compared_as_the_whole(compare: Comparison) -> None:
    verdicts = [
        {accepts(compare, got, want, parts) for parts in (1, 2, 8)} for got, want in pairs()
    ]
    assert all(len(one) == 1 for one in verdicts)
    assert {True} in verdicts
    assert {False} in verdicts


def test_the_norm_and_the_cosine_are_those_of_all_values() -> None:
    got, want = np.array([[3.0, 4.0]]), np.array([[3.0, 0.0]])
    assert accepts(norm(4 / 3 + 1e-12), got, want)
    assert not accepts(norm(4 / 3 - 1e-12), got, want)
    assert accepts(cosine(0.6 - 1e-12), got, want)
    assert not accepts(cosine(0.6 + 1e-12), got, want)


def test_the_unit_in_the_last_place_is_that_of_the_value_wanted() -> None:
    want = np.array([[1.0, 2.0**-140, 0.0]])
    got = np.nextafter(want.astype(np.float32), np.float32(9)).astype(np.float64)
    assert accepts(ulps(1, BINARY32), got, want)
    assert not accepts(ulps(0.9, BINARY32), got, want)


@pytest.mark.parametrize(
    "text",
    ["", "atol", "atol=x", "atol=-1", "atol=1,atol=2", "rtol=nan", "of=both", "norm:", "ulps:many"],
)
def test_what_is_no_comparison_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(SpecError, match=f"^{text!r} is no comparison; expected atol=X"):
        comparison(text, BINARY32)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("return False", "refuses two equal arrays"),
        ("raise TypeError('tensors only')", r"fails on arrays of shape \(2, 2\).*tensors only"),
        ("raise SystemExit(3)", "fails on arrays of shape .*SystemExit: 3; expected True or False"),
        ("return got == want", "returns ndarray for arrays of shape .*; expected True or False"),
        ("return False, 'far'", "returns tuple .*; expected True or False"),
        ("return float('nan')", "returns float .*; expected True or False"),
    ],
)
def test_an_own_function_must_accept_what_is_equal(body: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "compare.py"
    path.write_text(f"def near(got, want):\n    {body}\n")
    with pytest.raises(SpecError, match=message):
        comparison(f"{path}:near", BINARY32)


def test_an_own_function_that_fails_on_the_data_is_no_verdict() -> None:
    def near(got: Array, _want: Array) -> None:
        raise RuntimeError(f"cannot compare {len(got)} rows")

    message = r"near\(got, want\) fails on arrays of shape \(4, 2\): .*cannot compare 4 rows"
    with pytest.raises(SpecError, match=message):
        accepts(of_your_own("near", near, BINARY32), np.ones((4, 2)), np.ones((4, 2)))


def test_an_own_function_may_return_one_value_of_an_array() -> None:
    for verdict in (True, False):
        compare = of_your_own("near", lambda *_, verdict=verdict: np.array([verdict]), BINARY32)
        assert accepts(compare, np.ones((4, 2)), np.ones((4, 2))) is verdict


@pytest.mark.parametrize("limit", [1e-200, 1e200])
def test_a_limit_may_have_any_size(limit: float) -> None:
    got, want = np.array([1.0, 1.0]), np.array([1.0, 1.1])
    assert accepts(norm(limit), got, want) == (limit > 1)


def test_tolerances_may_be_written_with_blanks() -> None:
    found = comparison("atol=1e-2, rtol=1e-3", BINARY32)
    assert found.predicate == "|got - want| <= 0.01 + 0.001 |want|"


def test_an_own_function_gets_numbers_of_the_format() -> None:
    seen = []

    def near(got: Array, want: Array) -> None:
        seen.append((got.dtype, want.shape))

    for format in (BINARY32, BFLOAT16):
        compare = of_your_own("near", near, format)
        assert accepts(compare, np.ones((4, 2)), np.ones((4, 2)), parts=2)
    assert seen == [(np.dtype(np.float32), (4, 2))] * 2
