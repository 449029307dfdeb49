"""CPV ↔ HS ↔ NAF, derived from official concordances and from choices of ours.

Origin: HS 2017 → CPC 2.1 and CPA 2.1 as the United Nations and Eurostat publish them, in the data
of the package ``bonsai-classifications`` 2.1.2 (MIT); no CPV → HS table exists in the open: ours
(2026-11) is read by hand, code by code, and completed from labels.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from taxonomies import cpv
from taxonomies.rebuild import fetch, write
from taxonomies.rebuild.activities import PACKAGE, TABLES, Shares, chain, mean, neighbours, table
from taxonomies.rebuild.goods import Line, lines

CHOICES = Path(__file__).parent / "cpv_naf_choices.csv"
HEADER = ("score", "how")

# Confidence in a chain where each link is one to one; in a share taken from neighbouring codes.
CHAIN, NEIGHBOUR = 0.97, 0.8
# Confidence in the first activity chosen for a service, in the others, in one chosen for a broader
# code; a share below LEAST is left out.
FIRST, OTHER, ABOVE = 0.95, 0.8, 0.85
LEAST = 0.15
MOST = 3


def _rank(code: str, shares: Shares, trust: float, how: str) -> list[Line]:
    """Lines of one code, the largest share first, which is kept however small."""
    ordered = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
    kept = ordered[:1] + [(name, share) for name, share in ordered[1:] if share >= LEAST]
    return [(code, name, f"{trust * share:.2f}", how) for name, share in kept]


def _under(code: str, known: Mapping[str, Shares]) -> dict[str, float]:
    """Shares of a HS code of any length: the mean over its subheadings."""
    return mean([shares for six, shares in known.items() if six.startswith(code)])


def _service(code: str, broad: str, chosen: Sequence[str]) -> list[Line]:
    trust = 1.0 if code == broad else ABOVE
    scores = [trust * (OTHER if place else FIRST) for place, _ in enumerate(chosen)]
    how = "choice" if code == broad else "above"
    return [(code, name, f"{score:.2f}", how) for name, score in zip(chosen, scores, strict=True)]


def _made(goods: Sequence[Line], known: Mapping[str, Shares]) -> Iterator[Line]:
    """Activities that make the goods of each CPV code, by way of its HS codes."""
    matches: defaultdict[str, list[tuple[float, Shares]]] = defaultdict(list)
    under = {product: _under(product, known) for _, product, _, _ in goods if product}
    for code, product, score, _ in goods:
        if product:
            matches[code].append((float(score), under[product]))
    for code, found in matches.items():
        total = sum(score for score, _ in found)
        weighed = [(name, score * share) for score, of in found for name, share in of.items()]
        shares: defaultdict[str, float] = defaultdict(float)
        for name, weight in weighed:
            shares[name] += weight / total
        yield from _rank(code, shares, max(score for score, _ in found), "goods")


def _activities(goods: Sequence[Line], known: Mapping[str, Shares]) -> Iterator[Line]:
    choices = {row["cpv"]: row["naf"].split() for row in table(CHOICES)}
    made: defaultdict[str, list[Line]] = defaultdict(list)
    for line in _made(goods, known):
        made[line[0]].append(line)
    for code in cpv.codes():
        broad = next((c for c in (code, *cpv.ancestors(code)) if c in choices), "")
        yield from _service(code, broad, choices[broad]) if broad else made[code]


def rebuild(folder: Path) -> int:
    """Write ``hs_naf.csv.gz``, ``cpv_hs.csv.gz`` and ``cpv_naf.csv.gz``. Returns the rows."""
    official = chain(fetch.wheel(PACKAGE, folder) / TABLES)
    new = neighbours(official)
    products = [
        *(
            line
            for code, shares in official.items()
            for line in _rank(code, shares, CHAIN, "chain")
        ),
        *(line for c, shares in new.items() for line in _rank(c, shares, NEIGHBOUR, "neighbour")),
    ]
    goods = lines()
    activities = _activities(goods, official | new)
    return (
        write.table(
            "hs_naf.csv.gz", ("hs", "naf", *HEADER), sorted(products, key=lambda line: line[0])
        )
        + write.table("cpv_hs.csv.gz", ("cpv", "hs", *HEADER), goods)
        + write.table("cpv_naf.csv.gz", ("cpv", "naf", *HEADER), activities)
    )
