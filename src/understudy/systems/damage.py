"""What happens to an answer after it was given: lost, cut, changed in shape, shifted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import orjson

from understudy.systems.blow import Blow
from understudy.systems.message import Response, WireFault
from understudy.systems.operation import Call
from understudy.systems.rendering import dumps

__all__ = ["cut_off", "drifted", "halved", "html_page", "last_shown", "lost", "shifted"]

_HTML = (
    "<!DOCTYPE html>\n<html><head><title>{0}</title></head>\n<body><center><h1>{0}</h1></center>"
    "<hr><center>proxy</center></body></html>\n"
)
_PHRASES = {500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable"}


def lost(wire: WireFault) -> Response:
    """No answer; a door that cannot break the transport breaks off a body of one byte."""
    return Response(502, (("content-length", "1"),), b"", wire)


def html_page(status: int) -> Response:
    """What a proxy says in place of the system.

    >>> html_page(502).body.decode().splitlines()[1]
    '<html><head><title>502 Bad Gateway</title></head>'
    """
    title = f"{status} {_PHRASES.get(status, 'Error')}"
    return Response(status, (("content-type", "text/html"),), _HTML.format(title).encode())


def halved(blow: Blow, call: Call, response: Response) -> Response:
    """Half of the body, under a length that is right for it."""
    del blow, call
    body = response.body
    return msgspec.structs.replace(response, body=body[: len(body) // 2]) if body else response


def cut_off(blow: Blow, call: Call, response: Response) -> Response:
    """Half of the body, under the length of the whole."""
    del blow, call
    body = response.body
    if not body:
        return response
    headers = (*response.headers, ("content-length", str(len(body))))
    return Response(response.status, headers, body[: len(body) // 2], WireFault.TRUNCATE)


def drifted(blow: Blow, call: Call, response: Response) -> Response:
    """The field `field`, wherever it stands, renamed, emptied, or with another type or word."""
    del call
    if not response.body:
        return response
    field, new = blow.options["field"], blow.options["to"]
    change = _DRIFTS[blow.options["change"]]
    payload = _each(orjson.loads(response.body), field, lambda value: change(field, value, new))
    return msgspec.structs.replace(response, body=dumps(payload))


def _each(value: Any, field: str, change: Callable[[Any], tuple[str, Any]]) -> Any:
    if isinstance(value, list):
        return [_each(item, field, change) for item in value]
    if not isinstance(value, dict):
        return value
    pairs = (
        change(item) if name == field else (name, _each(item, field, change))
        for name, item in value.items()
    )
    return dict(pairs)


def _other_type(value: Any) -> Any:
    """The same content as another type: numbers as text, text as a number or a list.

    >>> _other_type(50), _other_type("50"), _other_type("eur")
    ('50', 50, ['eur'])
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    digits = isinstance(value, str) and value.isdecimal() and len(value) < 16
    return int(value) if digits else [value]


_DRIFTS: dict[str, Callable[[str, Any, str | None], tuple[str, Any]]] = {
    "rename": lambda field, value, new: (new or f"{field}_v2", value),
    "null": lambda field, _value, _new: (field, None),
    "type": lambda field, value, _new: (field, _other_type(value)),
    "enum": lambda field, _value, new: (field, new or "unrecognized"),
}


def shifted(blow: Blow, call: Call, response: Response) -> Response:
    """A further page after rows came or went before it.

    With `skip` it lacks its first object, which has moved to the page before; with `repeat` it
    begins with the object that the page before ended with.
    """
    payload = orjson.loads(response.body) if response.status == 200 and response.body else None
    shown = _objects(payload)
    if not shown:
        return response
    if blow.options["change"] == "skip":
        del shown[0]
    elif call.session.fate.pages.get(blow.operation) is not None:
        shown.insert(0, call.session.fate.pages[blow.operation])
    return msgspec.structs.replace(response, body=dumps(payload))


def last_shown(response: Response) -> Any:
    """The last object of a page, or None."""
    if response.status != 200 or not response.body.startswith(b"{"):
        return None
    shown = _objects(orjson.loads(response.body))
    return shown[-1] if shown else None


def _objects(payload: Any) -> list[Any] | None:
    if not isinstance(payload, dict):
        return None
    return next((value for value in payload.values() if isinstance(value, list)), None)
