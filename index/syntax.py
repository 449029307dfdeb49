"""What the words of a query mean: alternatives, phrases, exclusions, codes, identifiers."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.analysis import prepared, stem
from index.lead import Scheme
from index.typed_codes import typed_codes
from taxonomies.fold import fold

# A word, a quoted phrase (French quotes too), each possibly excluded by a leading dash.
_TOKEN = re.compile(r'(?P<no>(?<!\S)-)?(?:["«“](?P<phrase>[^"»”]*)["»”]|(?P<word>[^\s"«»“”]+))')
_LETTERS = re.compile(r"[^\W_]+")
_OR = frozenset({"OR", "OU", "|"})

# Beyond these, further words change nothing to the answer and cost time on hostile input.
MAX_WORDS, MAX_LETTERS = 64, 60

# Characters of a sheet whose words are looked for.
_SHEET = 2_000


@dataclass(frozen=True, slots=True)
class Phrase:
    """Stems with their place in the phrase: function words leave a gap."""

    words: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """One alternative: words (most of them must be found) and phrases (all of them)."""

    words: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class Syntax:
    """A query's text, understood.

    typed: stem → word as typed, for explanations. codes: (scheme, code) typed as such.
    identifiers: words with digits, letters and digits only, as keys are indexed.
    exact: quotes or alternatives say exactly what is wanted. sheet: a text that was pasted; its
    meaning is asked for, its words only speak for what is found.
    """

    clauses: tuple[Clause, ...] = ()
    excluded: tuple[Phrase, ...] = ()
    typed: tuple[tuple[str, str], ...] = ()
    codes: tuple[tuple[Scheme, str], ...] = ()
    identifiers: tuple[str, ...] = ()
    exact: bool = False
    sheet: bool = False


def identifier(text: str) -> str:
    """Letters and digits of a reference, lower case: "2019/S 141-346469" → "2019s141346469"."""
    return fold(text).replace(" ", "")


def phrase(text: str) -> Phrase:
    """The stems of a phrase with their positions."""
    words = enumerate(prepared(text).split()[:MAX_WORDS])
    return Phrase(
        tuple((place, found) for place, word in words if (found := stem(word[:MAX_LETTERS])))
    )


def _said(token: re.Match[str]) -> str:
    return token["word"] if token["phrase"] is None else token["phrase"]


def _alternatives(tokens: Iterable[re.Match[str]]) -> list[list[re.Match[str]]]:
    groups: list[list[re.Match[str]]] = [[]]
    for token in tokens:
        if token["word"] in _OR:
            groups.append([])
        else:
            groups[-1].append(token)
    return groups


def _clause(tokens: Iterable[re.Match[str]]) -> Clause:
    words: dict[str, None] = {}
    phrases = []
    for token in tokens:
        found = phrase(_said(token))
        if token["phrase"] is None:
            words |= dict.fromkeys(one for _, one in found.words)
        elif found.words:
            phrases.append(found)
    return Clause(tuple(words)[:MAX_WORDS], tuple(phrases))


def _typed(tokens: Iterable[re.Match[str]]) -> dict[str, str]:
    typed: dict[str, str] = {}
    for token in tokens:
        pieces = [piece[:MAX_LETTERS] for piece in prepared(_said(token)).split()[:MAX_WORDS]]
        told = [piece for piece in pieces if stem(piece)]
        # Accents and case as typed, when the token is one word only.
        typed |= {stem(piece): _said(token) if len(told) == 1 else piece for piece in told}
    return typed


def plain_words(text: str) -> list[list[tuple[int, int]]]:
    """Where the words stand that are neither quoted nor excluded, as (start, end).

    Words of one list follow one another; quotes, exclusions and OR come between two lists.
    """
    runs: list[list[tuple[int, int]]] = [[]]
    for token in list(_TOKEN.finditer(text))[:MAX_WORDS]:
        if token["no"] or token["word"] is None or token["word"] in _OR:
            runs.append([])
        else:
            start = token.start("word")
            found = _LETTERS.finditer(token["word"])
            runs[-1] += [(start + one.start(), start + one.end()) for one in found]
    return [run for run in runs if run]


def _identifiers(words: Sequence[str]) -> tuple[str, ...]:
    """Words with digits, and two of them in a row: « 346469 2019 »."""
    numbers = [identifier(w) if any(sign.isdigit() for sign in w) else "" for w in words]
    pairs = [one + other for one, other in pairwise(numbers) if one and other]
    return tuple(number for number in (*numbers, *pairs) if len(number) >= 4)


def parse(text: str) -> Syntax:
    """Understand a query. Never fails: what is not syntax is words."""
    tokens = list(_TOKEN.finditer(text))[:MAX_WORDS]
    wanted = [token for token in tokens if not token["no"]]
    plain = [t for t in wanted if t["word"] and t["word"] not in _OR and fold(t["word"])]
    written = [token["word"] for token in plain]
    codes, naming = typed_codes(written)
    # « CPV » before a code is not a word to find: too many notices hold it.
    wanted = [token for token in wanted if token not in [plain[place] for place in naming]]
    groups = map(_clause, _alternatives(wanted))
    clauses = tuple(one for one in groups if one.words or one.phrases)
    return Syntax(
        clauses=clauses,
        excluded=tuple(
            found for token in tokens if token["no"] and (found := phrase(_said(token))).words
        ),
        typed=tuple(_typed(token for token in wanted if token["word"] not in _OR).items()),
        codes=codes,
        identifiers=_identifiers(written),
        exact=len(clauses) > 1 or any(clause.phrases for clause in clauses),
    )


def sheet(text: str) -> Syntax:
    """A pasted text: quotes, dashes and numbers in it are those of a text, and ask for nothing."""
    words = prepared(text[:_SHEET]).split()[: 4 * MAX_WORDS]
    typed = {found: word for word in words if (found := stem(word[:MAX_LETTERS]))}
    told = tuple(typed.items())[:MAX_WORDS]
    clause = Clause(tuple(found for found, _ in told))
    return Syntax((clause,) if told else (), typed=told, sheet=True)
