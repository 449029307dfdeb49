"""What services tell of a notice, whatever the notice: the words of a real one, dates of ours.

Real notices are years old, and most services only tell the last days.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from replica.material import Piece
from taxonomies import countries

DAYS = 20  # over which notices are spread


@dataclass(frozen=True, slots=True)
class Retold:
    """country: its English name. codes: (scheme, value). amount: as written, "" for none."""

    number: int
    title: str
    body: str
    language: str
    buyer: str
    country: str
    place: str
    published: date
    deadline: datetime
    codes: tuple[tuple[str, str], ...]
    amount: str

    def codes_of(self, scheme: str) -> list[str]:
        """Its codes of one scheme."""
        return [value for name, value in self.codes if name == scheme]


def retold(pieces: Iterable[Piece], today: date) -> list[Retold]:
    """The notices, the newest first, as if published in the days before ``today``."""
    told = [_retold(number, piece, today) for number, piece in enumerate(pieces, 1)]
    return sorted(told, key=lambda one: one.published, reverse=True)


def _retold(number: int, piece: Piece, today: date) -> Retold:
    notice, text = piece.notice, piece.notice.texts[0]
    published = today - timedelta(days=number % DAYS)
    code = countries.parse(notice.country)
    country = countries.get(code) if code else None
    return Retold(
        number=number,
        title=text.title,
        body=text.body,
        language=text.language[:2].lower(),
        buyer=notice.buyer,
        country=country.en if country else "",
        place=notice.place,
        published=published,
        deadline=datetime.combine(published + timedelta(days=35), time(10 + number % 8, 30)),
        codes=tuple((one.scheme, one.value) for one in notice.codes if one.value),
        amount=notice.amount.value if notice.amount else "",
    )
