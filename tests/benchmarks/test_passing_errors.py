"""What the search for passing errors finds does pass, and the page says where it was found."""

from dataclasses import replace
from math import inf

import pytest
from passing_errors import Found, page, questions, search

from gradcert_oracle import FORMATS, Format, enclose, judge

EACH_FORMAT = pytest.mark.parametrize("format", FORMATS.values(), ids=FORMATS)


def _largest(format: Format) -> Found:
    found = search(format, questions(format, seed=0, drawn=0)[::100])
    return max(found.values(), key=lambda found: found.error)


@EACH_FORMAT
def test_the_largest_error_that_is_found_passes_and_twice_as_much_does_not(format: Format) -> None:
    largest = _largest(format)
    assert 0 < largest.error < 1 / 15
    truth = [float(true) for true in enclose(largest.asked)]
    for times, passes in ((1, True), (2, False)):
        values = list(truth)
        values[largest.index] += times * (largest.value - largest.true)
        algorithm = judge(largest.asked, values).algorithm
        assert (algorithm == largest.algorithm) is passes
        assert (algorithm is not None) is passes


@EACH_FORMAT
def test_a_seed_says_which_rows_are_drawn(format: Format) -> None:
    assert questions(format, seed=1, drawn=5) == questions(format, seed=1, drawn=5)
    assert questions(format, seed=1, drawn=5) != questions(format, seed=2, drawn=5)


@EACH_FORMAT
def test_no_logit_is_beyond_the_range_and_no_row_is_masked_as_a_whole(format: Format) -> None:
    for asked in questions(format, seed=0, drawn=200):
        sizes = [abs(x) for x in asked["logits"] if x > -inf]
        assert sizes
        assert max(sizes) <= 1e4


def test_the_page_says_what_made_it_and_how_many_rows_and_has_the_largest_errors() -> None:
    found = _largest(FORMATS["binary32"])
    smaller = replace(found, error=found.error / 2)
    text = page(
        {"binary32": {"shifted": smaller, "log-sum-exp": found}},
        {"binary32": 1234},
        command="me!",
        made_on="2026-11-27 on Z80",
    )
    assert "`me!`, on\n2026-11-27 on Z80.\n" in text
    assert "1,234 in binary32" in text
    by_format, by_level = text.split("## By level")
    assert f"| binary32 | {found.error:.2g} |" in by_format
    assert f"| shifted | {smaller.error:.2g} |" in by_level
