"""Every text of a record is text on every page and on a terminal, whatever it tries to be.

The reports are filled from the types of the records: a field that is added is tried without a
change here.
"""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from itertools import cycle, islice
from string import ascii_lowercase
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest
from filled_reports import NAMES_THAT_MAY_BE_EMPTY, filled
from hostile_texts import HOSTILE_TEXTS
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.console import Console, RenderableType

from gradcert_reports import (
    Report,
    Verdict,
    badge,
    compare,
    details,
    diagnosed,
    differences,
    explanation,
    filled_in,
    html,
    junit,
    ledger,
    markdown,
    merge,
    not_tried,
    summary,
)
from gradcert_reports.model.consistency import contradictions
from gradcert_reports.model.encoding import decode, encode
from gradcert_reports.model.version_1 import Report1
from gradcert_reports.text.escape import printable

TAME = "plain"
HALF = {"half a character": "half \ud83d of a pair, the other \ude00"}
"""No JSON can hold it. The message of an exception can."""

TEXTS = HOSTILE_TEXTS | HALF
BLANK = {name for name, text in TEXTS.items() if not printable(text)}
"""A page leaves out what is blank, so that it has other elements."""

LONG = {"a long word", "many words", "combining marks"}
"""They leave room for fewer implementations in Markdown."""

TURNS = (0, 1)


def _texts(value: object) -> Iterator[str]:
    """Yield the texts below a value of JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)


@pytest.mark.parametrize("turn", TURNS)
def test_the_text_is_in_every_field_that_takes_any(turn: int) -> None:
    report = filled(TAME, turn=turn)
    found = {re.sub(r" \d+$", "", text) for text in _texts(msgspec.to_builtins(report))}
    kinds = {str(one.mistake) for one in report.certificates[0].diagnoses}
    assert found == {TAME, report.schema, ("other", "true")[turn], *map(str, Verdict), *kinds}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_a_certificate_can_hold_every_text(name: str, turn: int) -> None:
    report = filled(HOSTILE_TEXTS[name], turn=turn)
    assert decode(encode(report)) == report


def test_half_a_character_in_a_certificate_is_no_json() -> None:
    written = encode(filled(TAME)).replace(b'"plain"', rb'"\ud83d plain"', 1)
    with pytest.raises(msgspec.DecodeError):
        decode(written)


@pytest.mark.parametrize("turn", TURNS)
def test_half_a_character_is_written_as_a_sign_that_stands_for_one(turn: int) -> None:
    (half,) = HALF.values()
    found = decode(encode(filled(half, turn=turn)))
    assert found == filled("half \ufffd of a pair, the other \ufffd", turn=turn)


# Markdown


class _Tags(HTMLParser):
    """The tags of a page with the names of their attributes, and what is no element."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, ...]] = []
        self.values: set[tuple[str, str | None]] = set()
        self.others: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.values.update(attrs)

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}",))

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def handle_decl(self, decl: str) -> None:
        self.others.append(decl)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)


def _flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _flat(token.children or [])


