"""Whether one answer is like another: status, fields, types, errors."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from typing import Any

import msgspec

__all__ = ["Aspect", "Unlike", "unlike"]

# What stands below these is the user's data, or his account's, and no part of the shape.
_DATA = (
    "metadata",
    "properties",
    "custom_fields",
    "user_fields",
    "organization_fields",
    "tags",
    "payment_method_options",
)
_TOLD = 160
_ERROR_WORDS = ("code", "type", "category", "error", "subCategory", "param")


class Aspect(enum.StrEnum):
    """In what two answers can differ."""

    OPERATION = "operation"
    """No operation serves the request."""
    STATUS = "status"
    FIELDS = "fields"
    TYPES = "types"
    ERRORS = "errors"


class Unlike(msgspec.Struct, frozen=True):
    """One difference, in words."""

    aspect: Aspect
    detail: str


def unlike(recorded: tuple[int, Any], ours: tuple[int, Any]) -> list[Unlike]:
    """How our answer differs from a recorded one, each a status and a decoded body.

    Further fields of ours are no difference, and `null` is of every type.

    >>> unlike((200, {"id": "a", "amount": 1}), (200, {"id": "b", "amount": "1"}))
    [Unlike(aspect=<Aspect.TYPES: 'types'>, detail='amount: string instead of number')]
    """
    status, body = recorded
    if status != ours[0]:
        said = f": {_message(ours[1])}" if ours[0] >= 400 else ""
        return [Unlike(Aspect.STATUS, f"{ours[0]} instead of {status}{said}")]
    compare = _errors if status >= 400 else _shapes
    return list(compare(body, ours[1], ""))


def _shapes(recorded: Any, ours: Any, path: str) -> Iterator[Unlike]:
    if recorded is None or ours is None:
        return
    if _type(recorded) != _type(ours):
        detail = f"{path or 'body'}: {_type(ours)} instead of {_type(recorded)}"
        yield Unlike(Aspect.TYPES, detail)
    elif isinstance(recorded, dict):
        yield from _members(recorded, ours, path)
    elif isinstance(recorded, list) and recorded and ours:
        # The objects of a list are alike; which of them come is a matter of the data.
        yield from _shapes(recorded[0], _of_a_kind(recorded[0], ours), f"{path}[]")


def _of_a_kind(wanted: Any, ours: list[Any]) -> Any:
    """The first of ours that says it is of the same sort, where such lists hold several."""
    for name in ("object", "type") if isinstance(wanted, dict) else ():
        for each in ours:
            if isinstance(each, dict) and name in wanted and each.get(name) == wanted[name]:
                return each
    return ours[0]


def _members(recorded: dict[str, Any], ours: dict[str, Any], path: str) -> Iterator[Unlike]:
    for name, value in recorded.items():
        place = f"{path}.{name}" if path else name
        if name not in ours:
            yield Unlike(Aspect.FIELDS, f"{place} is missing")
        elif name not in _DATA:
            yield from _shapes(value, ours[name], place)
        elif value is not None and ours[name] is not None and _type(value) != _type(ours[name]):
            detail = f"{place}: {_type(ours[name])} instead of {_type(value)}"
            yield Unlike(Aspect.TYPES, detail)


def _errors(recorded: Any, ours: Any, path: str) -> Iterator[Unlike]:
    """The words by which clients tell errors apart; messages are for people and may differ."""
    del path
    found = dict(_words(ours, ""))
    for place, word in _words(recorded, ""):
        if found.get(place) != word:
            said = f"`{found[place]}`" if place in found else "nothing"
            yield Unlike(Aspect.ERRORS, f"{place}: {said} instead of `{word}`")


def _message(body: Any) -> str:
    """What an error body says to people."""
    held = body if isinstance(body, dict) else {}
    inner = held.get("error")
    for each in (inner if isinstance(inner, dict) else {}, held):
        found = each.get("message") or each.get("description")
        if isinstance(found, str):
            return found[:_TOLD]
    return str(body)[:_TOLD]


def _words(body: Any, path: str) -> Iterator[tuple[str, str]]:
    if not isinstance(body, dict):
        return
    for name, value in body.items():
        place = f"{path}.{name}" if path else name
        if name in _ERROR_WORDS and isinstance(value, str | int):
            yield place, str(value)
        else:
            yield from _words(value, place)


def _type(value: Any) -> str:
    """The JSON type of a value.

    >>> _type(True), _type(1), _type(1.5), _type([])
    ('boolean', 'number', 'number', 'array')
    """
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    names = {str: "string", dict: "object", list: "array", type(None): "null"}
    return names.get(type(value), type(value).__name__)
