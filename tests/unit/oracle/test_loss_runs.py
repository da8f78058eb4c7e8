"""Right programs of losses with options keep within two budgets, and wrong ones do not.

Hundreds of drawn rows are tried here. ``python tests/unit/loss_runs.py 5000`` tries more.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from drawn_losses import drawn, rounded
from loss_runs import refused, uses

from gradcert_oracle import (
    ALLOWED,
    BFLOAT16,
    BINARY16,
    FORMATS,
    GRADIENT,
    LOSS,
    Format,
    Loss,
    Question,
    Share,
    algorithms,
    budgets,
    enclose,
    judge,
    levels,
    question,
)

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


@pytest.mark.parametrize("quantity", [GRADIENT, LOSS], ids=lambda quantity: quantity.name)
@pytest.mark.parametrize("seed", range(4))
def test_right_programs_keep_within_two_budgets_of_their_level(quantity, seed) -> None:
    rng, programs = np.random.default_rng(seed), set()
    for asked in drawn(60, seed=seed, sizes=(1, 2, 3, 5, 9, 17, 40)):
        one = replace(asked, quantity=quantity)
        for algorithm in algorithms(asked.format):
            for name, used in uses(one, algorithm, rng):
                programs.add(name)
                assert used <= ALLOWED, f"{name}: {used} of {one}, {one.loss}, {one.share}"
    assert len(programs) > 10


def test_right_programs_in_the_best_arithmetic_of_a_format_are_not_refuted() -> None:
    rng = np.random.default_rng(7)
    for asked in drawn(120, seed=7, sizes=(1, 2, 3, 9, 40)):
        assert not [*refused(asked, rng)]


def test_the_correctly_rounded_truth_is_faithful() -> None:
    for asked in drawn(40, seed=8):
        for quantity in (GRADIENT, LOSS):
            one = Question(quantity, asked.rows, asked.format, asked.loss, asked.share)
            values = rounded(np.array([float(x) for x in enclose(one)]), one.format)
            if np.isfinite(values).all():
                algorithm = judge(one, values.tolist()).algorithm
                assert algorithm is not None
                assert algorithm.level == "faithful"


ROW = (0.5, -1.0, 2.0, 0.25), (0.0, 1.0, 0.0, 0.0)
RIGHT = Loss(
    label_smoothing=0.4,
    class_weights=(1.0, 2.0, 0.5, 1.5),
    logit_scale=0.75,
    softcap=4.0,
    z_loss=0.25,
    multiplier=0.5,
)
SHARE = Share(upstream=-3.0, divisor=Fraction(8), z_divisor=Fraction(4))

MISTAKES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "no smoothing": ({"label_smoothing": 0.0}, {}),
    "smoothing over the others": ({"smoothing_over": "others"}, {}),
    "no class weights": ({"class_weights": None}, {}),
    "no scale": ({"logit_scale": 1.0}, {}),
    "no softcap": ({"softcap": float("inf")}, {}),
    "no z-loss": ({"z_loss": 0.0}, {}),
    "z-loss twice": ({"z_loss": 0.5}, {}),
    "z-loss without its two": ({"z_loss": 0.125}, {}),
    "no factor": ({"multiplier": 1.0}, {}),
    "upstream ignored": ({}, {"upstream": 1.0}),
    "upstream applied twice": ({}, {"upstream": 9.0}),
    "divided by all rows": ({}, {"divisor": Fraction(10)}),
    "not divided": ({}, {"divisor": Fraction(1)}),
    "z-loss divided like the rest": ({}, {"z_divisor": Fraction(8)}),
}
"""What a wrong program takes for the options of the loss, and for the share of the row."""


@EACH_FORMAT
@pytest.mark.parametrize("mistake", MISTAKES)
def test_the_gradient_of_another_loss_or_share_is_refuted(format: Format, mistake: str) -> None:
    options, parts = MISTAKES[mistake]
    wrong = Question(
        GRADIENT,
        ROW,
        format,
        replace(RIGHT, **options),  # type: ignore[arg-type]
        replace(SHARE, **parts),  # type: ignore[arg-type]
    )
    asked = Question(GRADIENT, ROW, format, RIGHT, SHARE)
    values = rounded(np.array([float(x) for x in enclose(wrong)]), format)
    assert judge(asked, values.tolist()).algorithm is None


@EACH_FORMAT
@pytest.mark.parametrize("z", [(0.5, -1.0), (3.0, 2.0)], ids=str)
def test_a_softcap_without_its_derivative_is_refuted(format: Format, z: tuple[float, ...]) -> None:
    """The gradient by u in place of that by z."""
    loss = Loss(softcap=2.0)
    asked = Question(GRADIENT, (z, (1.0, 0.0)), format, loss)
    steep = 1 - np.tanh(np.array(z) / 2) ** 2
    values = np.array([float(x) for x in enclose(asked)])
    assert judge(asked, rounded(values, format).tolist()).algorithm is not None
    assert judge(asked, rounded(values / steep, format).tolist()).algorithm is None


@EACH_FORMAT
def test_a_gradient_of_zero_upstream_is_zero(format: Format) -> None:
    share = replace(SHARE, upstream=0.0)
    asked = Question(GRADIENT, ROW, format, RIGHT, share)
    assert judge(asked, [0.0, -0.0, 0.0, 0.0]).algorithm is not None
    assert judge(asked, [0.0, 0.0, 1e-3, 0.0]).algorithm is None


def _in(dtype: np.dtype, loss: Loss, z: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Return the gradient of a program with its intermediates in a dtype."""
    number, z, t = dtype.type, z.astype(dtype), t.astype(dtype)
    u, steep = z * number(loss.logit_scale), np.ones_like(z)
    if loss.softcap < np.inf:
        bent = np.tanh((u / number(loss.softcap)).astype(np.float64)).astype(dtype)
        u, steep = number(loss.softcap) * bent, (number(1) - bent) * (number(1) + bent)
    powers = np.exp((u - u.max()).astype(np.float64)).astype(dtype)
    p = powers / powers.sum(dtype=dtype)
    return (p - t) * steep * number(loss.logit_scale)


