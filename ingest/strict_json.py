"""JSON as strangers send it: read in one way only, or refused with all that is wrong with it.

Readers differ on duplicate keys, NaN, 1e999, lone surrogates and NUL; each has made a service fail
or store something else than what was meant. None is let in.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

# Levels of lists and objects; a demand has three.
DEPTH = 12
# Digits of an integer beyond which no amount goes.
_DIGITS = 20
# Faults told of one body.
MOST = 20

_SURROGATES = re.compile("[\ud800-\udfff]")
_PLAIN = re.compile(r"[\w.-]{1,40}")

# Where it is ("codes[2].code", "" for the whole), and what is wrong (French).
Fault = tuple[str, str]


class JsonRefused(Exception):  # noqa: N818 - reads as what happened
    """faults: all that was found, at most ``MOST``. What came in is not repeated, but for names of
    fields made of letters and digits."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0][1] if faults else "")
        self.faults = faults[:MOST]


def path(parts: tuple[str | int, ...]) -> str:
    """Where a value is, for people: ("codes", 2, "code") → "codes[2].code"."""
    told = ""
    for part in parts:
        if isinstance(part, int):
            told += f"[{part}]"
        else:
            told += ("." if told else "") + shown(part)
    return told


def shown(name: str) -> str:
    """The name of a field as it may be repeated."""
    return name if _PLAIN.fullmatch(name) else "(nom illisible)"


def parse(data: bytes) -> Any:
    """The value. Raises JsonRefused."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JsonRefused([("", f"UTF-8 attendu, octet {error.start + 1} illisible")]) from error
    twice: list[Fault] = []
    reader = json.JSONDecoder(
        object_pairs_hook=lambda pairs: _object(pairs, twice),
        parse_constant=lambda _: math.nan,
        parse_int=lambda digits: int(digits) if len(digits) <= _DIGITS else math.inf,
    )
    try:
        value = reader.decode(text)
    except json.JSONDecodeError as error:
        place = f"ligne {error.lineno}, colonne {error.colno}"
        raise JsonRefused([("", f"JSON illisible, {place}")]) from error
    except RecursionError as error:
        raise JsonRefused([("", f"plus de {DEPTH} niveaux")]) from error
    if found := [*twice, *_faults(value, ())]:
        raise JsonRefused(found)
    return value


def _object(pairs: list[tuple[str, Any]], twice: list[Fault]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for name, value in pairs:
        if name in held:
            twice.append((shown(name), "champ écrit deux fois"))
        held[name] = value
    return held


def _faults(value: Any, at: tuple[str | int, ...]) -> Iterator[Fault]:
    if len(at) > DEPTH:
        yield path(at[:DEPTH]), f"plus de {DEPTH} niveaux"
    elif isinstance(value, str):
        yield from ((path(at), fault) for fault in _of_text(value))
    elif isinstance(value, float) and not math.isfinite(value):
        yield path(at), "nombre impossible"
    elif isinstance(value, list):
        for n, one in enumerate(value):
            yield from _faults(one, (*at, n))
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from ((path((*at, name)), f"nom de champ : {fault}") for fault in _of_text(name))
            yield from _faults(one, (*at, name))


def _of_text(text: str) -> Iterator[str]:
    if "\0" in text:
        yield "caractère nul"
    if _SURROGATES.search(text):
        yield "demi-caractère isolé (\\ud800–\\udfff)"
