"""From a HS code to the European class of activity that makes the product.

The chain is official: HS 2017 → CPC 2.1 (United Nations) → CPA 2.1 → NACE rév. 2, whose classes are
the first four digits of CPA. Only the last link, from HS 2022 to 2017, is ours.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from sklearn.feature_extraction.text import TfidfVectorizer

from taxonomies import hs, naf
from taxonomies.fold import fold

PACKAGE = "bonsai-classifications==2.1.2"
TABLES = "classifications/data/flow/flowobject"
CHOICES = Path(__file__).parent / "hs_naf_choices.csv"

Shares = Mapping[str, float]


def table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file, as column → text."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _links(folder: Path, name: str, back: bool = False) -> Mapping[str, set[str]]:
    """Code → codes. A link that only says "related" counts where there is no closer one: fresh
    oranges are oranges, not "other prepared fruit", to which some of them go."""
    close: defaultdict[str, set[str]] = defaultdict(set)
    loose: defaultdict[str, set[str]] = defaultdict(set)
    for row in table(folder / f"conc_{name}.csv"):
        start, end = row["flowobject_from"], row["flowobject_to"]
        links = loose if row["skos_uri"].endswith("#relatedMatch") else close
        links[end if back else start].add(start if back else end)
    return {**loose, **close}


def _products(folder: Path) -> Iterator[tuple[str, set[str]]]:
    """HS code of 2017 → CPA codes, by way of CPC."""
    products, back = _links(folder, "hs2017_cpc_2_1"), _links(folder, "bonsai_v2_0_cpc_2_1", True)
    ahead = _links(folder, "bonsai_v2_0_cpa_2_1")
    for code in sorted(products):
        found = {cpa for product in products[code] for cpa in _sold(product, back, ahead)}
        yield code.replace("_", ""), found


def _sold(product: str, back: Mapping[str, set[str]], ahead: Mapping[str, set[str]]) -> set[str]:
    """CPA codes of a CPC code or, where the package has none, of the nearest broader one."""
    for broad in (product[:length] for length in range(len(product), 2, -1)):
        flows = back.get(broad, set()) | {f"fi_{broad}"}
        found = {cpa for flow in flows for cpa in ahead.get(flow, ())}
        if found:
            return found
    return set()


def activity(cpa: str) -> str | None:
    """The NAF class that a CPA code begins with ("1011…" → "10.11"), or its division when CPA
    does not tell the classes apart (fishing is 03.00 in CPA, 03.11 to 03.22 in NACE)."""
    known = naf.codes()
    readings = (f"{cpa[:2]}.{cpa[2:4]}", cpa[:2]) if len(cpa) >= 4 else ()
    return next((code for code in readings if code in known), None)


def _weigh(code: str, products: set[str], names: Mapping[str, str]) -> Shares:
    """Share of each class: the more the label of one of its products is like the HS label."""
    classes: defaultdict[str, list[str]] = defaultdict(list)
    for product in sorted(products):
        found = activity(product)
        if found:
            classes[found].append(fold(names.get(product, "")))
    if len(classes) < 2:
        return dict.fromkeys(classes, 1.0)
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    asked = vectors.fit_transform([fold(" ".join(hs.path(code, "en")))])
    best = {
        name: 0.05 + float((vectors.transform(labels) @ asked.T).max())
        for name, labels in classes.items()
    }
    total = sum(best.values())
    return {name: value / total for name, value in best.items()}


def chain(folder: Path) -> dict[str, Shares]:
    """HS 2022 subheading → share of each class, for those that the edition of 2017 also had."""
    names = {row["code"]: row["name"] for row in table(folder / "tree_cpa_2_1.csv")}
    return {
        code: shares
        for code, products in _products(folder)
        if code in hs.codes() and (shares := _weigh(code, products, names))
    }


def neighbours(known: Mapping[str, Shares]) -> dict[str, Shares]:
    """The same for subheadings new in 2022: what the nearest others share, or our choice."""
    choices = {row["hs"]: row["naf"] for row in table(CHOICES)}
    found: dict[str, Shares] = {}
    for code in (c for c in hs.codes() if len(c) == 6 and c not in known):
        chosen = choices.get(code) or choices.get(code[:4])
        prefixes = (code[:length] for length in (5, 4, 2))
        near = (near for p in prefixes if (near := [k for k in known if k.startswith(p)]))
        found[code] = {chosen: 1.0} if chosen else mean([known[k] for k in next(near)])
    return found


def mean(several: list[Shares]) -> dict[str, float]:
    """Mean share of each class."""
    total: defaultdict[str, float] = defaultdict(float)
    for shares in several:
        for name, share in shares.items():
            total[name] += share / len(several)
    return dict(total)
