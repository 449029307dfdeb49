"""« /curation/saisie »: what embassies and trade offices type, by HTTP and without JavaScript."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import NOW, Signed, enrolled, words
from httpx2 import Response
from lxml import html
from typer.testing import CliRunner

from index.settings import Settings
from ingest.typed import TypedLeads
from ingest.typed_form import Fields
from search_api.access import Role
from search_api.app import create_app
from search_api.cli import app as command

AT = "/curation/saisie"
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
FULL: dict[str, object] = {
    "titre": "Recherche distributeur de mobilier", "texte": "Une chaîne de Lima.", "pays": "PE",
    "acheteur": "Importadora Sur", "langue": "fr", "equipe": "Lima",
}  # fmt: skip


class Site:
    """The whole site, and people of each role."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data=folder, database_url="")
        self.app = create_app(self.settings, clock=lambda: NOW)
        self.typed = TypedLeads(self.app.state.store)
        self.people = {
            role: Signed(self.app, enrolled(self.app, role, role))
            for role in ("lecteur", "analyste", "responsable")
        }

    def send(self, path: str, role: Role = "analyste", **fields: object) -> Response:
        client = self.people[role]
        return client.post(path, data={"jeton": client.jeton, **fields})

    def page(self, path: str, role: Role = "analyste", status: int = 200) -> html.HtmlElement:
        answer = self.people[role].get(path)
        assert answer.status_code == status, answer.text
        return html.document_fromstring(answer.text)

    def write(self, role: Role = "analyste", **fields: object) -> int:
        """A draft; gives back its number."""
        answer = self.send(f"{AT}/nouvelle", role, **(FULL | fields))
        assert answer.status_code == 303, answer.text
        return int(answer.headers["location"].split("/")[-1].partition("?")[0])

    def version(self, number: int) -> int:
        return self.typed.there(number).version


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    opened = Site(tmp_path_factory.mktemp("site"))
    yield opened
    opened.app.state.store.close()


def test_codes_are_picked_by_their_words_and_nothing_typed_is_lost(site: Site) -> None:
    answer = site.send(f"{AT}/nouvelle", **FULL, geste="codes", cherche="sièges rembourrés")
    tree = html.document_fromstring(answer.text)
    assert tree.xpath("//input[@name='titre']/@value") == [FULL["titre"]]
    found = tree.xpath("//input[@name='codes']/@value")
    assert any(code.startswith("HS 9401") for code in found), found
    number = site.write(codes=found[0])
    assert tree.xpath("//input[@name='codes'][@checked]") == []
    kept = site.page(f"{AT}/{number}").xpath("//input[@name='codes'][@checked]/@value")
    assert kept == [found[0]]


def test_an_analyst_publishes_into_the_queue_and_a_responsable_at_once(site: Site) -> None:
    for role, status in (("analyste", "proposed"), ("responsable", "published")):
        number = site.write(role, titre=f"Demande de {role}", acheteur=f"Société {role}")
        read = site.page(f"{AT}/{number}/relire", role)
        assert f"Demande de {role}" in words(read)
        answer = site.send(f"{AT}/{number}/publier", role, version=site.version(number))
        assert answer.status_code == 303, answer.text
        leads = [one for batch in site.app.state.store.changed_since(0) for one in batch]
        assert [one.status for one in leads if one.title == f"Demande de {role}"] == [status]


def test_the_same_demand_known_already_is_shown_before_publishing(site: Site) -> None:
    text = "Fourniture de quatre cents pupitres en hêtre massif pour le lycée central de Tacna"
    told = {"titre": text, "acheteur": "Liceo Central de Tacna", "echeance": "2026-09-30"}
    first = site.write("responsable", **told)
    site.send(f"{AT}/{first}/publier", "responsable", version=site.version(first))
    again = site.write(**told)
    tree = site.page(f"{AT}/{again}/relire")
    assert text in words(tree, "//ul[@aria-labelledby='semblables']")


def test_two_who_write_at_once_get_a_page_where_nothing_is_lost(site: Site) -> None:
    number = site.write()
    ours = {**FULL, "version": 1, "geste": "enregistrer"}
    assert site.send(f"{AT}/{number}", **(ours | {"lieu": "Lima"})).status_code == 303
    mine = ours | {"lieu": HOSTILE}
    answer = site.send(f"{AT}/{number}", "responsable", **mine)
    assert answer.status_code == 409
    tree = html.document_fromstring(answer.text)
    assert tree.xpath("//input[@name='lieu']/@value") == [HOSTILE]
    assert not tree.xpath("//main//script | //main//img")
    assert "Ville" not in words(tree, "//table")
    assert "Lima" in words(tree, "//table")
    kept = ours | {"lieu": "Callao", "version": tree.xpath("//input[@name='version']/@value")[0]}
    assert site.send(f"{AT}/{number}", "responsable", **kept).status_code == 303
    assert site.typed.there(number).fields.lieu == "Callao"


def test_what_is_missing_is_said_beside_its_field(site: Site) -> None:
    number = site.write(pays="", montant="beaucoup")
    tree = site.page(f"{AT}/{number}/relire", status=400)
    assert "Pays : champ attendu" in words(tree, "//span[@id='faute-pays']")
    assert tree.xpath("//input[@name='montant'][@aria-invalid]")
    assert "N’écrivez ni nom, ni téléphone" in words(tree)


def test_a_published_lead_is_prolonged_then_withdrawn(site: Site) -> None:
    number = site.write(titre="Demande à prolonger", acheteur="Une autre société")
    site.send(f"{AT}/{number}/publier", version=site.version(number))
    answer = site.send(f"{AT}/{number}/prolonger", version=site.version(number))
    assert answer.headers["location"].endswith("dit=prolonge")
    tree = site.page(f"{AT}/{number}?dit=prolonge")
    assert "en ligne jusqu’au 28 novembre 2026" in words(tree).replace("\u00a0", " ")
    path, version = f"{AT}/{number}/retirer", site.version(number)
    assert site.send(path, version=version - 1, raison="x").status_code == 409
    assert site.send(path, version=version, raison="perdu de vue").status_code == 303
    assert not site.page(f"{AT}/{number}").xpath("//textarea")


def test_what_nobody_touched_is_recalled_on_the_pages_and_by_the_command(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = Fields(titre="Vieille demande", pays="PE", equipe="Lima")
    site.typed.create(fields, "analyste", NOW - timedelta(weeks=8))
    assert "Vieille demande À relire" in words(site.page(AT, "lecteur"), "//table")
    assert "depuis plus de 6 semaines" in words(site.page("/curation"))
    assert not site.page(AT, "lecteur").xpath("//a[contains(@href, '/nouvelle')]")
    monkeypatch.setenv("DEBOUCHES_DATA", str(site.settings.data))
    monkeypatch.setattr("search_api.typed_cli.utcnow", lambda: NOW)
    told = CliRunner().invoke(command, ["saisie", "rappels", "--json"])
    assert [json.loads(line)["title"] for line in told.stdout.splitlines()] == ["Vieille demande"]


def test_the_list_is_cut_to_mine_and_to_my_office(site: Site) -> None:
    site.write("responsable", titre="De Santiago", equipe="Santiago")
    assert "De Santiago" in words(site.page(f"{AT}?qui=tous"), "//table")
    assert "De Santiago" not in words(site.page(f"{AT}?qui=moi"), "//table")
    assert "De Santiago" not in words(site.page(f"{AT}?qui=poste"), "//table")
    assert "De Santiago" in words(site.page(f"{AT}?qui=poste", "responsable"), "//table")
