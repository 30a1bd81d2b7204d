"""HubSpot as a mounted system."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from understudy.systems.hubspot.errors import NO_CASE, failure
from understudy.systems.hubspot.shapes import SHAPES
from understudy.systems.hubspot.table import OPERATIONS
from understudy.systems.message import Request, Response
from understudy.systems.operation import Operation, Refusal, Reply
from understudy.systems.session import CaseSession
from understudy.systems.system import System, query_pairs

__all__ = ["HubSpot"]

_CATEGORIES = {
    400: "VALIDATION_ERROR", 401: "INVALID_AUTHENTICATION", 403: "MISSING_SCOPES",
    404: "OBJECT_NOT_FOUND", 405: "METHOD_NOT_ALLOWED", 409: "CONFLICT", 413: "VALIDATION_ERROR",
    415: "VALIDATION_ERROR", 429: "RATE_LIMITS",
}  # fmt: skip
_DATED = re.compile(r"20\d\d-\d\d")
_QUOTA = (
    ("x-hubspot-ratelimit-daily", "250000"), ("x-hubspot-ratelimit-daily-remaining", "249807"),
    ("x-hubspot-ratelimit-interval-milliseconds", "10000"), ("x-hubspot-ratelimit-max", "190"),
    ("x-hubspot-ratelimit-remaining", "189"),
)  # fmt: skip


class HubSpot(System):
    """`api.hubapi.com`: CRM objects v3, associations v4."""

    name = "hubspot"
    host = "api.hubapi.com"
    keeps_answers = True
    unreadable = "Invalid input JSON on line 1, column 1: unable to parse the request body"
    operations = OPERATIONS
    shapes = SHAPES

    def credentials(self, text: str) -> dict[str, str]:
        """A private app's access token."""
        digits = text.encode().hex()
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32])
        return {"access_token": f"pat-eu1-{'-'.join(parts)}"}

    def secret(self, credentials: Mapping[str, str]) -> str:
        """The access token."""
        return credentials["access_token"]

    def segments(self, path: str) -> list[str]:
        """Older and dated addresses lead where the versioned ones do."""
        parts = super().segments(path)
        if parts[:1] == ["crm-object-schemas"]:
            return ["crm", *parts[1:]]
        if len(parts) > 2 and parts[0] == "crm" and _DATED.fullmatch(parts[2]):
            newer = parts[1] == "associations" or "associations" in parts[4:]
            return ["crm", "v4" if newer else "v3", parts[1], *parts[3:]]
        return parts

    def names_objects(self, path: Mapping[str, str]) -> bool:
        """`properties/contacts/groups` is an operation of its own, and no property."""
        return path.get("name") != "groups"

    def query(self, request: Request) -> dict[str, Any]:
        """Names that are given several times become lists."""
        found: dict[str, Any] = {}
        for name, value in query_pairs(request.query):
            known = found.get(name)
            if known is None:
                found[name] = value
            else:
                found[name] = [*known, value] if isinstance(known, list) else [known, value]
        return _single(found)

    def headers(self, session: CaseSession) -> tuple[tuple[str, str], ...]:
        """Content type, correlation and what is left of the quota."""
        return (
            ("content-type", "application/json;charset=utf-8"),
            ("x-hubspot-correlation-id", session.correlation_id()),
            *_QUOTA,
        )

    def response(self, session: CaseSession, reply: Reply) -> Response:
        """Errors that were made without a case get the id that the headers have."""
        body = reply.payload
        if isinstance(body, dict) and body.get("correlationId") == NO_CASE:
            named = {**body, "correlationId": session.correlation_id()}
            reply = Reply(reply.status, named, reply.headers)
        return super().response(session, reply)

    def refusal(self, status: int, message: str) -> Refusal:
        """The error body without a case."""
        return failure(None, status, message, _CATEGORIES.get(status, "ERROR"))

    def unauthorized(self, secret: str | None) -> Refusal:
        """One text for missing and for unknown tokens."""
        if not secret:
            return self.refusal(401, "Authentication credentials not found.")
        return self.refusal(
            401,
            "Authentication credentials not found. This API supports OAuth 2.0 authentication and"
            " you can find more details at https://developers.hubspot.com/docs",
        )

    def unserved(self, request: Request, methods: tuple[str, ...]) -> Refusal:
        """405 where the path is known, else 404."""
        if methods:
            return self.refusal(405, f"Method {request.method} is not allowed for this resource")
        return self.refusal(404, "The requested resource does not exist: no such endpoint")

    def denied(self, operation: Operation) -> Refusal:
        """A token without the scope."""
        return self.refusal(
            403,
            "This app hasn't been granted all required scopes to make this call"
            f" ({operation.name}).",
        )


_SEVERAL = ("properties", "propertiesWithHistory", "associations")


def _single(found: dict[str, Any]) -> dict[str, Any]:
    """Only some names may be given several times; of the others the last one counts."""
    return {
        name: value if name in _SEVERAL or not isinstance(value, list) else value[-1]
        for name, value in found.items()
    }
