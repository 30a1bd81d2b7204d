"""The page of the YAML files: every key of every part, from the models that read them."""

from __future__ import annotations

import enum
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pydantic
import pydantic_core

from understudy.campaign.projects.file_models import FILES
from understudy.model.field_texts import Model, field_texts, models_in
from understudy.model.money import Money
from understudy.reference.table import table

__all__ = ["files_page"]

_PLAIN: Mapping[Any, str] = {
    str: "text", int: "whole number", float: "number or share", bool: "true or false",
    Decimal: "number", Money: "money, as `25 EUR`", timedelta: "duration, as `30s`", date: "date",
    datetime: "time with zone", type(None): "nothing", Any: "anything",
}  # fmt: skip


def files_page() -> str:
    """Every file with its parts, and every key of a part."""
    head = (
        "# Files that people write\n\nOne dialect for all: unknown keys are errors, durations are "
        "`30s`, money `25 EUR`, shares `10%`. `understudy schema --write .understudy` writes JSON "
        "Schemas, and with a first line such as\n"
        "`# yaml-language-server: $schema=.understudy/campaign.schema.json` editors complete and "
        "check.\n"
    )
    told: set[Model] = set()
    return head + "".join(_file(name, model, told) for name, model in FILES.items())


def _file(name: str, model: Model, told: set[Model]) -> str:
    parts = [each for each in models_in(model) if each not in told]
    told.update(parts)
    return f"\n## {name}\n" + "".join(_part(each) for each in parts)


def _part(model: Model) -> str:
    texts = field_texts(model)
    rows = [
        [f"`{field.alias or name}`", _type(field.annotation), _default(field),
         texts[field.alias or name]]
        for name, field in model.model_fields.items()
    ]  # fmt: skip
    said = (model.__doc__ or "").strip().split("\n\n")[0]
    return f"\n### {model.__name__}\n\n{' '.join(said.split())}\n\n" + (
        table(["key", "is", "without it", "what it says"], rows) if rows else ""
    )


def _type(annotation: Any) -> str:
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type(parts[0])
    if origin is typing.Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_type(p) for p in parts if p is not type(None)))
    if origin is dict:
        return f"mapping to {_type(parts[1])}"
    if origin is tuple:
        return f"list of {_type(parts[0])}"
    return _named(annotation)


def _named(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return " or ".join(f"`{each.value}`" for each in annotation)
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation.__name__
    return str(getattr(annotation, "__name__", annotation))


def _default(field: pydantic.fields.FieldInfo) -> str:
    if field.is_required():
        return "an error"
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "default" in extra:
        return f"`{extra['default']}`"
    value = field.get_default(call_default_factory=True)
    if value is None or value is pydantic_core.PydanticUndefined or value in ("", (), {}):
        return ""
    if isinstance(value, pydantic.BaseModel):
        return "its parts' own"
    if isinstance(value, enum.Enum):
        value = value.value
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
