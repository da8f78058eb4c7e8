"""A question names a quantity, its rows, the format and the loss, and finds each by its name."""

import pytest

from gradcert_oracle import (
    BINARY32,
    BINARY64,
    GRADIENT,
    QUANTITIES,
    SIGMOID_GRADIENT,
    SOFTMAX,
    Loss,
    Quantity,
    Question,
    enclose,
    quantity_of,
    question,
)

EACH_QUANTITY = pytest.mark.parametrize(
    "quantity", QUANTITIES, ids=lambda quantity: f"{quantity.name}, {quantity.output}"
)

ROW = (0.25, 0.5)


def _asked(quantity: Quantity) -> Question:
    rows = (ROW,) * len(quantity.arguments)
    return Question(quantity, rows, BINARY64, Loss(output=quantity.output))


@EACH_QUANTITY
def test_a_quantity_is_found_by_its_name_and_the_output_of_the_loss(quantity: Quantity) -> None:
    loss = Loss(output=quantity.output)
    assert quantity_of(quantity.name, loss) is quantity
    rows = (ROW,) * len(quantity.arguments)
    assert question(quantity.name, *rows, format=BINARY64, loss=loss) == _asked(quantity)


@EACH_QUANTITY
def test_a_row_has_the_number_of_values_that_the_shape_of_the_quantity_says(
    quantity: Quantity,
) -> None:
    expected = 1
    for length in quantity.shape(1, len(ROW)):
        expected *= length
    assert len(enclose(_asked(quantity))) == expected


@EACH_QUANTITY
def test_pooled_quantities_have_one_value_for_each_class_and_equal_ones_for_equal_classes(
    quantity: Quantity,
) -> None:
    rows = (ROW[:1] * 3,) * len(quantity.arguments)
    values = enclose(Question(quantity, rows, BINARY64, Loss(output=quantity.output)))
    assert quantity.pooled == (len(values) == 3)
    if quantity.pooled:
        assert values[0].mid() == values[1].mid() == values[2].mid()


@EACH_QUANTITY
def test_a_common_shift_changes_nothing_only_where_the_quantity_says_so(
    quantity: Quantity,
) -> None:
    asked = _asked(quantity)
    moved = tuple(x + 1 for x in asked.rows[0]), *asked.rows[1:]
    pairs = zip(
        enclose(asked),
        enclose(Question(quantity, moved, BINARY64, asked.loss)),
        strict=True,
    )
    assert all(here.overlaps(there) for here, there in pairs) is quantity.shift_invariant


@EACH_QUANTITY
def test_a_masked_logit_is_accepted_only_where_the_quantity_says_so(quantity: Quantity) -> None:
    rows = ((0.5, -float("inf")), (1.0, 0.0), (1.0, 0.0))[: len(quantity.arguments)]
    asked = Question(quantity, rows, BINARY64, Loss(output=quantity.output))
    if quantity.masked:
        assert all(ball.is_finite() for ball in enclose(asked))
    else:
        with pytest.raises(ValueError, match="must be"):
            enclose(asked)


def test_an_argument_is_found_by_its_name_and_empty_if_the_quantity_does_not_take_it() -> None:
    asked = question("dE/dz", (1.0, 2.0), (0.0, 1.0), format=BINARY64)
    assert (asked["logits"], asked["targets"]) == ((1.0, 2.0), (0.0, 1.0))
    assert asked["probabilities"] == ()
    assert question("softmax", (1.0, 2.0), format=BINARY64)["targets"] == ()


def test_equal_questions_are_one_key_and_others_are_not() -> None:
    asked = Question(GRADIENT, ((1.0, 2.0), (0.0, 1.0)), BINARY64)
    same = Question(GRADIENT, (tuple(map(float, "12")), (0.0, 1.0)), BINARY64)
    others = [
        Question(GRADIENT, ((1.0, 2.0), (1.0, 0.0)), BINARY64),
        Question(GRADIENT, ((1.0, 2.0), (0.0, 1.0)), BINARY32),
        Question(SIGMOID_GRADIENT, ((1.0, 2.0), (0.0, 1.0)), BINARY64, Loss(output="sigmoid")),
        Question(SOFTMAX, ((1.0, 2.0),), BINARY64),
    ]
    assert asked == same
    assert hash(asked) == hash(same)
    assert len({asked, same, *others}) == 5


def test_an_enclosure_is_computed_once_whether_or_not_the_guard_is_named() -> None:
    asked = question("softmax", (0.125, 3.5), format=BINARY64)
    assert enclose(asked) is enclose(asked, 10) is enclose(asked, guard=10)


@pytest.mark.parametrize("rows", [(), (ROW,), (ROW, ROW, ROW)], ids=len)
def test_a_question_with_another_number_of_rows_is_turned_away(
    rows: tuple[tuple[float, ...], ...],
) -> None:
    with pytest.raises(
        ValueError, match=rf"^dE/dz takes logits and targets, not {len(rows)} rows$"
    ):
        question("dE/dz", *rows, format=BINARY64)


def test_a_quantity_of_another_loss_is_turned_away() -> None:
    with pytest.raises(ValueError, match="does not belong to"):
        Question(SIGMOID_GRADIENT, (ROW, ROW), BINARY64)


@pytest.mark.parametrize(
    ("name", "output", "message"),
    [
        ("loss", "sigmoid", "^output 'sigmoid' has no quantity 'loss', only dE/dz$"),
        ("dE/dx", "softmax", "^output 'softmax' has no quantity 'dE/dx', only softmax, loss"),
        ("dE/dz", "tanh", "^output 'tanh' has no quantity 'dE/dz'$"),
    ],
)
def test_an_unknown_quantity_is_turned_away_in_one_line(
    name: str, output: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        quantity_of(name, Loss(output=output))
