"""Where the pages of the curation meet the record: what decides, and the index that follows."""

import threading
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData

from index import sync
from index.embedders import open_taught
from ingest.curation import Curation
from ingest.price import Rates
from ingest.signals import open_signals
from ingest.source import sources

_opening = threading.Lock()


def curation(request: Request) -> Curation:
    """What decides on the leads of this site. Its coder is opened at the first decision: pages that
    only read never need it."""
    state = request.app.state
    with _opening:
        if not hasattr(state, "curation"):
            coder = open_taught(state.settings, state.store)
            pages = sources(state.settings.sources)
            signals = open_signals(state.settings, state.clock)
            rates = Rates.load()
            state.curation = Curation(state.store, pages, rates, coder, state.clock, signals)
        made: Curation = state.curation
    return made


def publish(request: Request) -> None:
    """Bring the index up to what was decided, now or as soon as it can be written."""
    sync.follow(request.app.state.store, request.app.state.engine)


async def _form(request: Request) -> FormData:
    return await request.form()


Form = Annotated[FormData, Depends(_form)]


def text(form: FormData, name: str, longest: int = 2_000) -> str:
    """One field of a form, "" when it is absent or a file."""
    value = form.get(name, "")
    return value.strip()[:longest] if isinstance(value, str) else ""


def texts(form: FormData, name: str) -> list[str]:
    """All the values of one field."""
    return [value.strip() for value in form.getlist(name) if isinstance(value, str)]


def integer(value: str) -> int:
    """A number sent by a form, -1 when it is none."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 18 else -1
