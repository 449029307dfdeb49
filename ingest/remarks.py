"""What the last ingestions of a source did not understand, and who explained it since."""

from collections import Counter
from dataclasses import dataclass

import orjson
from sqlalchemy import select

from index.store import LeadStore
from index.tables import run
from ingest.lookups import LONGEST, REMARKED, UNSAID, Subject
from ingest.report import OTHERS, by_subject
from ingest.source import Source

# Runs looked at, and words of one subject.
RUNS, WORDS = 20, 30


@dataclass(frozen=True, slots=True)
class Word:
    """Something that a source wrote and that was not understood, how often. meaning: what somebody
    said since that it means, "" when nobody did. explains: what such a word may mean, None when
    nobody can say."""

    word: str
    times: int
    explains: Subject | None = None
    meaning: str = ""


def remarks(store: LeadStore, page: Source, runs: int = RUNS) -> dict[str, list[Word]]:
    """Subject → words, the most frequent first, of the last runs of a source under its own name.
    page: with what people explained (``ingest.lookups.explained``)."""
    told = select(run.c.report).where(run.c.source == page.name, run.c.finished.is_not(None))
    counted: Counter[tuple[str, str]] = Counter()
    with store.reading() as connection:
        for report in connection.execute(told.order_by(run.c.id.desc()).limit(runs)).scalars():
            for subject, details in orjson.loads(report).get("remarks", {}).items():
                for detail, times in details.items():
                    counted[subject, detail] += times
    return {
        subject: [_word(page, subject, *one) for one in words[:WORDS]]
        for subject, words in by_subject(counted).items()
    }


def _word(page: Source, subject: str, word: str, times: int) -> Word:
    explains = REMARKED.get(subject)
    if explains is None or word in (UNSAID, OTHERS) or len(word) > LONGEST:
        return Word(word, times)
    return Word(word, times, explains, page.lookups.get(explains, {}).get(word, ""))
