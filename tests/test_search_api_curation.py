"""The pages of the analysts: what waits, what they decide, and what the public then sees."""

import re
from collections.abc import Iterator

import pytest
from conftest import NOW, Signed, enrolled, served
from curated import CALL, OTHER, PAGE, World
from fastapi import FastAPI
from fastapi.testclient import TestClient

from index import audit
from index.coding import Coder
from index.settings import Settings
from search_api.app import create_app


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, coder: Coder) -> Iterator[World]:
    """One site for all: each test has leads of its own."""
    folder = tmp_path_factory.mktemp("curation")
    (folder / "pages").mkdir()
    for name, trust in (("gazette", "high"), ("chambre", "low")):
        page = PAGE.format(name=name, trust=trust)
        (folder / "pages" / f"{name}.yml").write_text(page, "utf-8")
    settings = Settings(data=folder / "data", sources=folder / "pages")
    site = create_app(settings, clock=lambda: NOW)
    world = World(site.state.store, folder / "monde", NOW, coder)
    site.state.curation = world.curation
    world.site = site  # type: ignore[attr-defined]
    yield world
    site.state.store.close()


@pytest.fixture(scope="module")
def site(desk: World) -> FastAPI:
    made: FastAPI = desk.site  # type: ignore[attr-defined]
    return made


@pytest.fixture(scope="module")
def ana(site: FastAPI) -> Signed:
    return Signed(site, enrolled(site, "ana", "analyste"))


@pytest.fixture(scope="module")
def chief(site: FastAPI) -> Signed:
    return Signed(site, enrolled(site, "paul", "responsable"))


def arrives(desk: World, ref: str, **fields: str) -> str:
    """A demand of a source that waits for analysts; its lead's id."""
    desk.ingest("chambre", OTHER | {"ref": ref, "buyer": f"Hôpital {ref}"} | fields)
    return desk.lead(ref).id


