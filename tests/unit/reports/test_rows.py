"""A row of numbers on one line: short ones are written out, long ones described."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gradcert_reports import (
    Certificate,
    Changed,
    Discrepancy,
    LargeBatch,
    LongRow,
    Range,
    Report,
    Row,
    details,
    explanation,
    html,
    in_short,
    junit,
    markdown,
    read,
)
from gradcert_reports.text.rows import arguments, values, wrong_value

REFUTED = read(Path(__file__).with_name("golden") / "certificate.json").certificates[1]
FIRST = REFUTED.refutations[0]
replace = msgspec.structs.replace


def _found(**changed: Any) -> Discrepancy:
    assert FIRST.discrepancy is not None
    return replace(FIRST.discrepancy, **changed)


def _row(length: int, numbers: dict[int, str], rest: str | None = None) -> LongRow:
    return LongRow(length=length, places=tuple(numbers), numbers=tuple(numbers.values()), rest=rest)


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ((), "[]"),
        (("0.0", "-1.50", "nan"), "[0, -1.5, nan]"),
        (("1.0",) * 8, f"[{', '.join(['1'] * 8)}]"),
        (("1.0",) * 9, "all 1"),
        (tuple(map(str, range(12))), "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]"),
        (("0.0",) * 20 + ("3.0", "-inf"), "all 0 but class 20: 3, class 21: -inf"),
        (("-inf",) * 128 + ("0.0",) * 200, "all 0 but classes 0 to 127: -inf"),
        (
            tuple(map(str, range(14))),
            "14 unlike numbers, such as class 0: 0, class 1: 1, class 2: 2",
        ),
        (("0.0", "1.0") * 9, "2 unlike numbers, such as class 0: 0, class 1: 1, class 2: 0"),
        (_row(4097, {0: "0.0", 9: "2.0"}, "0.0"), "all 0 but class 9: 2"),
        (
            _row(4097, {0: "0.0", 1: "2.0", 9: "7.0"}),
            "many unlike numbers, such as class 0: 0, class 1: 2, class 9: 7",
        ),
        (_row(4097, {9: "7.0"}), "many unlike numbers, such as class 9: 7"),
        (replace(_row(4097, {9: "7.0"}), distinct=40), "40 unlike numbers, such as class 9: 7"),
        (
            replace(
                _row(4097, {0: "0.0"}),
                ranges=(
                    Range(first=0, last=2048, number="0.0"),
                    Range(first=2049, last=4096, number="1.5"),
                ),
            ),
            "all 0 but classes 2049 to 4096: 1.5",
        ),
        (_row(2, {}, "0.0"), "all 0"),
        (_row(-1, {}), "0 unlike numbers"),
    ],
)
def test_a_row_is_written_out_or_described(row: Row, shown: str) -> None:
    assert values(row) == shown


SPARSE = _row(4097, {0: "0.0", 1024: "3.0", 4096: "0.0"}, "0.0")
ONE_HOT = _row(4097, {0: "0.0", 1024: "0.0", 4096: "1.0"}, "0.0")
SEVERAL = _row(4097, {0: "0.5", 1: "0.25"})


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (
            {"logits": (SPARSE,), "targets": (ONE_HOT,)},
            "4097 classes, all 0 but class 1024: 3; target class 4096",
        ),
        (
            {"logits": (SEVERAL,), "targets": (ONE_HOT,)},
            "4097 classes, many unlike numbers, such as class 0: 0.5, class 1: 0.25; "
            "target class 4096",
        ),
        (
            {"logits": (SEVERAL,), "targets": (SEVERAL,)},
            "4097 classes, many unlike numbers, such as class 0: 0.5, class 1: 0.25; "
            "targets many unlike numbers, such as class 0: 0.5, class 1: 0.25",
        ),
        (
            {"logits": (SPARSE,), "v": (ONE_HOT,)},
            "4097 classes, all 0 but class 1024: 3; v all 0 but class 4096: 1",
        ),
        (
            {"logits": (("0.0",) * 100,), "targets": (("1.0", *("0.0",) * 99),)},
            "100 classes, all 0; target class 0",
        ),
        ({"logits": (("0.0",),), "targets": (("1.0",),)}, "logits [0], targets [1]"),
    ],
)
def test_the_arguments_of_a_long_row_are_described(
    given: dict[str, tuple[Row, ...]], shown: str
) -> None:
    assert arguments(_found(arguments=given)) == shown
    batch = LargeBatch(rows=65537, kept=(4096,))
    assert arguments(_found(arguments=given, batch=batch, row=4096)) == (
        f"row 4096 of 65537, counted from 0: {shown}"
    )


def test_the_wrong_value_of_a_long_row_has_its_place_and_what_is_true() -> None:
    long = _found(arguments={"logits": (SPARSE,)}, index=1024, returned=SPARSE, expected=ONE_HOT)
    assert wrong_value(long) == "class 1024: 3, where 0 is true"
    assert wrong_value(replace(long, expected_is="other")) == (
        "class 1024: 3, where 0 is the other answer"
    )
    assert wrong_value(replace(long, index=77)) == "class 77: 0, where 0 is true"
    assert wrong_value(replace(long, index=None)) == ""
    assert wrong_value(_found()) == "class 1: 0, where 0.5 is true"
    batch = LargeBatch(rows=65537, kept=(4096,))
    assert wrong_value(replace(long, batch=batch, row=4096)) == (
        "row 4096, class 1024: 3, where 0 is true"
    )
    assert wrong_value(replace(long, arguments={"logits": (("0.0",) * 64,)})) == (
        "value 1024: 3, where 0 is true"
    )
    assert "  wrong     class 1024: 3, where 0 is true\n" in explanation(
        replace(FIRST, discrepancy=long)
    )


def _in_short(found: Discrepancy) -> str:
    return in_short(replace(FIRST, discrepancy=found))


def test_in_short_the_returned_number_comes_first_then_the_true_one() -> None:
    short = "0, not 0.5: dE/dz for class 1, at logits [0, 0], targets [1, 0] (accuracy)"
    assert _in_short(_found()) == short
    assert f'message="{short}"' in junit(Report(certificates=(_certificate(_found()),)))
    one = _found(returned=("2.5",), expected=("1.5",), index=0)
    assert _in_short(one).startswith("2.5, not 1.5: dE/dz, at logits [0, 0]")
    other = _found(expected_is="other")
    assert _in_short(other).startswith("0, and 0.5 in the other answer: dE/dz for class 1, at")
    assert _in_short(_found(index=None, statement="it is late")).startswith(
        "dE/dz: it is late, at logits [0, 0]"
    )


@pytest.mark.parametrize(
    ("returned", "true", "shown"),
    [
        ("0.123456789", "0.987654321", "0.1235, not 0.9877"),
        ("0.6931471824645996", "0.693147180559945309417232121458", "0.693147182, not 0.693147181"),
        ("nan", "0.25", "nan, not 0.25"),
        ("-0.0", "0.0", "-0, not 0"),
        ("1.0", "1.0", "1, not 1"),
    ],
)
def test_in_short_a_number_has_as_few_digits_as_tell_it_from_the_true_one(
    returned: str, true: str, shown: str
) -> None:
    found = _found(returned=("0.0", returned), expected=("0.0", true), index=1)
    assert _in_short(found).startswith(f"{shown}: dE/dz for class 1")


def test_a_wrong_value_of_a_jacobian_has_its_row_and_column() -> None:
    entries = tuple(map(str, range(81)))
    found = _found(
        arguments={"logits": (("0.0",) * 9,)}, returned=entries, expected=entries, index=10
    )
    assert wrong_value(found) == "value 1, 1: 10, where 10 is true"
    assert "values" not in explanation(replace(FIRST, discrepancy=found))
    assert "such as value 9: 9, value 10: 10, value 11: 11" in explanation(
        replace(FIRST, discrepancy=found)
    )


def test_of_many_unlike_numbers_those_beside_the_wrong_value_are_shown() -> None:
    row = _row(4097, {0: "0.5", 2048: "1.5", 2049: "2.5", 2050: "3.5", 4096: "9.0"})
    found = _found(arguments={"logits": (row,)}, returned=row, expected=row, index=2049)
    assert "such as class 2048: 1.5, class 2049: 2.5, class 2050: 3.5" in arguments(found)


@pytest.mark.parametrize("page", [html, markdown, junit])
def test_every_report_says_the_row_and_the_wrong_value_in_words(page: object) -> None:
    assert callable(page)
    long = _found(
        arguments={"logits": (SPARSE,), "targets": (ONE_HOT,)},
        index=1024,
        returned=SPARSE,
        expected=ONE_HOT,
        jacobian=None,
    )
    certificate = _certificate(long)
    for shown in (page(Report(certificates=(certificate,))), details(certificate)):
        assert "4097 classes, all 0 but class 1024: 3; target class 4096" in shown
        assert "class 1024: 3, where 0 is true" in shown


@pytest.mark.parametrize("page", [html, markdown, junit])
def test_every_report_has_the_values_of_a_changed_argument_before_and_after(page: object) -> None:
    assert callable(page)
    changed = Changed(argument="targets", row=3, before=("1.0", "0.0"), after=("0.25", "0.75"))
    certificate = _certificate(_found(changed=changed))
    shown = {
        html: "<dt>Targets, row 3</dt><dd>[1, 0] before the call, [0.25, 0.75] after it</dd>",
        markdown: "Row 3 of targets was \\[1, 0\\], and is \\[0.25, 0.75\\].",
        junit: "before    targets, row 3: [1, 0]\n  after     targets, row 3: [0.25, 0.75]\n",
    }
    assert shown[page] in page(Report(certificates=(certificate,)))
    assert shown[junit] in explanation(certificate.results[0])
    indented = shown[junit].replace("\n  ", "\n    ")
    assert indented in details(certificate)


def _certificate(found: Discrepancy) -> Certificate:
    return replace(REFUTED, results=(replace(FIRST, discrepancy=found),), diagnoses=())


@pytest.mark.parametrize("page", [html, markdown, junit])
def test_python_that_nobody_pastes_is_in_the_file_alone(page: object) -> None:
    assert callable(page)
    code = "x = 1\n" * 20_000
    certificate = _certificate(_found(snippet=code))
    shown = page(Report(certificates=(certificate,)))
    assert "x = 1" not in shown + details(certificate)
    assert "certificate.json" in shown
    assert "reproduces it is long" in shown
    assert "reproduces it is long" in details(certificate)


@pytest.mark.parametrize("page", [html, markdown])
def test_the_pages_show_what_is_kept_of_a_long_row(page: object) -> None:
    assert callable(page)
    long = _found(
        arguments={"logits": (SPARSE,), "targets": (ONE_HOT,)},
        index=1024,
        returned=SPARSE,
        expected=ONE_HOT,
        jacobian=None,
    )
    shown = page(Report(certificates=(_certificate(long),)))
    assert "all others" in shown
    assert "4094 more lines are left out here; the Python code builds the whole row." in shown
    assert len(shown) < len(page(Report(certificates=(_certificate(_found()),)))) + 3000


def test_a_file_of_version_2_with_all_numbers_of_a_long_row_is_shown_as_before() -> None:
    row = ("0.5",) * 2000 + ("1.0",) * 2000
    old = _found(arguments={"logits": (row,)}, returned=row, expected=row, index=3999)
    shown = markdown(Report(certificates=(_certificate(old),)))
    assert "| 3999 (wrong) |" in shown
    assert "3987 more lines are left out here; certificate.json has all of them." in shown


def test_a_value_of_all_rows_blames_no_row_and_shows_the_first_ones() -> None:
    rows = {"logits": (("0.0", "1.0"),) * 6, "targets": (("1.0", "0.0"),) * 6}
    found = _found(
        arguments=rows, of_all_rows=True, row=0, index=0, returned=("2.0",), expected=("1.0",)
    )
    said = arguments(found)
    assert said.startswith("6 rows, counted from 0: row 0: logits [0, 1], targets [1, 0]; row 1: ")
    assert "2 more" in said
    assert wrong_value(found) == "value 0: 2, where 1 is true"
    certificate = replace(REFUTED, results=(replace(FIRST, discrepancy=found),))
    assert "logit, row 3" in html(Report(certificates=(certificate,)))
