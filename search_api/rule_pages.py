"""« /curation/regles »: rules that decide alone, tried on past leads before they decide."""

from dataclasses import replace
from typing import Any, get_args

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from index import audit, rules
from index.rules import Conditions, Rule, State
from ingest.rehearsal import MOST, rehearsal
from ingest.source import sources
from search_api.access import Person, Responsable
from search_api.curating import Form, integer, text
from search_api.curation_pages import show
from search_api.labels import country_label
from search_api.problems import Problem
from taxonomies import countries, sectors

router = APIRouter(include_in_schema=False)

VERDICTS = {"publish": "Publier", "hold": "Faire attendre", "reject": "Rejeter"}
_MONTHS, _WORDS, _NAME = 12, 30, 120


def _page(request: Request, person: Person, status: int = 200, **more: Any) -> Response:
    known = sources(request.app.state.settings.sources)
    with request.app.state.store.reading() as connection:
        every = rules.every(connection)
    context: dict[str, Any] = {
        "rules": every,
        "VERDICTS": VERDICTS,
        "sources": known,
        "countries": sorted(countries.countries(), key=country_label),
        "sectors": sectors.all_sectors(),
        "problems": (),
        "typed": None,
        "done": request.query_params.get("fait", ""),
    }
    return show(request, person, "curation/rules.html", context | more, status)


@router.get("/curation/regles")
def all_rules(request: Request, person: Responsable) -> Response:
    """The rules, in the order in which they are asked, and a form for a new one."""
    return _page(request, person)


def _typed(form: Any, person: Person, now: Any) -> tuple[Rule, list[str]]:
    """The rule as typed, and what is wrong with it (French)."""
    problems = []
    words = tuple(filter(None, (word.strip() for word in text(form, "mots").split(","))))[:_WORDS]
    written = text(form, "confiance").replace(",", ".").rstrip("% ")
    try:
        share = float(written or 0) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        problems.append("La confiance va de 0 à 100 %.")
        share = 0.0
    conditions = Conditions(
        text(form, "source"), text(form, "pays"), text(form, "secteur"), round(share, 2), words
    )
    name, verdict = text(form, "nom", _NAME), text(form, "effet")
    if not name:
        problems.append("Donnez un nom à la règle.")
    if verdict not in get_args(rules.Verdict):
        problems.append("Choisissez ce que fait la règle.")
        verdict = "publish"
    if conditions.any:
        problems.append("Une règle sans condition déciderait de tout : donnez-en une au moins.")
    made = Rule(name, verdict, conditions, person.login, now)  # type: ignore[arg-type]
    return made, problems


@router.post("/curation/regles")
def add(request: Request, person: Responsable, form: Form) -> Response:
    """Keep a new rule, switched off: the next page tries it."""
    now = request.app.state.clock()
    one, problems = _typed(form, person, now)
    if problems:
        return _page(request, person, 422, problems=problems, typed=one)
    with request.app.state.store.writing() as connection:
        made = rules.add(connection, one)
        subject = f"regle:{made.id}"
        audit.note(connection, now, person.login, "rule", subject, None, rules.told(made))
    return RedirectResponse(f"/curation/regles/{made.id}", 303)


def _rule(request: Request, number: int) -> Rule:
    with request.app.state.store.reading() as connection:
        try:
            return rules.read(connection, number)
        except LookupError:
            raise Problem(404, "Règle inconnue", "Aucune règle ne porte ce numéro.") from None


@router.get("/curation/regles/{number}")
def one_rule(request: Request, person: Responsable, number: int) -> Response:
    """What a rule would have decided of the leads of the last months."""
    rule = _rule(request, number)
    months = min(max(integer(request.query_params.get("mois", "6")), 1), _MONTHS)
    now = request.app.state.clock()
    context = {
        "rule": rule,
        "VERDICTS": VERDICTS,
        "DECIDED": {
            "": "Personne ne s’est prononcé",
            "publish": "Publiés par un analyste",
            "reject": "Rejetés par un analyste",
            "hold": "Mis en attente par un analyste",
        },
        "months": months,
        "most": MOST,
        "found": rehearsal(request.app.state.store, rule, months, now),
        "sources": sources(request.app.state.settings.sources),
        "now": now,
    }
    return show(request, person, "curation/rule.html", context)


_STATES: dict[str, State] = {"activer": "on", "arreter": "off", "supprimer": "removed"}


@router.post("/curation/regles/{number}")
def change(request: Request, person: Responsable, number: int, form: Form) -> Response:
    """Switch a rule on or off, remove it, or have it asked earlier."""
    rule, gesture, now = _rule(request, number), text(form, "geste"), request.app.state.clock()
    with request.app.state.store.writing() as connection:
        rule = rules.read(connection, number)
        before = rules.told(rule)
        if gesture == "monter":
            _raise(connection, rule)
        elif gesture in _STATES and rule.state != "removed":
            changed = replace(rule, state=_STATES[gesture], who=person.login, at=now)
            rules.change(connection, changed)
        else:
            raise Problem(400, "Demande incorrecte", "Ce geste est inconnu.")
        after = rules.told(rules.read(connection, number))
        audit.note(connection, now, person.login, "rule", f"regle:{number}", before, after)
    return RedirectResponse(f"/curation/regles?fait={gesture}", 303)


def _raise(connection: Any, rule: Rule) -> None:
    """Put a rule before the one above it."""
    order = [one.id for one in rules.every(connection)]
    at = order.index(rule.id) if rule.id in order else 0
    if at:
        order[at - 1], order[at] = order[at], order[at - 1]
        rules.reorder(connection, order)
