"""Going through all that matches, page after page, on the index as it was at the first."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError

from index.opensearch_client import speaking
from index.opensearch_query import Native

_PAGE = 1_000
# Kept so long after each page: whoever reads may be slow to write.
_KEPT = "5m"


@contextmanager
def _moment(client: OpenSearch, index: str) -> Iterator[str]:
    """A point in time, given back at the end."""
    with speaking():
        made = client.create_pit(index=index, params={"keep_alive": _KEPT})["pit_id"]
    try:
        yield made
    finally:
        with speaking():
            client.delete_pit(body={"pit_id": [made]})


def walk(
    client: OpenSearch, index: str, query: Native, order: Sequence[Any]
) -> Iterator[dict[str, Any]]:
    """Sources of all the documents, in an order that no two of them share. Raises EngineAway."""
    try:
        with _moment(client, index) as moment:
            yield from _pages(client, moment, query, order)
    except NotFoundError:
        return


def _pages(
    client: OpenSearch, moment: str, query: Native, order: Sequence[Any]
) -> Iterator[dict[str, Any]]:
    body: dict[str, Any] = {
        "query": query,
        "size": _PAGE,
        "sort": list(order),
        "_source": ["lead"],
        "track_total_hits": False,
        "pit": {"id": moment, "keep_alive": _KEPT},
    }
    while True:
        with speaking():
            hits = client.search(body=body, params={"allow_partial_search_results": "false"})
        found = hits["hits"]["hits"]
        yield from (one["_source"] for one in found)
        if len(found) < _PAGE:
            return
        body["search_after"] = found[-1]["sort"]
