"""Zendesk as a mounted system."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

import orjson

from understudy.systems.message import Request
from understudy.systems.operation import Operation, Refusal, Wire
from understudy.systems.session import CaseSession
from understudy.systems.system import (
    System,
    basic_secret,
    bearer_token,
    encode_query,
    is_json,
    media_type,
)
from understudy.systems.zendesk.errors import refused
from understudy.systems.zendesk.payload import SUBDOMAIN
from understudy.systems.zendesk.shapes import SHAPES
from understudy.systems.zendesk.table import OPERATIONS

__all__ = ["Zendesk"]

_ERRORS = {
    400: "BadRequest", 403: "Forbidden", 404: "RecordNotFound", 405: "MethodNotAllowed",
    413: "RequestEntityTooLarge", 429: "TooManyRequests",
}  # fmt: skip
_WORD = re.compile(
    r"(show|create|update|destroy|upsert)_many|create_or_update|mark_many_as_spam|count|autocomplete|recent"
)
_QUOTA = (
    ("x-rate-limit", "700"), ("x-rate-limit-remaining", "699"), ("ratelimit-limit", "700"),
    ("ratelimit-remaining", "699"), ("ratelimit-reset", "41"),
)  # fmt: skip
_WITH_BODY = ("POST", "PUT", "PATCH", "DELETE")


class Zendesk(System):
    """`*.zendesk.com`: Support, version 2 of the API.

    The vendor documents an `Idempotency-Key` for creating tickets, which none of its clients
    sends: here no key is kept, so that what is sent twice is done twice.
    """

    name = "zendesk"
    host = "*.zendesk.com"
    keeps_answers = True
    operations = OPERATIONS
    shapes = SHAPES
    tables = frozenset((
        "comments", "groups", "identities", "job_statuses", "macros", "organization_fields",
        "organizations", "side_conversations", "staff", "ticket_fields", "ticket_forms", "tickets",
        "user_fields", "users",
    ))  # fmt: skip

    @property
    def base_url(self) -> str:
        """The account's own host."""
        return f"https://{SUBDOMAIN}.zendesk.com"

    def credentials(self, text: str) -> dict[str, str]:
        """An API token with the e-mail that it goes with."""
        email = "integrations@acme.example"
        return {"subdomain": SUBDOMAIN, "email": email, "token": text[:40]}

    def presented(self, headers: Mapping[str, str]) -> str | None:
        """The token, as `EMAIL/token` and password, or as bearer token."""
        return bearer_token(headers) or basic_secret(headers, _token)

    def authorization(self, credentials: Mapping[str, str]) -> dict[str, str]:
        """Basic authentication with the token as password."""
        pair = f"{credentials['email']}/token:{credentials['token']}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def segments(self, path: str) -> list[str]:
        """With or without `.json` at the end."""
        return path.removesuffix(".json").strip("/").split("/")

    def names_objects(self, path: Mapping[str, str]) -> bool:
        """`tickets/destroy_many` is an operation of its own, and no ticket."""
        return all(name.isdigit() or not _WORD.fullmatch(name) for name in path.values())

    def body(self, request: Request) -> Any:
        """JSON; in a body that says that it is something else Zendesk finds no parameters."""
        if not request.body or not is_json(media_type(request.headers)):
            return None
        try:
            return orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            message = "The request body could not be parsed as JSON"
            raise refused(400, "UnprocessableEntity", message) from error

    def encode(self, wire: Wire, method: str) -> tuple[str, bytes, dict[str, str]]:
        """Zendesk's deletes may have a body too."""
        query = encode_query(wire.query)
        if wire.body is None or method not in _WITH_BODY:
            return query, b"", {}
        return query, orjson.dumps(wire.body), {"content-type": "application/json"}

    def headers(self, session: CaseSession) -> tuple[tuple[str, str], ...]:
        """Content type, request id and what is left of the quota."""
        return (
            ("content-type", "application/json; charset=utf-8"),
            ("x-request-id", session.request_id("")),
            *_QUOTA,
        )

    def refusal(self, status: int, message: str) -> Refusal:
        """An error with its description."""
        return refused(status, _ERRORS.get(status, "InternalError"), message)

    def unauthorized(self, secret: str | None) -> Refusal:
        """The same for missing and for unknown tokens."""
        del secret
        return Refusal(401, {"error": "Couldn't authenticate you"})

    def unserved(self, request: Request, methods: tuple[str, ...]) -> Refusal:
        """405 where the path is known, else 404."""
        if methods:
            return refused(405, "MethodNotAllowed", f"{request.method} is not allowed here")
        return refused(404, "InvalidEndpoint", "Not found")

    def denied(self, operation: Operation) -> Refusal:
        """An agent without the right."""
        message = f"You do not have access to this page ({operation.name})."
        return Refusal(403, {"error": {"title": "Forbidden", "message": message}})


def _token(user: str, password: str) -> str:
    return password if user.endswith("/token") else ""
