"""A row that has no enclosure is turned away, and the message says why."""

from math import inf, nan

import pytest

from gradcert_oracle import (
    BINARY64,
    enclose,
    question,
)

Row = tuple[float, ...]

BAD_LOGITS = {
    "empty": (),
    "NaN": (0.0, nan),
    "+inf": (0.0, inf),
    "all masked": (-inf, -inf),
}


@pytest.mark.parametrize("z", BAD_LOGITS.values(), ids=BAD_LOGITS)
@pytest.mark.parametrize("quantity", ["softmax", "do/dz", "loss", "dE/dz"])
def test_a_bad_row_of_logits_is_turned_away(quantity: str, z: Row) -> None:
    t = ((1.0,) + (0.0,) * (len(z) - 1))[: len(z)]
    rows = (z, t) if quantity in ("loss", "dE/dz") else (z,)
    with pytest.raises(ValueError, match=r"logits must be|at least one class"):
        enclose(question(quantity, *rows, format=BINARY64))


BAD_TARGETS = {
    "too few": ((0.0, 1.0), (1.0,), "2 logits and 1 targets"),
    "too many": ((0.0,), (1.0, 0.0), "1 logits and 2 targets"),
    "NaN": ((0.0, 1.0), (nan, 0.0), "targets must be finite"),
    "infinite": ((0.0, 1.0), (inf, 0.0), "targets must be finite"),
    "on a masked class": ((0.0, -inf), (0.5, 0.5), "a logit of -inf needs a target of zero"),
}


@pytest.mark.parametrize(("z", "t", "message"), BAD_TARGETS.values(), ids=BAD_TARGETS)
@pytest.mark.parametrize("quantity", ["loss", "dE/dz"])
def test_bad_targets_are_turned_away(quantity: str, z: Row, t: Row, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        enclose(question(quantity, z, t, format=BINARY64))


@pytest.mark.parametrize("bad", [0.0, -0.5, nan, inf])
def test_a_probability_that_is_not_positive_and_finite_is_turned_away(bad: float) -> None:
    with pytest.raises(ValueError, match="probabilities must be positive and finite"):
        enclose(question("dE/do", (0.5, bad), (1.0, 0.0), format=BINARY64))


def test_probabilities_need_as_many_targets() -> None:
    with pytest.raises(ValueError, match="2 probabilities and 1 targets"):
        enclose(question("dE/do", (0.5, 0.5), (1.0,), format=BINARY64))


@pytest.mark.parametrize("t", [(nan,), (inf,)])
def test_a_target_that_is_not_finite_has_no_slope_by_probability(t: Row) -> None:
    with pytest.raises(ValueError, match="targets must be finite"):
        enclose(question("dE/do", (0.5,), t, format=BINARY64))


def test_a_row_without_classes_has_no_slope_by_probability() -> None:
    with pytest.raises(ValueError, match="at least one class"):
        enclose(question("dE/do", (), (), format=BINARY64))
