"""A verdict is its word for users and for files, and its looks are legible."""

import pickle
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcert_reports import Verdict, worst
from gradcert_reports.model.verdict import counts

BEST_FIRST = ["conforms", "not supported", "incomplete", "broken", "refuted"]


@pytest.mark.parametrize("verdict", Verdict)
def test_a_verdict_equals_prints_and_travels_as_its_word(verdict: Verdict) -> None:
    word = verdict.value
    assert verdict == word
    assert (str(verdict), f"{verdict}", repr(verdict)) == (word, word, repr(word))
    assert msgspec.json.encode(verdict) == msgspec.json.encode(word)
    assert msgspec.json.decode(msgspec.json.encode(word), type=Verdict) is verdict
    assert pickle.loads(pickle.dumps(verdict)) is verdict


def test_another_word_is_no_verdict() -> None:
    with pytest.raises(msgspec.ValidationError, match="'fine'"):
        msgspec.convert("fine", Verdict)


def test_verdicts_are_listed_from_the_best_to_the_worst() -> None:
    assert list(Verdict) == BEST_FIRST
    assert [verdict.severity for verdict in Verdict] == [0, 1, 2, 3, 4]
    assert [verdict for verdict in Verdict if verdict.wrong] == ["broken", "refuted"]


@given(verdicts=st.lists(st.sampled_from(Verdict)))
def test_the_worst_and_the_counts_do_not_depend_on_the_order(verdicts: list[Verdict]) -> None:
    found = worst(verdicts)
    assert found == max(verdicts, key=BEST_FIRST.index, default="conforms")
    assert counts(verdicts) == {verdict: verdicts.count(verdict) for verdict in set(verdicts)}
    assert list(counts(verdicts)) == list(counts(reversed(verdicts)))


def test_glyphs_and_classes_distinguish_verdicts_without_colour() -> None:
    for look in ("glyph", "slug"):
        assert len({getattr(verdict, look) for verdict in Verdict}) == len(Verdict)


@pytest.mark.parametrize("verdict", Verdict)
def test_text_on_a_page_light_and_dark_has_a_contrast_of_4_5_to_1(
    verdict: Verdict, contrast: Callable[[str, str], float]
) -> None:
    assert contrast(*verdict.colours.light) >= 4.5
    assert contrast(*verdict.colours.dark) >= 4.5
