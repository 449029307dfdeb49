"""The pages in a real browser: accessible in every state, usable without JavaScript, unhurt."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import NOW, served
from playwright.sync_api import Browser, Page, expect

from index.lead import Change, Lead, LeadCode, LeadText, Provenance, Value
from index.settings import Settings
from search_api.app import create_app

pytestmark = pytest.mark.browser

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script><svg onload=alert(3)>\u202e'
RICH, WICKED = "00000000000000a1", "00000000000000a2"


def _rich(now: datetime) -> Lead:
    """A lead with everything that a page can show."""
    origin = Provenance(
        source="ted", key="1-2026", kind="cn", stage="open", change="", raw="00",
        url="https://ted.europa.eu/x", published=now, received=now,
    )  # fmt: skip
    return Lead(
        id=RICH,
        texts=(
            LeadText(language="nl", title="Levering van schoolmeubilair", text="Tafels."),
            LeadText(language="fr", title="Fourniture de mobilier scolaire", text="Des tables."),
        ),
        buyer="Stad Brussel", country="BE", region="union-europeenne", place="Brussel",
        codes=(
            LeadCode(scheme="CPV", code="39160000"),
            LeadCode(scheme="HS", code="940360", score=0.7, method="model", evidence=("tafels",)),
        ),
        value=Value(amount=2e6, currency="PLN", euros=466_000, rate_date=now.date()),
        published=now, deadline=now + timedelta(days=4), expires=now + timedelta(days=4),
        fictitious=True, source="ted", url="https://ted.europa.eu/x", provenances=(origin,),
        history=(Change(at=now, key="2-2026", stage="open", fields={"deadline": ("A", "B")}),),
    )  # fmt: skip


def _leads(now: datetime) -> list[Lead]:
    def plain(number: int, **fields: Any) -> Lead:
        usual: dict[str, Any] = {
            "id": f"{number:016x}",
            "texts": (LeadText(language="de", title=f"Schulmöbel {number}"),),
            "country": "DE" if number % 3 else "PL",
            "codes": (LeadCode(scheme="CPV", code="39160000"),),
            "published": now, "deadline": now + timedelta(days=40),
            "expires": now + timedelta(days=40), "source": "ted",
        }  # fmt: skip
        return Lead(**usual | fields)

    past = {"deadline": now - timedelta(days=9), "expires": now - timedelta(days=9)}
    arabic = LeadText(language="ar", title="توريد أثاث مدرسي", text="توريد أثاث")
    wicked = LeadText(language='x" onload="alert(4)', title=HOSTILE, text=HOSTILE)
    ambulance = (LeadCode(scheme="CPV", code="34114121"),)
    return [
        _rich(now),
        plain(0xA2, id=WICKED, texts=(wicked,), buyer=HOSTILE, url="javascript:alert(5)"),
        plain(0xA3, texts=(arabic,), country="TN"),
        plain(0xA4, texts=(LeadText(language="en", title="Van"),), codes=ambulance, **past),
        *(plain(number) for number in range(1, 26)),
    ]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server on a free port, on a small base."""
    app = create_app(Settings(data=tmp_path_factory.mktemp("site")), clock=lambda: NOW)
    app.state.engine.put(app.state.store.save(_leads(NOW)))
    with served(app) as opened:
        yield opened


@pytest.fixture
def tab(browser: Browser, address: str) -> Iterator[Page]:
    """A page that fails the test on a dialog, a script error or a breach of the policy."""
    context = browser.new_context(base_url=address)
    page = context.new_page()
    alarms: list[str] = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    page.on("pageerror", lambda error: alarms.append(str(error)))
    page.on("console", lambda said: alarms.append(said.text) if said.type == "error" else None)
    yield page
    # A request cut short by closing would be told as an error of the page.
    page.wait_for_load_state("networkidle")
    context.close()
    assert alarms == []


