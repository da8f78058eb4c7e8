"""The options of a loss and the share of a row are checked where they are made."""

import re
from fractions import Fraction
from math import inf, nan

import numpy as np
import pytest
from drawn_losses import rounded
from flint import arb, ctx

from gradcert_oracle import (
    BINARY64,
    FAITHFUL,
    FORMATS,
    GRADIENT,
    IDENTITY_GRADIENT,
    JACOBIAN,
    LOSS,
    SIGMOID_GRADIENT,
    SOFTMAX,
    Format,
    Loss,
    Quantity,
    Question,
    Share,
    SmoothingOver,
    budgets,
    enclose,
    judge,
    levels,
    quantity_of,
    question,
    scale,
)

Z, T = (0.25, 0.5), (1.0, 0.0)


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
def test_a_loss_without_options_is_plain_for_any_output(output: str) -> None:
    assert Loss(output=output).is_plain
    assert Loss(output=output, smoothing_over=SmoothingOver.OTHERS).is_plain


@pytest.mark.parametrize(
    "loss",
    [
        Loss(label_smoothing=0.1),
        Loss(class_weights=(1.0, 1.0)),
        Loss(logit_scale=2.0),
        Loss(softcap=30.0),
        Loss(z_loss=1e-4),
        Loss(multiplier=-1.0),
    ],
    ids=str,
)
def test_a_loss_with_an_option_is_not_plain(loss: Loss) -> None:
    assert not loss.is_plain


def test_what_smoothing_shares_with_is_equal_to_its_name() -> None:
    assert SmoothingOver.OTHERS == "others"
    assert Loss(smoothing_over="others") == Loss(smoothing_over=SmoothingOver.OTHERS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"label_smoothing": 1.0}, "label_smoothing is 1.0: it must be at least 0 and below 1"),
        ({"label_smoothing": -0.1}, "label_smoothing is -0.1: it must be at least 0 and below 1"),
        ({"label_smoothing": nan}, "label_smoothing is nan: it must be at least 0 and below 1"),
        ({"smoothing_over": "some"}, "smoothing_over is 'some': it must be 'all' or 'others'"),
        ({"logit_scale": 0.0}, "logit_scale is 0.0: it must be above zero and finite"),
        ({"logit_scale": inf}, "logit_scale is inf: it must be above zero and finite"),
        ({"softcap": 0.0}, "softcap is 0.0: it must be above zero, and is inf for none"),
        ({"softcap": nan}, "softcap is nan: it must be above zero, and is inf for none"),
        ({"z_loss": inf}, "z_loss must be finite, not inf"),
        ({"multiplier": nan}, "multiplier must be finite, not nan"),
        ({"class_weights": (1.0, inf)}, "class_weights must be finite, not inf"),
    ],
)
def test_an_option_out_of_its_range_is_turned_away_in_one_line(
    options: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
        Loss(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("upstream", [inf, nan])
def test_an_upstream_gradient_that_is_not_finite_is_turned_away(upstream: float) -> None:
    with pytest.raises(ValueError, match=rf"^an upstream gradient must be finite, not {upstream}$"):
        Share(upstream=upstream)


def test_only_a_row_that_does_not_count_is_divided_by_zero() -> None:
    for divisors in ({"divisor": Fraction(0)}, {"z_divisor": Fraction(0)}):
        assert not Share(kept=False, **divisors).kept
        with pytest.raises(ValueError, match=r"^a row that is kept cannot be divided by 0$"):
            Share(**divisors)


# Questions.


@pytest.mark.parametrize("quantity", [SOFTMAX, JACOBIAN, SIGMOID_GRADIENT, IDENTITY_GRADIENT])
def test_a_quantity_without_options_answers_for_the_plain_loss_only(quantity: Quantity) -> None:
    rows = (Z, T)[: len(quantity.arguments)]
    output = quantity.output
    message = f"{quantity.name} of output {output} answers for a loss without options only"
    with pytest.raises(ValueError, match=message):
        Question(quantity, rows, BINARY64, Loss(output=output, logit_scale=2.0))


@pytest.mark.parametrize("quantity", [SIGMOID_GRADIENT, IDENTITY_GRADIENT])
def test_a_multiplier_of_any_output_multiplies_the_values(quantity: Quantity) -> None:
    plain, twice = (Loss(output=quantity.output, multiplier=m) for m in (1.0, 2.0))
    share = Share(upstream=-3.0, divisor=Fraction(5))
    once = enclose(Question(quantity, (Z, T), BINARY64, plain, share))
    doubled = enclose(Question(quantity, (Z, T), BINARY64, twice, share))
    for one, two in zip(once, doubled, strict=True):
        assert (2 * one).overlaps(two)
        assert not one.overlaps(two)


@pytest.mark.parametrize("quantity", [SOFTMAX, JACOBIAN])
def test_a_quantity_that_is_no_gradient_answers_for_a_row_by_itself(quantity: Quantity) -> None:
    with pytest.raises(ValueError, match="answers for a row by itself only, not for Share"):
        Question(quantity, (Z,), BINARY64, share=Share(upstream=2.0))


@pytest.mark.parametrize("quantity", [SIGMOID_GRADIENT, IDENTITY_GRADIENT])
@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_gradients_of_other_outputs_have_a_share_too(quantity: Quantity, format: Format) -> None:
    loss, rng = Loss(output=quantity.output), np.random.default_rng(format.precision)
    rows = tuple(tuple(rounded(rng.normal(0, 2, 5), format).tolist()) for _ in range(2))
    for upstream, divisor in ((-3.0, 7), (0.0, 3), (2.0**-20, 1), (2.0**12, 3000)):
        share = Share(upstream=upstream, divisor=Fraction(divisor))
        asked = Question(quantity, rows, format, loss, share)
        plain, truth = enclose(Question(quantity, rows, format, loss), 60), enclose(asked)
        with ctx.workprec(200):
            expected = [x * arb(upstream) / divisor for x in plain]
        assert all(map(arb.overlaps, truth, expected))
        assert all(format.narrow(x, 10) for x in truth)
        wide = np.float64 if format is BINARY64 else np.float32
        z, t = (np.array(row).astype(wide) for row in rows)
        o = 1 / (1 + np.exp(-z)) if quantity is SIGMOID_GRADIENT else z
        for values in (
            (o - t) / wide(divisor) * wide(upstream),
            (o - t) * wide(upstream / divisor),
        ):
            assert judge(asked, rounded(values, format).tolist()).algorithm is not None
        if upstream:
            wrong = rounded(np.array([float(x) for x in plain]), format)
            assert judge(asked, wrong.tolist()).algorithm is None
    ignored = Question(quantity, ((nan,), (nan,)), format, loss, Share(kept=False))
    assert judge(ignored, [0.0]).algorithm is not None
    assert judge(ignored, [nan]).algorithm is None


def test_the_options_of_a_loss_do_not_change_what_its_quantities_are() -> None:
    loss = Loss(label_smoothing=0.1)
    assert quantity_of("dE/dz", loss) is GRADIENT
    assert quantity_of("loss", loss) is LOSS


def test_there_is_one_weight_for_each_class() -> None:
    with pytest.raises(ValueError, match=r"^2 classes and 3 class weights: each class needs one$"):
        question("dE/dz", Z, T, format=BINARY64, loss=Loss(class_weights=(1.0, 2.0, 3.0)))


def test_smoothing_over_others_needs_others() -> None:
    loss = Loss(label_smoothing=0.1, smoothing_over="others")
    with pytest.raises(ValueError, match=r"^smoothing_over 'others' needs at least two classes"):
        enclose(question("dE/dz", (0.0,), (1.0,), format=BINARY64, loss=loss))


@pytest.mark.parametrize("quantity", ["dE/dz", "loss"])
@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (Loss(label_smoothing=0.1), "-inf needs a target of zero, which label smoothing leaves to"),
        (Loss(multiplier=2.0, class_weights=(1.0, 1.0)), "a logit of -inf needs a target of zero$"),
        (Loss(softcap=30.0), "logits must be finite"),
    ],
    ids=["smoothing", "a target", "softcap"],
)
def test_a_masked_class_that_counts_is_turned_away(quantity: str, loss: Loss, message: str) -> None:
    targets = (0.5, 0.5) if loss.multiplier == 2 else T
    with pytest.raises(ValueError, match=message):
        enclose(question(quantity, (0.0, -inf), targets, format=BINARY64, loss=loss))


