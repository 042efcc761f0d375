"""The page of a run in a browser: filtered, opened by keyboard, on a phone, in the dark, and on paper."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .peers import program, running
from .test_peers import dicomnet

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.peers

WIDE, PHONE = (1280, 900), (360, 740)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a short run against DCMTK, with passes and failures."""
    folder = tmp_path_factory.mktemp("page")
    whole = folder / "run.html"
    with running("storescp", folder) as peer:
        some = ("--select", "ul.sta6.*", "--select", "ul.sta2.evt1*")
        done = dicomnet(
            "test", peer.address, "--called-aet", "STORESCP", "--quick", *some, "--html", str(whole)
        )
    assert done.returncode == 1, done.stdout + done.stderr
    return whole


@pytest.fixture(scope="module")
def browser(report: Path) -> Generator[Browser]:
    """The system's Chromium. It keeps a loop running, so that the report has to be there before it."""
    # Imported here: whoever does not look into a browser need not install what drives one.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program("chromium"), args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def shown(
    browser: Browser, report: Path, size: tuple[int, int] = WIDE, dark: bool = False
) -> Generator[Page]:
    """The page, in which nothing may go wrong and nothing may be fetched."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url) if request.url != report.as_uri() else None)
    page.goto(report.as_uri())
    yield page
    assert wrong == []
    page.close()


def visible(page: Page) -> int:
    return page.locator("tbody.case:visible").count()


def test_the_cases_are_filtered(browser: Browser, report: Path) -> None:
    with shown(browser, report) as page:
        whole = page.locator("tbody.case").count()
        failed = page.locator("tbody.case[data-verdict=fail]").count()
        assert visible(page) == whole > failed > 0
        assert page.locator("#counted").inner_text() == f"{whole} of {whole} shown"
        page.get_by_label("pass", exact=False).first.uncheck()
        assert visible(page) == whole - page.locator("tbody.case[data-verdict=pass]").count()
        page.get_by_label("Search").fill("sta6 evt19")
        shown_now = page.locator("tbody.case:visible .id").all_inner_texts()
        assert shown_now
        assert all("evt19" in each for each in shown_now)
        page.get_by_label("Search").fill("nothing has such a name")
        assert visible(page) == 0
        assert page.locator("#counted").inner_text() == f"0 of {whole} shown"


def test_a_case_is_opened_by_keyboard_and_shows_its_octets(browser: Browser, report: Path) -> None:
    with shown(browser, report) as page:
        case = page.locator("tbody.case", has=page.get_by_text("ul.sta6.evt19", exact=True))
        button, more = case.locator(".id"), case.locator("tr.more")
        assert not more.is_visible()
        button.focus()
        page.keyboard.press("Enter")
        assert more.is_visible()
        assert button.get_attribute("aria-expanded") == "true"
        assert more.locator("svg.dicomnet-chart").is_visible()
        octets = more.locator("button[data-octets]").first
        octets.focus()
        page.keyboard.press("Space")
        fields = more.locator("tr.decoded")
        assert "PDU type" in fields.inner_text()
        assert "called AE title" in fields.inner_text()
        page.keyboard.press("Space")
        assert fields.count() == 0
        button.focus()
        page.keyboard.press("Enter")
        assert not more.is_visible()


def test_a_cell_shows_its_cases(browser: Browser, report: Path) -> None:
    with shown(browser, report) as page:
        page.locator(".cells a[href='#cell=Sta6 x Evt10']").click()
        assert page.get_by_label("Search").input_value() == "Sta6 x Evt10"
        shown_now = page.locator("tbody.case:visible .id").all_inner_texts()
        assert shown_now
        assert all(each.startswith("ul.sta6.evt10") for each in shown_now)


def test_an_address_opens_a_case(browser: Browser, report: Path) -> None:
    with shown(browser, report) as page:
        anchor = page.locator("tbody.case").nth(3).get_attribute("id")
        page.goto(f"{report.as_uri()}#{anchor}")
        page.reload()
        assert page.locator("tbody.case").nth(3).locator("tr.more").is_visible()
        assert page.locator("tr.more:visible").count() == 1


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("size", [WIDE, PHONE])
def test_the_page_is_no_wider_than_its_window(
    browser: Browser, report: Path, size: tuple[int, int], dark: bool
) -> None:
    with shown(browser, report, size, dark) as page:
        page.get_by_role("button", name="Open all that are shown").click()
        for octets in page.locator("button[data-octets]").all()[:5]:
            octets.click()
        assert page.evaluate("document.documentElement.scrollWidth") == size[0]
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(255, 255, 255)") is not dark
        assert len(page.screenshot()) > 10_000


def test_it_is_printed(browser: Browser, report: Path, tmp_path: Path) -> None:
    with shown(browser, report) as page:
        page.locator("tbody.case .id").first.click()
        page.emulate_media(media="print")
        assert not page.locator("form.filter").is_visible()
        assert page.locator("tr.more:visible").count() == 1
        printed = tmp_path / "page.pdf"
        page.pdf(path=str(printed), format="A4")
        assert printed.read_bytes().startswith(b"%PDF")
