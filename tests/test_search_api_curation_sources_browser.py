"""« /curation/sources » in a real browser: hostile quarantine, accessibility, correcting."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import NOW, enrolled, served
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, expect
from rows import HOUR, ingested, written

from index.coding import Coder
from index.settings import Settings
from index.tables import collection, incident
from ingest.freeze import Freezes
from ingest.ledger import Ledger
from ingest.lookups import Lookups
from ingest.pipeline import Ingestion
from ingest.price import Rates
from ingest.quarantine import Quarantine
from ingest.source import sources
from search_api import sessions
from search_api.access import Role
from search_api.app import create_app

pytestmark = pytest.mark.browser

HOSTILE = "</textarea></pre><img src=x onerror=alert(1)><script>alert(2)</script>\u202e" + "x" * 300
PAGE = """
{name: chambre, title: "Demandes <script>alert(3)</script>", publisher: Chambre d'essai,
 licence: essai, url: "javascript:alert(4)", formats: [tabular], language: fr, expected: [100, 500],
 mapping: {key: [Ref], title: [Objet], country: Pays}, lookups: {country: {"<img src=x>": PE}}}
"""
AT = "/curation/sources/chambre"
FEED = f"Ref,Objet,Pays\nA1,Pompes à eau,{HOSTILE}\n,{HOSTILE},Chili\nA3,,{HOSTILE}\n"


def _fill(app: FastAPI, folder: Path, coder: Coder) -> None:
    """A source with something of everything."""
    store, settings = app.state.store, app.state.settings
    name = "<svg onload=alert(5)>.csv"
    (folder / name).write_text(FEED, "utf-8")
    (folder / "octets.bin").write_bytes(b"\0<script>alert(6)</script>" * 50)
    pages, clock = sources(settings.sources), lambda: NOW - HOUR
    for path in (folder / name, folder / "octets.bin"):
        Ingestion(Ledger(store), pages, Rates.load(), clock, coder=coder).run("chambre", [path])
    for n in range(20):
        ingested(store, "chambre", HOUR + timedelta(days=n), received=80 + 7 * n, new=n)
    held = written(
        store, collection, source="chambre", state="held", crawl='{"items": 3}',
        started=NOW - HOUR,
    )  # fmt: skip
    written(
        store, incident, source="chambre", kind="volume", collection=held, detail=HOSTILE, times=4
    )
    Lookups(store).say("chambre", "country", "<img src=x onerror=alert(7)>", "CL", "ana", NOW)
    Freezes(store).freeze("ted", "zoe", HOSTILE, NOW - HOUR)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, coder: Coder) -> Iterator[tuple[FastAPI, str]]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "pages").mkdir()
    (folder / "pages" / "chambre.yml").write_text(PAGE, "utf-8")
    sources.cache_clear()
    settings = Settings(data=folder / "data", sources=folder / "pages", database_url="")
    app = create_app(settings, clock=lambda: NOW)
    _fill(app, folder, coder)
    for role in ("lecteur", "analyste", "responsable"):
        enrolled(app, role, role)
    with served(app) as opened:
        yield app, opened
    sources.cache_clear()


def signed_in(
    browser: Browser, site: tuple[FastAPI, str], role: Role, **how: object
) -> BrowserContext:
    """A window of the browser in which somebody of this role is signed in."""
    app, address = site
    person = enrolled(app, f"{role}-{len(browser.contexts)}-{id(how)}", role)
    with app.state.store.writing_aside() as connection:
        session = sessions.begin(connection, person.id, "open", NOW)
    context = browser.new_context(base_url=address, **how)  # type: ignore[arg-type]
    name = sessions.cookie_name(app.state.settings)
    context.add_cookies([{"name": name, "value": session.token, "url": address}])
    return context


def addresses(site: tuple[FastAPI, str]) -> list[str]:
    entries = Quarantine(site[0].state.store).entries("chambre")
    return [
        "/curation/sources", AT, f"{AT}/mots", f"{AT}/mots?sujet=country&mot={HOSTILE[:60]}",
        f"{AT}/quarantaine", f"{AT}/quarantaine?raison={entries[0].reason}",
        *(f"{AT}/quarantaine/{one.number}" for one in entries), "/curation/sources/ted",
    ]  # fmt: skip


def test_what_sources_send_runs_nothing_on_any_page(
    browser: Browser, site: tuple[FastAPI, str]
) -> None:
    context = signed_in(browser, site, "responsable")
    page = context.new_page()
    alarms: list[str] = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda said: alarms.append(said.text) if said.type == "error" else None)
    for address in addresses(site):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.locator("main img, main script").count() == 0, address
        assert page.locator("a[href^='javascript']").count() == 0, address
    context.close()
    assert alarms == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_the_pages_of_sources_have_no_accessibility_violation(
    browser: Browser, site: tuple[FastAPI, str], width: int, scheme: str
) -> None:
    view = {"width": width, "height": 800}
    context = signed_in(browser, site, "responsable", viewport=view, color_scheme=scheme)
    page, found = context.new_page(), []
    every = addresses(site)
    for address in every if scheme == "light" else [*every[1:5], every[-1]]:
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        violations = Axe().run(page).response["violations"]
        found += [(address, one["id"], one["nodes"][0]["html"]) for one in violations]
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found.append((address, "wide", ""))
    context.close()
    assert found == []


def test_an_item_is_corrected_and_read_again_without_javascript(
    browser: Browser, site: tuple[FastAPI, str]
) -> None:
    context = signed_in(browser, site, "analyste", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{AT}/quarantaine")
    page.get_by_role("row").filter(has_text="sans titre").get_by_role("link").click()
    text = page.get_by_label("à corriger")
    text.fill(text.input_value().replace("A3,,", "A3,Chaises pour l’école,"))
    page.get_by_label("Pourquoi").fill("dit par la chambre")
    page.get_by_role("button", name="Corriger et relire").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Relecture 1")
    expect(page.get_by_role("link", name="Chaises pour l’école")).to_be_visible()
    context.close()
