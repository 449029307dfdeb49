"""What the site lends to a request: the moment, the record."""

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from index.store import LeadStore


def now_of(request: Request) -> datetime:
    """The moment of the request, by the clock of the site."""
    now: datetime = request.app.state.clock()
    return now


def store_of(request: Request) -> LeadStore:
    """The record of the site."""
    store: LeadStore = request.app.state.store
    return store


Now = Annotated[datetime, Depends(now_of)]
Store = Annotated[LeadStore, Depends(store_of)]
