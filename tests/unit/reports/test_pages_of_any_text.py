"""A page shows any text as text, and any report that the types allow."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from parsed_pages import Page, check

from gradcert_reports import (
    CheckResult,
    Regime,
    Report,
    html,
    read,
)

replace = msgspec.structs.replace

GOLDEN = read(Path(__file__).with_name("golden") / "certificate.json")
_, REFUTED, _ = GOLDEN.certificates


@settings(
    max_examples=30,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(report=st.from_type(Report))
def test_whatever_the_types_allow_is_rendered(report: Report) -> None:
    check(html(report))


def saying(text: str) -> str:
    """Return a page that shows this text wherever it shows a text of the subject's."""

    regime = Regime(shape=text)

    def of(result: CheckResult) -> CheckResult:
        found = result.discrepancy
        return replace(
            result,
            format=text,
            samples=tuple(replace(sample, regime=regime) for sample in result.samples),
            discrepancy=found and replace(found, statement=text, regimes=(regime,)),
        )

    return html(
        Report(
            certificates=tuple(
                replace(
                    REFUTED,
                    name=text,
                    summary="s" + text,
                    loss={text: text},
                    domain={other: text},
                    results=tuple(map(of, REFUTED.results)),
                )
                for other in ("one", "two")
            )
        )
    )


DRAWN = {"g", "text"}
"""A label without text is not drawn."""


@pytest.fixture(scope="module")
def tags() -> list[str]:
    return [tag for tag in Page(saying("harmless")).tags if tag not in DRAWN]


@settings(max_examples=5, deadline=None, database=None)
@given(text=st.text(st.characters(exclude_categories=()), max_size=20))
@example("<script>alert(1)</script>")
@example("\"><img src=x onerror='alert(1)'>")
@example("</style></title><b>")
@example("{{ 7 * 7 }}{% raw %}")
@example("]]><!--")
@example("$x$ \\frac{")
@example("nul \0 escape \x1b bell \a half \ud83d")
@example("<\0script>")
@example("")
def test_a_hostile_text_stays_text(tags: list[str], text: str) -> None:
    shown = check(saying(text))
    assert [tag for tag in shown.tags if tag not in DRAWN] == tags
    if text.isascii() and text.isprintable():
        assert " ".join(text.split()) in shown.text