def test_classes_of_unlike_weights_are_not_equal() -> None:
    asked = question(
        "dE/dz", (0.0,) * 3, (0.5,) * 3, format=BINARY64, loss=Loss(class_weights=(1.0, 2.0, 1.0))
    )
    assert asked.equal == [0, 1, 0]
    first, second, third = enclose(asked)
    assert first.mid() == third.mid() != second.mid()


def test_questions_of_unlike_losses_or_shares_are_unlike() -> None:
    asked = [
        question("dE/dz", Z, T, format=BINARY64, loss=loss, share=share)
        for loss in (Loss(), Loss(multiplier=2.0))
        for share in (Share(), Share(upstream=2.0), Share(divisor=Fraction(2)), Share(kept=False))
    ]
    assert len(set(asked)) == len(asked)


# Rows that do not count.

IGNORED = Share(kept=False, upstream=3.0, divisor=Fraction(0))


@pytest.mark.parametrize("z", [Z, (nan, inf), (-inf, -inf)], ids=str)
@pytest.mark.parametrize("loss", [Loss(), Loss(softcap=30.0, label_smoothing=0.1)], ids=str)
@pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)
def test_the_values_of_a_row_that_does_not_count_are_exactly_zero(z, loss, format) -> None:
    for name, values in (("dE/dz", [0.0, -0.0]), ("loss", [-0.0])):
        asked = question(name, z, (nan, 1.0), format=format, loss=loss, share=IGNORED)
        assert all(ball.is_zero() for ball in enclose(asked))
        assert scale(asked) == 0
        for algorithm in levels(format)[1:]:
            bounds = budgets(asked, algorithm)
            assert bounds is not None
            assert len(bounds) == len(values)
            assert all(bound.is_zero() for bound in bounds)
        assert judge(asked, values).algorithm == levels(format)[0]
        for wrong in (format.smallest_subnormal, nan, inf):
            judgement = judge(asked, [*values[:-1], wrong])
            assert judgement.algorithm is None
            assert judgement.index == len(values) - 1


@pytest.mark.parametrize("quantity", [LOSS, GRADIENT], ids=lambda quantity: quantity.name)
@pytest.mark.parametrize(
    "loss",
    [Loss(label_smoothing=0.1), Loss(z_loss=1e-300), Loss(logit_scale=0.5), Loss(softcap=3.0)],
    ids=repr,
)
def test_logits_whose_squares_overflow_are_judged(quantity: Quantity, loss: Loss) -> None:
    asked = Question(quantity, ((1e200, 0.0), (1.0, 0.0)), BINARY64, loss)
    assert judge(asked, [float(true) for true in enclose(asked)]).algorithm is FAITHFUL
