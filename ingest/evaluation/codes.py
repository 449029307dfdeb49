"""How often the right codes are found from words alone: HS of product texts, CPV of notices."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.coding import Coded, Coder, Shares, Wording
from index.concepts import concepts
from index.lead import Lead
from ingest.classify import classify, wording
from ingest.evaluation.confidence import Confidence
from ingest.evaluation.corpus import Product, bare, cpv_of, group
from taxonomies import correspondence, cpv

EVERY = "ensemble"

# Name of a measure → digits compared, and how many of the best codes may hold the right one.
ASKED: dict[Coded, dict[str, tuple[int, int]]] = {
    "HS": {"SH6@1": (6, 1), "SH6@5": (6, 5), "SH4@1": (4, 1), "SH2@1": (2, 1)},
    "CPV": {"division@1": (2, 1), "division@3": (2, 3), "classe@1": (4, 1)},
}

Truth = Sequence[str]  # the codes of a text


def prefixes(scheme: Coded, shares: Shares, digits: int, count: int) -> list[tuple[str, ...]]:
    """The best codes of so many digits, each with the votes of all that it holds;
    none without any vote."""
    names = [code for _, code in concepts().names[concepts().of(scheme)]]
    place: dict[str, int] = {}
    for code in names:
        if len(code) >= digits:
            place.setdefault(code[:digits], len(place))
    votes = np.zeros((len(shares), len(place) + 1), np.float32)
    group = np.array([place.get(code[:digits], len(place)) for code in names])
    np.add.at(votes.T, group, shares.T)
    order = np.argsort(-votes[:, :-1], axis=1, kind="stable")[:, :count]
    found = list(place)
    return [
        tuple(found[at] for at in best if row[at] > 0)
        for best, row in zip(order, votes, strict=True)
    ]


def hits(scheme: Coded, shares: Shares, truths: Sequence[Truth]) -> dict[str, NDArray[np.bool_]]:
    """Of each measure: whether one of the codes of each text is found."""
    told = {}
    for name, (digits, count) in ASKED[scheme].items():
        best = prefixes(scheme, shares, digits, count)
        told[name] = np.array(
            [
                any(code[:digits] in some for code in truth)
                for some, truth in zip(best, truths, strict=True)
            ],
            bool,
        )
    return told


@dataclass(frozen=True, slots=True)
class Found:
    """Texts of a group, and of each measure how often it was right."""

    texts: int
    right: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return {"textes": self.texts} | {name: round(one, 4) for name, one in self.right.items()}


def by_group(told: Mapping[str, NDArray[np.bool_]], groups: Sequence[str]) -> dict[str, Found]:
    """Means of all, then of each group, the largest first."""
    places: dict[str, list[int]] = defaultdict(list)
    for at, name in enumerate(groups):
        places[name].append(at)
    largest = sorted(places.items(), key=lambda item: -len(item[1]))
    every = {EVERY: list(range(len(groups)))} if groups else {}
    return {
        name: Found(len(at), {measure: float(hit[at].mean()) for measure, hit in told.items()})
        for name, at in (every | dict(largest)).items()
    }


@dataclass(frozen=True, slots=True)
class Measured:
    """found: by group. confidence: of what may be said, in these shares."""

    found: Mapping[str, Found]
    confidence: Confidence

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return {
            "groupes": {name: one.to_json() for name, one in self.found.items()},
            "confiance": self.confidence.to_json(),
        }


def goods(coder: Coder, products: Sequence[Product]) -> Measured:
    """HS codes of product texts, by who coded them."""
    shares = coder.shares("HS", [Wording(one.text, "", one.language) for one in products])
    truths = [(one.code,) for one in products]
    told = hits("HS", shares, truths)
    found = by_group(told, [one.origin for one in products])
    return Measured(found, Confidence.of(coder, "HS", shares, truths))


@dataclass(frozen=True, slots=True)
class Notices:
    """main, every: CPV codes compared with the main one of the notice, and with any of them.
    mute: what was said to be without HS code."""

    main: Mapping[str, Found]
    every: Measured
    mute: "Mute"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return {
            "code_principal": {name: one.to_json() for name, one in self.main.items()},
            "un_des_codes": self.every.to_json(),
            "sans_sh": self.mute.to_json(),
        }


@dataclass(slots=True)
class Mute:
    """« sans code SH » against what the main CPV code of the notice says."""

    said: int = 0
    right: int = 0
    true: int = 0

    def add(self, said: bool, true: bool) -> None:
        """Count a notice."""
        self.said += said
        self.true += true
        self.right += said and true

    def precision(self) -> float | None:
        """Of what was said to have no code, how much has none."""
        return self.right / self.said if self.said else None

    def recall(self) -> float | None:
        """Of what has no code, how much was said to have none."""
        return self.right / self.true if self.true else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        told = {"precision": self.precision(), "rappel": self.recall()}
        rounded = {name: one if one is None else round(one, 4) for name, one in told.items()}
        return {"dits": self.said, "sans_code": self.true} | rounded


def mute(leads: Sequence[Lead], coder: Coder) -> Mute:
    """What ingestion says of these leads once their codes are hidden."""
    found = Mute()
    for lead, told in zip(leads, classify([bare(lead) for lead in leads], coder), strict=True):
        if (main := cpv_of(lead)[0]) in cpv.codes():
            found.add(told.without_hs, correspondence.has_no_hs(main))
    return found


def notices(coder: Coder, leads: Sequence[Lead]) -> Notices:
    """CPV codes of notices that have some, from their words alone, by group of languages."""
    shares = coder.shares("CPV", [wording(lead) for lead in leads])
    truths = [cpv_of(lead) for lead in leads]
    groups = [group(lead.language) for lead in leads]
    main = by_group(hits("CPV", shares, [truth[:1] for truth in truths]), groups)
    every = by_group(hits("CPV", shares, truths), groups)
    confidence = Confidence.of(coder, "CPV", shares, truths)
    return Notices(main, Measured(every, confidence), mute(leads, coder))


@dataclass(frozen=True, slots=True)
class Unlearned:
    """Texts of a language that no learning saw. known: those of which a piece of word is known.
    said, right: HS codes said, and right ones among them. heading: headings found, said or not."""

    texts: int
    known: int
    said: int
    right: int
    heading: int

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return {
            "textes": self.texts,
            "connus": self.known,
            "codes_dits": self.said,
            "justes": self.right,
            "sh4_trouves": self.heading,
        }


def unlearned(coder: Coder, products: Sequence[Product]) -> dict[str, Unlearned]:
    """What is answered in languages that no learning saw: saying nothing is right there."""
    made = {}
    for language in dict.fromkeys(one.language for one in products):
        some = [one for one in products if one.language == language]
        shares = coder.shares("HS", [Wording(one.text, "", language) for one in some])
        truths = [(one.code,) for one in some]
        told = Confidence.of(coder, "HS", shares, truths)
        right = sum(one.right for one in told.said)
        heading = int(hits("HS", shares, truths)["SH4@1"].sum())
        known = int(shares.any(axis=1).sum())
        made[language] = Unlearned(len(some), known, len(told.said), right, heading)
    return made
