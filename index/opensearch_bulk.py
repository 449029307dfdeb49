"""Writing many documents: what the cluster has no time for is sent again, what it refuses is set
aside with its reason, and no more than one request is ever under way."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError, TransportError

from index.engine import EngineAway
from index.opensearch_client import OVERWORKED, UNHURRIED, lines

# Of one request: enough to keep a node busy, little enough for one with a small heap.
MOST_DOCUMENTS, MOST_BYTES = 500, 4_000_000

# Seconds: a first pause, doubled each time, and what a batch may take in all.
_PAUSE, _LONGEST, PATIENCE = 0.2, 15.0, 90.0

TOO_LARGE = 413


@dataclass(frozen=True, slots=True)
class Document:
    """A document to write under an external version; an older one never replaces a newer."""

    id: str
    version: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that the cluster will never take, and why."""

    document: Document
    reason: str


@dataclass(slots=True)
class Written:
    """written: documents taken. stale: already there under the same or a later version."""

    written: int = 0
    stale: int = 0
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Line:
    document: Document
    text: bytes


def _line(document: Document, index: str) -> _Line:
    action = {
        "_index": index,
        "_id": document.id,
        "version": document.version,
        "version_type": "external",
    }
    return _Line(document, lines(({"index": action}, document.body)))


def _chunks(documents: Iterable[Document], index: str) -> Iterator[list[_Line]]:
    chunk: list[_Line] = []
    size = 0
    for one in (_line(document, index) for document in documents):
        if chunk and (len(chunk) == MOST_DOCUMENTS or size + len(one.text) > MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(one)
        size += len(one.text)
    if chunk:
        yield chunk


class Bulk:
    """Writes documents in one index. sleep and chance are the world's."""

    def __init__(
        self,
        client: OpenSearch,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.client = client
        self._sleep = sleep
        self._chance = chance

    def write(self, index: str, documents: Iterable[Document]) -> Written:
        """Write them all. Raises EngineAway when the cluster took too long; what it took before
        stays, and may be sent again."""
        done = Written()
        for chunk in _chunks(documents, index):
            self._insist(chunk, done)
        return done

    def _insist(self, chunk: Sequence[_Line], done: Written) -> None:
        waited, pause, left = 0.0, _PAUSE, list(chunk)
        while left := self._send(left, done):
            if waited >= PATIENCE:
                raise EngineAway("OpenSearch n'accepte plus d'écritures.")
            # Not all writers at once.
            rest = pause * (0.5 + self._chance())
            self._sleep(rest)
            waited, pause = waited + rest, min(2 * pause, _LONGEST)

    def _send(self, chunk: list[_Line], done: Written) -> list[_Line]:
        """Send once; gives back what must be sent again."""
        body = b"".join(one.text for one in chunk)
        try:
            told = self.client.bulk(body=body, params=UNHURRIED)
        except ConnectionError:
            return chunk
        except TransportError as error:
            if error.status_code == TOO_LARGE:
                return self._halved(chunk, done)
            if error.status_code in OVERWORKED:
                return chunk
            raise
        return [
            one
            for one, item in zip(chunk, told["items"], strict=True)
            if _again(one.document, item["index"], done)
        ]

    def _halved(self, chunk: list[_Line], done: Written) -> list[_Line]:
        if len(chunk) == 1:
            done.refused.append(Refused(chunk[0].document, "document trop volumineux"))
            return []
        half = len(chunk) // 2
        return self._send(chunk[:half], done) + self._send(chunk[half:], done)


def _again(document: Document, item: dict[str, Any], done: Written) -> bool:
    """Count what became of a document; True when it must be sent again."""
    status = int(item["status"])
    if status in OVERWORKED:
        return True
    if status < 300:
        done.written += 1
    elif status == 409:
        done.stale += 1
    else:
        done.refused.append(Refused(document, _reason(item.get("error") or {})))
    return False


def _reason(error: dict[str, Any]) -> str:
    cause = error.get("caused_by") or {}
    told = (error.get("type"), error.get("reason"), cause.get("reason"))
    return " : ".join(str(one) for one in told if one)[:1_000]
