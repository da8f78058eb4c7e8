"""What stands around the rows of a batch: which are ignored, and the upstream gradient."""

from dataclasses import replace

import numpy as np
import pytest

from gradcert.core.case import Case, Regime
from gradcert.core.claim import Claim, claims_of
from gradcert.core.failures import Broken
from gradcert.core.shares import counted
from gradcert.generation.contexts import (
    PLAIN,
    Context,
    Ignored,
    Upstream,
    drawn_context,
    ignored_rows,
    in_context,
    is_plain,
    upstream_gradients,
)
from gradcert.generation.dealing import plan
from gradcert.generation.filling import filled
from gradcert.generation.plan import Dimension
from gradcert.generation.scope import Scope, scope_of
from gradcert.generation.search import search
from gradcert.generation.sizes import Size
from gradcert.generation.strategies import cases
from gradcert_implementations import FORMAT_NAMES, Domain, Implementation, Loss
from gradcert_oracle import FORMATS, Format

by_format = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMAT_NAMES)

MEAN = Loss(reduction="mean", mean_over="kept", ignore_index=-100)
EACH = Loss(ignore_index=-100)


def claimed(loss: Loss, format: str = "binary32", **options: object) -> Claim:
    """Return the claim of a subject that takes an upstream gradient, on class indices."""
    subject = Implementation(
        name="mine",
        functions={"dE/dz": lambda z, _t, _g: z},
        formats=(format,),  # type: ignore[arg-type]
        loss=loss,
        domain=Domain(targets="index", **options),  # type: ignore[arg-type]
        takes_upstream=True,
    )
    (claim,) = claims_of(subject)
    return claim


def scope(loss: Loss, format: str = "binary32", **options: object) -> Scope:
    return scope_of(claimed(loss, format, **options), 0)


def plain_case(rows: int, format: Format, classes: int = 2) -> Case:
    """Return a case of equal rows with the label in the first class."""
    targets = np.zeros((rows, classes), format.dtype)
    targets[:, 0] = 1
    return Case(
        {"logits": np.ones((rows, classes), format.dtype), "targets": targets},
        (Regime("benign", targets="one-hot"),) * rows,
    )


def placed(context: Context, of: Scope, rows: int = 64, seed: int = 0) -> Case:
    """Return a plain case in a context."""
    return in_context(plain_case(rows, of.format), context, of, np.random.default_rng(seed))


@pytest.mark.parametrize("loss", [EACH, MEAN], ids=["rows", "mean"])
def test_a_plan_deals_every_kind_of_ignored_rows_and_of_upstream_gradients(loss: Loss) -> None:
    found = scope(loss)
    tried = {item for case in plan(found).few for item in case.items}
    for dimension, kinds in (
        (Dimension.IGNORED, ignored_rows(found)),
        (Dimension.UPSTREAM, upstream_gradients(found)),
    ):
        assert {item.label for item in tried if item.dimension is dimension} == {*kinds}
    assert {*ignored_rows(found)} == {*Ignored}


def test_what_is_not_claimed_is_in_no_plan() -> None:
    plain = replace(scope(Loss()), upstream=False)
    assert is_plain(plain)
    assert {case.context for case in plan(plain).few} == {PLAIN}


def test_one_upstream_gradient_for_all_rows_is_not_unlike_from_row_to_row() -> None:
    assert {*upstream_gradients(scope(EACH))} == {*Upstream}
    of_each = {Upstream.UNLIKE, Upstream.ONES_AND_OTHERS}
    assert {*upstream_gradients(scope(MEAN))} == {*Upstream} - of_each


def test_the_cases_of_a_plan_are_in_their_contexts() -> None:
    for planned in plan(scope(EACH)).few[:40]:
        kept = filled(planned)["targets"].any(axis=1)
        wanted = {
            Ignored.NONE: kept.all(),
            Ignored.SOME: True,
            Ignored.ALL_BUT_ONE: kept.sum() == 1,
            Ignored.ALL: not kept.any(),
        }
        assert wanted[planned.context.ignored], planned.context


