"""« debouches compte » : ouvrir, changer et fermer des comptes, dont le premier."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from index.settings import Settings
from search_api.opening import utcnow
from search_api.terminal import UNKNOWN, console, fail, printable, record

if TYPE_CHECKING:
    # Commands that open no account start without the site.
    from search_api.access import Role
    from search_api.accounts import Account, Change

app = typer.Typer(help="Les comptes de ceux qui se connectent.", no_args_is_help=True)

# How the journal calls whoever has the terminal of the server.
_WHO = "terminal"

Login = Annotated[str, typer.Argument(metavar="IDENTIFIANT")]
Generated = Annotated[
    bool, typer.Option("--generer", help="Fait un mot de passe, montré une seule fois.")
]


@contextmanager
def _changing() -> Iterator["Change"]:
    """A transaction on the record; what is refused is said in one line."""
    from search_api.accounts import AccountError, Change

    with record(Settings()) as store:
        try:
            with store.writing_aside() as connection:
                yield Change(connection, utcnow(), _WHO)
        except AccountError as error:
            raise fail(str(error), UNKNOWN) from error


def _role(written: str) -> "Role":
    from search_api.access import ROLES

    if written not in ROLES:
        raise fail(f"Rôle inconnu : {written}. Rôles : {', '.join(ROLES)}.", UNKNOWN)
    return written


def _password(generate: bool, *known: str) -> str:
    """Asked twice, or made and shown; as the record keeps it. Raises Exit when it is too easily
    guessed."""
    from search_api import passwords

    if generate:
        made = passwords.generated()
        console.print(f"Mot de passe (il ne sera plus montré) : {made}", highlight=False)
        return passwords.kept(made)
    asked: str = typer.prompt("Mot de passe", hide_input=True, confirmation_prompt="Encore")
    if told := passwords.fault(asked, *known):
        raise fail(told, UNKNOWN)
    return passwords.kept(asked)


@app.command()
def creer(
    identifiant: Login,
    nom: Annotated[str, typer.Option(help="Nom montré ; l'identifiant sans mention.")] = "",
    courriel: Annotated[str, typer.Option(help="Adresse électronique.")] = "",
    role: Annotated[
        str, typer.Option(help="lecteur, analyste, responsable ou administrateur.")
    ] = "analyste",
    generer: Generated = False,
    lien: Annotated[
        bool, typer.Option("--lien", help="Donne un lien où la personne choisit elle-même.")
    ] = False,
) -> None:
    """Ouvre un compte ; le second facteur s'enrôle à la première connexion."""
    from search_api import accounts

    given = _role(role)
    # Asked first: nothing is held in the record while somebody types.
    kept = "" if lien else _password(generer, identifiant, nom)
    with _changing() as change:
        made = accounts.create(change, identifiant, nom or identifiant, courriel, given)
        if kept:
            accounts.set_password(change, made.login, kept)
        token = accounts.invite(change, made.login) if lien else ""
    if token:
        _show_link(token)
    console.print(f"Compte ouvert : {made.login} ({role}).", highlight=False)


@app.command()
def lister(en_json: Annotated[bool, typer.Option("--json", help="En JSON.")] = False) -> None:
    """Montre les comptes."""
    from search_api.accounts import every

    with record(Settings()) as store, store.reading() as connection:
        found = every(connection)
    if en_json:
        typer.echo(json.dumps([_told(one) for one in found], ensure_ascii=False))
        return
    table = Table("Identifiant", "Nom", "Rôle", "État")
    for one in found:
        person = one.person
        table.add_row(*map(printable, (person.login, person.name, person.role, _state(one))))
    console.print(table)


def _state(one: "Account") -> str:
    if one.disabled:
        return "désactivé"
    if one.provider:
        return "par l'organisation"
    if not one.has_password:
        return "invité"
    return "actif" if one.enrolled else "code à enrôler"


def _told(one: "Account") -> dict[str, str]:
    person = one.person
    return {
        "identifiant": person.login,
        "nom": person.name,
        "role": person.role,
        "etat": _state(one),
    }


@app.command()
def role(identifiant: Login, nouveau: Annotated[str, typer.Argument(metavar="ROLE")]) -> None:
    """Change un rôle ; les sessions de ce compte se ferment."""
    from search_api.accounts import change_role

    given = _role(nouveau)
    with _changing() as change:
        change_role(change, identifiant, given)


@app.command()
def desactiver(identifiant: Login) -> None:
    """Ferme un compte ; ce qu'il a décidé demeure."""
    from search_api.accounts import disable

    with _changing() as change:
        disable(change, identifiant)


@app.command()
def reactiver(identifiant: Login) -> None:
    """Rouvre un compte fermé."""
    from search_api.accounts import enable

    with _changing() as change:
        enable(change, identifiant)


@app.command()
def motdepasse(identifiant: Login, generer: Generated = False) -> None:
    """Change un mot de passe ; les sessions de ce compte se ferment."""
    from search_api.accounts import set_password

    kept = _password(generer, identifiant)
    with _changing() as change:
        set_password(change, identifiant, kept)


@app.command()
def lien(identifiant: Login) -> None:
    """Donne un lien où la personne choisit elle-même son mot de passe."""
    from search_api.accounts import invite

    with _changing() as change:
        token = invite(change, identifiant)
    _show_link(token)


@app.command(name="oublier-code")
def oublier_code(identifiant: Login) -> None:
    """Pour un téléphone perdu : le second facteur s'enrôle à la prochaine connexion."""
    from search_api.accounts import forget_second_factor

    with _changing() as change:
        forget_second_factor(change, identifiant)


def _show_link(token: str) -> None:
    from search_api.accounts import INVITED

    there = Settings().site_url.rstrip("/") + f"/invitation/{token}"
    console.print(f"Lien, une seule fois, pendant {INVITED.days} jours :", highlight=False)
    console.print(there, highlight=False, soft_wrap=True)
