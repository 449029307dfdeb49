"""Generations of the index on a cluster: indices side by side, and an alias that names one.

A generation's name holds the schema's version and the embedder's name: what was built by another
version is never read, it is rebuilt from the record. How far each has come, and who rebuilds, is
written in an index of its own, where two writers cannot both win.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError, RequestError, TransportError

from index.generation import IndexBusy
from index.opensearch_client import UNHURRIED

# Seconds without a sign of life after which a rebuild is taken for dead.
_DEAD = 300.0

_LEDGER = {
    "settings": {"number_of_shards": 1, "auto_expand_replicas": "0-1"},
    "mappings": {
        "dynamic": "strict",
        "properties": {
            "sequence": {"type": "long"},
            "owner": {"type": "keyword"},
            "seen": {"type": "double"},
        },
    },
}

# What is not there is an answer, no failure to tell of.
_MAYBE = {"ignore": 404}

# What an index answers before its first shard can be read, and the seconds between two tries.
_STARTING = 503
_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2)

_TAKEN = "resource_already_exists_exception"


@dataclass(slots=True)
class Rebuild:
    """Who rebuilds, as the ledger last knew."""

    owner: str
    position: dict[str, int]


class Generations:
    """Those of one kind: what schema and embedder a reader can use. clock: seconds since 1970."""

    def __init__(
        self,
        client: OpenSearch,
        prefix: str,
        kind: str,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.client = client
        # Names of indices are in small letters.
        self.alias = re.sub(r"[^a-z0-9]+", "-", f"{prefix}-{kind}".lower()).strip("-")
        self._ledger = f"{prefix}-generations"
        self._clock, self._sleep = clock, sleep

    # One of them current

    def current(self) -> str | None:
        """Index of the current generation, None when there is none of this kind."""
        found = self.client.indices.get_alias(name=self.alias, params=_MAYBE)
        return None if "error" in found else next(iter(found), None)

    def create(self, body: dict[str, Any]) -> str:
        """A new, empty generation, not yet current; it belongs to who called."""
        while True:
            made = f"{self.alias}-g{max(self._numbers(), default=0) + 1:06}"
            if self._make(made, body):
                return made

    def _make(self, name: str, body: dict[str, Any]) -> bool:
        """Whether the index was made now; False when someone else just made it."""
        try:
            self.client.indices.create(index=name, body=body, params=UNHURRIED)
        except RequestError as error:
            if error.error != _TAKEN:
                raise
            return False
        return True

    def switch(self, made: str) -> None:
        """Make a generation current, in one step for every reader; the last one is kept, older
        ones go."""
        before = self.current()
        actions: list[Any] = [{"add": {"index": made, "alias": self.alias}}]
        if before and before != made:
            actions.append({"remove": {"index": before, "alias": self.alias}})
        self.client.indices.update_aliases(body={"actions": actions}, params=UNHURRIED)
        self._collect({made, before or made}, before=self._number(made))

    def first(self, body: dict[str, Any]) -> str:
        """The current generation, made now when there is none."""
        if found := self.current():
            return found
        name = f"{self.alias}-g{1:06}"
        if self._numbers():
            name = self.create(body)
        else:
            self._make(name, body)
        self.switch(name)
        return self.current() or name

    def drop(self, made: str) -> None:
        """Throw away a generation that will not be."""
        options: dict[str, Any] = {"ignore_unavailable": "true", **UNHURRIED}
        self.client.indices.delete(index=made, params=options)

    def _collect(self, kept: set[str], before: int) -> None:
        for number in self._numbers():
            name = f"{self.alias}-g{number:06}"
            if number < before and name not in kept:
                self.drop(name)

    def _numbers(self) -> list[int]:
        found = self.client.indices.get(
            index=f"{self.alias}-g*", params={"allow_no_indices": "true"}
        )
        return [self._number(name) for name in found if self._number(name)]

    def _number(self, name: str) -> int:
        last = name.removeprefix(f"{self.alias}-g")
        return int(last) if last.isdigit() else 0

    # How far it has come

    def mark(self, generation: str) -> int:
        """Sequence up to which a generation holds the record, 0 when it cannot be told."""
        return self._read(generation)[0]

    def advance(self, generation: str, after: int, last: int) -> None:
        """The generation holds everything from ``after`` to ``last``: move its mark on, unless
        something before ``after`` is missing."""
        while True:
            mark, position = self._started(generation)
            if mark < after or mark >= last:
                return
            if self._write(generation, {"sequence": last}, position):
                return

    def _read(self, name: str) -> tuple[int, dict[str, int]]:
        found = self._line(name)
        return (int(found["_source"]["sequence"]), _position(found)) if found else (0, {})

    def _started(self, name: str) -> tuple[int, dict[str, int]]:
        """``_read``, from a ledger that another writer may have made just now."""
        for pause in _PAUSES:
            try:
                return self._read(name)
            except TransportError as error:
                if error.status_code != _STARTING:
                    raise
                self._sleep(pause)
        return self._read(name)

    def _line(self, name: str) -> Any:
        """A line of the ledger with its position, None when there is none."""
        found = self.client.get(index=self._ledger, id=name, params=_MAYBE)
        return found if found.get("found") else None

    def _write(
        self, name: str, body: dict[str, Any], position: dict[str, int]
    ) -> dict[str, int] | None:
        """Write where nobody else did since; the new position, None when somebody did."""
        # Before its first line, lest the cluster guess its fields.
        if not position and not self.client.indices.exists(index=self._ledger):
            self._make(self._ledger, _LEDGER)
        condition: dict[str, Any] = {**UNHURRIED, **(position or {"op_type": "create"})}
        try:
            told = self.client.index(index=self._ledger, id=name, body=body, params=condition)
        except ConflictError:
            return None
        return _position(told)

    # Who rebuilds

    @contextmanager
    def rebuilding(self) -> Iterator[Rebuild]:
        """One rebuild at a time, whatever the machine. Raises IndexBusy."""
        mine = Rebuild(uuid4().hex, self._free())
        self.still(mine)
        try:
            yield mine
        finally:
            self._release(mine)

    @property
    def _lock(self) -> str:
        return f"{self.alias}-rebuild"

    def _free(self) -> dict[str, int]:
        """Position of the last rebuild's line, which is over; {} when there was none."""
        found = self._line(self._lock)
        if found is None:
            return {}
        told = found["_source"]
        if told["owner"] and self._clock() - told["seen"] < _DEAD:
            raise _busy()
        return _position(found)

    def still(self, mine: Rebuild) -> None:
        """A sign of life. Raises IndexBusy when another took over."""
        line = {"owner": mine.owner, "seen": self._clock()}
        position = self._write(self._lock, line, mine.position)
        if position is None:
            raise _busy()
        mine.position = position

    def _release(self, mine: Rebuild) -> None:
        self._write(self._lock, {"owner": "", "seen": self._clock()}, mine.position)


def _position(found: dict[str, Any]) -> dict[str, int]:
    return {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}


def _busy() -> IndexBusy:
    return IndexBusy("L'index est en cours de reconstruction par un autre processus.")
