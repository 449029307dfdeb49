"""The codes that analysts give leads, as labelled texts from which the coder learns."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from index.coding import Coded
from index.labelled import LabelledText, forget, keep, said
from index.lead import Lead
from index.reviews import Corrections, Review
from ingest.classify import wording

_SCHEMES: tuple[Coded, ...] = ("CPV", "HS")


class Labels:
    """The text of one lead, as folded, among the labelled ones."""

    def __init__(self, connection: Connection, folded: Lead) -> None:
        self._connection, self._words = connection, wording(folded)

    def _text(self, scheme: Coded, code: str) -> LabelledText:
        # PostgreSQL stores no null character.
        title, text = (one.replace("\0", "") for one in (self._words.title, self._words.text))
        return LabelledText(scheme, code, title, text, self._words.language)

    def _said(self, fields: Corrections) -> Iterator[LabelledText]:
        """A text has one code in each scheme: the main one."""
        for scheme in _SCHEMES:
            if codes := fields.get(scheme):
                yield self._text(scheme, codes[0])

    def before(self, fields: Corrections) -> dict[str, Any]:
        """What others said of the text that these corrections will replace."""
        found = (said(self._connection, one) for one in self._said(fields))
        labels = [
            [one.text.scheme, one.text.code, one.author, one.at.isoformat()] for one in found if one
        ]
        return {"labels": labels} if labels else {}

    def keep(self, fields: Corrections, who: str, at: datetime) -> None:
        """From now on the coder knows what an analyst said of the text."""
        keep(self._connection, list(self._said(fields)), who, at)

    def take_back(self, undone: Review, rest: Sequence[Review]) -> None:
        """Forget what a decision said of the text; what it replaced is said again, and what the
        rest, still in force, say."""
        for one in self._said(undone.fields):
            forget(self._connection, one, undone.who)
        for scheme, code, author, at in undone.moved.get("labels", ()):
            keep(self._connection, [self._text(scheme, code)], author, datetime.fromisoformat(at))
        for other in rest:
            again = {name: other.fields[name] for name in undone.fields if name in other.fields}
            self.keep(again, other.who, other.at)
