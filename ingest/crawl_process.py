"""The process that crawls: ``python -m crawlers``, its lines read as they come."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from tempfile import TemporaryDirectory
from threading import Thread
from typing import IO, Any

import orjson

from ingest.crawl import Answer, Ask, Request, Told, printable

_COMPLETE, _IMPOSSIBLE, _INCOMPLETE = 0, 2, 3
# Seconds between two signs of life while the service says nothing.
_BEAT = 20.0
# A crawl waits four times at most for one answer, an hour is far beyond: it hangs.
_SILENCE = 3_600.0
# Time to write its report once asked to stop.
_GRACE = 20.0


def crawl_process(
    pages: Path | None = None, replica: str = "", contact: str = "", delay: float | None = None
) -> Ask:
    """A function that crawls in a process of its own: its reactor starts once in a process' life.

    pages: folder of one's own source pages. replica: base URL of a server that stands for all
    others. contact: who we say we are. delay: seconds, for a replica only.
    """
    options = [("--pages", pages), ("--replique", replica), ("--contact", contact)]
    given = [part for name, value in options if value for part in (name, str(value))]
    if delay is not None:
        given += ["--delai", str(delay)]

    def ask(request: Request, tell: Callable[[Told], None]) -> Answer:
        with TemporaryDirectory() as folder:
            return _ask([*_command(request, Path(folder)), *given], request, Path(folder), tell)

    return ask


def _command(request: Request, folder: Path) -> list[str]:
    command = [
        *(sys.executable, "-m", "crawlers", request.source, "--json"),
        *("--vers", str(request.landing)),
        *("--depuis", request.since.isoformat(), "--jusque", request.until.isoformat()),
    ]
    if request.resume:
        command += ["--reprise", str(request.resume)]
    if request.known:
        path = folder / "known.json"
        path.write_bytes(orjson.dumps(request.known))
        command += ["--connus", str(path)]
    return command


def _ask(
    command: list[str], request: Request, folder: Path, tell: Callable[[Told], None]
) -> Answer:
    before, landed = set(_runs(request)), request.resume
    with (folder / "errors").open("w+b") as errors:
        process = subprocess.Popen(  # noqa: S603 - our own program, arguments in a list
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            # Ctrl-C reaches every process of a terminal's group: this one is ended by ``_end``.
            process_group=0,
        )
        try:
            for told in _lines(process):
                landed = Path(told.folder) if told.folder else landed
                tell(told)
            code = process.wait()
        finally:
            _end(process)
        errors.seek(0)
        words = errors.read(100_000).decode("utf-8", "replace").splitlines()
    last = printable(next((line for line in reversed(words) if line.strip()), ""))
    if code == _IMPOSSIBLE:
        return Answer(impossible=last or "La collecte est impossible.")
    landed = landed or max(set(_runs(request)) - before, default=None)
    return Answer(landed, last="" if code in (_COMPLETE, _INCOMPLETE) else last)


def _runs(request: Request) -> list[Path]:
    """Folders of all runs of a source: of one that told nothing, this is how its own is found."""
    with suppress(OSError):
        return [path for path in (request.landing / request.source).iterdir() if path.is_dir()]
    return []


def _lines(process: subprocess.Popen[bytes]) -> Iterator[Told]:
    """What the process tells; the last word again when it is silent, so that its life shows."""
    queue: Queue[bytes | None] = Queue()
    assert process.stdout is not None
    Thread(target=_pump, args=(process.stdout, queue), daemon=True).start()
    last, silence = Told("crawl"), 0.0
    while silence < _SILENCE:
        try:
            line = queue.get(timeout=_BEAT)
        except Empty:
            silence += _BEAT
            yield last
            continue
        if line is None:
            return
        silence, last = 0.0, _told(line) or last
        yield last


def _pump(stream: IO[bytes], queue: "Queue[bytes | None]") -> None:
    with suppress(ValueError, OSError):  # closed while it was read
        for line in stream:
            queue.put(line)
    queue.put(None)


def _told(line: bytes) -> Told | None:
    """A line of ``--json``; None when it is something else."""
    try:
        read: Any = orjson.loads(line)
        return Told(
            "crawl",
            folder=str(read["folder"]),
            pages=int(read["pages"]),
            items=int(read["items"]),
            declared=read.get("declared"),
            bytes=int(read.get("bytes", 0)),
            left=read.get("left"),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """No crawl outlives who asked for it."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()
