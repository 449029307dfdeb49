"""« /curation/sources »: what analysts see of a source, and what they decide, by HTTP."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import NOW, Signed, enrolled, words
from httpx2 import Response
from lxml import html
from rows import ingested, written

from index.coding import Coder
from index.settings import Settings
from index.store import LeadStore
from index.tables import collection, incident
from ingest.freeze import Freezes
from ingest.ledger import Ledger
from ingest.lookups import Lookups
from ingest.pipeline import AUTO, Ingestion
from ingest.price import Rates
from ingest.quarantine import Quarantine
from ingest.source import sources
from search_api.access import Role
from search_api.app import create_app

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>\u202e'
PAGE = """
{name: chambre, title: Demandes de la chambre, publisher: Chambre d'essai, licence: essai,
 url: "https://chambre.exemple.test", formats: [tabular], language: fr, expected: [1, 50],
 mapping: {key: [Ref], title: [Objet], country: Pays}, lookups: {country: {Inca: PE}}}
"""
FEED = f"""Ref,Objet,Pays
A1,Pompes à eau,Tahuantinsuyo
,{HOSTILE.replace('"', "")},Chili
A3,,Chili
"""
AT = "/curation/sources/chambre"


class Site:
    """The whole site on a record with one source, of which a file was read."""

    def __init__(self, folder: Path, coder: Coder) -> None:
        (folder / "pages").mkdir()
        (folder / "pages" / "chambre.yml").write_text(PAGE, "utf-8")
        self.settings = Settings(data=folder / "data", sources=folder / "pages", database_url="")
        self.app = create_app(self.settings, clock=lambda: NOW)
        self.store: LeadStore = self.app.state.store
        self.folder, self.coder = folder, coder
        self.read("avis.csv", FEED.encode())
        self.people = {
            role: Signed(self.app, enrolled(self.app, role, role))
            for role in ("lecteur", "analyste", "responsable")
        }

    def read(self, name: str, data: bytes, source: str = "chambre") -> None:
        path = self.folder / name
        path.write_bytes(data)
        pages = sources(self.settings.sources)
        earlier = NOW - timedelta(hours=1)
        run = Ingestion(Ledger(self.store), pages, Rates.load(), lambda: earlier, coder=self.coder)
        run.run(source, [path])

    def page(self, path: str, role: Role = "analyste", status: int = 200) -> html.HtmlElement:
        answer = self.people[role].get(path)
        assert answer.status_code == status, answer.text
        return html.document_fromstring(answer.text)

    def send(self, path: str, role: Role = "analyste", **fields: object) -> Response:
        client = self.people[role]
        return client.post(path, data={"jeton": client.jeton, **fields})

    def waiting(self, reason: str = "", source: str = "chambre") -> list[int]:
        entries = Quarantine(self.store).entries(source, reason)
        return [one.number for one in entries]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, coder: Coder) -> Iterator[Site]:
    sources.cache_clear()
    opened = Site(tmp_path_factory.mktemp("site"), coder)
    yield opened
    opened.app.state.errands.close()
    opened.store.close()
    sources.cache_clear()


def went_to(answer: Response) -> str:
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_the_list_tells_what_waits_for_somebody(site: Site) -> None:
    tree = site.page("/curation/sources", "lecteur")
    assert "Demandes de la chambre" in words(tree, "//table")
    assert (
        words(tree, f"//a[@href='{AT}/quarantaine']") == "2 en quarantaine : Demandes de la chambre"
    )


def test_the_page_of_a_source_tells_its_columns_its_words_and_its_fields(site: Site) -> None:
    tree = site.page(AT, "lecteur")
    lines = tree.xpath("//section[@aria-labelledby='fiche']//dl/div")
    fiche = {one.findtext("dt/bdi"): one.findtext("dd/bdi") for one in lines}
    assert (fiche["Référence"], fiche["Titre"]) == ("Ref", "Objet")
    assert fiche["Attendu par envoi"] == "de 1 à 50 avis"
    assert [told for told in fiche.values() if told == "Inca → PE"]
    assert "name: chambre" in words(tree, "//pre")
    assert not tree.xpath("//form[not(@action='/deconnexion')]")


def test_fields_that_leads_had_and_have_no_more_are_pointed_at(site: Site, lead) -> None:  # type: ignore[no-untyped-def]
    several = [
        lead(source="chambre", published=NOW - timedelta(days=n), country="PE" if n > 25 else "")
        for n in range(1, 51)
    ]
    site.store.save(several)
    fields = words(site.page(AT), "//table[contains(@class, 'champs')]")
    assert re.search(r"Pays \d %.*?En chute", fields), fields
    assert "Échéance 9" in fields or "Échéance 100" in fields


def test_a_word_not_understood_leads_to_its_explanation_in_one_click(site: Site) -> None:
    [link] = site.page(AT).xpath(
        "//section[@aria-labelledby='incompris']//a[contains(@href, 'mot=')]"
    )
    form = site.page(link.get("href"))
    assert form.xpath("//input[@name='mot']/@value") == ["Tahuantinsuyo"]
    assert form.xpath("//select[@name='valeur']/option[@value='PE']")
    told = site.send(f"{AT}/mots", sujet="country", mot="Tahuantinsuyo", valeur="PE")
    assert went_to(told).startswith(f"{AT}?dit=explique")
    [made] = [one for one in site.store.changed_since(0).__next__() if one.title == "Pompes à eau"]
    assert made.country == "PE"
    tree = site.page(f"{AT}?dit=explique")
    assert "Tahuantinsuyo 1 fois → PE" in words(tree, "//section[@aria-labelledby='incompris']")
    assert "Le mot est expliqué" in words(tree)
    yaml = site.people["lecteur"].get(f"{AT}/mots/fiche.yml")
    assert yaml.text == "lookups:\n  country:\n    Tahuantinsuyo: PE\n"
    gone = site.send(f"{AT}/mots/retirer", sujet="country", mot="Tahuantinsuyo")
    assert went_to(gone).startswith(f"{AT}?dit=retire")
    assert Lookups(site.store).of("chambre") == []


def test_a_value_that_is_not_ours_is_refused_and_what_was_typed_stays(site: Site) -> None:
    answer = site.send(f"{AT}/mots", sujet="country", mot=HOSTILE, valeur="Atlantide")
    assert answer.status_code == 400
    tree = html.document_fromstring(answer.text)
    assert tree.xpath("//input[@name='mot']/@value") == [HOSTILE]
    assert site.send(f"{AT}/mots", sujet="price", mot="x", valeur="y").status_code == 400


def test_quarantine_is_browsed_by_reason_and_its_words_are_only_words(site: Site) -> None:
    tree = site.page(f"{AT}/quarantaine", "lecteur")
    assert "Ligne sans identifiant (Ref)." in words(tree)
    assert not tree.xpath("//input[@type='checkbox']")
    number = site.waiting("Ligne sans identifiant (Ref).")[0]
    entry = site.page(f"{AT}/quarantaine/{number}")
    assert "<script>alert(2)</script>" in words(entry, "//pre")
    assert "\u202e" not in words(entry, "//pre")
    assert not entry.xpath("//main//script | //main//img")


def test_what_was_received_is_downloaded_and_never_shown(site: Site) -> None:
    number = site.waiting()[0]
    answer = site.people["lecteur"].get(f"{AT}/quarantaine/{number}/octets")
    assert answer.content == FEED.encode()
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''avis.csv"


def test_a_corrected_line_becomes_a_lead_at_once(site: Site) -> None:
    [number] = site.waiting("Ligne sans titre (Objet).")
    path = f"{AT}/quarantaine/{number}"
    seen = site.page(path).xpath("//input[@name='vu']/@value")[0]
    text = FEED.replace("A3,,", "A3,Chaises d'école,").replace("\n", "\r\n")
    form = {"vu": seen, "texte": text, "raison": "dit au téléphone par la chambre"}
    answer = site.send(f"{path}/corriger", **form)
    tree = site.page(went_to(answer))
    assert "Un lead : Chaises d'école" in words(tree)
    assert number not in site.waiting()
    # Somebody else who had the old text open loses nothing of what they typed.
    other = site.send(f"{path}/corriger", vu=seen, texte="mon texte", raison="autre")
    assert other.status_code == 409
    kept = html.document_fromstring(other.text)
    assert kept.xpath("string(//textarea)").strip() == "mon texte"
    assert "document corrigé, par analyste" in words(site.page(AT), "//ul[@class='journal']")


def test_reading_again_counts_one_more_attempt(site: Site) -> None:
    reason = "Ligne sans identifiant (Ref)."
    answer = site.send(f"{AT}/quarantaine/relire", raison=reason, choix="tout")
    tree = site.page(went_to(answer))
    assert "Refusé de nouveau" in words(tree)
    assert Quarantine(site.store).entries("chambre", reason)[0].attempts >= 2
    assert site.send(f"{AT}/quarantaine/relire", raison=reason).status_code == 400


def test_bytes_that_are_no_text_are_corrected_by_a_file(site: Site) -> None:
    site.read("avis.xyz", b"\0\xff\0" * 200)
    number = site.waiting()[-1]
    tree = site.page(f"{AT}/quarantaine/{number}")
    assert words(tree, "//pre").startswith("00000000 00 ff 00")
    assert not tree.xpath("//textarea")
    client = site.people["analyste"]
    seen = tree.xpath("//input[@name='vu']/@value")[0]
    form = {"jeton": client.jeton, "vu": seen, "raison": "fichier envoyé de nouveau"}
    file = {"fichier": ("avis.csv", b"Ref,Objet,Pays\nA9,Bancs,Chili\n", "text/csv")}
    answer = client.post(f"{AT}/quarantaine/{number}/corriger", data=form, files=file)
    assert "1 avis lu" in words(site.page(went_to(answer))).replace("\u00a0", " ")


def test_documents_of_no_known_source_are_browsed_too(site: Site) -> None:
    site.read("inconnu.bin", b"???", AUTO)
    tree = site.page("/curation/sources")
    assert "1 élément en quarantaine sans source reconnue" in words(tree).replace("\u00a0", " ")
    [number] = site.waiting(source=AUTO)
    assert "Format non reconnu" in words(
        site.page(f"/curation/sources/{AUTO}/quarantaine/{number}")
    )
    site.page("/curation/sources/nulle/quarantaine", status=404)


def test_an_incident_is_closed_with_a_word_once(site: Site) -> None:
    number = written(site.store, incident, source="chambre", kind="volume", detail=HOSTILE)
    assert not site.page(AT).xpath("//main//script")
    path = f"{AT}/incidents/{number}/clore"
    assert went_to(site.send(path, mot="jour férié")) == f"{AT}?dit=clos"
    assert site.send(path, mot="").status_code == 409
    assert "analyste : jour férié" in words(site.page(AT), "//section[@aria-labelledby='passes']")


def test_a_held_collection_is_rejected_with_a_reason_or_let_in_by_who_is_responsible(
    site: Site,
) -> None:
    folder = site.settings.landing / "chambre" / "une"
    folder.mkdir(parents=True)
    (folder / "000001.csv").write_text("Ref,Objet,Pays\nB1,Tables,Chili\n", "utf-8")
    crawl = {"crawl": '{"items": 1, "reason": "finished"}', "folder": "chambre/une"}
    looked = '{"documents": 1, "received": 1}'
    held = {"source": "chambre", "state": "held", "reading": looked, **crawl}
    first, second = (written(site.store, collection, **held) for _ in range(2))
    path = f"{AT}/collectes/{first}/rejeter"
    assert site.send(path, raison="fichier d’essai").status_code == 403
    assert site.send(path, "responsable", raison=" ").status_code == 400
    assert "dit=rejetee" in went_to(site.send(path, "responsable", raison="fichier d’essai"))
    assert site.send(path, "responsable", raison="encore").status_code == 409
    path = f"{AT}/collectes/{second}/admettre"
    assert "dit=admi" in went_to(site.send(path, "responsable", raison="volume normal"))
    told = words(site.page(AT), "//section[@aria-labelledby='collectes']")
    assert "responsable : volume normal" in told
    assert site.send(f"{AT}/collectes/99/admettre", "responsable", raison="x").status_code == 409


def test_a_source_is_frozen_and_thawed_by_who_is_responsible(site: Site) -> None:
    ingested(site.store, "chambre", received=3, new=1)
    assert site.send(f"{AT}/geler", raison="x").status_code == 403
    answer = site.send(f"{AT}/geler", "responsable", raison="fiche à revoir")
    assert went_to(answer) == f"{AT}?dit=gelee"
    assert site.send(f"{AT}/geler", "responsable", raison="encore").status_code == 409
    tree = site.page(AT)
    assert "Source gelée par responsable" in words(tree)
    assert not tree.xpath(f"//form[@action='{AT}/degeler']")
    assert "Gelée" in words(site.page("/curation/sources"), "//table")
    assert went_to(site.send(f"{AT}/degeler", "responsable")) == f"{AT}?dit=degelee"
    assert Freezes(site.store).all() == {}


def test_a_rereading_that_was_interrupted_is_begun_again(site: Site) -> None:
    number = Quarantine(site.store).order("chambre", "analyste", NOW)
    path = f"{AT}/relectures/{number}"
    assert "Interrompue avant la fin" in words(site.page(path))
    assert went_to(site.send(f"{path}/relancer")) == path
    assert "Terminée" in words(site.page(path))
    site.page(f"{AT}/relectures/9999", status=404)