SHEET = (
    "Gamme ÉCOLIA : ensemble table et chaise pour l'école primaire. Piètement en tube d'acier, "
    "plateau en hêtre multiplis, chants arrondis, revêtement lavable. Chaise à coque empilable."
)

STATES = {
    "accueil": "/",
    "recherche": "/recherche?q=mobilier+scolaire",
    "filtres": "/recherche?q=mobilier+scolaire&pays=DE&pays=BE&cpv=39&naf=31.01Z&echus=1&page=1",
    "texte compris": "/recherche?q=mobilier+equipemnt+VRD+Pologne",
    "codes compris": "/recherche?q=mobilier+scolaire&sans_code=CPV39120000&sans_code=SH940131",
    "fiche produit": "/fiche-produit?q=mobilier+scolaire&pays=DE",
    "fiche collée": f"/recherche?{urlencode({'q': SHEET})}",
    "échus seulement": "/recherche?q=ambulance",
    "aucun résultat": "/recherche?q=mobilier&langue=zz",
    "valeur refusée": "/recherche?pays=Ailleurs",
    "lead": f"/leads/{RICH}",
    "lead hostile": f"/leads/{WICKED}",
    "introuvable": "/rien",
    "à propos": "/a-propos",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("state", STATES)
def test_no_page_has_an_accessibility_violation(browser, address, state, width, scheme):
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": 800}, color_scheme=scheme
    )
    page = context.new_page()
    page.goto(STATES[state])
    # What a closed <details> holds is checked as well.
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    found = Axe().run(page).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    context.close()
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    assert not wide, "the page scrolls sideways"


def test_nothing_scrolls_sideways_at_320_pixels(browser, address):
    context = browser.new_context(base_url=address, viewport={"width": 320, "height": 600})
    page = context.new_page()
    for path in STATES.values():
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, path
    context.close()


def test_the_search_works_without_javascript(browser, address):
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_label("Que vendez-vous").fill("mobilier scolaire")
    page.get_by_role("button", name="Rechercher").click()
    page.get_by_label("Pologne").check()
    page.get_by_role("button", name="Appliquer les filtres").click()
    expect(page).to_have_url(f"{address}/recherche?q=mobilier+scolaire&pays=PL")
    expect(page.locator("article").first).to_contain_text("Pologne")
    expect(page.locator("article", has_text="Allemagne")).to_have_count(0)
    context.close()


def test_a_sheet_is_pasted_and_a_code_refused_without_javascript(browser, address):
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/")
    page.get_by_role("link", name="Coller une fiche produit").click()
    page.get_by_label("Texte de la fiche").fill(SHEET)
    page.get_by_role("button", name="Trouver des leads").click()
    expect(page.locator("h1")).to_contain_text("la fiche « Gamme ÉCOLIA")
    refuse = page.get_by_role("link", name="Écarter CPV").first
    code = refuse.inner_text().split("CPV ")[1][:8]
    refuse.click()
    expect(page.locator(".compris")).not_to_contain_text(code)
    page.get_by_role("link", name=f"reprendre CPV {code}").click()
    expect(page.locator(".compris")).to_contain_text(code)
    context.close()


def test_a_refused_code_stays_so_when_a_facet_is_ticked(tab, address):
    tab.goto("/recherche?q=mobilier+scolaire&sans_code=CPV39160000")
    tab.locator("#pays-PL").check()
    expect(tab).to_have_url(
        f"{address}/recherche?q=mobilier+scolaire&sans_code=CPV39160000&pays=PL"
    )


def test_ticking_a_facet_updates_results_address_and_announcement_in_place(tab, address):
    tab.goto("/recherche?q=mobilier+scolaire")
    tab.evaluate("window.same = true")
    tab.get_by_role("group", name="Pays").get_by_label("Pologne").check()
    expect(tab).to_have_url(f"{address}/recherche?q=mobilier+scolaire&pays=PL")
    expect(tab.locator("#resultats article", has_text="Allemagne")).to_have_count(0)
    expect(tab.get_by_role("status")).to_have_text(tab.locator("h1").inner_text())
    expect(tab.get_by_label("Pologne")).to_be_focused()
    assert tab.evaluate("window.same"), "the page was loaded anew"
    assert tab.title().startswith(tab.locator("h1").inner_text())


