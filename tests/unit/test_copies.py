"""What two rooms each have, because they may not import each other, is the same in both."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

import gradcert_oracle
from gradcert_implementations import names
from gradcert_reports.html import axes
from gradcert_reports.text import escape


@settings(database=None)
@given(text=st.text(st.characters(exclude_categories=())))
@example("two\nlines,\ttabs \x1b[31m and a lone \ud83d")
@example("\u2028 \u00a0 \u200b \u3000 \U000e0001")
def test_a_text_is_made_printable_in_the_same_way(text: str) -> None:
    assert names.printable(text) == escape.printable(text)


def test_the_pictures_draw_the_line_where_the_oracle_draws_it() -> None:
    assert axes.ALLOWED == gradcert_oracle.ALLOWED
