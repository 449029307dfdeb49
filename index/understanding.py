"""A query's text understood: places become filters, misspellings are corrected, acronyms spelt out.

Every engine reads a query through here, so that they cannot disagree on what was asked; alerts too.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from index import spelling
from index.analysis import stem, stems
from index.query import Acronym, Correction, PlaceRead, Query, Understood
from index.sense import Sense, Sought
from index.syntax import Clause, Syntax, parse, plain_words, sheet
from taxonomies import countries, places
from taxonomies.acronyms import acronyms
from taxonomies.fold import fold

# Beyond so many words it is a text that was pasted, a product sheet: « fabriqué en Italie » in
# it asks for no Italian buyer. It is searched as it is.
MAX_READ = 16

# An acronym in capitals has no more letters than this; a longer word shouts.
_ACRONYM = 6


def is_sheet(text: str) -> bool:
    """Whether so many words follow one another, without any operator, that it was pasted."""
    return any(len(run) > MAX_READ for run in plain_words(text))


@dataclass(frozen=True, slots=True)
class _Word:
    """A plain word, where it stands in the text, what it is taken for."""

    start: int
    end: int
    typed: str
    said: str


@dataclass(frozen=True, slots=True)
class _Read:
    """Words of the text, from start to end, that name a place."""

    start: int
    end: int
    place: PlaceRead


Words = Sequence[_Word]


def _runs(text: str) -> list[list[_Word]]:
    spans = plain_words(text)
    if sum(map(len, spans)) > MAX_READ:
        return []
    return [
        [_Word(start, end, text[start:end], text[start:end]) for start, end in run] for run in spans
    ]


def _corrected(run: Words, known: Callable[[str], bool], literal: frozenset[str]) -> list[_Word]:
    made = []
    for place, word in enumerate(run):
        # A capital inside the query: a name, not a word.
        proper = place > 0 and word.typed[0].isupper() and not word.typed.isupper()
        shouted = word.typed.isupper() and len(word.typed) <= _ACRONYM
        kept = shouted or fold(word.typed) in literal
        found = None if kept else spelling.correct(word.typed, known, proper)
        made.append(replace(word, said=found) if found else word)
    return made


def _longest(words: Words) -> tuple[int, places.Place | None]:
    """How many of the first words go together, and the place that they name."""
    said = tuple(word.said for word in words[: places.longest()])
    for length in range(len(said), 0, -1):
        if places.is_something_else(said[:length]):
            return length, None
        if place := places.read(said[:length]):
            return length, place
    return 1, None


def _foreign(place: places.Place, query: Query) -> bool:
    """French buyers are hidden unless asked for: « France » then filters nothing."""
    known = countries.countries()
    return query.include_domestic or not all(known[one].french for one in place.countries)


def _places(run: Words, text: str, query: Query, literal: frozenset[str]) -> Iterator[_Read]:
    at = 0
    while at < len(run):
        length, place = _longest(run[at:])
        start, end = run[at].start, run[at + length - 1].end
        if place and _foreign(place, query) and fold(text[start:end]) not in literal:
            yield _Read(start, end, PlaceRead(text[start:end], str(place), place.countries))
        at += length


def _rewritten(text: str, words: Iterable[_Word], read: Sequence[_Read]) -> str:
    """The text with its corrections, without its places."""
    changes = {one.start: (one.end, " ") for one in read}
    inside = {place for one in read for place in range(one.start, one.end)}
    changes |= {
        word.start: (word.end, word.said)
        for word in words
        if word.said != word.typed and word.start not in inside
    }
    pieces, end = [], 0
    for start, (until, said) in sorted(changes.items()):
        pieces += [text[end:start], said]
        end = until
    return "".join((*pieces, text[end:]))


def _acronym(typed: str) -> str | None:
    """Full words of an acronym in capitals, or in small letters when it is no ordinary word."""
    word = fold(typed)
    clear = typed.isupper() or (len(word) > 2 and not spelling.is_word(word))
    return acronyms().get(word) if clear and typed.isascii() else None


def _acronyms(words: Words, literal: frozenset[str]) -> dict[str, Acronym]:
    return {
        stem(fold(word.typed)): Acronym(word.typed, full)
        for word in words
        if fold(word.typed) not in literal and (full := _acronym(word.typed))
    }


def _spelt_out(clause: Clause, found: dict[str, Acronym]) -> tuple[Clause, ...]:
    """The clause, and the same in full words when it holds acronyms."""
    if not any(word in found for word in clause.words):
        return (clause,)
    full = [stems(found[word].words) if word in found else [word] for word in clause.words]
    return clause, replace(clause, words=tuple(dict.fromkeys(chain.from_iterable(full))))


def _with_acronyms(syntax: Syntax, found: dict[str, Acronym]) -> Syntax:
    clauses = tuple(one for clause in syntax.clauses for one in _spelt_out(clause, found))
    full = parse(" ".join(acronym.words for acronym in found.values()))
    return replace(syntax, clauses=clauses, typed=tuple(dict((*full.typed, *syntax.typed)).items()))


def understand(query: Query, known: Callable[[str], bool]) -> Understood:
    """What the text of a query means. Never fails: what is not understood is words.

    known: whether the index has this stem; a word it has is never misspelt.
    """
    text = unicodedata.normalize("NFC", query.text)
    if is_sheet(text):
        return Understood(sheet(text))
    literal = frozenset(map(fold, query.literal))
    runs = [_corrected(run, known, literal) for run in _runs(text)]
    words = [word for run in runs for word in run]
    read = [one for run in runs for one in _places(run, text, query, literal)]
    left = [word for word in words if not any(r.start <= word.start < r.end for r in read)]
    found = _acronyms(left, literal)
    return Understood(
        syntax=_with_acronyms(parse(_rewritten(text, words, read)), found),
        places=tuple(one.place for one in read),
        corrections=tuple(
            Correction(word.typed, word.said) for word in words if word.said != word.typed
        ),
        acronyms=tuple(found.values()),
    )


def scoped(query: Query, understood: Understood) -> Query:
    """The query with the places of its text as filters, alternatives to those it has."""
    named = [country for place in understood.places for country in place.countries]
    return replace(query, country=tuple(dict.fromkeys((*query.country, *named))))


def meant(
    sense: Sense, query: Query, known: Callable[[str], bool]
) -> tuple[Understood, Sought | None]:
    """What the text says and what it means; None when its meaning is not asked for."""
    understood = understand(query, known)
    syntax = understood.syntax
    said = " ".join(word for _, word in syntax.typed if not word.isdigit())
    # Quotes and alternatives say exactly what is wanted: meaning adds nothing to them.
    if not said or not syntax.clauses or syntax.exact:
        return understood, None
    without = [(scheme, code) for scheme, _, code in (w.partition(" ") for w in query.without)]
    of, text = (sense.of_sheet, query.text) if syntax.sheet else (sense.of_query, said)
    sought = of(text, without)
    return replace(understood, codes=sought.codes), sought
