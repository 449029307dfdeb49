"""A partner submits demands: kept before they are acknowledged, read in their turn, followed."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from conftest import NOW, emptied
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from index.lead import Lead
from index.reviews import Kind
from index.settings import Settings
from index.submission_tables import submission, submission_version
from index.tables import chunk, document, quarantine
from ingest.curation import Curation
from ingest.freeze import Freezes
from ingest.price import Rates
from ingest.source import sources
from ingest.submissions.idempotency import Answered, remember
from ingest.submissions.queue import PATIENCE
from ingest.submissions.record import Sender
from search_api.api_keys import ApiKeys
from search_api.app import create_app

PAGE = """
name: {name}
title: Place de marché {name}
publisher: Place de marché fictive
licence: Convention d’essai
url: https://{name}.exemple.test
formats: []
language: fr
trust: {trust}
"""
PLACES = {"place-sure": "high", "place-neuve": "medium", "place-lente": "high"}
MOBILIER: dict[str, Any] = {
    "titre": "Mobilier scolaire pour le lycée de Tacna",
    "texte": "Fourniture de 400 tables et chaises pour salles de classe.",
    "langue": "fr",
    "acheteur": "Liceo Central",
    "pays": "PE",
    "codes": [{"nomenclature": "CPV", "code": "39160000"}],
    "montant": {"valeur": 85000, "devise": "PEN"},
    "echeance": "2026-07-30T12:00",
    "url": "https://place.exemple.test/118",
}
DEMANDS = "/api/v1/demandes"


def about(title: str) -> dict[str, Any]:
    """A demand for something else, which shares nothing else with the others."""
    worth = {"valeur": 1_000 + sum(title.encode()) * 7, "devise": "PEN"}
    same = {"titre": title, "texte": f"{title}. " * 3, "acheteur": f"Acheteur {title}"}
    return MOBILIER | same | {"montant": worth, "url": None, "echeance": None}


class Place:
    """A site whose worker only reads when told to, and the keys of its partners."""

    def __init__(self, app: FastAPI, clock: list[datetime]) -> None:
        self.app, self.clock, self.client = app, clock, TestClient(app)
        keys = ApiKeys(app.state.store)
        self.keys: dict[str, str] = {}
        for name in PLACES:
            keys.enrol(name, 6_000, 1_000, NOW)
            self.keys[name] = keys.create(name, ["demandes:ecrire", "demandes:lire"], NOW)[1]
        trial = keys.create("place-sure", ["demandes:ecrire", "demandes:lire"], NOW, sandbox=True)
        self.keys["essai"] = trial[1]
        self.keys["lecture"] = keys.create("place-sure", ["demandes:lire"], NOW)[1]

    def call(
        self, method: str, path: str, body: Any = None, *, who: str = "place-sure", **headers: str
    ) -> httpx2.Response:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        usual = {"authorization": f"Bearer {self.keys[who]}", "content-type": "application/json"}
        usual |= {name.replace("_", "-"): value for name, value in headers.items()}
        content = None if body is None else data
        found: httpx2.Response = self.client.request(
            method, DEMANDS + path, content=content, headers=usual
        )
        return found

    def put(self, reference: str, body: Any = None, **more: str) -> httpx2.Response:
        return self.call("PUT", f"/{reference}", MOBILIER if body is None else body, **more)

    def get(self, reference: str, **more: str) -> dict[str, Any]:
        found = self.call("GET", f"/{reference}", **more)
        assert found.status_code == 200, found.text
        told: dict[str, Any] = found.json()
        return told

    def read(self) -> int:
        count: int = self.app.state.desk.worker.drain()
        return count

    def count(self, table: Any, *where: Any) -> int:
        with self.app.state.store.reading() as connection:
            asked = select(func.count()).select_from(table).where(*where)
            return int(connection.execute(asked).scalar_one())


def opened(folder: Path, database: str) -> Place:
    pages = folder / "pages"
    pages.mkdir()
    for name, trust in PLACES.items():
        (pages / f"{name}.yml").write_text(PAGE.format(name=name, trust=trust), "utf-8")
    clock = [NOW]
    settings = Settings(data=folder, database_url=database, sources=pages)
    return Place(create_app(settings, lambda: clock[0]), clock)


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """One site for all: each test submits under references of its own."""
    database = ""
    if request.param == "postgresql":
        database = request.getfixturevalue("postgresql")
        emptied(database)
    site = opened(tmp_path_factory.mktemp("place"), database)
    yield site
    site.app.state.store.close()
    sources.cache_clear()


def problem(answer: httpx2.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    return told


def test_a_demand_is_kept_then_read_then_found(place: Place) -> None:
    answer = place.put("vie-1")
    assert answer.status_code == 202
    assert answer.headers["location"] == f"{DEMANDS}/vie-1"
    assert answer.json()["statut"] == "reçue"
    place.read()
    told = place.get("vie-1")
    assert (told["statut"], told["version"]) == ("publiée", 1)
    cpv = next(code for code in told["comprise"]["codes"] if code["nomenclature"] == "CPV")
    assert (cpv["code"], cpv["confiance"], cpv["methode"]) == ("39160000", 1.0, "source")
    assert told["champs_absents"] == []
    page = place.client.get(told["adresse"].removeprefix("http://127.0.0.1:8000"))
    assert "Mobilier scolaire pour le lycée de Tacna" in page.text
    found = place.client.get("/api/v1/leads", params={"q": "mobilier scolaire Tacna"}).json()
    assert told["adresse"].endswith(found["leads"][0]["id"])


def test_a_demand_of_a_partner_not_trusted_yet_waits_for_an_analyst(place: Place) -> None:
    place.put("neuve-1", about("Vélos cargo"), who="place-neuve")
    place.read()
    told = place.get("neuve-1", who="place-neuve")
    assert (told["statut"], told["adresse"]) == ("proposée", None)
    decided(place, "reject", "Hors du périmètre")
    told = place.get("neuve-1", who="place-neuve")
    assert (told["statut"], told["motif"]) == ("refusée", "Hors du périmètre")
    decided(place, "publish")
    assert place.get("neuve-1", who="place-neuve")["statut"] == "publiée"
    place.call("DELETE", "/neuve-1", who="place-neuve")
    place.read()
    assert {one.status for one in told_by(place, "place-neuve")} == {"withdrawn"}


def told_by(place: Place, source: str) -> list[Lead]:
    leads = (one for some in place.app.state.store.changed_since(0) for one in some)
    return [one for one in leads if one.source == source]


def decided(place: Place, kind: Kind, why: str = "") -> None:
    """An analyst decides of the only lead of place-neuve."""
    [lead] = told_by(place, "place-neuve")
    ingestion = place.app.state.desk.worker.ingestion
    rates, clock = Rates.load(), place.app.state.clock
    curation = Curation(place.app.state.store, ingestion.pages, rates, ingestion.coder, clock)
    curation.review(lead.id, lead.sequence, "ana", kind, why)


def test_the_bytes_received_are_kept_as_they_came(place: Place) -> None:
    data = json.dumps(about("Octets gardés"), indent=3).encode()
    place.put("octets", data)
    with place.app.state.store.reading() as connection:
        sha = connection.execute(
            select(submission_version.c.document)
            .join(submission, submission.c.id == submission_version.c.submission)
            .where(submission.c.reference == "octets")
        ).scalar_one()
    assert b"".join(place.app.state.desk.worker.ledger.raw(sha)) == data


def test_the_same_demand_put_again_changes_nothing(place: Place) -> None:
    first = place.put("deux-fois", about("Pompes à eau"))
    reordered = dict(reversed((about("Pompes à eau")).items()))
    again = place.put("deux-fois", reordered)
    assert (again.status_code, again.headers["etag"]) == (200, first.headers["etag"])
    assert place.get("deux-fois")["version"] == 1


def test_another_demand_under_the_same_reference_replaces_it_whole(place: Place) -> None:
    place.put("remplacee", about("Ambulances légères"))
    place.read()
    before = place.get("remplacee")
    place.put("remplacee", {"titre": "Engins de levage portuaires", "pays": "CL"})
    assert place.get("remplacee")["statut"] == "reçue"
    place.read()
    after = place.get("remplacee")
    assert after["adresse"] == before["adresse"]
    assert after["comprise"]["titre"] == "Engins de levage portuaires"
    assert (after["comprise"]["pays"], after["comprise"]["echeance"]) == ("CL", None)
    assert [step["version"] for step in after["historique"]] == [2, 1]


def test_a_demand_withdrawn_is_gone_until_it_is_put_again(place: Place) -> None:
    body = about("Cuves inox pour brasserie")
    place.put("retiree", body)
    place.read()
    page = place.get("retiree")["adresse"].removeprefix("http://127.0.0.1:8000")
    assert place.call("DELETE", "/retiree").status_code == 202
    assert place.get("retiree")["statut"] == "retirée"
    place.read()
    assert place.client.get(page).status_code == 410
    again = place.call("DELETE", "/retiree")
    assert (again.status_code, again.json()["version"]) == (200, 2)
    assert place.put("retiree", body).status_code == 202
    place.read()
    assert place.client.get(page).status_code == 200
    assert place.get("retiree")["statut"] == "publiée"
    assert problem(place.call("DELETE", "/jamais-vue"), 404)


def test_a_writer_who_saw_an_older_demand_is_told_so(place: Place) -> None:
    first = place.put("etiquette", about("Première version")).headers["etag"]
    second = place.put("etiquette", about("Deux, revu"), if_match=first)
    assert second.status_code == 202
    problem(place.put("etiquette", about("Trois"), if_match=first), 412)
    problem(place.call("DELETE", "/etiquette", if_match=first), 412)
    weak = f"W/{second.headers['etag']}"
    problem(place.put("etiquette", about("Trois"), if_match=weak), 412)
    problem(place.put("etiquette", if_none_match="*"), 412)
    problem(place.put("pas-encore", if_match="*"), 412)
    assert place.put("etiquette", about("Trois"), if_match="*").status_code == 202


def test_of_writers_at_once_with_one_tag_one_wins(place: Place) -> None:
    tag = place.put("course", about("Départ")).headers["etag"]
    bodies = [about(f"Course de {n}") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: place.put("course", body, if_match=tag), bodies))
    assert sorted(one.status_code for one in answers) == [202] + [412] * 7
    assert place.get("course")["version"] == 2


def test_a_post_sent_again_has_the_same_answer(place: Place) -> None:
    body = about("Grues mobiles")
    before = place.count(submission)
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _: place.call("POST", "", body, idempotency_key="k-1"), range(8))
        )
    assert {one.status_code for one in answers} == {202}
    assert len({one.text for one in answers}) == 1
    assert place.count(submission) == before + 1
    there = answers[0].headers["location"].removeprefix(DEMANDS)
    assert place.call("GET", there).json()["statut"] == "reçue"
    place.read()
    assert place.call("POST", "", body, idempotency_key="k-1").text == answers[0].text
    other = problem(place.call("POST", "", body | {"pays": "CL"}, idempotency_key="k-1"), 422)
    assert other["errors"][0]["parametre"] == "Idempotency-Key"
    problem(place.call("POST", "", body), 400)


def test_a_post_does_not_replace(place: Place) -> None:
    body = about("Tracteurs") | {"reference": "prise"}
    assert place.call("POST", "", body, idempotency_key="k-2").status_code == 202
    problem(place.call("POST", "", body, idempotency_key="k-3"), 409)


def test_a_rehearsal_tells_all_and_writes_nothing(place: Place) -> None:
    place.put("modele", about("Fourniture de lits médicalisés à Arequipa"))
    place.read()
    tables = (submission, submission_version, document, chunk, quarantine)
    before = [place.count(table) for table in tables]
    told = place.call(
        "PUT",
        "/repetition?essai=1",
        about("Fourniture de lits médicalisés à Arequipa"),
    ).json()
    assert told["verdict"] == "publiée"
    assert told["comprise"]["pays"] == "PE"
    assert [one["nomenclature"] for one in told["comprise"]["codes"]][:1] == ["CPV"]
    [near] = [one for one in told["ressemblances"] if "Arequipa" in one["titre"]]
    assert (near["meme_demande"], near["raisons"] != []) == (True, True)
    assert before == [place.count(table) for table in tables]
    bare = place.call("POST", "?essai=1", {"titre": "Divers", "pays": "FR"}).json()
    assert bare["champs_absents"] == ["texte", "acheteur", "codes", "montant", "echeance", "url"]
    assert bare["comprise"]["domestique"] is True


def test_what_a_trial_key_submits_is_never_a_lead(place: Place) -> None:
    before = place.app.state.store.tally().total
    place.put("essai-1", about("Essai de la place"), who="essai")
    place.read()
    told = place.get("essai-1", who="essai")
    assert (told["statut"], told["essai"], told["adresse"]) == ("validée", True, None)
    assert told["comprise"]["titre"] == "Essai de la place"
    assert place.app.state.store.tally().total == before
    problem(place.call("GET", "/essai-1"), 404)


@pytest.mark.parametrize("key", ["", "deb_" + "0" * 12 + "_" + "0" * 64, "é"])
def test_nothing_opens_without_a_key(place: Place, key: str) -> None:
    headers = {"authorization": f"Bearer {key}".encode()} if key else {}
    answer = place.client.get(f"{DEMANDS}/x", headers=headers)
    assert problem(answer, 401)["title"] == "Clé refusée"
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_that_only_reads_does_not_write(place: Place) -> None:
    problem(place.put("lecture", who="lecture"), 403)
    assert place.call("GET", "?limite=1", who="lecture").status_code == 200


def test_a_partner_sees_its_own_demands_only(place: Place) -> None:
    place.put("a-moi", about("À moi"))
    problem(place.call("GET", "/a-moi", who="place-neuve"), 404)
    problem(place.call("DELETE", "/a-moi", who="place-neuve"), 404)


def test_demands_are_listed_page_by_page(place: Place) -> None:
    for n in range(5):
        place.put(f"liste-{n}", about(f"Liste {n}"), who="place-lente")
    seen: list[str] = []
    path = "?limite=2"
    while path:
        page = place.call("GET", path, who="place-lente")
        seen += [one["reference"] for one in page.json()["demandes"]]
        following = page.json()["suivante"]
        assert page.headers.get("link") == (f'<{following}>; rel="next"' if following else None)
        path = (following or "").removeprefix(DEMANDS)
    assert seen[:5] == [f"liste-{n}" for n in (4, 3, 2, 1, 0)]
    problem(place.call("GET", "?curseur=abc", who="place-lente"), 400)


TRAPS: dict[str, tuple[bytes, int, str]] = {
    "nan": (b'{"titre": NaN, "pays": "DE"}', 400, "titre"),
    "infinity": (b'{"titre": "ok ok", "pays": "DE", "montant": {"valeur": 1e999}}', 400, "montant"),
    "surrogate": (b'{"titre": "a\\ud800bc", "pays": "DE"}', 400, "titre"),
    "nul": (b'{"titre": "a\\u0000bc", "pays": "DE"}', 400, "titre"),
    "twice": (b'{"titre": "abc", "titre": "def", "pays": "DE"}', 400, "titre"),
    "deep": (b'{"titre": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400, ""),
    "deep-enough": (b'{"titre": ' + b"[" * 50 + b"]" * 50 + b"}", 400, "titre"),
    "digits": (b'{"titre": ' + b"9" * 10_000 + b"}", 400, "titre"),
    "bytes": (b'{"titre": "\xff\xfe"}', 400, ""),
    "cut": (b'{"titre": "abc"', 400, ""),
    "empty": (b"", 400, ""),
    "list": (b"[]", 400, ""),
    "unknown": (b'{"titre": "abc", "pays": "DE", "prix": 5}', 422, "prix"),
    "number": (b'{"titre": 5, "pays": "DE"}', 422, "titre"),
    "country": (b'{"titre": "abc", "pays": "XX"}', 422, "pays"),
    "code": (b'{"titre": "abc", "pays": "DE", "codes": [{"nomenclature": "SH", "code": "999999"}]}',
             422, "codes[0]"),
    "day": (b'{"titre": "abc", "pays": "DE", "echeance": "2027-02-30"}', 422, "echeance"),
    "scheme": (b'{"titre": "abc", "pays": "DE", "url": "javascript:alert(1)"}', 422, "url"),
    "blank": (b'{"titre": "<b> </b>", "pays": "DE"}', 422, "titre"),
    "reference": (b'{"titre": "abc", "pays": "DE", "reference": "autre"}', 422, "reference"),
}  # fmt: skip


@pytest.mark.parametrize("trap", TRAPS)
def test_a_body_that_has_one_meaning_only_is_let_in(place: Place, trap: str) -> None:
    body, status, named = TRAPS[trap]
    told = problem(place.put("piege", body), status)
    assert any(one["parametre"].startswith(named) for one in told["errors"])
    problem(place.call("GET", "/piege"), 404)


def test_all_that_is_wrong_is_told_and_nothing_is_echoed(place: Place) -> None:
    body = {"titre": "x", "pays": "zz", "langue": "q9", "secret" * 2: "x" * 1000, "a<b": 1}
    answer = place.put("fautes", body)
    told = problem(answer, 422)
    named = {one["parametre"] for one in told["errors"]}
    assert named == {"titre", "pays", "langue", "secretsecret", "(nom illisible)"}
    assert "x" * 20 not in answer.text
    assert "a<b" not in answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content_type": "text/plain"}, 415),
        ({"content_type": ""}, 415),
        ({"content_type": "application/json; charset=latin-1"}, 415),
        ({"content_type": "application/json; charset=UTF-8"}, 202),
        ({"content_encoding": "gzip"}, 415),
    ],
    ids=["text", "untold", "latin", "utf8", "gzip"],
)
def test_a_body_says_what_it_is(place: Place, headers: dict[str, str], status: int) -> None:
    answer = place.put(f"type-{status}-{len(headers)}", about("Type"), **headers)
    assert answer.status_code == status


def test_a_body_too_large_is_refused_before_it_is_read(place: Place) -> None:
    problem(place.put("gros", MOBILIER | {"texte": "x" * 300_000}), 413)


@pytest.mark.parametrize("reference", ["lot", "schema", "%C3%A9t%C3%A9", "a%20b", "x" * 201])
def test_a_reference_is_written_in_plain_signs(place: Place, reference: str) -> None:
    told = problem(place.put(reference), 400)
    assert told["errors"][0]["parametre"] == "reference"


def test_one_that_brings_its_reader_down_is_put_aside_with_its_bytes(place: Place) -> None:
    place.read()
    place.put("poison", about("Poison"), who="place-neuve")
    place.put("innocente", about("Innocente"), who="place-neuve")
    queue = place.app.state.desk.worker.queue
    for turn in range(1, 4):
        # A reader that is killed says nothing: what it took is taken again a minute later.
        taken = [one.reference for one in queue.take(place.clock[0])]
        place.clock[0] += PATIENCE + timedelta(seconds=1)
        assert taken == (["poison", "innocente"] if turn == 1 else ["poison"])
    assert place.read() == 2
    told = place.get("poison", who="place-neuve")
    assert (told["statut"], "3 fois" in told["motif"]) == ("refusée", True)
    assert place.get("innocente", who="place-neuve")["statut"] == "proposée"
    assert place.count(quarantine, quarantine.c.document == "demandes/place-neuve/poison.json") == 1
    account = place.client.get(
        "/api/v1/partenaire", headers={"authorization": f"Bearer {place.keys['place-neuve']}"}
    ).json()
    assert account["qualite"]["motifs"] == {told["motif"]: 1}


def test_what_a_frozen_partner_submits_waits_and_is_not_lost(place: Place) -> None:
    place.read()
    freezes = Freezes(place.app.state.store)
    freezes.freeze("place-lente", "ana", "trop de hors sujet", NOW)
    place.put("gelee", about("Chaudières à granulés"), who="place-lente")
    place.put("vive", about("Chaudières à gaz"))
    assert place.read() == 1
    told = place.get("gelee", who="place-lente")
    assert (told["statut"], "gelée" in told["motif"]) == ("reçue", True)
    freezes.thaw("place-lente", "ana", NOW)
    assert place.read() == 1
    assert place.get("gelee", who="place-lente")["statut"] == "publiée"


def test_a_long_batch_does_not_keep_another_partner_waiting(place: Place) -> None:
    place.read()
    lines = b"".join(
        json.dumps(about(f"Longue liste {n}") | {"reference": f"long-{n}"}).encode() + b"\n"
        for n in range(100)
    )
    answer = place.call("POST", "/lot", lines, content_type="application/x-ndjson")
    assert len(answer.text.splitlines()) == 100
    place.put("seule", about("Une seule"), who="place-neuve")
    taken = place.app.state.desk.worker.queue.take(place.clock[0])
    assert "seule" in [one.reference for one in taken][:2]
    place.app.state.desk.worker.queue.spare(taken)
    place.read()


def test_each_line_of_a_batch_has_its_verdict_in_order(place: Place) -> None:
    place.put("connue", about("Déjà connue"))
    lines = [
        json.dumps(about("Première") | {"reference": "lot-1"}).encode(),
        b'{"titre": NaN}',
        b"",
        json.dumps(about("Sans référence")).encode(),
        json.dumps(about("Déjà connue") | {"reference": "connue"}).encode(),
        b"\xff",
        json.dumps(about("Dernière") | {"reference": "lot-2"}).encode(),
    ]
    answer = place.call("POST", "/lot", b"\n".join(lines), content_type="application/x-ndjson")
    assert answer.status_code == 202
    told = [json.loads(line) for line in answer.text.splitlines()]
    assert [(one["ligne"], one["statut"]) for one in told] == [
        (1, "reçue"), (2, "refusée"), (4, "refusée"), (5, "inchangée"), (6, "refusée"),
        (7, "reçue"),
    ]  # fmt: skip
    assert told[0]["adresse"] == f"{DEMANDS}/lot-1"
    assert told[2]["erreurs"][0]["parametre"] == "reference"
    there = answer.headers["location"].removeprefix(DEMANDS)
    assert place.call("GET", there).text == answer.text
    problem(place.call("GET", there, who="place-neuve"), 404)
    problem(place.call("GET", "/lot/999999"), 404)


def test_a_batch_left_in_the_middle_is_gone_on_with(place: Place) -> None:
    lots = place.app.state.desk.worker.lots
    lines = [
        json.dumps({"reference": f"laissee-{n}", "titre": f"Laissée {n}", "pays": "DE"}).encode()
        for n in range(120)
    ]
    data = b"\n".join(lines)
    asked = {"content_type": "application/x-ndjson", "idempotency_key": "lot-1"}
    key = ApiKeys(place.app.state.store).keys("place-sure")[0]
    sender = Sender("place-sure", key.id, False, 1_000)
    with place.app.state.store.writing() as connection:
        number = lots.open(connection, sender, lines, place.clock[0])
        remember(connection, sender, "lot-1", data, Answered("", number), place.clock[0])
    lots.go_on(number, place.clock[0])
    # Its server was killed here; who sends it again at once is told that it is being read.
    busy = place.call("POST", "/lot", data, **asked)
    assert problem(busy, 409)
    assert busy.headers["location"] == f"{DEMANDS}/lot/{number}"
    partial = place.call("GET", f"/lot/{number}")
    assert (partial.status_code, len(partial.text.splitlines())) == (202, 50)
    place.clock[0] += timedelta(seconds=11)
    place.read()
    whole = place.call("POST", "/lot", data, **asked)
    assert [json.loads(one)["ligne"] for one in whole.text.splitlines()] == list(range(1, 121))
    assert place.get("laissee-119")["version"] == 1
    problem(place.call("POST", "/lot", data + b"\n{}", **asked), 422)


def test_a_batch_too_long_is_refused(place: Place) -> None:
    answer = place.call("POST", "/lot", b"{}\n" * 10_001, content_type="application/x-ndjson")
    assert problem(answer, 413)["detail"].startswith("10000")
    problem(place.call("POST", "/lot", b"\n \n", content_type="application/x-ndjson"), 400)


def test_a_partner_is_told_what_it_may_still_send(place: Place) -> None:
    ApiKeys(place.app.state.store).enrol("place-lente", 3, 2, NOW)
    place.clock[0] += timedelta(days=1)
    lente = {"who": "place-lente"}
    first = place.put("quota-1", about("Quota 1"), **lente)
    assert first.headers["ratelimit-policy"] == '"minute";q=3;w=60, "jour";q=2;w=86400'
    assert first.headers["ratelimit"].startswith('"minute";r=2;t=0, "jour";r=1;t=')
    assert place.put("quota-2", about("Quota 2"), **lente).status_code == 202
    spent = place.put("quota-3", about("Quota 3"), **lente)
    assert problem(spent, 429)["detail"].startswith("2 demandes par jour")
    assert int(spent.headers["retry-after"]) > 1_000
    hasty = place.call("GET", "/quota-1", **lente)
    assert problem(hasty, 429)["detail"].startswith("3 requêtes")
    assert hasty.headers["retry-after"] == "20"
    place.clock[0] += timedelta(seconds=20)
    assert place.get("quota-1", **lente)["statut"] == "reçue"
    ApiKeys(place.app.state.store).enrol("place-lente", 6_000, 1_000, NOW)


def test_a_partner_reads_its_own_account(place: Place) -> None:
    who = {"authorization": f"Bearer {place.keys['place-sure']}"}
    told = place.client.get("/api/v1/partenaire", headers=who).json()
    assert (told["nom"], told["confiance"]) == ("place-sure", "high")
    assert [one["nom"] for one in told["quotas"]] == ["minute", "jour"]
    assert len(told["cles"]) == 3
    assert told["qualite"]["acceptees"] > 0
    assert 60 <= told["qualite"]["note"] <= 100


def test_the_schema_is_published(place: Place) -> None:
    told = place.client.get(f"{DEMANDS}/schema").json()
    assert told["required"] == ["titre", "pays"]
    assert told["additionalProperties"] is False
