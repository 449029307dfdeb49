"""Record and index are compared lead by lead, on each engine."""

from conftest import LeadFactory

from index import sync
from index.engine import SearchEngine
from index.store import LeadStore
from index.verify import verify


def test_an_index_in_step_is_identical(
    store: LeadStore, engine: SearchEngine, lead: LeadFactory
) -> None:
    store.save([lead(status="withdrawn"), lead(days=-3), lead(domestic=True)])
    sync.synchronise(store, engine)
    found = verify(store, engine)
    assert found.identical
    assert found.same == 3


def test_each_difference_is_told(store: LeadStore, engine: SearchEngine, lead: LeadFactory) -> None:
    same, again, changed, never = store.save([lead(str(n)) for n in range(4)])
    wrong = changed.model_copy(update={"buyer": "someone else"})
    stranger = lead("stranger", sequence=900)
    engine.put([same, again, wrong, stranger])
    store.save([again])
    found = verify(store, engine)
    assert found.same == 1
    assert found.ids == {
        # What was written again lacks in its new version, and is there in the one before.
        "missing": [never.id, again.id],
        "extra": [again.id, stranger.id],
        "different": [changed.id],
    }
