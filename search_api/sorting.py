"""Tables sorted by the links of their heads: ``?tri=leads&ordre=inverse``, without JavaScript."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request

from search_api.problems import Problem

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A column by which the table is sorted. first: the order without ``ordre=inverse``."""

    title: str
    key: Callable[[T], Any]
    first: str = "ascending"


# Value of ``tri`` → column; the first one settles what the chosen one leaves equal.
Columns = Mapping[str, Column[T]]


@dataclass(frozen=True, slots=True)
class Order:
    """The column asked for, and whether it is turned over."""

    column: str
    turned: bool


@dataclass(frozen=True, slots=True)
class Heading:
    """The head of a column. sorted: value of aria-sort, "" where the table is not sorted by it."""

    title: str
    address: str
    sorted: str


def asked(request: Request, columns: Columns[T], usual: str) -> Order:
    """The order in an address. Raises Problem for what is none."""
    column = request.query_params.get("tri", usual)
    order = request.query_params.get("ordre", "")
    if column not in columns or order not in ("", "inverse"):
        raise Problem(400, "Paramètres incorrects", "Ce tri n’existe pas.")
    return Order(column, bool(order))


def headings(columns: Columns[T], order: Order, start: str, end: str = "") -> list[Heading]:
    """The heads. start: address up to where the order stands, « /statut? »; end: what follows."""
    other = {"ascending": "descending", "descending": "ascending"}
    found = []
    for name, column in columns.items():
        current = name == order.column
        turn = "&ordre=inverse" if current and not order.turned else ""
        way = other[column.first] if order.turned else column.first
        heading = f"{start}tri={name}{turn}{end}"
        found.append(Heading(column.title, heading, way if current else ""))
    return found


def in_order(lines: Iterable[T], columns: Columns[T], order: Order) -> list[T]:
    """The lines as asked."""
    by_first = sorted(lines, key=next(iter(columns.values())).key)
    return sorted(by_first, key=columns[order.column].key, reverse=order.turned)
