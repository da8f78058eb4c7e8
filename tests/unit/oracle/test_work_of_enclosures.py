"""An enclosure of the gradient takes no more slopes than it needs."""

from collections.abc import Sequence

import pytest
from flint import arb

from gradcert_oracle import (
    BINARY64,
    GRADIENT,
    Question,
    enclose,
    log_slopes,
)
from gradcert_oracle.quantities import gradient


@pytest.mark.parametrize("classes", [10, 100, 1000])
def test_the_gradient_takes_one_slope_for_each_class_and_equal_classes_share_it(
    classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def counted(shares: Sequence[arb]) -> list[arb]:
        taken.append(len(shares))
        return log_slopes(shares)

    monkeypatch.setattr(gradient, "log_slopes", counted)
    t = (1.0,) + (0.0,) * (2 * classes - 1)
    z = tuple(-float(k // 2) / classes for k in range(2 * classes))
    enclose(Question(GRADIENT, (z, t), BINARY64))
    assert taken == [classes + 1]


def test_only_what_cancels_is_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tied classes of equal targets have a derivative of zero; the others are soon narrow."""
    taken: list[int] = []

    def counted(shares: Sequence[arb]) -> list[arb]:
        taken.append(len(shares))
        return log_slopes(shares)

    monkeypatch.setattr(gradient, "log_slopes", counted)
    rows = (0.0, 0.0, -1000.0, -2000.0), (0.5, 0.5, 0.0, 0.0)
    enclose(Question(GRADIENT, rows, BINARY64))
    assert taken[0] == 3
    assert set(taken[1:]) == {1}
