"""The HTML report in a browser: it fits, all can read it, and it asks the network for nothing."""

import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gradcert.api import certify, certifying
from gradcert_implementations import Array, Implementation, load
from gradcert_reports import Report, html

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
HOSTILE = "<script>document.title = 'owned'</script><img src='https://example.com/i.png'> $x$ " + (
    "unbroken" * 20
)


def _flipped(logits: Array, targets: Array) -> Array:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return targets - powers / powers.sum(axis=1, keepdims=True)


def _raising(_logits: Array, _targets: Array) -> Array:
    raise ValueError("out of <registers>" * 10)


def _unsupported(_logits: Array, _targets: Array) -> Array:
    raise NotImplementedError("no gradients here")


def _subjects() -> Iterator[Implementation]:
    yield load("numpy", quantities=("loss", "dE/dz"), formats=("binary64", "bfloat16"))
    yield load("diagonal-only", formats=("binary64",))
    yield load("diagonal-jacobian", formats=("binary64",))
    for name, function in (
        (HOSTILE, _flipped),
        ("raises", _raising),
        ("unsupported", _unsupported),
    ):
        yield Implementation(name=name, formats=("binary64",), functions={"dE/dz": function})


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = [certify(subject, max_examples=8) for subject in _subjects()]
    begun = load("numpy", quantities=("dE/dz",))
    found.append(next(certifying(begun, max_examples=8, seed=0)))
    path = tmp_path_factory.mktemp("report") / "index.html"
    path.write_text(html(Report(certificates=tuple(found))), encoding="utf-8")
    return path


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
    browser: Browser, file: Path
) -> None:
    asked: list[str] = []
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        said.append(message.text)

    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(file.as_uri(), wait_until="networkidle")
    unfold(page)
    assert asked == [file.as_uri()]
    assert said == []
    assert page.title().startswith("gradcert report: ")
    page.close()


def test_a_hostile_name_is_shown_as_it_is(browser: Browser, file: Path) -> None:
    page = opened(browser, file)
    assert page.locator("h2", has_text="document.title").first.inner_text().startswith(HOSTILE)
    page.close()


def test_headings_are_in_order_and_tables_have_headers(browser: Browser, file: Path) -> None:
    page = opened(browser, file)
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
def test_the_page_follows_the_scheme(browser: Browser, file: Path, scheme: str, dark: bool) -> None:
    page = opened(browser, file, scheme=scheme)
    paper, ink, drawn = page.evaluate(
        """() => {
        const light = colour => colour.match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0);
        const body = getComputedStyle(document.body);
        const label = getComputedStyle(document.querySelector('.panels svg text'));
        return [light(body.backgroundColor), light(body.color), light(label.fill)];
        }"""
    )
    assert (paper < 150) == dark
    assert (ink > 600) == dark
    assert drawn == ink
    page.close()


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_does_not_scroll_sideways(browser: Browser, file: Path, screen: dict) -> None:
    page = opened(browser, file, screen=screen)
    unfold(page)
    wide, there = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert wide <= there
    page.close()


@pytest.mark.parametrize(
    ("screen", "scheme"), [(DESK, "light"), (PHONE, "dark")], ids=["desk", "phone"]
)
def test_axe_finds_no_barrier(browser: Browser, file: Path, scheme: str, screen: dict) -> None:
    page = opened(browser, file, scheme=scheme, screen=screen)
    unfold(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.close()


def test_every_focusable_is_reached_with_tab_and_seen(browser: Browser, file: Path) -> None:
    page = opened(browser, file)
    unfold(page)
    count = page.evaluate(
        """() => {
        const all = [...document.querySelectorAll('a[href], summary, [tabindex="0"]')];
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


def test_what_is_folded_is_printed_too(browser: Browser, file: Path) -> None:
    page = opened(browser, file)
    page.emulate_media(media="print")
    hidden = page.evaluate(
        """[...document.querySelectorAll('details > *')].filter(one =>
        !one.checkVisibility({contentVisibilityAuto: true})).length"""
    )
    assert hidden == 0
    page.close()
