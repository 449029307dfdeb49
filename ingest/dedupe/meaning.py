"""How close two notices told in two languages are in meaning."""

from index.embedding import Embedder
from ingest.dedupe.evidence import Meaning
from ingest.dedupe.profile import Profile

# Signs of a text that tell what is bought.
_READ = 1_500


def _told(one: Profile) -> str:
    return f"{one.texts[0].title} {one.texts[0].text[:_READ]}"


def meaning_by(embedder: Embedder) -> Meaning:
    """The cosine of two notices, in the languages that each tells first, and the embedder's own
    threshold. A cosine of 0 says that it knows neither word."""

    def meaning(one: Profile, other: Profile) -> tuple[float, float]:
        first, second = embedder.embed([_told(one), _told(other)])
        return float(first @ second), embedder.threshold

    return meaning
