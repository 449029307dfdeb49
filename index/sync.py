"""From the record to the index: what changed since the index's mark, or everything anew."""

import logging

from index.engine import EngineAway, SearchEngine
from index.generation import IndexBusy
from index.store import LeadStore

log = logging.getLogger(__name__)


def synchronise(store: LeadStore, engine: SearchEngine) -> int:
    """Bring the index up to the record; gives back how many leads were written."""
    written, after = 0, engine.sequence()
    for leads in store.changed_since(after):
        written += engine.put(leads, after)
        after = leads[-1].sequence
    return written


def follow(store: LeadStore, engine: SearchEngine) -> bool:
    """``synchronise`` for those who have more to do: False when the index is busy or away, and the
    next synchronisation brings what it misses."""
    try:
        synchronise(store, engine)
    except (IndexBusy, EngineAway) as error:
        log.warning("index left behind: %s", error)
        return False
    return True


def rebuild(store: LeadStore, engine: SearchEngine) -> int:
    """Build the index anew from the record, then catch up with what was written meanwhile."""
    return engine.replace(store.changed_since(0)) + synchronise(store, engine)
