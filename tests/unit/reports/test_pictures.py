"""The picture of two Jacobians: what it draws, and when there is none."""

from typing import Any

import pytest

from gradcert_reports import Jacobian
from gradcert_reports.html.heatmaps import heatmaps

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
