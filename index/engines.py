"""Which engine the settings ask for."""

from index.embedded import EmbeddedEngine
from index.embedders import open_sense
from index.engine import EngineAway, SearchEngine
from index.ranking import Weights
from index.sense import Sense
from index.settings import Settings


def open_engine(
    settings: Settings, sense: Sense | None = None, weights: Weights | None = None
) -> SearchEngine:
    """OpenSearch where there is an address for it, else the embedded engine. Raises ModelError,
    and EngineAway when what speaks to OpenSearch is not installed."""
    sense = sense or open_sense(settings)
    if settings.opensearch_url:
        return _opensearch(settings, sense, weights)
    return EmbeddedEngine(settings.index_folder, sense, weights)


def _opensearch(settings: Settings, sense: Sense, weights: Weights | None) -> SearchEngine:
    # An extra: most people have no cluster.
    try:
        from index.opensearch import OpenSearchEngine
        from index.opensearch_client import connect
        from index.opensearch_schema import Layout
    except ModuleNotFoundError as error:
        message = (
            "OPENSEARCH_URL demande le paquet opensearch-py : pip install debouches[opensearch]"
        )
        raise EngineAway(message) from error
    client = connect(
        settings.opensearch_url,
        settings.opensearch_user,
        settings.opensearch_password,
        settings.opensearch_ca,
    )
    layout = Layout(
        settings.opensearch_prefix, settings.opensearch_shards, settings.opensearch_replicas
    )
    return OpenSearchEngine(client, sense, weights, layout)
