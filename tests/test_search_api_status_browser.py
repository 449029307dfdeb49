"""« /statut » in a real browser, in its states: empty, calm, with incidents."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import NOW, served
from playwright.sync_api import Browser, expect
from rows import HOUR, ingested, written

from index.lead import Lead, LeadText
from index.settings import Settings
from index.store import LeadStore
from index.tables import collection, incident
from search_api.app import create_app

pytestmark = pytest.mark.browser

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202e' + "x" * 500


def _calm(store: LeadStore) -> None:
    """A month of collections, the last one an hour ago."""
    for n in range(30):
        ago = HOUR + timedelta(days=n)
        number = ingested(store, "co-secop", ago, received=100 + n, new=n, duplicates=100)
        moments = {"started": NOW - ago, "finished": NOW - ago}
        written(store, collection, source="co-secop", run=number, **moments)
    text = LeadText(language="es", title="Mobiliario escolar")
    store.save([Lead(id="0" * 16, texts=(text,), country="CO", published=NOW, source="co-secop")])


def _troubled(store: LeadStore) -> None:
    _calm(store)
    held = written(store, collection, source="co-secop", state="held", crawl='{"items": 3}')
    written(store, incident, source="co-secop", kind="volume", collection=held, detail=HOSTILE)
    written(store, incident, source="ted", kind="autre", detail="Rien ne répond.", times=4)


STATES = {"vide": lambda store: None, "calme": _calm, "incidents": _troubled}


@pytest.fixture(scope="module", params=STATES)
def address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A real server on a record in each of the states."""
    folder = tmp_path_factory.mktemp("site")
    app = create_app(Settings(data=folder, database_url=""), clock=lambda: NOW)
    STATES[request.param](app.state.store)
    with served(app) as opened:
        yield opened


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_state_of_sources_has_no_accessibility_violation(
    browser: Browser, address: str, width: int, scheme: str
) -> None:
    context = browser.new_context(
        base_url=address,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    page = context.new_page()
    page.goto("/statut")
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    context.close()
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert not wide, "the page scrolls sideways"


def test_the_table_is_read_as_a_table_and_sorted_without_javascript(
    browser: Browser, address: str
) -> None:
    for width in (1280, 320):
        context = browser.new_context(
            base_url=address, java_script_enabled=False, viewport={"width": width, "height": 800}
        )
        page = context.new_page()
        page.goto("/statut")
        table = page.get_by_role("table")
        expect(table.get_by_role("columnheader")).to_have_count(7)
        table.get_by_role("link", name="Leads", exact=True).click()
        expect(page).to_have_url(f"{address}/statut?tri=leads")
        expect(table.get_by_role("row").nth(1).get_by_role("rowheader")).to_be_visible()
        context.close()


def test_words_of_a_source_run_nothing(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    alarms: list[str] = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda said: alarms.append(said.text) if said.type == "error" else None)
    page.goto("/statut")
    page.wait_for_load_state("networkidle")
    assert page.locator("main img, main script").count() == 0
    context.close()
    assert alarms == []
