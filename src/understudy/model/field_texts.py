"""What each field of a YAML file is, for editors and for the documentation."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import Any

import pydantic

from understudy.model.guide import topic

__all__ = ["field_texts", "models_in", "place_of"]

Model = type[pydantic.BaseModel]


def models_in(model: Model) -> tuple[Model, ...]:
    """A model and every model that stands somewhere below it, each once."""
    found: dict[Model, None] = {}
    waiting = [model]
    while waiting:
        each = waiting.pop(0)
        if each not in found:
            found[each] = None
            for field in each.model_fields.values():
                waiting += _models(field.annotation)
    return tuple(found)


def _models(annotation: Any) -> Iterator[Model]:
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _models(part)


def place_of(model: Model) -> str:
    """The model's key in the guide.

    >>> from understudy.model.gates import Gate
    >>> place_of(Gate)
    'model.gates.Gate'
    """
    return f"{model.__module__.partition('.')[2]}.{model.__name__}"


def field_texts(model: Model) -> Mapping[str, str]:
    """The text of every field by the key that people write: the model's own, else the guide's."""
    written = topic("fields").get(place_of(model), {})
    found: dict[str, str] = {}
    for name, field in model.model_fields.items():
        key = field.alias or name
        text = field.description or written.get(key, "")
        found[key] = text[:1].upper() + text[1:]
    return found
