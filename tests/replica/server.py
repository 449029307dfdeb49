"""The server: one address for all services, told apart by the host that begins each path."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

LARGEST = 10_000_000  # bytes of a request that are read


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. path: without the host that begins it in the replica."""

    host: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """body: the whole, or pieces that are sent as they come (without a length when it is absent
    from the headers)."""

    body: bytes | Iterator[bytes] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Service = Callable[[Asked], Answer]
# What goes wrong: the answer instead of the service's, None to let the service answer.
Trap = Callable[[Asked], Answer | None]


@dataclass
class Replica:
    """services: by host. traps: looked at in order before the service. asked: all requests so far.

    A service that nobody wrote answers 404, and so does its robots.txt unless it says otherwise.
    """

    services: dict[str, Service]
    traps: list[Trap] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    address: str = ""

    def answer(self, asked: Asked) -> Answer:
        """The answer to one request."""
        self.asked.append(asked)
        for trap in self.traps:
            if (answer := trap(asked)) is not None:
                return answer
        service = self.services.get(asked.host)
        return Answer(status=404) if service is None else service(asked)

    def paths(self, host: str) -> list[str]:
        """Paths asked of a host, in order."""
        return [one.path for one in self.asked if one.host == host]


@contextmanager
def serving(replica: Replica, port: int = 0) -> Iterator[Replica]:
    """The replica, answering on 127.0.0.1 from a thread of its own; 0 takes any free port."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _handler(replica))
    server.daemon_threads = True
    replica.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield replica
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(replica: Replica) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                _send(self, replica.answer(_asked(self)))
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # whoever asked has left

        do_POST = do_GET  # noqa: N815 - the name that http.server calls

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _asked(handler: BaseHTTPRequestHandler) -> Asked:
    host, _, rest = handler.path.removeprefix("/").partition("/")
    parts = urlsplit(f"/{rest}")
    length = min(int(handler.headers.get("Content-Length") or 0), LARGEST)
    return Asked(
        host=host,
        method=handler.command,
        path=parts.path,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=dict(handler.headers.items()),
        body=handler.rfile.read(length) if length else b"",
    )


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    handler.send_response(answer.status)
    whole = answer.body if isinstance(answer.body, bytes) else None
    length = {} if whole is None else {"Content-Length": str(len(whole))}
    for name, value in {**length, **answer.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    if whole is not None:
        handler.wfile.write(whole)
        return
    for piece in answer.body:  # type: ignore[union-attr]
        handler.wfile.write(piece)
    handler.close_connection = True
