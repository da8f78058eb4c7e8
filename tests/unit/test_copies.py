"""What two rooms each have, because they may not import each other, is the same in both."""

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

import gradcert
import gradcert_oracle
from gradcert_implementations import FlawKind, names
from gradcert_reports import Mistake
from gradcert_reports.text import escape, glossary, strips


@settings(database=None)
@given(text=st.text(st.characters(exclude_categories=())))
@example("two\nlines,\ttabs \x1b[31m and a lone \ud83d")
@example("\u2028 \u00a0 \u200b \u3000 \U000e0001")
def test_a_text_is_made_printable_in_the_same_way(text: str) -> None:
    assert names.printable(text) == escape.printable(text)


def test_the_pictures_draw_the_line_where_the_oracle_draws_it() -> None:
    assert strips.ALLOWED == gradcert_oracle.ALLOWED


def test_the_glossary_of_a_page_is_that_of_the_readme() -> None:
    readme = (Path(gradcert.__file__).parents[1] / "README.md").read_text()
    for word, meaning in glossary.TERMS.items():
        assert f"| {word} | {meaning} |" in readme


def test_a_flaw_has_the_kinds_that_a_report_knows() -> None:
    assert (
        {kind.name for kind in FlawKind}
        == {kind.name for kind in Mistake}
        == {kind.name for kind in glossary.KINDS}
    )
