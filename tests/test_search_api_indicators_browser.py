"""The indicators and the open data in a real browser: accessible, without JavaScript, unhurt."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import NOW, served
from playwright.sync_api import Browser, expect

from index.lead import Lead, LeadText
from index.settings import Settings
from search_api.app import create_app

pytestmark = pytest.mark.browser

HOSTILE = '"><img src=x onerror=alert(1)></svg></script><script>alert(2)</script>\u202e'
PAGES = {
    "indicateurs": "/indicateurs?tri=leads",
    "données": "/donnees-ouvertes",
}
SOURCE = f"""
name: mine
title: '{HOSTILE[:-1]}'
publisher: '{HOSTILE[:-1]}'
licence: CC BY 4.0
formats: [ocds]
url: https://a.test
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server on a small base: twelve countries, large and small, and a hostile source."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "pages").mkdir()
    (folder / "pages" / "mine.yml").write_text(SOURCE, "utf-8")
    settings = Settings(data=folder / "data", sources=folder / "pages", database_url="")
    app = create_app(settings, clock=lambda: NOW)
    text = (LeadText(language="de", title=HOSTILE),)
    codes = "DE DE DE DE DE PL SG PE MT US CN MU".split()
    app.state.store.save(
        [
            Lead(
                id=f"{n:016x}",
                texts=text,
                country=code,
                sectors=("sante",) if n % 2 else (),
                source="mine" if n % 3 else "ted",
                published=NOW - timedelta(days=20 * n),
            )
            for n, code in enumerate(codes, 1)
        ]
    )
    with served(app) as opened:
        yield opened


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_have_no_accessibility_violation_and_run_nothing(
    browser: Browser, address: str, page: str
) -> None:
    for width, scheme in ((1280, "light"), (360, "dark")):
        context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": 800},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        tab = context.new_page()
        alarms: list[str] = []
        tab.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))  # noqa: B023
        tab.on("console", lambda said: alarms.append(said.text) if said.type == "error" else None)  # noqa: B023
        tab.goto(PAGES[page])
        tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        found = Axe().run(tab).response["violations"]
        wide = tab.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        context.close()
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        assert not wide, "the page scrolls sideways"
        assert alarms == []


def test_filters_and_the_map_work_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    tab = context.new_page()
    tab.goto("/indicateurs")
    tab.get_by_label("Secteur", exact=True).select_option("sante")
    tab.get_by_role("button", name="Afficher").click()
    expect(tab.locator(".chapeau")).to_contain_text("Santé")
    tab.locator("figure a[aria-label^=Singapour]").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator(".chapeau")).to_contain_text("Singapour")
    context.close()


def test_a_file_is_downloaded_under_its_name(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address)
    tab = context.new_page()
    tab.goto("/donnees-ouvertes")
    with tab.expect_download() as waiting:
        tab.get_by_role("link", name="CSV : Leads étrangers").click()
    assert waiting.value.suggested_filename == "debouches-leads.csv"
    context.close()
