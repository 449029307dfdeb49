"""Which models the settings ask for."""

from index.coding import Coder
from index.labelled import LabelledTexts
from index.sense import Sense
from index.sentences import SentenceEmbedder
from index.settings import Settings
from index.store import LeadStore
from index.trade import PACKAGED


def open_coder(settings: Settings) -> Coder:
    """The packaged coder with its embedding, or that of one's own model. Raises ModelError."""
    return Coder.load(settings.model or PACKAGED)


def open_taught(settings: Settings, store: LeadStore) -> Coder:
    """The same coder, which also knows the texts whose code a person said. Raises ModelError."""
    return LabelledTexts(store).taught(open_coder(settings))


def open_sense(settings: Settings) -> Sense:
    """The space in which leads and queries are compared. Raises ModelError."""
    coder = open_coder(settings)
    return Sense(SentenceEmbedder(settings.encoder) if settings.encoder else coder.embedder, coder)
