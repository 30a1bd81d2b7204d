"""Typed reading of Stripe's string parameters, with Stripe's complaint where one does not fit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call
from understudy.systems.stripe.currencies import supported
from understudy.systems.stripe.errors import invalid, missing, no_such, unknown

__all__ = [
    "boolean",
    "checked_text",
    "currency",
    "hashes",
    "integer",
    "is_true",
    "lenient_integer",
    "merged_metadata",
    "nested",
    "one_of",
    "params",
    "require",
    "required",
    "several",
    "text",
    "texts",
]

Params = Mapping[str, Any]
_LONGEST = 5000
_MOST_METADATA, _LONGEST_KEY, _LONGEST_VALUE = 50, 40, 500
# What Stripe calls the id in the path of these; of the others it is `id`.
_PARAMS = {"payment_intents": "intent", "prices": "price"}
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def params(call: Call) -> dict[str, Any]:
    """The parameters of a call: the form's, and the query's where there is no form."""
    return {**call.query, **call.fields}


def text(values: Params, name: str) -> str | None:
    """A string; empty counts as absent."""
    value = values.get(name)
    if value is None or value == "":
        return None
    return checked_text(value, name)


def checked_text(value: Any, param: str) -> str:
    """A value that is a string, and not too long for one."""
    if not isinstance(value, str):
        raise invalid("Invalid string: " + str(value)[:200], param=param)
    if len(value) > _LONGEST:
        shown = f"{value[:10]}...{value[-10:]}"
        message = f"Invalid string: {shown}; must be at most {_LONGEST} characters"
        raise invalid(message, param=param)
    return value


def nested(values: Params, name: str, known: Collection[str] = ()) -> dict[str, Any]:
    """A hash of parameters, empty where there is none; only of `known` names if there are any."""
    given = values.get(name)
    if given in (None, ""):
        return {}
    if not isinstance(given, dict):
        raise invalid("Invalid object", param=name)
    for key in given:
        if known and key not in known:
            raise unknown(f"{name}[{key}]")
    return given


def several(values: Params, name: str, param: str = "") -> list[Any]:
    """An array, empty where there is none; `param` is its whole name where it is nested."""
    given = values.get(name)
    if given in (None, ""):
        return []
    if not isinstance(given, list):
        raise invalid("Invalid array", param=param or name)
    return given


def hashes(values: Params, name: str, param: str = "") -> list[dict[str, Any]]:
    """The same of hashes."""
    given = several(values, name, param)
    if not all(isinstance(each, dict) for each in given):
        raise invalid("Invalid array", param=param or name)
    return given


def texts(values: Params, name: str) -> dict[str, str] | None:
    """A hash of strings, or None where there is none."""
    if values.get(name) in (None, ""):
        return None
    given = nested(values, name)
    return {key: checked_text(value, f"{name}[{key}]") for key, value in given.items()}


def required(values: Params, name: str) -> str:
    """A string that must be there."""
    value = text(values, name)
    if value is None:
        raise missing(name)
    return value


def currency(values: Params) -> str:
    """The currency that must be there, in small letters."""
    return supported(required(values, "currency"))


def lenient_integer(value: Any) -> int | None:
    """The whole number that a parameter spells, or None.

    >>> lenient_integer("-3"), lenient_integer("1.5"), lenient_integer("\u0663")
    (-3, None, None)
    """
    if not isinstance(value, str) or len(value) > 12 or not value.isascii():
        return None
    return int(value) if value.removeprefix("-").isdecimal() else None


def integer(values: Params, name: str, *, least: int | None = None) -> int | None:
    """A whole number, at least `least`."""
    value = values.get(name)
    if value is None or value == "":
        return None
    number = lenient_integer(value)
    if number is None:
        code = "parameter_invalid_integer"
        raise invalid(f"Invalid integer: {str(value)[:200]}", param=name, code=code)
    if least is not None and number < least:
        message = f"This value must be greater than or equal to {least}."
        raise invalid(message, param=name, code="parameter_invalid_integer")
    return number


def boolean(values: Params, name: str) -> bool | None:
    """A truth value."""
    value = values.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value.lower() not in _TRUTHS:
        raise invalid(f"Invalid boolean: {str(value)[:200]}", param=name)
    return _TRUTHS[value.lower()]


def is_true(values: Params, name: str) -> bool:
    """Whether a parameter spells true, for what describes a call before it is tried.

    >>> is_true({"confirm": "True"}, "confirm"), is_true({"confirm": "yes"}, "confirm")
    (True, False)
    """
    value = values.get(name)
    return isinstance(value, str) and _TRUTHS.get(value.lower(), False)


def one_of(values: Params, name: str, known: tuple[str, ...], param: str = "") -> str | None:
    """One of a closed list of words; `param` is its whole name where it is nested."""
    value, param = text(values, name), param or name
    if value is not None and value not in known:
        *most, last = known
        choice = f"one of {', '.join(most)}, or {last}" if most else last
        raise invalid(f"Invalid {param}: must be {choice}", param=param)
    return value


def require(call: Call, table: str, row_id: str, param: str = "id") -> Row:
    """The row that an id names, or the 404."""
    row = call.session.overlay.get(f"stripe.{table}", row_id)
    if row is None:
        own_name = _PARAMS.get(table, param) if param == "id" else param
        raise no_such(table.removesuffix("s"), row_id, own_name)
    return row


def merged_metadata(row: Row, values: Params) -> dict[str, Any]:
    """The change that `metadata` asks for: keys are merged, an empty value deletes its key."""
    given = values.get("metadata")
    if given is None:
        return {}
    if given == "":
        return {"metadata": {}}
    if not isinstance(given, dict):
        raise invalid("Invalid hash", param="metadata")
    for key, value in given.items():
        if len(key) > _LONGEST_KEY:
            message = f"Invalid key: {key[:60]} must be a string under {_LONGEST_KEY} characters"
            raise invalid(message, param="metadata")
        if not isinstance(value, str) or len(value) > _LONGEST_VALUE:
            shown = str(value)[:60]
            message = f"Invalid val: {shown} must be a string under {_LONGEST_VALUE} characters"
            raise invalid(message, param="metadata")
    merged = {**(row.get("metadata") or {}), **given}
    kept = {key: value for key, value in merged.items() if value != ""}
    if len(kept) > _MOST_METADATA:
        raise invalid(f"You can specify up to {_MOST_METADATA} metadata keys.", param="metadata")
    return {"metadata": kept}
