"""How notices and what is understood of them are packed from one process to another: by position.

Python packs a frozen dataclass, and pydantic a model, through a dictionary of field names that
their own Python code unpacks: four times the time.
"""

import copyreg
from collections.abc import Callable, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from pydantic import BaseModel

from index.lead import Hint, LeadCode, LeadText, Value
from ingest.classify import Coding
from ingest.dedupe.buyers import Buyer
from ingest.dedupe.profile import Profile, Wording
from ingest.notice import Amount, Code, Notice, Received, Text

_PLAIN = (Amount, Buyer, Code, Coding, Hint, Notice, Profile, Received, Text, Wording)
_MODELS = (LeadCode, LeadText, Value)


Packed = tuple[Callable[..., Any], tuple[Any, ...]]


def _values(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda one: (get(one),)


def _plain(kind: type) -> Callable[[Any], Packed]:
    values = _values([field.name for field in fields(kind)])
    return lambda one: (kind, values(one))


def _model(kind: type[BaseModel], *values: Any) -> BaseModel:
    return kind(**dict(zip(kind.model_fields, values, strict=True)))


def _of_model(kind: type[BaseModel]) -> Callable[[Any], Packed]:
    values = _values(list(kind.model_fields))
    return lambda one: (_model, (kind, *values(one)))


def register() -> None:
    """From now on these are packed by position."""
    for kind in _PLAIN:
        copyreg.pickle(kind, _plain(kind))
    for model in _MODELS:
        copyreg.pickle(model, _of_model(model))
