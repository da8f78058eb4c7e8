"""Every report says what was tried of the plan of cases, and what was not."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradcert_reports import Certificate, Coverage, Report, Verdict, html, markdown, not_tried, read
from gradcert_reports.model.encoding import decode
from gradcert_reports.text.coverage import covered, listed

GOLDEN = Path(__file__).with_name("golden") / "certificate.json"
RIGHT, REFUTED, _ = read(GOLDEN).certificates
CLASSES = Coverage(
    dimension="classes",
    tried=(*map(str, range(1, 18)), "31", "32", "33", "4097"),
    left=("50257",),
)
MASKS = Coverage(dimension="masks", tried=("all but one", "a padded tail"))
replace = msgspec.structs.replace


def _covering(*coverage: Coverage, of: Certificate = RIGHT) -> Certificate:
    return replace(of, coverage=coverage)


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        ([], ""),
        (["7"], "7"),
        (["7", "8"], "7, 8"),
        (["3", "1", "2"], "1 to 3"),
        (["10", "9", "11", "2", "65537"], "2, 9 to 11, 65537"),
        (["b", "2", "a", "1", "3"], "1 to 3, b, a"),
        (["1", "1", "2", "3"], "1 to 3"),
        (["007", "8", "9", "²", "-1", "1.5"], "8, 9, 007, ², -1, 1.5"),
        (["a, b", "c", "0"], "0; a, b; c"),
        (["9" * 5000], "9" * 5000),
    ],
)
def test_runs_of_numbers_are_one_entry_and_names_stay(labels: list[str], shown: str) -> None:
    assert listed(labels) == shown


@settings(max_examples=200, deadline=None, database=None)
@given(numbers=st.sets(st.integers(0, 60)), most=st.integers(0, 20))
def test_a_list_shows_or_counts_every_number(numbers: set[int], most: int) -> None:
    shown, _, more = listed(list(map(str, numbers)), most).partition(" and ")
    seen = 0
    for entry in filter(None, shown.split(", ")):
        first, _, last = entry.partition(" to ")
        run = range(int(first), int(last or first) + 1)
        assert set(run) <= numbers
        seen += len(run)
    assert seen + int(more.removesuffix(" more") or 0) == len(numbers)


def test_each_dimension_counts_what_was_tried_and_names_what_was_not() -> None:
    classes, masks = covered(_covering(CLASSES, MASKS), 9)
    assert (classes.count, classes.total) == (21, 22)
    assert (classes.tried, classes.left) == ("1 to 17, 31 to 33, 4097", "50257")
    assert (masks.count, masks.total, masks.left) == (2, 2, "")


def test_the_line_of_a_terminal_names_what_is_left() -> None:
    assert not_tried(_covering(CLASSES, MASKS)) == (
        "numpy: 1 of 24 items of the plan was not tried: 1 of 22 classes (50257)"
    )
    many = replace(CLASSES, left=tuple(map(str, range(50, 90, 2))))
    assert not_tried(_covering(many, MASKS)) == (
        "numpy: 20 of 43 items of the plan were not tried: 20 of 41 classes"
    )


@pytest.mark.parametrize(
    "certificate",
    [
        _covering(),
        _covering(MASKS),
        _covering(CLASSES, of=REFUTED),
        replace(_covering(CLASSES), verdict=Verdict.BROKEN),
    ],
)
def test_no_line_stands_where_nothing_is_left_or_something_is_wrong(
    certificate: Certificate,
) -> None:
    assert not_tried(certificate) == ""


@pytest.mark.parametrize("page", [html, markdown])
def test_the_pages_say_what_was_tried_and_what_was_not(page: object) -> None:
    assert callable(page)
    shown = page(Report(certificates=(_covering(CLASSES, MASKS),)))
    assert "What was tried of the plan of cases" in shown
    for said in ("21 of 22", "1 to 17, 31 to 33, 4097", "50257", "2 of 2", "a padded tail"):
        assert said in shown


@pytest.mark.parametrize("page", [html, markdown])
def test_what_a_failed_check_may_have_tried_is_not_said_to_be_left(page: object) -> None:
    assert callable(page)
    shown = page(Report(certificates=(_covering(CLASSES, MASKS, of=REFUTED),)))
    assert "What the checks that passed tried of the plan of cases" in shown
    assert "21 of 22" in shown
    assert "50257" not in shown


@pytest.mark.parametrize("page", [html, markdown])
def test_the_pages_say_nothing_where_no_coverage_is_recorded(page: object) -> None:
    assert callable(page)
    assert "What was tried" not in page(Report(certificates=(RIGHT,)))


@pytest.mark.parametrize("page", [html, markdown])
def test_a_long_list_is_cut_and_counted(page: object) -> None:
    assert callable(page)
    names = tuple(f"the name of item {number}" for number in range(1000))
    many = Coverage(dimension="places", tried=names[:500], left=names[500:])
    without, shown = (page(Report(certificates=(_covering(*some),))) for some in ((), (many,)))
    assert "500 of 1000" in shown
    assert " more" in shown
    assert len(shown) < len(without) + 5000


def test_a_file_of_version_2_without_effort_and_coverage_is_read() -> None:
    def older(found: object) -> object:
        if isinstance(found, list):
            return [older(one) for one in found]
        if isinstance(found, dict):
            return {
                key: older(value)
                for key, value in found.items()
                if key not in ("coverage", "effort")
            }
        return found

    content = msgspec.json.encode(older(msgspec.json.decode(GOLDEN.read_bytes())))
    assert len(content) < len(GOLDEN.read_bytes())
    read_again = decode(content)
    assert read_again == read(GOLDEN)
    for certificate in read_again.certificates:
        assert (certificate.coverage, certificate.provenance.effort) == ((), None)
