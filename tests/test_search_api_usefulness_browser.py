"""Votes, follow-up and usefulness in a real browser: no barrier, no need of JavaScript, unhurt."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import NOW, enrolled, served
from playwright.sync_api import Browser, expect
from sqlalchemy import insert

from index.lead import Lead, LeadText
from index.precision import ENOUGH
from index.settings import Settings
from index.usefulness_tables import vote
from search_api import sessions
from search_api.app import create_app

pytestmark = pytest.mark.browser

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202e'
LEAD = "/leads/" + "0" * 15 + "1"


class Clock:
    """A clock that tests move."""

    now = NOW

    def __call__(self) -> Any:
        return self.now


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Clock]]:
    """Address of a real server, the session of somebody who may see all, the clock."""
    clock = Clock()
    app = create_app(Settings(data=tmp_path_factory.mktemp("site"), database_url=""), clock=clock)
    end = NOW + timedelta(days=20)
    text = LeadText(language="de", title=f"Schulmöbel {HOSTILE}")
    one = Lead(id=LEAD[-16:], texts=(text,), country="DE", source="ted", deadline=end, expires=end)
    app.state.engine.put(app.state.store.save([one]))
    person = enrolled(app, "rita", "responsable")
    yesterday = NOW - timedelta(days=1)
    row = {"lead": LEAD[-16:], "reason": HOSTILE, "first": yesterday, "at": NOW, "changes": 0,
           "counted": True, "network": "", "source": "ted", "rule": "regle:1", "country": "DE",
           "facts": '{"CPV":["39160000"],"HS":["940360"],"sectors":[]}'}  # fmt: skip
    verdicts = ["hors-sujet"] * ENOUGH + ["utile", "deja-pourvu", "deja-pourvu", "deja-pourvu"]
    rows = [row | {"voter": str(n), "verdict": one} for n, one in enumerate(verdicts)]
    with app.state.store.writing() as connection:
        connection.execute(insert(vote), rows)
        token = sessions.begin(connection, person.id, "open", NOW).token
    with served(app) as opened:
        yield opened, token, clock


def violations(page: Any) -> list[Any]:
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth"), page.url
    found = Axe().run(page).response["violations"]
    return [(page.url, one["id"], one["nodes"][0]["html"]) for one in found]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_one_votes_follows_and_reads_without_javascript_and_without_barrier(
    browser: Browser, site: tuple[str, str, Clock], width: int, scheme: Any
) -> None:
    address, token, clock = site
    clock.now = NOW
    shape: Any = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    plain = browser.new_context(base_url=address, java_script_enabled=False, **shape)
    page = plain.new_page()
    page.goto(LEAD)
    page.get_by_text("Préciser").click()
    page.get_by_label("Ce qui ne va pas").fill(HOSTILE)
    page.get_by_role("button", name="Trop tard").click()
    expect(page.get_by_role("status")).to_contain_text("Merci")
    page.get_by_role("link", name="Je suis intéressé").click()
    page.get_by_label("Nom de l’entreprise").fill(HOSTILE)
    page.get_by_role("button", name="Suivre ce lead").click()
    private = page.url
    page.get_by_label("Où en est-ce").select_option("contact-pris")
    page.get_by_label("Note").fill(HOSTILE)
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("status")).to_contain_text("C’est noté")
    cookies = plain.cookies()
    plain.close()

    context = browser.new_context(base_url=address, **shape)
    context.add_cookies(cookies)
    context.add_cookies([{"name": "session", "value": token, "url": address}])
    page, alarms = context.new_page(), []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    page.on("console", lambda said: alarms.append(said.text) if said.type == "error" else None)
    found = []
    leads = "/curation/utilite/leads?genre=source&sujet=ted"
    for path in (LEAD, f"{LEAD}/interet", private, "/curation/utilite", leads,
                 "/curation/utilite/interets"):  # fmt: skip
        page.goto(path)
        assert page.locator("main img, main script").count() == 0
        found += violations(page)
    clock.now = NOW + timedelta(days=95)
    for path in (private, private.partition("?")[0] + "/effacer"):
        page.goto(path)
        found += violations(page)
    context.close()
    assert (found, alarms) == ([], [])
