"""A case is changed by copies, one argument or one row at a time."""

import numpy as np
from hypothesis.vendor.pretty import pretty

from gradcert.core.case import Case, Regime
from gradcert_oracle import BFLOAT16, BINARY16

OFFSET, SOFT = Regime("benign", ("offset",), "one-hot"), Regime("ties", (), "soft")
CASE = Case(
    {
        "logits": np.array([[1e5, 0.0], [2.0, 2.0]]),
        "targets": np.array([[1.0, 0.0], [0.5, 0.5]]),
    },
    (OFFSET, SOFT),
)


def _lists(case: Case) -> dict[str, list[list[float]]]:
    return {name: array.tolist() for name, array in case.arguments.items()}


def test_one_row_alone_keeps_its_numbers_and_its_regime() -> None:
    alone = CASE.alone(1)
    assert _lists(alone) == {"logits": [[2.0, 2.0]], "targets": [[0.5, 0.5]]}
    assert alone.regimes == (SOFT,)


def test_a_case_at_another_point_keeps_its_targets() -> None:
    probabilities = Case({"probabilities": np.full((1, 2), 0.5), "targets": np.eye(1, 2)}, (SOFT,))
    moved = probabilities.at(np.array([[0.25, 0.75]]))
    assert _lists(moved) == {"probabilities": [[0.25, 0.75]], "targets": [[1.0, 0.0]]}
    assert probabilities.point.tolist() == [[0.5, 0.5]]


def test_a_number_that_is_too_large_for_a_format_becomes_infinite_without_a_warning() -> None:
    narrow = CASE.cast(BINARY16)
    assert narrow["logits"].tolist() == [[np.inf, 0.0], [2.0, 2.0]]
    assert {array.dtype for array in narrow.arguments.values()} == {BINARY16.dtype}
    assert np.isfinite(CASE.cast(BFLOAT16).point.astype(np.float64)).all()


def test_a_change_is_made_to_every_argument_and_not_to_the_case_itself() -> None:
    before = _lists(CASE)
    assert _lists(CASE.map(lambda array: array[::-1])) == {
        name: rows[::-1] for name, rows in before.items()
    }
    assert _lists(CASE) == before


def test_a_case_is_printed_by_its_shape_and_regime_because_it_may_have_a_thousand_rows() -> None:
    assert pretty(CASE) == "Case of shape (2, 2): benign, offset, one-hot"


def test_a_regime_is_written_without_the_parts_that_it_does_not_have() -> None:
    assert str(Regime("exposing")) == "exposing"
    assert str(Regime("benign", ("offset", "masked"), "soft")) == "benign, offset, masked, soft"


def test_some_rows_of_a_case_keep_their_regimes() -> None:
    case = Case({"logits": np.arange(6.0).reshape(3, 2)}, tuple(map(Regime, "abc")))
    some = case.of_rows(np.array([2, 0]))
    assert some["logits"].tolist() == [[4.0, 5.0], [0.0, 1.0]]
    assert [regime.shape for regime in some.regimes] == ["c", "a"]
