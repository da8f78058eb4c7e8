"""The record of a large case is small, and so are its pages; its Python builds the whole case."""

from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from subjects import BY_ID, claim_of, flipped, right

from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim
from gradcert.core.evidence import Evidence, Refuted, text
from gradcert.core.outcome import Outcome
from gradcert.core.settings import SearchSettings
from gradcert.engine.certification import begun, grown
from gradcert.engine.provenance import provenance
from gradcert.engine.record import result_of
from gradcert_implementations import Array
from gradcert_oracle import BINARY32
from gradcert_reports import (
    Certificate,
    CheckResult,
    Discrepancy,
    LongRow,
    Report,
    compare,
    explanation,
    html,
    junit,
    markdown,
    merge,
)
from gradcert_reports.model.encoding import decode, encode
from gradcert_reports.model.rows import kept, ranges, texts

GENERATOR = np.random.default_rng(3)


def _evidence(logits: Array, targets: Array, row: int, index: int) -> Evidence:
    """Return why the flipped gradient of this row refutes a claim."""
    regimes = tuple(Regime("ties" if number % 2 else "benign") for number in range(len(logits)))
    one = slice(row, row + 1)
    returned, true = (of(logits[one], targets[one])[0].tolist() for of in (flipped, right))
    return Evidence(
        Case({"logits": logits, "targets": targets}, regimes),
        f"dE/dz is {returned[index]}; its true value is {true[index]}",
        row=row,
        index=index,
        returned=tuple(map(text, returned)),
        expected=tuple(f"{value:.29e}" for value in true),
        enclosure="[0.5 +/- 1e-30]",
        ulps=1.0,
        budgets=3.0,
    )


def _one_hot(rows: int, classes: int, label: int) -> Array:
    targets = np.zeros((rows, classes))
    targets[:, label] = 1
    return targets


def _sparse(dtype: Any = np.float64) -> Evidence:
    logits = np.zeros((1, 131073))
    logits[0, 1024] = 3
    return _evidence(logits.astype(dtype), _one_hot(1, 131073, 4096).astype(dtype), 0, 1024)


def _palette() -> Evidence:
    """Return the bad case: 24 numbers, arranged without a period."""
    palette = GENERATOR.normal(size=24) * 10
    logits = palette[GENERATOR.integers(24, size=(1, 131073))]
    dense = np.array([0, 1, 2, 3])[GENERATOR.integers(4, size=(1, 131073))] / 2**18
    return _evidence(logits, dense, 0, 70000)


def _batch() -> Evidence:
    dealt = GENERATOR.integers(48, size=65537)
    logits = GENERATOR.normal(size=(48, 3))[dealt]
    return _evidence(logits, np.eye(3)[dealt % 3], 65536, 1)


def _distinct() -> Evidence:
    logits = GENERATOR.normal(size=(65537, 3))
    return _evidence(logits, GENERATOR.normal(size=(65537, 3)), 4096, 1)


def _jacobian() -> Evidence:
    """Return evidence whose answer has 64 * 64 values."""
    found = _evidence(np.zeros((1, 64)), _one_hot(1, 64, 5), 0, 5)
    values = tuple(map(text, np.arange(4096.0).tolist()))
    return replace(found, index=2000, returned=values, expected=values[::-1])


LARGE = {
    "sparse": _sparse,
    "palette": _palette,
    "batch": _batch,
    "distinct": _distinct,
    "jacobian": _jacobian,
}
SMALL = np.zeros((1, 2)), np.eye(2)[:1], 0, 1
IN_BINARY64 = claim_of(flipped)


def _result(evidence: Evidence, claim: Claim = IN_BINARY64) -> CheckResult:
    outcome = Outcome(1, (), Refuted(evidence), evidence.case, (evidence,))
    return result_of(claim, BY_ID["accuracy"], outcome)


def _certificate(result: CheckResult) -> Certificate:
    made = provenance(IN_BINARY64.implementation, SearchSettings(max_examples=1, seed=0))({}, {})
    start = begun(IN_BINARY64.implementation, coverage=(), provenance=made)
    return grown(start, [result], coverage=(), provenance=made)


@pytest.fixture(scope="module", params=LARGE)
def large(request: pytest.FixtureRequest) -> tuple[Evidence, CheckResult]:
    evidence = LARGE[request.param]()
    return evidence, _result(evidence)


def _found(result: CheckResult) -> Discrepancy:
    assert result.discrepancy is not None
    return result.discrepancy


def test_the_record_and_its_pages_are_small(large: tuple[Evidence, CheckResult]) -> None:
    _, result = large
    report = Report(certificates=(_certificate(result),))
    found = _found(result)
    assert len(msgspec.json.encode(result)) < 250_000
    without = msgspec.structs.replace(found, snippet="")
    assert len(msgspec.json.encode(without)) < 40_000
    assert len(explanation(result)) < 9000
    assert len(junit(report)) < 15_000
    assert len(markdown(report)) < 15_000
    plain = html(Report(certificates=(_certificate(_result(_evidence(*SMALL))),)))
    assert len(html(report)) < len(plain) + 40_000


def test_the_record_reads_back_and_is_compared_and_merged(
    large: tuple[Evidence, CheckResult],
) -> None:
    report = Report(certificates=(_certificate(large[1]),))
    again = decode(encode(report))
    assert again == report
    assert merge([report, again]) == report
    assert compare(report, again).changes == ()


