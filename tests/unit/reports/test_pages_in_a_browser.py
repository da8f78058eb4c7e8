"""The HTML report in a browser: it fits, everybody can read it, and it loads nothing."""

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from pages_to_open import HOSTILE, PAGES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
if CHROMIUM is None:
    pytest.skip("no Chromium here: apt-get install chromium", allow_module_level=True)

from axe_playwright_python.sync_playwright import Axe  # noqa: E402
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright  # noqa: E402

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 380, "height": 800}
PICTURED = ("report", "one", "league")
TITLES = tuple(f"gradcert {what}: " for what in ("report", "audit", "audits", "search"))


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the function that writes the page of a name, once."""
    folder = tmp_path_factory.mktemp("pages")

    @cache
    def write(name: str) -> Path:
        path = folder / f"{name}.html"
        path.write_text(PAGES[name](), encoding="utf-8")
        return path

    return write


@pytest.fixture
def file(written: Callable[[str], Path]) -> Path:
    """A report with an implementation of every verdict."""
    return written("report")


@pytest.fixture(params=PAGES)
def any_page(request: pytest.FixtureRequest, written: Callable[[str], Path]) -> Path:
    return written(request.param)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


def opened(browser: Browser, file: Path, *, scheme: str = "light", screen: dict = DESK) -> Page:
    page = browser.new_page(viewport=screen, color_scheme=scheme)
    page.goto(file.as_uri())
    return page


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")


def test_nothing_is_asked_of_the_network_and_nothing_complains(
    browser: Browser, any_page: Path
) -> None:
    asked: list[str] = []
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(any_page.as_uri(), wait_until="networkidle")
    unfold(page)
    assert asked == [any_page.as_uri()]
    assert said == []
    assert page.title().startswith(TITLES)
    page.close()


def test_a_page_of_32_implementations_has_less_than_20_screens(
    browser: Browser, written: Callable[[str], Path]
) -> None:
    page = opened(browser, written("league"))
    height = page.evaluate("document.documentElement.scrollHeight")
    assert height < 20 * DESK["height"]
    page.close()


def test_a_hostile_name_is_shown_as_it_is(browser: Browser, file: Path) -> None:
    page = opened(browser, file)
    assert page.locator("h2", has_text="document.title").first.inner_text().startswith(HOSTILE)
    page.close()


def test_headings_are_in_order_and_tables_have_headers(browser: Browser, any_page: Path) -> None:
    page = opened(browser, any_page)
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(one => +one.tagName[1])"
    )
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    without = page.evaluate(
        """[...document.querySelectorAll('table')].filter(one => !one.caption
        || !one.querySelector('thead th[scope=col]') || !one.querySelector('tbody th[scope=row]')
        ).length"""
    )
    assert without == 0
    page.close()


@pytest.mark.parametrize(("scheme", "dark"), [("light", False), ("dark", True)])
def test_the_page_follows_the_scheme(
    browser: Browser, any_page: Path, scheme: str, dark: bool
) -> None:
    page = opened(browser, any_page, scheme=scheme)
    paper, ink, drawn = page.evaluate(
        """() => {
        const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0);
        const body = getComputedStyle(document.body);
        const labels = [...document.querySelectorAll('.pair svg text')];
        const fills = labels.slice(0, 1).map(one => light(getComputedStyle(one).fill));
        return [light(body.backgroundColor), light(body.color), fills];
        }"""
    )
    assert (paper < 150) == dark
    assert (ink > 600) == dark
    assert drawn == [ink] * (any_page.stem in PICTURED)
    page.close()


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_does_not_scroll_sideways(browser: Browser, any_page: Path, screen: dict) -> None:
    page = opened(browser, any_page, screen=screen)
    unfold(page)
    wide, there = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= there
    page.close()


@pytest.mark.parametrize(
    ("screen", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_axe_finds_no_barrier(browser: Browser, any_page: Path, scheme: str, screen: dict) -> None:
    page = opened(browser, any_page, scheme=scheme, screen=screen)
    unfold(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()


def test_every_focusable_is_reached_with_tab_and_seen(browser: Browser, file: Path) -> None:
    page = opened(browser, file)
    unfold(page)
    count = page.evaluate(
        """() => {
        const all = [...document.querySelectorAll(
                'a[href], summary, button, input, [tabindex="0"]')];
        all.forEach((one, place) => one.dataset.place = place);
        return all.length;
        }"""
    )
    reached = []
    for _ in range(count):
        page.keyboard.press("Tab")
        place, seen = page.evaluate(
            """() => {
            const one = document.activeElement, style = getComputedStyle(one);
            const box = one.getBoundingClientRect();
            const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0;
            const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
            return [+one.dataset.place, inside && ring];
            }"""
        )
        assert seen, f"the focus is not seen on {place}"
        reached.append(place)
    assert reached == list(range(count))
    page.close()


def test_a_click_on_a_heading_sorts_the_verdicts_and_another_one_turns_them(
    browser: Browser, file: Path
) -> None:
    page = opened(browser, file)
    names = "[...document.querySelectorAll('.verdicts tbody th')].map(one => one.textContent)"
    for turned in (False, True):
        page.click(".verdicts thead button")
        shown = page.evaluate(names)
        order = "(a, b) => a.localeCompare(b, 'en', { numeric: true })"
        ordered = page.evaluate(f"names => names.toSorted({order})", shown)
        assert shown == (ordered[::-1] if turned else ordered)
    page.close()


def test_the_filter_leaves_the_implementations_that_have_the_word(
    browser: Browser, file: Path
) -> None:
    page = opened(browser, file)
    shown = "[...document.querySelectorAll('.verdicts tbody tr')].filter(one => !one.hidden).length"
    every = page.evaluate(shown)
    page.fill(".filter input", "refuted")
    some = page.evaluate(shown)
    assert 0 < some < every
    sections = "document.querySelectorAll('.implementation:not([hidden])').length"
    assert page.evaluate(sections) == some
    rows = "document.querySelectorAll('.matrix [data-implementation]:not([hidden])').length"
    tables = "document.querySelectorAll('.matrix').length"
    assert page.evaluate(rows) == some * page.evaluate(tables)
    page.close()


def test_a_link_to_an_implementation_or_to_a_word_opens_its_fold(
    browser: Browser, file: Path
) -> None:
    page = opened(browser, file)
    for target in page.evaluate("[...document.querySelectorAll('[id]')].map(one => one.id)"):
        page.evaluate("target => { location.hash = target; }", target)
        page.wait_for_function(
            "target => !document.getElementById(target).closest('details:not([open])')", arg=target
        )
    page.close()


def test_what_is_folded_is_printed_too(browser: Browser, file: Path) -> None:
    page = opened(browser, file)
    page.emulate_media(media="print")
    hidden = page.evaluate(
        """[...document.querySelectorAll('details > *')].filter(one =>
        !one.checkVisibility({contentVisibilityAuto: true})).length"""
    )
    assert hidden == 0
    page.close()
