"""From the record to the index: what changed since the index's mark, or everything anew."""

from index.engine import SearchEngine
from index.store import LeadStore


def synchronise(store: LeadStore, engine: SearchEngine) -> int:
    """Bring the index up to the record; gives back how many leads were written."""
    written, after = 0, engine.sequence()
    for leads in store.changed_since(after):
        written += engine.put(leads, after)
        after = leads[-1].sequence
    return written


def rebuild(store: LeadStore, engine: SearchEngine) -> int:
    """Build the index anew from the record, then catch up with what was written meanwhile."""
    return engine.replace(store.changed_since(0)) + synchronise(store, engine)
