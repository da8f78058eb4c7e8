"""What an audit says of a bound is so."""

from dataclasses import replace

import numpy as np
import pytest

from gradcert.audit.bounds import trials
from gradcert.audit.bounds.audited import audited
from gradcert.audit.bounds.comparisons import Errors, close
from gradcert.audit.bounds.requests import setup_of
from gradcert.audit.bounds.setups import Setup, drawn
from gradcert.audit.bounds.sure_bounds import sure_bound
from gradcert.audit.bounds.truth import Answered, Truth
from gradcert.audit.bounds.written_comparisons import comparison
from gradcert.audit.bounds.wrong_answers import wrong_answers
from gradcert_implementations import UNUSUAL, Array, load
from gradcert_oracle import BFLOAT16, FORMATS, Format, judge, levels

SEEDS = 20


def accepts(written: str, format: Format, got: Array, want: Array) -> bool:
    running = comparison(written, format).begin()
    running.add(got, want)
    return running.passes()


def test_a_strict_bound_kills_every_wrong_answer() -> None:
    found = audited(setup_of(rows=32, classes=20), "atol=1e-9,rtol=3e-7")
    assert found.passing == ()
    assert {"zero", "sign-flipped", "times-1.001", "softmax-dropped", "diagonal-only"} <= {
        *found.killed
    }


def test_a_loose_bound_lets_the_wrong_sign_pass_and_the_audit_says_so() -> None:
    setup = setup_of(rows=188, classes=123, loss=["reduction=sum"], format="bf16")
    found = audited(setup, "atol=5,rtol=50,of=got")
    passing = [one.name for one in found.passing]
    assert {"times-1000", "zero", "sign-flipped", "doubled"} <= {*passing}
    assert not {"sign-flipped", "doubled", "zero"} & {*found.right_bound.passing}  # type: ignore[union-attr]


def test_a_mean_over_many_rows_hides_zeros_and_a_sum_does_not() -> None:
    setup = setup_of(rows=2000, classes=50, loss=["reduction=mean"])
    found = audited(setup, "atol=1e-3,rtol=1e-3")
    assert [one.name for one in found.passing][:2] == ["sign-flipped", "next-class"]
    assert "zero" in {one.name for one in found.passing}
    assert found.sizes.below == found.sizes.count == 100_000
    summed = next(one for one in found.advice if "sum" in one.change)
    assert summed.passing < summed.tried / 2


@pytest.mark.parametrize(
    ("loss", "dropped"),
    [
        ("label_smoothing=0.1", "label-smoothing-dropped"),
        ("z_loss=0.1", "z-loss-dropped"),
        ("softcap=2", "softcap-dropped"),
        ("logit_scale=0.5", "logit-scale-dropped"),
        ("class_weights=1,2,3,4", "class-weights-dropped"),
    ],
)
def test_the_term_of_an_option_is_dropped(loss: str, dropped: str) -> None:
    found = audited(setup_of(rows=8, classes=4, loss=[loss]), "atol=100,rtol=0")
    assert dropped in {one.name for one in found.passing}


def test_what_is_divided_by_other_rows_is_tried() -> None:
    loss = ["reduction=mean", "mean_over=kept", "ignore_index=-100"]
    found = audited(setup_of(rows=40, classes=4, loss=loss, ignored=0.5), "atol=100,rtol=0")
    names = {one.name for one in found.passing}
    assert {"divided-by-rows", "divided-by-elements", "not-divided"} <= names
    assert "divided-by-kept" not in names


def test_an_upstream_gradient_is_ignored_only_where_it_is_not_one() -> None:
    names = {
        upstream: {
            one.name
            for one in wrong_answers(
                Truth.of(drawn(setup_of(rows=8, classes=4, upstream=upstream), 0))
            )
        }
        for upstream in ("ones", "normal")
    }
    assert names["normal"] - names["ones"] == {"upstream-ignored", "first-upstream-for-all"}


@pytest.mark.parametrize(
    ("written", "format", "level"),
    [
        ("atol=1,rtol=1e-6", "binary32", "shifted"),
        ("atol=1,rtol=0", "binary64", "shifted"),
        ("atol=1,rtol=1e-3,of=got", "bfloat16", "wide"),
        ("norm:1", "binary32", "shifted"),
        ("cosine:0", "bfloat16", "wide"),
        ("cosine:0", "binary64", "shifted"),
        ("mean:1", "binary32", "log-softmax"),
        ("ulps:100", "binary32", "log-sum-exp"),
    ],
)
def test_the_right_bound_passes_every_right_variant_of_its_level(
    written: str, format: str, level: str
) -> None:
    setup = setup_of(rows=6, classes=33, format=format)
    found = audited(setup, written, level=level, seeds=SEEDS).right_bound  # type: ignore[arg-type]
    assert found is not None
    assert (found.enclosed, found.rows, found.void) == (6 * SEEDS, 6 * SEEDS, 0)
    of_the_level = set()
    for seed in range(SEEDS):
        truth = Truth.of(drawn(setup, seed), level)  # type: ignore[arg-type]
        (answered,) = truth.answered()
        for name in UNUSUAL:
            got = answer_of(name, setup, truth)
            if got is not None and is_of_the_level(truth, got):
                of_the_level.add(name)
                wide = got.astype(np.float64)
                assert accepts(found.written, setup.format, wide, answered.want), (name, seed)
    assert len(of_the_level) >= (20 if format != BFLOAT16.name else 3)


