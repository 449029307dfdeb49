"""What the search is worth: judged French queries over real foreign notices, with the codes that
their source gave and without any, by words alone, by meaning alone, by codes alone and together."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from index.coding import Coder
from index.embedded import EmbeddedEngine
from index.engine import SearchEngine
from index.engines import open_engine
from index.lead import Lead
from index.query import MAX_RANKED, Query
from index.ranking import Weights
from index.sense import Sense
from index.settings import Settings
from ingest.classify import classify
from ingest.evaluation.corpus import Judged, bare, cpv_of, group
from ingest.evaluation.measures import FIRST, gain, mean, ndcg, recall
from ingest.evaluation.real import RECEIVED

WITH, WITHOUT = "avec codes", "sans codes"
TOGETHER = "ensemble"
WAYS: dict[str, Weights] = {
    "mots": Weights(1, 0, 0),
    "sens": Weights(0, 1, 0),
    "codes": Weights(0, 0, 1),
    TOGETHER: Weights(),
}
EVERY = "toutes les langues"

# Opens an engine over a folder, with these weights; two of one folder see the same leads.
EngineFactory = Callable[[Path, Weights], SearchEngine]


def engines(sense: Sense, settings: Settings) -> dict[str, EngineFactory]:
    """The engines that can be measured, by name: OpenSearch where the settings have its address."""

    def embedded(folder: Path, weights: Weights) -> SearchEngine:
        return EmbeddedEngine(folder, sense, weights)

    def cluster(folder: Path, weights: Weights) -> SearchEngine:
        # Away from the indices that serve; the next evaluation replaces them.
        prefix = f"{settings.opensearch_prefix}-evaluation"
        apart = {"opensearch_prefix": prefix, "opensearch_replicas": 0}
        return open_engine(settings.model_copy(update=apart), sense, weights)

    found: dict[str, EngineFactory] = {"embarque": embedded}
    if settings.opensearch_url:
        found["opensearch"] = cluster
    return found


@dataclass(frozen=True, slots=True)
class Score:
    """One query among the notices of one group of languages. exact: recall of gains of 2."""

    ndcg: float
    recall: float | None
    exact: float | None
    answers: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What a query brought. relevant: notices that answer it. scores: by group of languages, where
    something does. first: the title and gain of the first answers."""

    query: Judged
    relevant: int
    scores: Mapping[str, Score]
    first: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Means over the queries that something answers."""

    queries: int
    ndcg: float | None
    recall: float | None
    exact: float | None
    answers: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        names = {"ndcg_10": self.ndcg, "rappel_100": self.recall, "rappel_100_exact": self.exact}
        told = {name: value if value is None else round(value, 4) for name, value in names.items()}
        answers = None if self.answers is None else round(self.answers, 1)
        return {"requetes": self.queries, **told, "reponses": answers}


@dataclass(frozen=True, slots=True)
class Measured:
    """leads: notices by group of languages. answered: by state of the codes, then by way."""

    leads: Mapping[str, int]
    answered: Mapping[str, Mapping[str, Sequence[Answered]]]

    def figures(self, state: str, way: str, languages: str = EVERY) -> Figures:
        """Means of one way in one group."""
        found = [one.scores.get(languages) for one in self.answered[state][way]]
        scores = [score for score in found if score]
        return Figures(
            len(scores),
            mean(score.ndcg for score in scores),
            mean(score.recall for score in scores),
            mean(score.exact for score in scores),
            mean(score.answers for score in scores),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return {
            "avis": dict(self.leads),
            **{
                state: {
                    way: {name: self.figures(state, way, name).to_json() for name in self.leads}
                    for way in ways
                }
                for state, ways in self.answered.items()
            },
        }


def coded(leads: Iterable[Lead]) -> list[Lead]:
    """Those that a judged query may find: foreign TED and eForms notices with CPV codes."""
    return [lead for lead in leads if lead.source == "ted" and not lead.domestic and cpv_of(lead)]


def without_codes(leads: Sequence[Lead], coder: Coder) -> list[Lead]:
    """The same as a source without codes would bring them: only their words say what they are."""
    return classify([bare(lead) for lead in leads], coder)


def _groups(leads: Sequence[Lead]) -> dict[str, frozenset[str]]:
    """Ids by group of languages, all of them first, the largest group next."""
    found: dict[str, set[str]] = {}
    for lead in leads:
        found.setdefault(group(lead.language), set()).add(lead.id)
    largest = sorted(found.items(), key=lambda item: -len(item[1]))
    return {EVERY: frozenset(lead.id for lead in leads)} | {
        name: frozenset(ids) for name, ids in largest
    }


def _score(order: Sequence[str], gains: Mapping[str, int], among: frozenset[str]) -> Score | None:
    ideal = [gains[one] for one in among]
    if not any(ideal):
        return None
    found = [gains[one] for one in order if one in among]
    exact = recall(found, ideal, least=2)
    return Score(ndcg(found, ideal), recall(found, ideal), exact, len(found))


def _ask(
    engine: SearchEngine,
    queries: Sequence[tuple[Judged, Mapping[str, int]]],
    groups: Mapping[str, frozenset[str]],
) -> Iterator[Answered]:
    for query, gains in queries:
        asked = Query(query.text, include_expired=True, limit=MAX_RANKED)
        hits = engine.search(asked, RECEIVED).hits
        order = [hit.lead.id for hit in hits]
        scores = {name: _score(order, gains, among) for name, among in groups.items()}
        first = tuple((hit.lead.title, gains[hit.lead.id]) for hit in hits[:FIRST])
        relevant = sum(one > 0 for one in gains.values())
        yield Answered(query, relevant, {name: one for name, one in scores.items() if one}, first)


def evaluate(
    leads: Sequence[Lead],
    queries: Sequence[Judged],
    coder: Coder,
    opened: EngineFactory,
    progress: Callable[[str], None] = lambda told: None,
) -> Measured:
    """Ask everything in every way. leads: ``coded`` ones, whose codes judge the answers."""
    groups = _groups(leads)
    codes = {lead.id: cpv_of(lead) for lead in leads}
    judged = [(one, {name: gain(of, one) for name, of in codes.items()}) for one in queries]
    answered = {}
    for state, told in ((WITH, leads), (WITHOUT, without_codes(leads, coder))):
        progress(f"{len(queries)} requêtes, {len(told)} avis {state}")
        with TemporaryDirectory() as name:
            opened(Path(name), Weights()).replace([told])
            answered[state] = {
                way: tuple(_ask(opened(Path(name), weights), judged, groups))
                for way, weights in WAYS.items()
                if weights.words or weights.meaning or state == WITH
            }
    return Measured({name: len(ids) for name, ids in groups.items()}, answered)