def test_the_wrong_value_is_kept_with_its_place(large: tuple[Evidence, CheckResult]) -> None:
    evidence, result = large
    found = _found(result)
    assert evidence.index is not None
    assert kept(found.returned)[evidence.index] == evidence.returned[evidence.index]
    assert kept(found.expected)[evidence.index] == evidence.expected[evidence.index]
    assert (found.row, found.index, found.rows) == (
        evidence.row,
        evidence.index,
        evidence.case.rows,
    )
    assert found.classes == evidence.case.classes
    assert found.regime is not None
    assert found.regime.shape == evidence.case.regimes[evidence.row].shape


def test_what_is_kept_of_a_row_stands_at_its_place(large: tuple[Evidence, CheckResult]) -> None:
    evidence, result = large
    found = _found(result)
    for name, row in found.row_arguments.items():
        numbers = evidence.case[name][evidence.row].tolist()
        for place, number in kept(row).items():
            assert float(number) == numbers[place]
        if isinstance(row, LongRow) and row.rest is not None:
            others = {n for place, n in enumerate(numbers) if place not in row.places}
            assert others == {float(row.rest)}


def test_the_python_builds_the_whole_case(large: tuple[Evidence, CheckResult]) -> None:
    evidence, result = large
    code = _found(result).snippet.partition("print(")[0]
    names: dict[str, Any] = {}
    exec(code, names)
    if names["args"] is ...:
        assert "too large to write out" in code
        assert evidence.case.rows * evidence.case.classes > 100_000
        return
    for name, array in zip(evidence.case.arguments, names["args"], strict=True):
        assert array.tobytes() == evidence.case[name].tobytes()


def test_a_row_that_is_nearly_all_equal_is_described_and_not_listed() -> None:
    shown = explanation(_result(_sparse()))
    assert "at        131073 classes, all 0 but class 1024: 3; target class 4096\n" in shown
    assert "wrong     class 1024: -0.00015321700651051438, where 0.00015321700651051" in shown
    returned = "all -7.628225578258434e-06 but class 1024: -0.00015321700651051438, class 4096: 0.9"
    assert f"returned  {returned}" in shown


def test_a_row_of_many_numbers_shows_the_first_and_the_wrong_one() -> None:
    result = _result(_palette())
    shown = explanation(result)
    row = _found(result).row_arguments["logits"]
    assert "131073 classes, 24 unlike numbers, such as class 69999: " in shown
    assert f"class 70000: {kept(row)[70000]}, class 70001: " in shown
    assert "wrong     class 70000: " in shown
    assert "a report has it in certificate.json" in shown


def test_a_large_batch_keeps_the_wrong_row_and_some_others() -> None:
    found = _found(_result(_batch()))
    assert found.batch is not None
    assert found.batch.kept == (0, 1, 65535, 65536)
    assert [len(rows) for rows in found.arguments.values()] == [4, 4]
    assert len(found.regimes) == 4
    assert "row 65536 of 65537, counted from 0: logits [" in explanation(_result(_batch()))


@pytest.mark.parametrize("rows", [1, 2, 32])
@pytest.mark.parametrize("classes", [1, 2, 128])
def test_a_small_case_is_kept_whole(rows: int, classes: int) -> None:
    evidence = _evidence(
        GENERATOR.normal(size=(rows, classes)), _one_hot(rows, classes, 0), rows - 1, 0
    )
    found = _found(_result(evidence))
    assert found.batch is None
    assert (found.returned, found.expected) == (evidence.returned, evidence.expected)
    for name, array in evidence.case.arguments.items():
        assert found.arguments[name] == tuple(tuple(map(text, row)) for row in array.tolist())


@pytest.mark.parametrize("index", [None, 0, 4096])
def test_both_ends_are_kept_and_what_is_beside_the_wrong_value(index: int | None) -> None:
    evidence = _evidence(GENERATOR.normal(size=(1, 4097)), _one_hot(1, 4097, 77), 0, index or 0)
    row = _found(_result(replace(evidence, index=index))).row_arguments["logits"]
    assert isinstance(row, LongRow)
    assert {0, 1, 2, 77, 4094, 4095, 4096} <= {*row.places}
    assert row.rest is None
    assert set(texts(row)) <= set(map(text, evidence.case["logits"][0].tolist()))


def test_a_narrow_format_is_built_in_its_own_dtype() -> None:
    claim = claim_of(flipped, format=BINARY32)
    code = _found(_result(_sparse(np.float32), claim)).snippet
    assert 'logits = np.full((1, 131073), 0.0, dtype="float32")' in code


def test_a_row_of_nan_is_kept() -> None:
    evidence = _evidence(np.zeros((1, 500)), _one_hot(1, 500, 0), 0, 3)
    result = _result(replace(evidence, returned=("nan",) * 500))
    found = _found(result)
    assert isinstance(found.returned, LongRow)
    assert found.returned.rest == "nan"
    assert found.returned.length == 500
    assert "returned  all nan\n" in explanation(result)


def test_a_long_row_of_few_ranges_is_kept_whole() -> None:
    logits = np.zeros((1, 4097))
    logits[0, :128] = -np.inf
    logits[0, 2049:] = 1.5
    result = _result(_evidence(logits, _one_hot(1, 4097, 4096), 0, 300))
    row = _found(result).row_arguments["logits"]
    assert [one.number for one in ranges(row) or ()] == ["-inf", "0.0", "1.5"]
    described = "all 1.5 but classes 0 to 127: -inf, classes 128 to 2048: 0; target class 4096"
    assert f"4097 classes, {described}" in explanation(result)
