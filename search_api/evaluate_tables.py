"""Measures as tables, for the terminal or in Markdown (docs/qualite.md)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ingest.evaluation import codes, duplicates, search
from ingest.evaluation.confidence import Band, Confidence
from ingest.evaluation.worst import Worst

console = Console()

# Characters of a title or of a label in a list.
_LONGEST = 70

Found = Mapping[str, codes.Found]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table ready to be read."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def show(sheets: Iterator[Sheet], markdown: bool) -> None:
    """Print them all."""
    for sheet in sheets:
        if markdown:
            typer.echo("\n".join(_markdown(sheet)))
        else:
            table = Table(*map(escape, sheet.columns), title=escape(sheet.title))
            for row in sheet.rows:
                table.add_row(*map(escape, row))
            console.print(table)


def _markdown(sheet: Sheet) -> Iterator[str]:
    yield f"**{sheet.title}**\n"
    yield _line(sheet.columns)
    yield _line(["---"] * len(sheet.columns))
    yield from map(_line, sheet.rows)
    yield ""


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(cell: str) -> str:
    """A title may hold a bar or a line's end, which would break the row."""
    return " ".join(cell.split()).replace("|", "\\|")


def share(value: float | None, places: int = 3) -> str:
    """A part of one, as it is written in French; « – » when there is none."""
    return "–" if value is None else f"{value:.{places}f}".replace(".", ",")


def pairs_sheet(title: str, measure: duplicates.Measure) -> Iterator[Sheet]:
    """Duplicates: one row a family of pairs."""
    columns = ("Famille", "Paires", "Précision", "Rappel", "Réunies à tort", "Manquées")
    rows = []
    for family, count in (*measure.families.items(), ("Ensemble", measure.total)):
        shares = (share(count.precision(), 4), share(count.recall(), 4))
        counts = (count.joined_wrong, count.apart_wrong)
        rows.append((family, str(count.pairs()), *shares, *map(str, counts)))
    yield Sheet(title, columns, rows)


def search_sheets(measured: search.Measured) -> Iterator[Sheet]:
    """Relevance of each way overall, then by group of languages."""
    for state, ways in measured.answered.items():
        columns = ("Recherche par", "nDCG@10", "Rappel@100", "Rappel@100, exacts", "Réponses")
        told = {way: measured.figures(state, way) for way in ways}
        rows = [(way, *_relevance(one)) for way, one in told.items()]
        asked = told[search.TOGETHER].queries
        notices = measured.leads[search.EVERY]
        title = f"Recherche {state} : {notices} avis, {asked} requêtes qui ont une réponse"
        yield Sheet(title, columns, rows)
        yield _languages(measured, state, tuple(ways))


def _relevance(one: search.Figures) -> tuple[str, ...]:
    answers = "–" if one.answers is None else f"{one.answers:.0f}"
    return (share(one.ndcg), share(one.recall), share(one.exact), answers)


def _languages(measured: search.Measured, state: str, ways: Sequence[str]) -> Sheet:
    rows = []
    for name, notices in measured.leads.items():
        told = [measured.figures(state, way, name) for way in ways]
        best = (share(one.ndcg) for one in told)
        rows.append((name, str(notices), str(told[0].queries), *best))
    columns = ("Langues des avis", "Avis", "Requêtes", *(f"nDCG@10, {way}" for way in ways))
    return Sheet(f"Recherche {state}, par langues", columns, rows)


def worst_sheet(some: Sequence[Worst]) -> Iterator[Sheet]:
    """Queries and what tells why they fail."""
    columns = (
        "Requête",
        "Avis",
        "nDCG",
        "Sans codes",
        "Comprise comme",
        "Faux",
        "Faux, sans codes",
    )
    rows = [
        (
            one.query,
            str(one.relevant),
            share(one.ndcg, 2),
            share(one.ndcg_without, 2),
            *(_list(told) for told in (one.understood, one.wrong, one.wrong_without)),
        )
        for one in some
    ]
    yield Sheet(f"Les {len(rows)} requêtes les moins bien servies", columns, rows)


def _list(some: Sequence[str]) -> str:
    return " ; ".join(shorten(one, _LONGEST, placeholder="…") for one in some)


def _found(title: str, group: str, found: Found) -> Sheet:
    measures = list(next(iter(found.values())).right) if found else []
    rows = [
        (name, str(one.texts), *(share(one.right[measure]) for measure in measures))
        for name, one in found.items()
    ]
    return Sheet(title, (group, "Textes", *measures), rows)


def _band(name: str, band: Band, texts: int) -> tuple[str, ...]:
    part = share(band.said / texts) if texts else "–"
    return (name, str(band.said), part, share(band.claimed), share(band.right))


def confidence_sheets(title: str, confidence: Confidence) -> Iterator[Sheet]:
    """What is said by what it claims, then by how deep it goes."""
    columns = ("", "Codes dits", "Part des textes", "Confiance annoncée", "Justes")
    named: dict[str, Mapping[Any, Band]] = {
        "Confiance": confidence.bands() | {"tout": confidence.whole()},
        "Chiffres": confidence.depths(),
    }
    for name, bands in named.items():
        rows = [_band(str(key), band, confidence.texts) for key, band in bands.items()]
        yield Sheet(f"{title}, par {name.lower()}", (name, *columns[1:]), rows)


def goods_sheets(
    measured: codes.Measured, unlearned: Mapping[str, codes.Unlearned]
) -> Iterator[Sheet]:
    """HS codes of product texts, their confidence, and languages outside the learning."""
    yield _found("Codes SH de textes de produits", "Origine", measured.found)
    yield from confidence_sheets("Confiance des codes SH", measured.confidence)
    columns = ("Langue", "Textes", "Lisibles", "Codes dits", "Dont justes", "SH4 trouvés")
    rows = [
        (name, *map(str, (one.texts, one.known, one.said, one.right, one.heading)))
        for name, one in unlearned.items()
    ]
    yield Sheet("Langues hors apprentissage", columns, rows)


def notices_sheets(measured: codes.Notices) -> Iterator[Sheet]:
    """CPV codes of notices, their confidence, and « sans code SH »."""
    title = "Codes CPV d'avis, d'après leurs mots seuls"
    yield _found(f"{title} : le code principal", "Langues", measured.main)
    yield _found(f"{title} : un des codes", "Langues", measured.every.found)
    yield from confidence_sheets("Confiance des codes CPV", measured.every.confidence)
    mute = measured.mute
    row = (*map(str, (mute.said, mute.true)), share(mute.precision()), share(mute.recall()))
    columns = ("Dits", "Le sont", "Précision", "Rappel")
    yield Sheet("« Sans code SH », d'après le code CPV principal", columns, [row])