@pytest.mark.parametrize("loss", [EACH, MEAN], ids=["rows", "mean"])
def test_every_item_of_a_plan_comes_where_rows_count_and_g_is_not_zero(loss: Loss) -> None:
    about = {Dimension.IGNORED, Dimension.UPSTREAM}
    planned = plan(scope(loss))
    cases = (*planned.few, *planned.many)
    plain = plan(scope(Loss()))
    wanted = {item for case in (*plain.few, *plain.many) for item in case.items}
    full = {item for case in cases if not case.context.is_thin for item in case.items}
    assert {x for x in full if x.dimension not in about} == {
        x for x in wanted if x.dimension not in about
    }
    thin = [case for case in cases if case.context.is_thin]
    assert thin
    assert {item.dimension for case in thin for item in case.items} == about


def test_some_ignored_rows_stand_beside_some_that_count() -> None:
    case = placed(Context(Ignored.SOME), scope(EACH))
    kept = case["targets"].any(axis=1)
    assert 0 < kept.sum() < len(kept)
    assert [regime.targets == "ignored" for regime in case.regimes] == (~kept).tolist()


def test_an_ignored_row_holds_anything_only_where_that_is_claimed() -> None:
    context = Context(Ignored.SOME)
    assert np.isfinite(placed(context, scope(EACH)).point).all()
    case = placed(context, scope(EACH, ignored_rows_may_hold_anything=True))
    strange = ~np.isfinite(case.point).all(axis=1)
    assert strange.any()
    assert not case["targets"][strange].any()
    assert np.isnan(case.point).any()
    assert np.isinf(case.point).any()


def test_an_ignored_row_may_hold_one_nan_and_nothing_but_minus_infinity() -> None:
    found = scope(EACH, ignored_rows_may_hold_anything=True)
    rows = placed(Context(Ignored.ALL), found, rows=1024).point
    assert (np.isnan(rows).sum(axis=1) == 1).any()
    assert (rows == -np.inf).all(axis=1).any()


def test_a_mean_over_light_weights_divides_no_upstream_gradient_out_of_range() -> None:
    loss = Loss(class_weights=(2.0**-10, 1.0), reduction="mean", mean_over="weights")
    found = scope(loss)
    case = placed(Context(upstream=Upstream.HUGE), found, 1)
    assert case.upstream is not None
    assert abs(float(case.upstream)) * 2.0**10 <= found.format.max / 4


def test_an_upstream_gradient_is_one_number_a_row_or_one_for_all() -> None:
    for loss, shape in ((EACH, (64,)), (MEAN, ())):
        upstream = placed(Context(), scope(loss)).upstream
        assert upstream is not None
        assert upstream.shape == shape
        assert upstream.dtype == np.float32


def test_each_kind_of_upstream_gradient_looks_as_it_is_called() -> None:
    def numbers(kind: Upstream) -> np.ndarray:
        found = placed(Context(upstream=kind), scope(EACH)).upstream
        assert found is not None
        return found

    assert (numbers(Upstream.ONES) == 1).all()
    assert (numbers(Upstream.NEGATIVE) < 0).all()
    assert (numbers(Upstream.ZERO) == 0).all()
    assert (np.abs(numbers(Upstream.TINY)) < 1e-2).all()
    assert (np.abs(numbers(Upstream.HUGE)) > 1e30).all()
    assert len(np.unique(np.abs(numbers(Upstream.UNLIKE)))) > 32
    mixed = numbers(Upstream.ONES_AND_OTHERS)
    assert mixed[0] == 1
    assert 16 < (mixed == 1).sum() < 48
    assert {*np.sign(numbers(Upstream.UNLIKE))} == {-1, 1}


SHIPPED = {
    "plain": {},
    "weights": {"class_weights": (100.0, 0.25)},
    "scaled": {"logit_scale": 8.0, "multiplier": -20.0},
    "z-loss": {"z_loss": 0.5},
    "softcap": {"softcap": 100.0},
    "all": {
        "class_weights": (100.0, 0.25),
        "logit_scale": 8.0,
        "multiplier": 20.0,
        "z_loss": 0.5,
    },
}