@pytest.mark.parametrize("loss", [Loss(softcap=50.0), Loss(logit_scale=0.7)], ids=str)
def test_logits_near_twenty_are_rescaled_in_binary32_and_not_in_bfloat16(loss: Loss) -> None:
    """In bfloat16 such a product leaves three or four bits of a share, see ``budgets``."""
    rng, t, refused = np.random.default_rng(5), np.eye(3)[0], 0
    for _ in range(40):
        z = rounded(rng.normal(28, 2, 3), BFLOAT16)
        asked = Question(GRADIENT, (tuple(z.tolist()), tuple(t.tolist())), BFLOAT16, loss)
        wide, narrow = (
            judge(asked, _in(np.dtype(dtype), loss, z, t).astype(BFLOAT16.dtype).tolist())
            for dtype in (np.float32, BFLOAT16.dtype)
        )
        assert wide.algorithm is not None
        assert wide.algorithm.level in ("faithful", "wide")
        refused += narrow.algorithm is None
    assert refused > 5


WEIGHTS = (0.1, 0.7, 1.3, 0.3, 1.9)
"""No number of a narrower format than binary64."""


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("format", [BFLOAT16, BINARY16], ids=lambda format: format.name)
@pytest.mark.parametrize("held", ["in binary32", "in the format"])
def test_weights_may_be_held_in_the_format_or_in_binary32(
    format: Format, smoothing: float, held: str
) -> None:
    loss = Loss(class_weights=WEIGHTS, label_smoothing=smoothing)
    w = np.array(WEIGHTS).astype(np.float32 if held == "in binary32" else format.dtype)
    rng, single, refused = np.random.default_rng(4), np.float32, 0
    for _ in range(60):
        z, t = rounded(rng.normal(0, 2, 5), format), np.eye(5)[rng.integers(5)]
        a = w.astype(single) * (t.astype(single) * single(1 - smoothing) + single(smoothing / 5))
        divisor = w.astype(np.float64)[t.argmax()]
        powers = np.exp((z - z.max()).astype(single))
        values = (powers / powers.sum() * a.sum() - a) / single(divisor)
        true = Share(divisor=Fraction(WEIGHTS[t.argmax()]))
        asked = Question(GRADIENT, (tuple(z.tolist()), tuple(t.tolist())), format, loss, true)
        algorithm = judge(asked, values.astype(format.dtype).tolist()).algorithm
        assert algorithm is not None
        assert algorithm.level in ("faithful", "wide")
        wrong = (0.9 * values).astype(format.dtype).tolist()
        refused += judge(asked, wrong, levels(format, "wide")).algorithm is None
    assert refused > 50


def test_weights_that_are_numbers_of_the_format_are_charged_nothing() -> None:
    z, t = (0.5, -1.0), (1.0, 0.0)
    level = levels(BFLOAT16)[1]
    exact, rounded_too = (
        budgets(question("dE/dz", z, t, format=BFLOAT16, loss=Loss(class_weights=weights)), level)
        for weights in ((0.5, 2.0), (0.5, 2.0 + 2.0**-30))
    )
    assert exact is not None
    assert rounded_too is not None
    assert rounded_too[0] - exact[0] > 0.9 * 2 * 2.0**-8 * (1 - 0.8175744761936437) * 0.5
