"""The journal of a run: every request that is behind us, so that a killed crawl goes on from there.

One JSON object a line, appended and synced. A line that a crash cut is as if it had not been
written: its request is made again, and its answer takes the place of the one before.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from crawlers.ask import Ask, Read


@dataclass(frozen=True, slots=True)
class Step:
    """A request that is behind us.

    landed: bytes of the answer that was stored, None when none was. missed: why it brought nothing,
    as a key of collect.ENDINGS. unchanged: nothing new since the last crawl. state: what to give
    back next time (version, etag, modified).
    """

    ask: Ask
    read: Read = field(default_factory=Read)
    landed: int | None = None
    missed: str = ""
    detail: str = ""
    unchanged: bool = False
    state: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Step":
        """From what ``orjson.dumps`` made of a step. Raises LookupError, TypeError, ValueError."""
        read = data["read"]
        follow = tuple(Ask(**one) for one in read["follow"])
        made = Read(
            read["items"], tuple(read["keys"]), read["declared"], follow, tuple(read["lost"])
        )
        return cls(**{**data, "ask": Ask(**data["ask"]), "read": made})


class Journal:
    """What is behind and what is left.

    landed: answers stored; bytes: their size; items: notices seen or listed, once each where they
    have keys; declared: how many there are, as last said.
    Raises OSError when the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.landed = self.bytes = self.unchanged = self._loose = 0
        self.declared: int | None = None
        self.missed: list[dict[str, str]] = []
        self.known: dict[str, dict[str, str]] = {}
        self._keys: set[str] = set()
        self._asked: set[str] = set()
        # What the rest depends on is asked first: a token may not live as long as the details.
        self._first: dict[str, Ask] = {}
        self._then: dict[str, Ask] = {}
        whole = 0
        for step, end in _steps(path):
            self._apply(step)
            whole = end
        self.path = path
        if path.exists():
            os.truncate(path, whole)

    @property
    def items(self) -> int:
        """Notices seen or listed so far."""
        return self._loose + len(self._keys)

    @property
    def left(self) -> int:
        """Requests still to be made."""
        return len(self._first) + len(self._then)

    def begin(self, asks: Iterable[Ask]) -> None:
        """What a crawl starts with, but for what is behind us already."""
        self._expect(asks)

    def next(self) -> Ask | None:
        """What to ask now, None when nothing is left."""
        for queue in (self._first, self._then):
            if queue:
                return next(iter(queue.values()))
        return None

    def asked(self, ask: Ask) -> bool:
        """Whether this was asked, or is about to be."""
        return ask.name in self._asked

    def add(self, step: Step) -> None:
        """Note a step. On return, it survives a power cut. Raises OSError."""
        with self.path.open("ab") as file:
            file.write(orjson.dumps(asdict(step)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._apply(step)

    def _expect(self, asks: Iterable[Ask]) -> None:
        for ask in asks:
            if ask.name not in self._asked:
                self._asked.add(ask.name)
                (self._then if ask.alone else self._first)[ask.name] = ask

    def _apply(self, step: Step) -> None:
        ask, read = step.ask, step.read
        self._asked.add(ask.name)
        for queue in (self._first, self._then):
            queue.pop(ask.name, None)
        self._expect(read.follow)
        self._loose += read.items if not read.keys else 0
        self._keys.update(read.keys)
        self.declared = self.declared if read.declared is None else read.declared
        if step.landed is not None:
            self.landed += 1
            self.bytes += step.landed
        self.unchanged += step.unchanged
        for lost in read.lost:
            self.missed.append({"address": lost, "reason": "unreadable", "detail": ask.address})
        if step.missed:
            missed = {"address": ask.address, "reason": step.missed, "detail": step.detail}
            self.missed.append(missed)
        # Without anything to give back, a detail is named nevertheless: it was had.
        if step.state or (ask.alone and not step.missed):
            self.known[ask.name] = step.state


def _steps(path: Path) -> Iterator[tuple[Step, int]]:
    """The whole steps of a journal, each with where it ends; nothing when there is no journal."""
    if not path.exists():
        return
    end = 0
    with path.open("rb") as lines:
        for line in lines:
            try:
                step = Step.from_json(orjson.loads(line))
            except (LookupError, TypeError, ValueError):
                return
            if not line.endswith(b"\n"):
                return
            end += len(line)
            yield step, end
