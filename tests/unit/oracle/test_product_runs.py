"""Right programs of log-softmax, of products with a vector and of dE/dt keep within two budgets.

Hundreds of drawn rows are tried here. ``python tests/unit/product_runs.py 10000`` tries more.
"""

import numpy as np
import pytest
from drawn_losses import rounded
from drawn_products import PRODUCTS, drawn
from product_runs import uses

from gradcert_oracle import (
    ALLOWED,
    BINARY32,
    BINARY64,
    FORMATS,
    HESSIAN_VECTOR_PRODUCT,
    SOFTMAX_BACKWARD,
    Format,
    Quantity,
    Question,
    algorithms,
    budgets,
    enclose,
    judge,
    levels,
    scale,
)

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
OF_JACOBIAN = pytest.mark.parametrize(
    "quantity", [SOFTMAX_BACKWARD, HESSIAN_VECTOR_PRODUCT], ids=lambda one: one.name
)


def _asked(quantity: Quantity, z, v, format: Format, t=(1.0,)) -> Question:
    t = (*t, *(0.0,) * (len(z) - len(t)))
    rows = {"logits": z, "targets": t, "v": v}
    return Question(quantity, tuple(rows[name] for name in quantity.arguments), format)


@pytest.mark.parametrize("quantity", PRODUCTS, ids=lambda one: one.name)
def test_right_programs_keep_within_two_budgets_of_their_level(quantity: Quantity) -> None:
    rng, programs = np.random.default_rng(1), set()
    for asked in drawn(80, seed=7, sizes=(1, 2, 3, 5, 9, 17, 40), quantities=(quantity,)):
        for algorithm in algorithms(asked.format):
            for name, used in uses(asked, algorithm, rng):
                programs.add(name)
                assert used <= ALLOWED, f"{name}: {used} of {asked}"
    assert len(programs) >= 9


def test_the_correctly_rounded_truth_is_faithful() -> None:
    for asked in drawn(100, seed=8):
        values = rounded(np.array([float(x) for x in enclose(asked)]), asked.format)
        if np.isfinite(values).all():
            algorithm = judge(asked, values.tolist()).algorithm
            assert algorithm is not None
            assert algorithm.level == "faithful"


def _wrong(z: np.ndarray, v: np.ndarray) -> dict[str, np.ndarray]:
    """Return what people write in place of the backward of softmax."""
    o = np.exp(z - z.max())
    o /= o.sum()
    return {
        "the diagonal alone": o * (1 - o) * v,
        "no row sum": o * v,
        "mean for sum": o * (v - (o * v).mean()),
        "the backward of log-softmax": v - o * v.sum(),
        "the first v for all": o * (v[0] - (o * v[0]).sum()),
        "twice": 2 * o * (v - o @ v),
        "zero": 0 * o,
    }


@EACH_FORMAT
@OF_JACOBIAN
def test_what_people_write_in_its_place_is_refuted(quantity: Quantity, format: Format) -> None:
    z, v = (0.5, -1.0, 1.5), (3.0, -1.0, 0.25)
    asked = _asked(quantity, z, v, format)
    for name, values in _wrong(np.array(z), np.array(v)).items():
        assert judge(asked, rounded(values, format).tolist()).algorithm is None, name


@EACH_FORMAT
@OF_JACOBIAN
def test_what_v_is_behind_a_mask_widens_no_budget(quantity: Quantity, format: Format) -> None:
    z, level = (0.5, 1.0, -float("inf")), levels(format)[1]
    narrow, wide = (
        budgets(_asked(quantity, z, (1.0, -1.0, x), format), level) for x in (0.0, format.max / 64)
    )
    assert narrow is not None
    assert narrow == wide


def test_targets_that_multiply_shares_first_lose_what_underflows_times_a_huge_v() -> None:
    """``(T o) v`` with T o below the smallest number, while ``T (o v)`` is a normal number."""
    z, v, t = (0.0, -40.0), (1e-3, 1e35), (2.0**-80,)
    asked = _asked(HESSIAN_VECTOR_PRODUCT, z, v, BINARY32, t)
    allowed = budgets(asked, levels(BINARY32)[1])
    assert allowed is not None
    assert 2 * allowed[1] > BINARY32.smallest_normal * 1e35
    assert float(allowed[1]) < scale(asked) / 1000


def test_tiny_v_make_no_level_void() -> None:
    for format in FORMATS.values():
        tiny = format.smallest_subnormal
        asked = _asked(SOFTMAX_BACKWARD, (0.0, 1.0), (tiny, -tiny), format)
        for algorithm in algorithms(format):
            assert budgets(asked, algorithm) is not None


def test_a_loop_over_thousands_of_products_is_explained_by_its_own_order() -> None:
    z = np.array([0.0] + [-0.3] * 4999, np.float32)
    v = np.array([1.0] + [0.3] * 4999, np.float32)
    powers = np.exp(z - z.max())
    o = powers / powers.sum()
    mean = np.float32(0)
    for term in o * v:
        mean += term
    asked = _asked(SOFTMAX_BACKWARD, tuple(z.tolist()), tuple(v.tolist()), BINARY32)
    found = judge(asked, (o * (v - mean)).astype(np.float64).tolist()).algorithm
    assert found is not None
    assert found.summation == "sequential"


def test_the_budget_of_equal_v_is_that_of_their_products() -> None:
    """The value is zero, and a right program computes ``o (v - v (1 + d))``."""
    for v in (1e-200, 1.0, 1e300):
        asked = _asked(SOFTMAX_BACKWARD, (0.0, 1.0, 2.0), (v,) * 3, BINARY64)
        found = budgets(asked, levels(BINARY64)[1])
        assert found is not None
        assert all(2.0**-53 * v / 20 < float(one) < 20 * 2.0**-53 * v for one in found)


@pytest.mark.parametrize("classes", [127, 128, 1024, 1025])
def test_equal_products_are_added_in_lanes_within_a_budget(classes: int) -> None:
    """A pairwise sum of a power of two of them is exact, and numpy's sum is not."""
    rng, level = np.random.default_rng(classes), levels(BINARY32)[1]
    for x in rng.uniform(-4, 4, 8).astype(np.float32):
        v = np.full(classes, x)
        o = np.full(classes, np.float32(1) / np.float32(classes))
        found = (o * (v - (o * v).sum())).astype(np.float64)
        asked = _asked(SOFTMAX_BACKWARD, (0.0,) * classes, tuple(v.tolist()), BINARY32)
        allowed = budgets(asked, level)
        assert allowed is not None
        assert abs(found[0] - enclose(asked)[0]) <= allowed[0]
