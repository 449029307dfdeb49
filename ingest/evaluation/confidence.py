"""Whether confidence keeps its word: of how many texts a code is said, and how often it is right,
by what is claimed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from index.coding import Coded, Coder, Shares
from index.concepts import digits
from ingest.classify import guess
from ingest.evaluation.measures import mean

# Bands of ten hundredths from which a code is said up; the last is what people call sure.
BANDS = (0.5, 0.6, 0.7, 0.8, 0.9)
SURE = BANDS[-1]


@dataclass(frozen=True, slots=True)
class Said:
    """A code that is said of a text: its depth in digits, what is claimed, whether it is right."""

    depth: int
    claimed: float
    right: bool


@dataclass(frozen=True, slots=True)
class Band:
    """Codes of one band or depth. claimed, right: means, None where there is none."""

    said: int
    claimed: float | None
    right: float | None

    @classmethod
    def of(cls, some: Sequence[Said]) -> "Band":
        """Of these codes."""
        return cls(len(some), mean(one.claimed for one in some), mean(one.right for one in some))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        told = {"annonce": self.claimed, "justes": self.right}
        rounded = {name: one if one is None else round(one, 4) for name, one in told.items()}
        return {"dits": self.said} | rounded


@dataclass(frozen=True, slots=True)
class Confidence:
    """What is said of so many texts."""

    texts: int
    said: Sequence[Said]

    @classmethod
    def of(
        cls, coder: Coder, scheme: Coded, shares: Shares, truths: Sequence[Sequence[str]]
    ) -> "Confidence":
        """A code is right when one of the text's own codes is it or lies below it."""
        said = []
        for row, truth in zip(shares, truths, strict=True):
            told = guess(coder, scheme, row)
            if told.code is not None:
                depth = digits(scheme, told.code)
                right = any(code.startswith(told.code[:depth]) for code in truth)
                said.append(Said(depth, told.confidence, right))
        return cls(len(shares), said)

    def bands(self) -> dict[str, Band]:
        """By what is claimed."""
        ends = (*BANDS[1:], float("inf"))
        return {
            f"{low:.1f}–{min(high, 1):.1f}".replace(".", ","): Band.of(
                [one for one in self.said if low <= one.claimed < high]
            )
            for low, high in zip(BANDS, ends, strict=True)
        }

    def depths(self) -> dict[int, Band]:
        """By number of digits."""
        found = sorted({one.depth for one in self.said})
        return {depth: Band.of([one for one in self.said if one.depth == depth]) for depth in found}

    def sure(self) -> Band:
        """What people see as sure."""
        return Band.of([one for one in self.said if one.claimed >= SURE])

    def whole(self) -> Band:
        """All that is said."""
        return Band.of(self.said)

    def share(self) -> float | None:
        """Of the texts, how many have something said of them."""
        return len(self.said) / self.texts if self.texts else None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return {
            "textes": self.texts,
            "dits": self.whole().to_json(),
            "tranches": {name: band.to_json() for name, band in self.bands().items()},
            "chiffres": {str(depth): band.to_json() for depth, band in self.depths().items()},
        }