@cache
def _of_markdown(source: str) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return the kinds of all that a page of Markdown has, and the tags of its HTML."""
    tokens = list(_flat(MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(source)))
    kinds = [token.type for token in tokens if token.type != "text_special"]
    pieces = [token.content for token in tokens if token.type == "html_block"]
    parsed = _Tags("".join(pieces))
    assert not parsed.others
    return [kind for kind in kinds if kind != "text"], parsed.tags


def _hold_markdown(source: str) -> None:
    """Hold a page of Markdown against what every page must be."""
    assert all(c.isprintable() or c in "\n\u200b\t" for c in source)
    prose = re.sub(r"(?ms)^(`{3,})python\n.*?\n\1$", "", source)
    assert not re.search(r"@\w|#\d|GH-\d|://|\bwww\.", prose)
    kinds, _ = _of_markdown(source)
    assert not {"html_inline", "link_open", "image", "em_open", "s_open"} & set(kinds)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", TEXTS)
def test_in_markdown_a_text_stays_text(name: str, turn: int) -> None:
    source = markdown(filled(TEXTS[name], turn=turn))
    _hold_markdown(source)
    if name not in BLANK | LONG:
        assert _of_markdown(source) == _of_markdown(markdown(filled(TAME, turn=turn)))


LEFT_OUT = [
    name for name in NAMES_THAT_MAY_BE_EMPTY if not [*contradictions(filled(TAME, without=name))]
]
"""What a report may leave out without a contradiction."""


def _some(place: int) -> list[str]:
    """Return two of the texts; all come up as the place goes on."""
    names = [name for name in TEXTS if name not in BLANK | LONG]
    return [TEXTS[name] for name in islice(cycle(names), 2 * place, 2 * place + 2)]


@pytest.mark.parametrize("without", LEFT_OUT)
def test_in_markdown_a_text_stays_text_whatever_is_left_out(without: str) -> None:
    tame = _of_markdown(markdown(filled(TAME, without=without)))
    for text in _some(LEFT_OUT.index(without)):
        source = markdown(filled(text, without=without))
        _hold_markdown(source)
        assert _of_markdown(source) == tame


# XML: JUnit and the badge


def _tree(element: ElementTree.Element) -> list[Any]:
    """Return an element and those in it, with the names of their attributes and without texts."""
    return [element.tag, sorted(element.attrib), [_tree(child) for child in element]]


BAD = "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("page", [junit, badge])
def test_in_xml_a_text_stays_text(page: Any, name: str, turn: int) -> None:
    source = page(filled(TEXTS[name], turn=turn))
    assert not re.search(BAD, source)
    tame = page(filled(TAME, turn=turn))
    assert _tree(ElementTree.fromstring(source)) == _tree(ElementTree.fromstring(tame))


@pytest.mark.parametrize("name", TEXTS)
def test_a_badge_of_one_implementation_is_short_whatever_its_level_is(name: str) -> None:
    (first, *_) = filled(TEXTS[name]).certificates
    source = badge(Report(certificates=(first,)))
    assert not re.search(BAD, source)
    assert float(ElementTree.fromstring(source).attrib["width"]) < 1500


# HTML

DRAWN = {"g", "text", "/g", "/text"}
"""A label without text is not drawn."""

PARTS = 6
"""A page has a certificate of every sixth text, because its pictures take a second."""


def _page(texts: list[str], turn: int) -> str:
    """Return a page with a certificate for each text, of each verdict in turn, and with claims."""
    kept = []
    for place, text in enumerate(texts):
        certificates = filled(text, turn=turn).certificates
        kept.append(certificates[place % len(certificates)])
    return html(Report(certificates=tuple(kept), ledger=filled(texts[0]).ledger))


@pytest.mark.parametrize("part", range(PARTS))
def test_in_html_a_text_stays_text(part: int) -> None:
    texts = [text for name, text in TEXTS.items() if name not in BLANK][part::PARTS]
    source = _page(texts, part % 2)
    assert not re.search(BAD, source)
    page = _Tags(source)
    assert page.others == ["doctype html"]
    shown = [value or "" for name, value in page.values if name != "aria-label"]
    assert not [value for value in shown if re.search(r"url\((?!#)", value)]
    # Of a short answer a page says more: a tame text is as long as the one that it stands for.
    words = [letter * len(text) for letter, text in zip(ascii_lowercase, texts, strict=False)]
    tame = _Tags(_page(words, part % 2))
    assert [tag for tag in page.tags if tag[0] not in DRAWN] == [
        tag for tag in tame.tags if tag[0] not in DRAWN
    ]


@pytest.mark.parametrize("name", sorted(BLANK))
def test_a_page_of_blank_texts_is_whole(name: str) -> None:
    source = html(filled(TEXTS[name]))
    assert not re.search(BAD, source)
    assert _Tags(source).others == ["doctype html"]


# A terminal


def _printed(shown: RenderableType, columns: int) -> str:
    console = Console(width=columns, force_terminal=False)
    with console.capture() as captured:
        console.print(shown, markup=False, highlight=False, soft_wrap=isinstance(shown, str))
    return captured.get()


def _lines(report: Report) -> Iterator[str]:
    """Yield the texts without tables that a terminal shows of a report."""
    for certificate in report.certificates:
        yield from (explanation(result) for result in certificate.results)
        yield from map(diagnosed, certificate.diagnoses)
        yield details(certificate)
        yield filled_in(certificate)
        yield not_tried(certificate)


def _outer(text: str) -> int:
    """Return how many lines a text has, without those of the Python code and those beside it."""
    return sum(not line.startswith("    ") for line in text.split("\n"))


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("name", TEXTS)
def test_on_a_terminal_a_text_adds_no_line_and_commands_nothing(name: str, turn: int) -> None:
    shown = list(_lines(filled(TEXTS[name], turn=turn)))
    assert all(c.isprintable() or c == "\n" for text in shown for c in text)
    if name not in BLANK:
        assert list(map(_outer, shown)) == list(map(_outer, _lines(filled(TAME, turn=turn))))


@pytest.mark.parametrize("columns", [20, 80, 400])
@pytest.mark.parametrize("name", TEXTS)
def test_in_a_table_a_text_is_no_markup_and_commands_nothing(name: str, columns: int) -> None:
    report = filled(TEXTS[name])
    for table in (summary(report.certificates), ledger(report)):
        shown = _printed(table, columns)
        assert all(c.isprintable() or c == "\n" for c in shown)
        if columns == 400 and name == "markup of a table":
            assert "[link=https://example.com]y[/link]" in shown


@pytest.mark.parametrize("name", TEXTS)
def test_a_comparison_has_a_line_for_each_change_and_commands_nothing(name: str) -> None:
    def changed(text: str) -> str:
        old, new = filled(text), filled(text, without="at_least")
        turned = tuple(reversed(new.certificates))
        return differences(compare(old, Report(certificates=turned))).plain

    shown = changed(TEXTS[name])
    assert all(c.isprintable() or c == "\n" for c in shown)
    if name not in BLANK:
        assert shown.count("\n") == changed(TAME).count("\n")


# Certificates of version 1, and those of two machines in one report


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_a_text_of_an_old_certificate_stays_text(name: str) -> None:
    old = decode(msgspec.json.encode(filled(HOSTILE_TEXTS[name], of=Report1)))
    tame = decode(msgspec.json.encode(filled(TAME, of=Report1)))
    _hold_markdown(markdown(old))
    if name not in BLANK | LONG:
        assert _of_markdown(markdown(old)) == _of_markdown(markdown(tame))
    assert _tree(ElementTree.fromstring(junit(old))) == _tree(ElementTree.fromstring(junit(tame)))


@pytest.mark.parametrize("name", HOSTILE_TEXTS)
def test_a_text_of_a_merged_certificate_stays_text(name: str) -> None:
    source = markdown(merge([filled(HOSTILE_TEXTS[name]), filled(TAME)]))
    _hold_markdown(source)
