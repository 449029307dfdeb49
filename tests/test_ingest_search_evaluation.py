"""Floors under the search, on notices that training never read: a change that answers judged
queries worse fails here. Figures and how to read them: docs/qualite.md."""

from pathlib import Path

import pytest

from index.lead import Lead
from index.sense import Sense
from index.settings import Settings
from ingest.evaluation import corpus, search

# (state of the codes, way) → least nDCG@10, recall@100, recall@100 of exact answers.
FLOORS = {
    (search.WITH, search.TOGETHER): (0.75, 0.96, 0.96),
    (search.WITHOUT, search.TOGETHER): (0.40, 0.77, 0.85),
    (search.WITH, "mots"): (0.52, 0.56, 0.76),
    (search.WITHOUT, "sens"): (0.40, 0.80, 0.85),
}

# How much worse than its best list the whole may be: overall not at all; in a family of languages,
# where a dozen queries judge, two places of one query.
SLACK_OVERALL, SLACK_GROUP = 0.0, 0.03

pytestmark = pytest.mark.notices


@pytest.fixture(scope="module")
def measured(notices: Path, unseen: list[Lead], sense: Sense) -> search.Measured:
    try:
        queries = corpus.judged(notices.parent)
    except corpus.AbsentError:
        pytest.skip("the judged queries of ../shared/data are absent")
    opened = search.engines(sense, Settings())["embarque"]
    return search.evaluate(search.coded(unseen), queries, sense.coder, opened)


@pytest.mark.parametrize(("state", "way"), FLOORS)
def test_judged_queries_are_answered_as_well_as_before(
    measured: search.Measured, state: str, way: str
) -> None:
    told = measured.figures(state, way)
    assert told.queries > 30
    figures = (told.ndcg or 0, told.recall or 0, told.exact or 0)
    least = FLOORS[state, way]
    assert all(one >= floor for one, floor in zip(figures, least, strict=True)), (figures, least)


@pytest.mark.parametrize("state", [search.WITH, search.WITHOUT])
def test_all_lists_together_are_no_worse_than_the_best_alone(
    measured: search.Measured, state: str
) -> None:
    for name in measured.leads:
        told = {
            way: measured.figures(state, way, name).ndcg or 0
            for way in search.WAYS
            if way in measured.answered[state]
        }
        slack = SLACK_OVERALL if name == search.EVERY else SLACK_GROUP
        assert told[search.TOGETHER] >= max(told.values()) - slack, (name, told)
