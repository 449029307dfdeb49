"""Leads on their way into the cluster: under the record's sequence, refused ones set aside."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import RequestError

from index.lead import Lead
from index.opensearch_bulk import Bulk, Document, Refused
from index.opensearch_client import UNHURRIED
from index.opensearch_generations import Generations, Rebuild
from index.opensearch_schema import Layout, body, documents
from index.sense import Sense

# While a generation is built nobody reads it.
_QUIET: dict[str, Any] = {"index": {"refresh_interval": "-1"}}
_USUAL: dict[str, Any] = {"index": {"refresh_interval": None}}

_ASIDE: dict[str, Any] = {
    "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
    "mappings": {
        "dynamic": "strict",
        "properties": {
            "reason": {"type": "keyword", "ignore_above": 1_000},
            "generation": {"type": "keyword"},
            "sequence": {"type": "long"},
            "lead": {"type": "keyword", "index": False, "doc_values": False},
        },
    },
}


class Writer:
    """Writes in the generations of one kind."""

    def __init__(self, client: OpenSearch, sense: Sense, layout: Layout, kind: str) -> None:
        self.client = client
        self.sense = sense
        self.layout = layout
        self.generations = Generations(client, layout.prefix, kind)
        self.bulk = Bulk(client)
        self._aside = f"{layout.prefix}-ecartes"

    def put(self, leads: Sequence[Lead], after: int) -> int:
        """See ``SearchEngine.put``."""
        generation = self.generations.first(self._body())
        if not leads:
            return 0
        written = self._write(generation, leads)
        self._show(generation)
        self.generations.advance(generation, after, max(lead.sequence for lead in leads))
        return written

    def replace(self, batches: Iterable[Sequence[Lead]]) -> int:
        """See ``SearchEngine.replace``."""
        with self.generations.rebuilding() as mine:
            made = self.generations.create(self._body())
            try:
                return self._fill(made, batches, mine)
            except BaseException:
                self.generations.drop(made)
                raise

    def _fill(self, made: str, batches: Iterable[Sequence[Lead]], mine: Rebuild) -> int:
        self.client.indices.put_settings(index=made, body=_QUIET, params=UNHURRIED)
        written, last = 0, 0
        for leads in batches:
            written += self._write(made, leads)
            last = max([last, *(lead.sequence for lead in leads)])
            self.generations.still(mine)
        self.client.indices.put_settings(index=made, body=_USUAL, params=UNHURRIED)
        self._show(made)
        self.generations.advance(made, 0, last)
        self.generations.still(mine)
        self.generations.switch(made)
        return written

    def _body(self) -> dict[str, Any]:
        return body(self.sense.dimensions, self.layout)

    def _show(self, generation: str) -> None:
        """Make what was written visible to every reader."""
        self.client.indices.refresh(index=generation, params=UNHURRIED)

    def _write(self, generation: str, leads: Sequence[Lead]) -> int:
        latest = {lead.id: lead for lead in sorted(leads, key=lambda lead: lead.sequence)}
        done = self.bulk.write(generation, self._documents(list(latest.values())))
        if done.refused:
            self._set_aside(generation, done.refused)
        return done.written

    def _documents(self, leads: Sequence[Lead]) -> Iterator[Document]:
        if leads:
            made = documents(leads, self.sense.of_leads(leads))
            for lead, one in zip(leads, made, strict=True):
                yield Document(lead.id, lead.sequence, one)

    def _set_aside(self, generation: str, refused: Sequence[Refused]) -> None:
        """What the index will never take is kept, with the reason, where an operator finds it."""
        try:
            self.client.indices.create(index=self._aside, body=_ASIDE, params=UNHURRIED)
        except RequestError as error:
            if error.error != "resource_already_exists_exception":
                raise
        self.bulk.write(
            self._aside,
            (
                Document(
                    one.document.id,
                    one.document.version,
                    {
                        "reason": one.reason,
                        "generation": generation,
                        "sequence": one.document.version,
                        "lead": one.document.body["lead"],
                    },
                )
                for one in refused
            ),
        )
