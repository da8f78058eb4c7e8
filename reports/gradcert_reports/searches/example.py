"""A search, for the examples in docstrings."""

from gradcert_reports.searches.records import (
    Bound,
    ClaimSearch,
    JudgedRow,
    Point,
    RegimeSearch,
    Search,
)

__all__ = ["EXAMPLE"]

_WORST = JudgedRow(
    bound=Bound(1, 0.59),
    level="shifted, pairwise sum",
    regime="benign, offset, one-hot",
    arguments={"logits": ("1.5", "0.0"), "targets": ("1.0", "0.0")},
    returned=("-0.18242552", "0.18242552"),
)

EXAMPLE = Search(
    name="my_kernel",
    origin="my_kernel.py:gradient",
    claimed=("cross-entropy", "logits up to 10000"),
    command="gradcert search my_kernel.py:gradient --hours 1 --into night",
    seed=0,
    versions={"gradcert": "0.1.0"},
    date="2026-11-26T22:00:00+00:00",
    seconds=300.0,
    complete=True,
    claims=(
        ClaimSearch(
            claim="dE/dz-binary32",
            parts=(
                RegimeSearch(
                    part="benign",
                    blocks=1000,
                    rows=231_000_000,
                    seconds=600.0,
                    worst=Bound(1, 0.59),
                    bound=Bound(1, 1.83),
                ),
            ),
            worst=_WORST,
            bound=Bound(1, 1.83),
            curve=(Point(10_000, Bound(1, 0.41)), Point(231_000_000, Bound(1, 0.59))),
            levels=("faithful", "shifted", "log-softmax", "log-sum-exp"),
        ),
    ),
)
"""One claim, and nothing wrong."""
