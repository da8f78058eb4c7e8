"""The tables of the pages: the refuting row with its numbers, and the results of a check."""

from typing import Any

import msgspec
import pytest

from gradcert_reports import Discrepancy, Jacobian, LargeBatch, LongRow, Regime
from gradcert_reports.text.tables import refuting

replace = msgspec.structs.replace


def discrepancy(**changed: Any) -> Discrepancy:
    plain = Discrepancy(
        statement="wrong",
        arguments={"logits": (("0.0", "1.0"),), "targets": (("1.0", "0.0"),)},
        regimes=(Regime(shape="ties"),),
        row=0,
        index=1,
        returned=("0.5", "nan"),
        expected=("0.25", "0.125"),
        expected_is="true",
        ulps=None,
        budgets=None,
        snippet="print()",
    )
    return replace(plain, **changed)


def test_a_value_for_each_class_stands_beside_its_arguments() -> None:
    (table,) = refuting(discrepancy())
    assert table.headings == ("class", "returned", "true value", "logit", "target")
    wrong = table.lines[1]
    assert (wrong.about, wrong.failing) == ("1", True)
    assert [cell.decimal for cell in wrong.cells] == ["nan", "0.125", "1.0", "0.0"]
    assert [cell.hexadecimal for cell in wrong.cells] == [
        "",
        "",
        "0x1.0000000000000p+0",
        "0x0.0p+0",
    ]


def test_another_answer_is_not_called_true() -> None:
    (table,) = refuting(discrepancy(expected_is="other"))
    assert table.headings[1:3] == ("returned", "the other answer")
    assert table.lines[0].cells[1].hexadecimal


def test_a_jacobian_has_a_table_of_its_own() -> None:
    four = ("0.25", "-0.25", "-0.25", "0.25")
    answers, arguments = refuting(
        discrepancy(arguments={"logits": (("0.0", "1.0"),)}, returned=four, expected=four, index=2)
    )
    assert arguments.headings == ("class", "logit")
    assert not any(line.failing for line in arguments.lines)
    assert [line.about for line in answers.lines] == ["0, 0", "0, 1", "1, 0", "1, 1"]
    assert [line.failing for line in answers.lines] == [False, False, True, False]


def test_a_long_row_shows_the_failing_class_and_the_first_ones() -> None:
    many = tuple(map(str, range(1000)))
    (table,) = refuting(
        discrepancy(
            arguments={"logits": (many,), "targets": (many,)},
            returned=many,
            expected=many,
            index=700,
        )
    )
    assert [line.about for line in table.lines] == [*many[:12], "700"]
    assert [line.about for line in table.lines if line.failing] == ["700"]
    assert table.left_out == 987


LONG = LongRow(length=4097, places=(0, 1024, 4096), numbers=("0.0", "3.0", "0.0"), rest="0.0")


def test_a_row_of_which_some_numbers_are_kept_shows_these_and_what_all_others_are() -> None:
    target = replace(LONG, numbers=("0.0", "0.0", "1.0"))
    answer = replace(LONG, numbers=("0.25", "nan", "0.5"), rest=None)
    (table,) = refuting(
        discrepancy(
            arguments={"logits": (LONG,), "targets": (target,)},
            returned=answer,
            expected=answer,
            index=1024,
        )
    )
    assert [line.about for line in table.lines] == ["0", "1024", "4096", "all others"]
    assert [line.failing for line in table.lines] == [False, True, False, False]
    assert [cell.decimal for cell in table.lines[1].cells] == ["nan", "nan", "3.0", "0.0"]
    assert [cell.decimal for cell in table.lines[3].cells] == ["", "", "0.0", "0.0"]
    assert (table.left_out, table.elsewhere) == (4094, "the Python code builds the whole row")


def test_a_long_jacobian_names_its_values_by_row_and_column() -> None:
    answer = LongRow(length=4096, places=(0, 4095), numbers=("0.25", "1.0"))
    answers, arguments = refuting(
        discrepancy(
            arguments={"logits": (("0.0",) * 64,)}, returned=answer, expected=answer, index=65
        )
    )
    assert len(arguments.lines) == 12
    assert [line.about for line in answers.lines] == ["0, 0", "1, 1", "63, 63"]
    assert [cell.decimal for cell in answers.lines[1].cells] == ["", ""]


@pytest.mark.parametrize("length", [-5, 0, 2**62])
def test_a_long_row_of_any_length_and_places_is_a_short_table(length: int) -> None:
    odd = LongRow(length=length, places=(-1, 7, 2**62, *range(500)), numbers=("1.0",) * 400)
    tables = refuting(
        discrepancy(arguments={"logits": (odd,)}, returned=odd, expected=("0.0",), index=9)
    )
    assert all(len(table.lines) <= 61 for table in tables)


def test_the_row_with_the_fault_is_found_among_those_that_are_kept() -> None:
    rows = tuple((number, number) for number in ("1.0", "2.0", "3.0"))
    found = discrepancy(
        arguments={"logits": rows},
        regimes=(Regime(shape="a"), Regime(shape="b"), Regime(shape="c")),
        batch=LargeBatch(rows=65537, kept=(0, 4096, 65536)),
        row=4096,
    )
    assert found.row_arguments == {"logits": ("2.0", "2.0")}
    assert (found.rows, found.classes, found.regime) == (65537, 2, Regime(shape="b"))
    elsewhere = replace(found, row=7)
    assert (elsewhere.row_arguments, elsewhere.regime) == ({}, None)


@pytest.mark.parametrize(
    ("names", "headings"),
    [
        (("probabilities", "targets"), ("probability", "target")),
        (("logits", "v"), ("logit", "v")),
    ],
)
def test_a_column_is_named_after_its_argument(
    names: tuple[str, ...], headings: tuple[str, ...]
) -> None:
    (table,) = refuting(discrepancy(arguments=dict.fromkeys(names, (("0.0", "1.0"),))))
    assert table.headings == ("class", "returned", "true value", *headings)


@pytest.mark.parametrize("row", [-1, 1])
def test_a_row_that_the_arguments_do_not_have_leaves_the_answer(row: int) -> None:
    answers, arguments = refuting(discrepancy(row=row))
    assert (arguments.headings, arguments.lines) == (("class",), ())
    assert answers.headings == ("value", "returned", "true value")


def test_an_answer_of_as_many_values_as_the_jacobian_is_the_jacobian() -> None:
    square = (("0.25", "-0.25"), ("-0.25", "0.25"))
    with_it = discrepancy(jacobian=Jacobian(true=square, returned=square))
    assert not with_it.returns_jacobian
    assert replace(with_it, returned=("0.25",) * 4).returns_jacobian
    assert not discrepancy(returned=("0.25",) * 4).returns_jacobian