@by_format
@pytest.mark.parametrize("options", SHIPPED.values(), ids=SHIPPED)
@pytest.mark.parametrize("reduction", ["none", "mean"])
@pytest.mark.parametrize("rows", [1, 4, 65537])
def test_partial_products_stay_under_a_quarter_of_the_largest_number(
    format: Format, options: dict[str, float], reduction: str, rows: int
) -> None:
    loss = Loss(reduction=reduction, **options)  # type: ignore[arg-type]
    found = scope(loss, format.name)
    largest = found.largest
    for kind in upstream_gradients(found):
        case = placed(Context(upstream=kind), found, rows)
        upstream = case.upstream
        assert upstream is not None
        g = float(np.abs(upstream.astype(np.float64)).max())
        # The factors may be multiplied in any order, and a divisor of one row may be one.
        factors = [
            abs(loss.multiplier),
            loss.logit_scale,
            max(loss.weights(2) or (1.0,)),
            loss.softcap or 1.0,
        ]
        product = g * float(np.prod([max(1.0, factor) for factor in factors]))
        assert product <= format.max / 4, kind
        log_sum = loss.logit_scale * largest + 1
        assert product / max(1.0, factors[2]) * 2 * loss.z_loss * log_sum <= format.max / 4, kind
        if loss.z_loss:  # 2 L may come before zeta.
            log_sum = loss.logit_scale * float(case.point.astype(np.float64).max()) + 1
            assert product / max(1.0, factors[2]) * 2 * log_sum <= format.max / 4, kind


@pytest.mark.parametrize("kind", [Upstream.ONES, Upstream.NEGATIVE])
def test_the_gradients_of_a_mean_over_very_many_rows_are_normal_numbers_in_binary16(
    kind: Upstream,
) -> None:
    loss, format = Loss(reduction="mean"), FORMATS["binary16"]
    found = scope(loss, format.name)
    case = placed(Context(upstream=kind), found, 65537)
    assert case.upstream is not None
    divisor = float(counted(loss, case).divisor)
    smallest = float(np.finfo(np.float16).tiny)
    assert abs(float(case.upstream)) / divisor > 64 * smallest


@pytest.mark.parametrize("loss", [EACH, MEAN], ids=["rows", "mean"])
def test_a_search_shrinks_to_an_upstream_gradient_of_ones_and_no_ignored_row(loss: Loss) -> None:
    failed: list[Case] = []

    def fails(case: Case) -> None:
        failed.append(case)
        raise Broken("it fails for every case")

    strategy = cases(claimed(loss), size=Size.SMALL)
    assert strategy is not None
    search(fails, strategy, count=20, seed="0")
    smallest = failed[-1]
    assert (smallest.rows, smallest.classes) == (1, 2)
    assert smallest.upstream is not None
    assert (smallest.upstream == 1).all()
    assert smallest["targets"].any()


def test_a_search_draws_every_kind_and_its_first_number_is_the_plain_one() -> None:
    found = scope(EACH)
    assert drawn_context(found, 0)[0] == PLAIN
    drawn = {drawn_context(found, number)[0] for number in range(64)}
    assert {context.ignored for context in drawn} == {*Ignored}
    assert {context.upstream for context in drawn} == {*Upstream}


def test_the_same_number_means_the_same_context_and_the_same_generator() -> None:
    found = scope(EACH)
    (first, one), (second, other) = (drawn_context(found, 7) for _ in range(2))
    assert first == second
    assert one.random(8).tolist() == other.random(8).tolist()


def test_the_same_seed_means_the_same_contexts_in_a_plan() -> None:
    first, second, third = (plan(scope_of(claimed(EACH), seed)) for seed in (0, 0, 1))
    contexts = [[case.context for case in found.few] for found in (first, second, third)]
    assert contexts[0] == contexts[1] != contexts[2]


def test_a_context_leaves_the_case_that_it_is_given_alone() -> None:
    found = scope(EACH, ignored_rows_may_hold_anything=True)
    case = plain_case(8, found.format)
    in_context(case, Context(Ignored.ALL, Upstream.HUGE), found, np.random.default_rng(0))
    assert case["targets"].any(axis=1).all()
    assert np.isfinite(case.point).all()
    assert case.upstream is None
