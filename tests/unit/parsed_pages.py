"""A page as a parser sees it, and what every page must be."""

import re
from html.parser import HTMLParser

VOID = {"meta", "input"}
INLINE = {"a", "bdi", "code", "span", "strong", "sub"}


class Page(HTMLParser):
    """What a parser sees of a page; it fails on a tag that is not closed in its place."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self._open: list[str] = []
        self._texts: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._texts += [] if tag in INLINE else [" "]
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] not in (["style"], ["script"]):
            self._texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts).split())

    def values(self, name: str) -> list[str]:
        return [value for _, attribute, value in self.attributes if attribute == name]


def check(source: str) -> Page:
    """Hold a page against what every page must be."""
    shown = Page(source)
    assert shown.tags.count("h1") == 1
    ids = shown.values("id")
    assert len(ids) == len(set(ids))
    links = shown.values("href")
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    assert shown.tags.count("script") == 1
    assert not {"link", "img", "iframe", "object", "embed", "base"} & set(shown.tags)
    assert not set(shown.values("src"))
    assert not [name for _, name, _ in shown.attributes if name.startswith("on")]
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", source))
    assert "@import" not in source
    assert not re.search("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]", source)
    return shown
