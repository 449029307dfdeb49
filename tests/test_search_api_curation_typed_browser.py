"""« /curation/saisie » in a real browser, without violation and without JavaScript."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import NOW, enrolled, served
from fastapi import FastAPI
from playwright.sync_api import Browser, expect

from index.settings import Settings
from ingest.typed import TypedLeads
from ingest.typed_form import Fields
from search_api import sessions
from search_api.app import create_app

pytestmark = pytest.mark.browser

AT = "/curation/saisie"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, str]]:
    app = create_app(Settings(data=tmp_path_factory.mktemp("site"), database_url=""), lambda: NOW)
    hostile = "</textarea><img src=x onerror=alert(1)>"
    fields = Fields(hostile, hostile, "fr", hostile, "PE", hostile, ("HS 940161", "CPV 39160000"))
    TypedLeads(app.state.store).create(fields, "analyste", NOW)
    with served(app) as opened:
        yield app, opened


def test_a_demand_is_typed_and_its_codes_picked_without_javascript(
    browser: Browser, site: tuple[FastAPI, str]
) -> None:
    app, address = site
    person = enrolled(app, "analyste", "analyste")
    with app.state.store.writing_aside() as connection:
        session = sessions.begin(connection, person.id, "open", NOW)
    cookie = {"name": sessions.cookie_name(app.state.settings), "value": session.token}
    alarms: list[str] = []
    for scripts, width in ((False, 1280), (True, 360)):
        view = {"width": width, "height": 900}
        context = browser.new_context(
            base_url=address,
            java_script_enabled=scripts,
            viewport=view,  # type: ignore[arg-type]
            color_scheme="dark" if scripts else "light",
        )
        context.add_cookies([{**cookie, "url": address}])  # type: ignore[list-item]
        page = context.new_page()
        page.on("dialog", lambda said: (alarms.append(said.message), said.dismiss()))
        if scripts:
            for path in (AT, f"{AT}/nouvelle", f"{AT}/1", f"{AT}/1/relire"):
                page.goto(path)
                found = Axe().run(page).response["violations"]
                assert [(path, one["id"], one["nodes"][0]["html"]) for one in found] == []
                assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
        else:
            page.goto(f"{AT}/nouvelle")
            page.get_by_label("Titre").fill("Sièges pour une école")
            page.get_by_label("Chercher un code").fill("sièges")
            page.get_by_role("button", name="Chercher").click()
            page.get_by_role("checkbox").first.check()
            page.get_by_role("button", name="Enregistrer le brouillon").click()
            expect(page.get_by_role("status")).to_have_text("C’est enregistré.")
            expect(page.get_by_role("checkbox")).to_have_count(1)
        context.close()
    assert alarms == []
