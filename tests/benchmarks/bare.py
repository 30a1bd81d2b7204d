"""The floor under the engine's reads: bare dispatch to cached bytes, as plain as it can be.

A dictionary look-up by host class, method and number of segments, then the template's regular
expression, then a look-up of the object, whose bytes are made beforehand, and a response around
them. It knows no case, no credential, no clock, no overlay and no capture.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from understudy.systems.message import Request, Response

__all__ = ["BareDispatch"]

_JSON = (("content-type", "application/json"),)
_CHARSET = (("content-type", "application/json; charset=utf-8"),)
_PLAIN = (("content-type", "application/json;charset=utf-8"),)
_TEMPLATES = (
    ("stripe", 3, r"/v1/customers/([^/]+)$", _JSON),
    ("stripe", 3, r"/v1/invoices/([^/]+)$", _JSON),
    ("stripe", 3, r"/v1/charges/([^/]+)$", _JSON),
    ("zendesk", 4, r"/api/v2/tickets/(\d+)(?:\.json)?$", _CHARSET),
    ("hubspot", 5, r"/crm/v3/objects/contacts/([^/]+)$", _PLAIN),
)
_CLASSES = {
    "api.stripe.com": "stripe",
    "acme.zendesk.com": "zendesk",
    "api.hubapi.com": "hubspot",
}
_MISSING = Response(404, _JSON, b"{}")


class BareDispatch:
    """Answers reads of the objects that it is given as bytes, by path."""

    def __init__(self, objects: Mapping[tuple[str, str], bytes]) -> None:
        """`objects` are bytes by host and path."""
        self._routes: dict[tuple[str, str, int], list[tuple[re.Pattern[str], int]]] = {}
        self._objects: dict[tuple[int, str], bytes] = {}
        for number, (name, count, pattern, _) in enumerate(_TEMPLATES):
            routes = self._routes.setdefault((name, "GET", count), [])
            routes.append((re.compile(pattern), number))
        for (host, path), body in objects.items():
            found = self._find(_CLASSES[host], "GET", path)
            if found is not None:
                self._objects[found] = body

    def _find(self, name: str, method: str, path: str) -> tuple[int, str] | None:
        for pattern, number in self._routes.get((name, method, path.count("/")), ()):
            match = pattern.match(path)
            if match is not None:
                return number, match[1]
        return None

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        path = request.path
        name = _CLASSES.get(request.host, "")
        for pattern, number in self._routes.get((name, request.method, path.count("/")), ()):
            match = pattern.match(path)
            if match is not None:
                body = self._objects.get((number, match[1]))
                if body is not None:
                    return Response(200, _TEMPLATES[number][3], body)
        return _MISSING
