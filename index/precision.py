"""How precise what finds leads is, as the votes say: of sources, of rules, of codes.

Precision is useful / (useful + off topic + fraudulent): a lead that comes too late, or is already
filled, was the right one nevertheless.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Any, Literal, get_args

import orjson
from sqlalchemy import Connection, case, func, select

from index.ballot import Verdict
from index.usefulness import VALID
from index.usefulness_tables import lenience, vote

Kind = Literal["source", "regle", "sh", "cpv"]
KINDS: tuple[Kind, ...] = get_args(Kind)
AGAINST: tuple[Verdict, ...] = ("hors-sujet", "frauduleux")
JUDGED: tuple[Verdict, ...] = ("utile", *AGAINST)

# 95 % of a normal law, on both sides.
_Z = 1.959964

# Below three useful leads of ten, an exporter reads more noise than demands: over a page of twenty
# results, fourteen for nothing.
FLOOR = 0.30
# With thirty judged votes the upper bound passes below the floor at four useful ones (13 %): a
# source at 30 % is then held by mistake three times in a hundred.
ENOUGH = 30
# One angry person, however diligent, does not silence a source.
VOTERS = 10
# What a source was a quarter ago says little of what it is: it may have been mended since.
WINDOW = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Precision:
    """What the votes say of one source, rule, HS chapter or CPV division (``subject``). judged:
    votes of which precision is made; None without any. low, high: Wilson interval at 95 %."""

    kind: Kind
    subject: str
    verdicts: Mapping[Verdict, int]

    @property
    def votes(self) -> int:
        """All votes, those which say nothing of precision too."""
        return sum(self.verdicts.values())

    @property
    def judged(self) -> int:
        """Votes of which precision is made."""
        return sum(self.verdicts.get(one, 0) for one in JUDGED)

    @property
    def useful(self) -> int:
        """Those that say it is useful."""
        return self.verdicts.get("utile", 0)

    @property
    def value(self) -> float | None:
        """0–1, None when nothing was judged."""
        return self.useful / self.judged if self.judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where precision lies, nineteen times in twenty."""
        return wilson(self.useful, self.judged)


def wilson(good: int, count: int) -> tuple[float, float]:
    """Bounds of a share of which ``good`` of ``count`` were seen (Wilson's score interval at 95 %,
    1927): it stays within 0–1 and says something from the first vote. (0, 1) for none."""
    if not count:
        return 0.0, 1.0
    share, square = good / count, _Z * _Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    around = share * (1 - share) / count + square / (4 * count * count)
    half = _Z * sqrt(around) / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)


def precisions(connection: Connection, since: datetime, until: datetime) -> list[Precision]:
    """What votes cast in this time say, by kind and subject. A lead with two codes of a chapter
    counts once in it."""
    wanted = (
        select(vote.c.source, vote.c.rule, vote.c.facts, vote.c.verdict, func.count().label("n"))
        .where(VALID, vote.c.at >= since, vote.c.at < until)
        .group_by(vote.c.source, vote.c.rule, vote.c.facts, vote.c.verdict)
    )
    found: defaultdict[tuple[Kind, str], Counter[Verdict]] = defaultdict(Counter)
    for row in connection.execute(wanted):
        for kind, subject in _subjects(row.source, row.rule, orjson.loads(row.facts)):
            found[kind, subject][row.verdict] += row.n
    return [Precision(kind, subject, found[kind, subject]) for kind, subject in sorted(found)]


def _subjects(source: str, rule: str, facts: Any) -> Iterator[tuple[Kind, str]]:
    yield "source", source
    if rule:
        yield "regle", rule
    yield from (("sh", chapter) for chapter in _twos(facts.get("HS", ())))
    yield from (("cpv", division) for division in _twos(facts.get("CPV", ())))


def _twos(codes: Iterable[str]) -> set[str]:
    """HS chapters and CPV divisions are the first two digits."""
    return {code[:2] for code in codes}


def leads_of(
    connection: Connection, kind: Kind, subject: str, since: datetime, until: datetime
) -> dict[str, Counter[Verdict]]:
    """The leads whose votes make that precision, those most voted against first."""
    wanted = select(vote.c.lead, vote.c.facts, vote.c.verdict, func.count().label("n")).where(
        VALID, vote.c.at >= since, vote.c.at < until
    )
    column = {"source": vote.c.source, "regle": vote.c.rule}.get(kind)
    if column is not None:
        wanted = wanted.where(column == subject)
    found: defaultdict[str, Counter[Verdict]] = defaultdict(Counter)
    for row in connection.execute(wanted.group_by(vote.c.lead, vote.c.facts, vote.c.verdict)):
        if column is not None or (kind, subject) in _subjects("", "", orjson.loads(row.facts)):
            found[row.lead][row.verdict] += row.n
    worst = sorted(found, key=lambda lead: (-sum(found[lead][one] for one in AGAINST), lead))
    return {lead: found[lead] for lead in worst}


def imprecise(
    connection: Connection, now: datetime, floor: float = FLOOR, enough: int = ENOUGH
) -> list[Precision]:
    """Sources and rules whose precision is below the floor, beyond doubt: even the upper bound of
    the interval is, on enough judged votes of enough voters of the last ninety days."""
    found: list[Precision] = []
    columns: tuple[tuple[Kind, Any], ...] = (("source", vote.c.source), ("regle", vote.c.rule))
    for kind, column in columns:
        recent = VALID & vote.c.verdict.in_(JUDGED) & (vote.c.at >= now - WINDOW)
        # Every vote, in the order of an index that has all it takes: ten times as fast as a search.
        number = func.sum(case((recent, 1), else_=0))
        wanted = select(column, vote.c.verdict, number).group_by(column, vote.c.verdict)
        told: defaultdict[str, Counter[Verdict]] = defaultdict(Counter)
        for subject, verdict, votes in connection.execute(wanted):
            told[subject][verdict] = votes
        told.pop("", None)
        every = (Precision(kind, subject, told[subject]) for subject in sorted(told))
        low = [one for one in every if one.judged >= enough and one.interval[1] < floor]
        heard = _heard(connection, column, recent, [one.subject for one in low])
        found += (one for one in low if one.subject in heard)
    return found


def _heard(connection: Connection, column: Any, recent: Any, subjects: list[str]) -> set[str]:
    """Those of which enough voters have judged leads."""
    if not subjects:
        return set()
    wanted = select(column).where(recent, column.in_(subjects)).group_by(column)
    enough = wanted.having(func.count(vote.c.voter.distinct()) >= VOTERS)
    return set(connection.execute(enough).scalars())


def throttled(
    connection: Connection, now: datetime, floor: float = FLOOR, enough: int = ENOUGH
) -> frozenset[str]:
    """Sources (by name) and rules (« regle:3 ») whose new leads wait for an analyst; those that an
    analyst lets through are not among them."""
    wanted = select(lenience.c.subject).where(lenience.c.until > now)
    spared = set(connection.execute(wanted).scalars())
    held = (one.subject for one in imprecise(connection, now, floor, enough))
    return frozenset(held) - spared