def test_a_place_read_in_the_text_is_removed_and_forgotten_with_the_text(tab, address):
    tab.goto("/recherche?q=mobilier+scolaire+Pologne")
    expect(tab.locator("#resultats article", has_text="Allemagne")).to_have_count(0)
    tab.get_by_role("link", name="Retirer le filtre Pologne").click()
    refused = f"{address}/recherche?q=mobilier+scolaire+Pologne&litteral=Pologne"
    expect(tab).to_have_url(refused)
    tab.locator("#pays-DE").check()
    expect(tab).to_have_url(f"{refused}&pays=DE")
    tab.get_by_label("Que vendez-vous").fill("mobilier scolaire")
    tab.get_by_role("button", name="Rechercher").click()
    expect(tab).to_have_url(f"{address}/recherche?q=mobilier+scolaire&pays=DE")


def test_a_panel_that_was_opened_stays_open_after_an_update(tab):
    tab.goto("/recherche?q=mobilier")
    tab.get_by_text("Langue de l’avis", exact=True).first.click()
    with tab.expect_response("**/recherche?**"):
        tab.locator("#langue-de").check()
    expect(tab.locator("#langue-de")).to_be_focused()
    with tab.expect_response("**/recherche?**"):
        tab.locator("#langue-de").uncheck()
    expect(tab.locator("#facette-langue")).to_have_attribute("open", "")
    expect(tab.locator("#langue-de")).to_be_visible()


def test_going_back_restores_the_results_and_the_form(tab, address):
    tab.goto("/recherche?q=mobilier")
    before = tab.locator("h1").inner_text()
    tab.locator("#pays-PL").check()
    expect(tab).to_have_url(f"{address}/recherche?q=mobilier&pays=PL")
    tab.go_back()
    expect(tab).to_have_url(f"{address}/recherche?q=mobilier")
    expect(tab.locator("h1")).to_have_text(before)
    expect(tab.locator("#pays-PL")).not_to_be_checked()


def test_changing_the_order_keeps_the_search(tab, address):
    tab.goto("/recherche?q=mobilier")
    tab.get_by_label("Trier par").select_option("echeance")
    expect(tab).to_have_url(f"{address}/recherche?q=mobilier&tri=echeance")
    expect(tab.locator("article h2").first).to_have_text("Fourniture de mobilier scolaire")


def test_filters_are_folded_on_a_phone_and_in_sight_on_a_wide_screen(browser, address):
    for width, folded in ((390, True), (1280, False)):
        context = browser.new_context(base_url=address, viewport={"width": width, "height": 800})
        page = context.new_page()
        page.goto("/recherche")
        assert page.get_by_text("Filtrer").is_visible() == folded
        assert page.locator("#pays-DE").is_visible() != folded
        context.close()


def test_the_keyboard_reaches_the_content_at_once(tab):
    tab.goto("/recherche")
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Aller au contenu")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator("main")).to_be_focused()


def test_hostile_titles_start_no_dialog(tab):
    for path in ("/", "/recherche", f"/leads/{WICKED}", "/recherche?q=%3Cscript%3Ealert(9)"):
        tab.goto(path)
        assert tab.locator("main img, main script").count() == 0
    expect(tab.locator("#q")).to_have_value("<script>alert(9)")


def test_paper_shows_the_lead_without_navigation(tab):
    tab.emulate_media(media="print")
    tab.goto(f"/leads/{RICH}")
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    expect(tab.locator(".entete nav")).to_be_hidden()


def test_the_static_files_hold_no_address_of_elsewhere():
    folder = Path(__file__).parents[1] / "search_api" / "static"
    for file in folder.iterdir():
        said = file.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "//" not in said.replace("// ", ""), file.name