def form(page: str, **typed: object) -> dict[str, object]:
    """The main form of a lead as a browser would send it, some fields typed."""
    found: dict[str, object] = {}
    main = page.split('class="formulaire"')[1].split("</form>")[0]
    for tag in re.findall(r"<input[^>]*>", main):
        told = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if told.get("type") == "checkbox" and not re.search(r"\schecked", tag):
            continue
        value = told.get("value", "").replace("&#34;", '"')
        if told.get("type") == "checkbox":
            found.setdefault(told["name"], [])
            found[told["name"]] = [*found[told["name"]], value]  # type: ignore[misc]
        else:
            found[told["name"]] = value
    for name, body in re.findall(r'<select id="\w+" name="(\w+)"[^>]*>(.*?)</select>', main, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = chosen.group(1) if chosen else ""
    return found | typed


def test_the_queue_shows_what_waits_and_why(desk: World, ana: Signed) -> None:
    arrives(desk, "Q1", title="Vélos électriques pour la poste", country="", deadline="")
    page = ana.get("/curation/file?pays=-&raison=country").text
    assert "Vélos électriques pour la poste" in page
    assert "Pays inconnu" in page
    assert "Vélos électriques" not in ana.get("/curation/file?pays=SN").text


def test_who_reads_sees_everything_and_decides_nothing(desk: World, site: FastAPI) -> None:
    lead = arrives(desk, "L1")
    reader = Signed(site, enrolled(site, "lea", "lecteur"))
    page = reader.get(f"/curation/leads/{lead}")
    assert page.status_code == 200
    assert 'name="geste"' not in page.text
    sent = {"jeton": reader.jeton, "geste": "publier", "sequence": desk.lead("L1").sequence}
    assert reader.post(f"/curation/leads/{lead}", data=sent).status_code == 403
    assert reader.post("/curation/file", data=sent).status_code == 403
    assert reader.get("/curation/regles").status_code == 403


def test_a_lead_accepted_on_its_page_is_found_by_the_public_with_its_checked_codes(
    desk: World, site: FastAPI, ana: Signed
) -> None:
    lead = arrives(desk, "P1", title="Drones topographiques pour le cadastre")
    public = TestClient(site)
    assert public.get(f"/leads/{lead}").status_code == 404
    page = ana.get(f"/curation/leads/{lead}").text
    typed = form(page, geste="publier", autre_CPV="34711200", autre_HS="880622", verifie="1")
    typed |= {"code_CPV": [], "code_HS": []}
    assert ana.post(f"/curation/leads/{lead}", data=typed).status_code == 303
    assert "Codes vérifiés par un analyste" in public.get(f"/leads/{lead}").text
    assert f"/leads/{lead}" in public.get("/recherche?q=drones").text
    assert desk.lead("P1").codes_of("CPV") == ("34711200",)


def test_a_rejected_lead_leaves_the_public_pages(desk: World, site: FastAPI, ana: Signed) -> None:
    desk.ingest("gazette", CALL | {"ref": "R1", "title": "Prüfung", "buyer": "Testamt Bonn"})
    lead = desk.lead("R1").id
    public = TestClient(site)
    assert public.get(f"/leads/{lead}").status_code == 200
    page = ana.get(f"/curation/leads/{lead}").text
    assert ana.post(f"/curation/leads/{lead}", data=form(page, geste="rejeter")).status_code == 422
    sent = form(page, geste="rejeter", raison="Avis d’essai ou incompréhensible")
    assert ana.post(f"/curation/leads/{lead}", data=sent).status_code == 303
    assert public.get(f"/leads/{lead}").status_code == 404


def test_searching_a_code_keeps_what_was_typed(desk: World, ana: Signed) -> None:
    lead = arrives(desk, "S1")
    page = ana.get(f"/curation/leads/{lead}").text
    sent = form(page, geste="chercher", mots="extincteurs", titre="Cinq ambulances", pays="ML")
    found = ana.post(f"/curation/leads/{lead}", data=sent)
    assert found.status_code == 200
    assert 'value="Cinq ambulances"' in found.text
    assert '<option value="ML" selected>' in found.text
    assert "trouvé par vos mots" in found.text


def test_a_conflict_shows_what_the_other_did_keeps_what_was_typed_and_applies_it(
    desk: World, ana: Signed
) -> None:
    lead = arrives(desk, "C1")
    page = ana.get(f"/curation/leads/{lead}").text
    desk.review("C1", "correct", who="bruno", why="acheteur malien", country="ML")
    sent = form(page, geste="publier", titre="Ambulances du nord")
    conflict = ana.post(f"/curation/leads/{lead}", data=sent)
    assert conflict.status_code == 409
    assert "bruno" in conflict.text
    assert "acheteur malien" in conflict.text
    assert desk.lead("C1").status == "proposed"
    again = form(conflict.text, geste="publier")
    assert again["titre"] == "Ambulances du nord"
    assert again["pays"] == "ML"
    # On the conflict page the form says what it changes of the lead as it is now.
    assert ana.post(f"/curation/leads/{lead}", data=again).status_code == 303
    made = desk.lead("C1")
    assert (made.status, made.country, made.texts[-1].title) == (
        "published", "ML", "Ambulances du nord",
    )  # fmt: skip


def test_several_leads_are_decided_at_once_and_those_that_changed_stay(
    desk: World, ana: Signed
) -> None:
    for ref in ("M1", "M2", "M3"):
        arrives(desk, ref)
    seen = [f"{desk.lead(ref).id}:{desk.lead(ref).sequence}" for ref in ("M1", "M2", "M3")]
    desk.review("M2", "correct", country="ML")
    answer = ana.post("/curation/file", data={"jeton": ana.jeton, "lead": seen, "geste": "publier"})
    assert answer.headers["location"] == "/curation/file?faits=2&conflits=1"
    statuses = [desk.lead(ref).status for ref in ("M1", "M2", "M3")]
    assert statuses == ["published", "proposed", "published"]
    assert "2 décisions enregistrées" in ana.get(answer.headers["location"]).text.replace(
        "\xa0", " "
    )


def test_leads_are_merged_split_and_undone_on_their_page(desk: World, ana: Signed) -> None:
    one, other = arrives(desk, "F1"), arrives(desk, "F2", title="Tracteurs agricoles", country="ML")
    sent = {"jeton": ana.jeton, "sequence": desk.lead("F1").sequence, "autre": f"/leads/{other}"}
    assert ana.post(f"/curation/leads/{one}/fusion", data=sent).status_code == 303
    assert ana.get(f"/curation/leads/{other}").headers["location"] == f"/curation/leads/{one}"
    page = ana.get(f"/curation/leads/{one}").text
    [number] = re.findall(r'name="decision" value="(\d+)"', page)
    back = {"jeton": ana.jeton, "sequence": desk.lead("F1").sequence, "decision": number}
    assert ana.post(f"/curation/leads/{one}/defaire", data=back).status_code == 303
    assert desk.lead("F2").id == other
    desk.merge("F2", "F1")
    apart = {"jeton": ana.jeton, "sequence": desk.lead("F1").sequence, "tous": "1"}
    assert ana.post(f"/curation/leads/{one}/scission", data=apart).status_code == 303
    assert desk.lead("F2").id == other


@pytest.mark.parametrize(
    "typed",
    [
        {"autre_CPV": "00000001"}, {"echeance": "demain"}, {"pays": "ZZ"}, {"etape": "x"},
        {"titre": "a\0b"}, {"base": "[1]", "sequence": "x", "geste": "?"}, {"base": '{"cpv": 3}'},
    ],
    ids=["code", "deadline", "country", "stage", "nul", "base", "list"],
)  # fmt: skip
def test_hostile_fields_are_refused_and_nothing_is_decided(
    desk: World, ana: Signed, typed: dict[str, str]
) -> None:
    lead = arrives(desk, f"H{len(str(typed))}")
    page = ana.get(f"/curation/leads/{lead}").text
    answer = ana.post(f"/curation/leads/{lead}", data=form(page, geste="publier") | typed)
    assert answer.status_code in (422, 409)
    lead_now = desk.store.get(lead)
    assert lead_now is not None
    assert lead_now.status == "proposed"


def test_a_hostile_title_is_only_text(desk: World, ana: Signed) -> None:
    lead = arrives(
        desk, "X1", title='<script>alert(1)</script> & co "><img src=x onerror=alert(1)>'
    )
    for address in (f"/curation/leads/{lead}", "/curation/file?secteur=", "/curation/journal"):
        page = ana.get(address).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_a_rule_is_tried_on_past_leads_then_decides_those_to_come(
    desk: World, chief: Signed
) -> None:
    arrives(desk, "T1", title="Panneaux solaires pour écoles")
    arrives(desk, "T2", title="Panneaux solaires pour dispensaires")
    desk.review("T1", "reject", why="hors sujet")
    typed = {
        "jeton": chief.jeton,
        "nom": "Solaire",
        "effet": "publish",
        "mots": "panneaux solaire*",
    }
    assert chief.post("/curation/regles", data={"jeton": chief.jeton}).status_code == 422
    made = chief.post("/curation/regles", data=typed | {"jeton": chief.jeton})
    assert made.status_code == 303
    rule = made.headers["location"]
    page = chief.get(rule).text
    assert re.search(r"auraient été décidés par elle</dt><dd>2<", page)
    assert "Rejetés par un analyste : 1".replace(" :", "\u202f:") in page
    assert "au contraire de la règle" in page
    arrives(desk, "T3", title="Panneaux solaires pour la mairie")
    assert desk.lead("T3").status == "proposed"
    chief.post(rule, data={"jeton": chief.jeton, "geste": "activer"})
    arrives(desk, "T4", title="Panneaux solaires pour le port")
    assert desk.lead("T4").status == "published"
    assert desk.lead("T1").status == "rejected"
    with desk.store.reading() as connection:
        [line] = audit.trail(connection, f"lead:{desk.lead('T4').id}")
    assert (line.who, line.action) == (f"regle:{rule.rpartition('/')[2]}", "publish")
    chief.post(rule, data={"jeton": chief.jeton, "geste": "supprimer"})
    arrives(desk, "T5", title="Panneaux solaires pour la gare")
    assert desk.lead("T5").status == "proposed"


def test_the_journal_is_narrowed_by_person_and_shows_before_and_after(
    desk: World, ana: Signed
) -> None:
    lead = arrives(desk, "J1")
    desk.review("J1", "correct", who="chloe", country="ML")
    page = ana.get("/curation/journal?qui=chloe").text
    assert f"/curation/leads/{lead}" in page
    assert "<del>SN</del>" in page
    assert "<ins>ML</ins>" in page
    assert "chloe" not in ana.get("/curation/journal?du=2026-07-01").text.split("</form>")[-1]
    assert ana.get("/curation/journal?du=x&avant=y").status_code == 200


@pytest.mark.browser
def test_the_pages_are_accessible_and_keys_move_but_never_decide(
    desk: World, site: FastAPI, browser: object, chief: Signed
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    from search_api import sessions

    lead = arrives(desk, "B1", title="Bancs publics pour la ville")
    name = sessions.cookie_name(site.state.settings)

    def fair(page: object) -> None:
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found] == []

    with served(site) as base:
        context = browser.new_context()  # type: ignore[attr-defined]
        context.add_cookies([{"name": name, "value": chief.cookies[name], "url": base}])
        page = context.new_page()
        for path in ("/curation/file", "/curation/regles", "/curation/journal"):
            page.goto(base + path)
            fair(page)
        page.goto(base + "/curation/file")
        page.keyboard.press("j")
        assert page.evaluate("document.activeElement.closest('[data-rang]') !== null")
        page.keyboard.press("x")
        assert page.locator("[data-rang] input:checked").count() == 1
        page.goto(f"{base}/curation/leads/{lead}")
        fair(page)
        page.keyboard.press("p")
        assert page.evaluate("document.activeElement.value") == "publier"
        assert desk.lead("B1").status == "proposed"
        page.keyboard.press("?")
        page.uncheck("#touches-actives")
        page.locator("h1").click()
        page.keyboard.press("c")
        assert page.evaluate("document.activeElement.value") != "corriger"
        page.fill("#titre", "Bancs")
        desk.review("B1", "correct", who="bruno", country="ML")
        page.click("button[value=publier]")
        assert page.locator("#conflit").count() == 1
        assert page.input_value("#titre") == "Bancs"
        fair(page)
        context.close()