def test_the_most_wrong_row_is_judged_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "screened", lambda *_: None)  # It would accept the right rows.
    truth = Truth.of(drawn(setup_of(rows=32, classes=20), 0))

    def last_row_flipped(answered: Answered) -> Array:
        got = answered.want.copy()
        got[-1] *= -1
        return got

    wrong = replace(wrong_answers(truth)[0], make=last_row_flipped)
    (trial,) = trials.tried(truth, close(9.0, 0.0), [wrong]).trials
    assert trial.passes
    assert trial.is_wrong


def answer_of(name: str, setup: Setup, truth: Truth) -> "Array | None":
    """Return what a right variant answers to the plain loss; None if it is about something else."""
    variant = load(name)
    claims = "dE/dz" in variant.functions and setup.format.name in variant.formats
    if not claims or variant.loss != setup.loss or variant.takes_upstream:
        return None
    (rows,) = truth.data.parts()
    return variant.functions["dE/dz"](rows.case["logits"].copy(), rows.case["targets"].copy())


def is_of_the_level(truth: Truth, got: Array) -> bool:
    """Return whether the oracle finds the level, with a pairwise sum, on every row."""
    (rows,) = truth.data.parts()
    candidates = [one for one in levels(truth.claim.format, truth.level) if str(one) == one.level]
    return all(
        judge(truth.claim.question(rows.case, row), got[row].tolist(), candidates).algorithm
        for row in range(len(got))
    )


def test_the_right_bound_kills_what_differs_by_more() -> None:
    setup = setup_of(rows=6, classes=33)
    found = audited(setup, "atol=1,rtol=1e-6").right_bound
    assert found is not None
    (answered,) = Truth.of(drawn(setup, 0)).answered()
    atol = float(found.written.split(",")[0].removeprefix("atol="))
    assert 1e-8 < atol < 1e-5
    got = answered.want.copy()
    got[3, 7] += 1.01 * (atol + 1e-6 * abs(got[3, 7]))
    assert not accepts(found.written, setup.format, got, answered.want)


@pytest.mark.parametrize(
    "quantity",
    ["softmax", "loss", "log-softmax", "softmax-backward", "log-softmax-backward", "hvp"],
)
def test_every_quantity_is_audited(quantity: str) -> None:
    setup = setup_of(quantity=quantity, rows=8, classes=6, targets="probability")
    strict = audited(setup, "atol=1e-7,rtol=1e-6")
    assert strict.right_passes == 1
    assert {"zero", "sign-flipped"} <= {*strict.killed}
    loose = audited(setup, "atol=1e4,rtol=0")
    assert {"zero", "sign-flipped"} <= {one.name for one in loose.passing}


def test_a_reduced_loss_is_one_number() -> None:
    setup = setup_of(quantity="loss", rows=64, classes=6, loss=["reduction=mean"])
    found = audited(setup, "atol=0,rtol=1e-5")
    assert {"zero", "not-divided", "times-1.04"} <= {*found.killed}
    assert "next-row" in found.no_mistake
    assert found.right_bound is None
    assert found.sizes.count == 1
    assert 1 < found.sizes.largest < 4


def test_how_wrong_a_reduced_loss_is_means_the_one_number() -> None:
    setup = setup_of(quantity="loss", rows=64, classes=6, loss=["reduction=mean"])
    found = audited(setup, "atol=0.1,rtol=0")
    (scaled,) = (one for one in found.passing if one.name == "times-1.04")
    (lost,) = (one for one in found.passing if one.name == "last-row-zero")
    assert scaled.change == pytest.approx(0.04, rel=1e-3)
    assert lost.change is not None
    assert lost.change < 0.1


def test_a_reduced_loss_beyond_the_range_of_its_format_is_refused() -> None:
    setup = setup_of(quantity="loss", rows=60_000, classes=3, loss=["reduction=sum"], format="fp16")
    with pytest.raises(ValueError, match="beyond the range of binary16"):
        audited(setup, "allclose")


@pytest.mark.parametrize("format", FORMATS)
def test_ignored_rows_have_a_right_bound_in_every_format(format: str) -> None:
    setup = setup_of(rows=4, classes=3, loss=["ignore_index=-100"], ignored=0.5, format=format)
    found = audited(setup, "atol=1,rtol=0.01").right_bound
    assert found is not None
    assert comparison(found.written, setup.format).atol > 0  # type: ignore[operator]


def test_the_right_bound_is_proved_for_the_rtol_that_is_written() -> None:
    errors = [Errors(np.array([1.0]), np.array([0.0123456789]))]
    found = sure_bound(close(1.0, 0.0123456789), errors)
    assert found is not None
    assert accepts(found.written, BFLOAT16, np.array([1.0123456789]), np.array([1.0]))


def test_an_own_function_decides() -> None:
    setup = setup_of(rows=16, classes=5)
    theirs, ours = audited(setup, "numpy:allclose"), audited(setup, "allclose")
    assert theirs.killed == ours.killed
    assert theirs.passing == ours.passing
    assert theirs.right_passes == 1


def test_the_audit_says_where_a_bound_refuses_right_answers() -> None:
    found = audited(setup_of(rows=64, classes=300), "atol=0,rtol=1e-9")
    assert found.right_passes == 0
