"""What a mocked system must be able to do; every vendor is one subclass, and so is your own."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson

from understudy.model.world import Row, World
from understudy.systems.dispatch import Dispatcher
from understudy.systems.message import Request, Response
from understudy.systems.operation import Call, Operation, Refusal, Reply, Wire
from understudy.systems.rendering import dumps
from understudy.systems.session import CaseSession, CoverageGap

__all__ = [
    "System",
    "basic_secret",
    "bearer_token",
    "encode_query",
    "is_json",
    "media_type",
    "query_pairs",
]


class System:
    """A table of operations with a host, an encoding and a way of saying no.

    A subclass sets `name`, `host` and `operations`, and overrides what differs from plain JSON
    under a bearer token.
    """

    name: str = ""
    host: str = ""
    """An exact host name, or `*.` and a suffix."""
    operations: tuple[Operation, ...] = ()
    shapes: Mapping[str, Mapping[str, Any]] = {}
    """JSON Schemas of the objects in the answers by name; `error` is what a refusal looks like."""
    tables: frozenset[str] | None = None
    """Which tables of a world it serves, without its own name; None where any may be one."""
    largest_body: int = 4_000_000
    """Bytes that a request's body may have; longer ones are refused unread."""
    in_lines: bool = False
    """Whether the vendor writes its JSON in lines, as suites that read it with `grep` expect."""
    unreadable: str = "The request body is not valid JSON."
    """What a body is told that says it is JSON and is none."""
    keeps_answers: bool = False
    """Whether a read's answer follows from its address, the world and what the case wrote, and
    from nothing that the handlers keep elsewhere: then one case's answer is given to the next."""

    version_header: str = ""
    """The header by which a request may ask for another version of the API than the account's."""

    def __init__(self) -> None:
        self.dispatcher = Dispatcher(self.operations)
        self.by_name = {operation.name: operation for operation in self.operations}

    def settle(self, world: World) -> None:
        """Take over what the world says of the company's account; nothing by default."""

    def rows(self, world: World) -> Mapping[str, Iterable[Row]]:
        """What the system holds beside the world's tables, by table as `<system>.<plural>`.

        Rows carry their `id` as text, and may follow from the world's own. Tables that the world
        has already are left as they are.
        """
        del world
        return {}

    @property
    def base_url(self) -> str:
        """Where clients find the system."""
        return f"https://{self.host}"

    def credentials(self, text: str) -> dict[str, str]:
        """A case's credentials, made from 64 letters that only it has."""
        return {"token": text[:40]}

    def secret(self, credentials: Mapping[str, str]) -> str:
        """What of the credentials a request carries: the key that names the case."""
        return credentials["token"]

    def presented(self, headers: Mapping[str, str]) -> str | None:
        """The secret that a request presents, or None."""
        return bearer_token(headers)

    def authorization(self, credentials: Mapping[str, str]) -> dict[str, str]:
        """The headers by which a client presents the credentials."""
        return {"authorization": f"Bearer {self.secret(credentials)}"}

    def segments(self, path: str) -> list[str]:
        """The path cut at its slashes."""
        return path.strip("/").split("/")

    def names_objects(self, path: Mapping[str, str]) -> bool:
        """Whether path parameters can name objects, and are no words of an operation's own.

        Where they cannot, the request is one that no operation serves.
        """
        del path
        return True

    def decode(self, call: Call) -> None:
        """Read what a call's request says; a `Refusal` of one that cannot be read."""
        request = call.request
        if self.version_header:
            call.version = self.version(request.headers)
        if request.query:
            call.query = self.query(request)
        if request.body:
            if len(request.body) > self.largest_body:
                raise self.too_large()
            call.body = self.body(request)

    def query(self, request: Request) -> dict[str, Any]:
        """The decoded query."""
        return dict(query_pairs(request.query)) if request.query else {}

    def body(self, request: Request) -> Any:
        """The decoded body; a `Refusal` where it is not what it says, or is no JSON."""
        if not request.body:
            return None
        kind = media_type(request.headers)
        if not is_json(kind):
            raise self.refusal(415, f"Unsupported media type: {kind[:80]}")
        try:
            return orjson.loads(request.body)
        except orjson.JSONDecodeError as error:
            raise self.refusal(400, self.unreadable) from error

    def encode(self, wire: Wire, method: str) -> tuple[str, bytes, dict[str, str]]:
        """A query and a body as a client would write them, with the headers that say so."""
        query = encode_query(wire.query)
        if wire.body is None or method in ("GET", "DELETE"):
            return query, b"", {}
        return query, orjson.dumps(wire.body), {"content-type": "application/json"}

    def headers(self, session: CaseSession) -> tuple[tuple[str, str], ...]:
        """Headers that every answer of the system carries."""
        del session
        return (("content-type", "application/json"),)

    def version(self, headers: Mapping[str, str]) -> str:
        """`Call.version` of a request with these headers; a `Refusal` where there is none such."""
        del headers
        return ""

    def stated(self, headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """What the answer says of its version, where another than the account's is asked for."""
        del headers
        return ()

    def response(self, session: CaseSession, reply: Reply) -> Response:
        """A reply as it leaves the system."""
        body = b"" if reply.payload is None else dumps(reply.payload)
        headers = self.headers(session)
        return Response(reply.status, headers + reply.headers if reply.headers else headers, body)

    def refusal(self, status: int, message: str) -> Refusal:
        """An error in the shape of this system."""
        return Refusal(status, {"error": {"code": status, "message": message}})

    def too_large(self) -> Refusal:
        """The answer to a body that is longer than `largest_body`."""
        message = f"The request body is larger than {self.largest_body} bytes."
        return self.refusal(413, message)

    def unauthorized(self, secret: str | None) -> Refusal:
        """The answer to a missing, unknown or foreign credential."""
        return self.refusal(401, "Invalid token." if secret else "Missing token.")

    def gap(self, request: Request, reason: str) -> CoverageGap:
        """How a request that no operation serves is told."""
        return CoverageGap(
            system=self.name, method=request.method, path=request.path, reason=reason
        )

    def unserved(self, request: Request, methods: tuple[str, ...]) -> Refusal:
        """The answer to a path or method that no operation serves."""
        asked = f"{request.method} {request.path}"
        if methods:
            served = ", ".join(methods)
            return self.refusal(405, f"{asked}: not allowed here; allowed are {served}")
        return self.refusal(404, f"{asked}: not found")

    def denied(self, operation: Operation) -> Refusal:
        """The answer to a write that the policy does not let through."""
        return self.refusal(403, f"This token may not perform {operation.name}.")

    def pending(self, payload: Any) -> Any:
        """The payload of a write that waits in a queue instead of being applied."""
        known = isinstance(payload, dict) and "status" in payload
        return {**payload, "status": "pending"} if known else payload

    def check(self, operation: Operation, body: Any, query: Mapping[str, Any]) -> None:
        """Refuse parameters that the operation does not know; nothing is refused by default."""

    def replayed(
        self, session: CaseSession, key: str, request: Request
    ) -> Response | Refusal | None:
        """What an earlier call under the same idempotency key was answered; none by default."""
        del session, key, request
        return None

    def save(self, session: CaseSession, key: str, request: Request, response: Response) -> None:
        """Keep an answer under its idempotency key; nothing is kept by default."""


def query_pairs(query: str) -> Sequence[tuple[str, str]]:
    """The names and values of a query in their order; short ones are decoded once and kept.

    >>> query_pairs("limit=5&q=")
    (('limit', '5'), ('q', ''))
    """
    return _kept_pairs(query) if len(query) <= _SHORT else _pairs(query)


def _pairs(query: str) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(query, keep_blank_values=True))


_SHORT = 300
_kept_pairs = lru_cache(2048)(_pairs)


def encode_query(values: Mapping[str, Any]) -> str:
    """A flat query string; lists are joined by commas, booleans written small.

    >>> encode_query({"limit": 10, "archived": False, "properties": ["email", "phone"]})
    'limit=10&archived=false&properties=email%2Cphone'
    """
    if not values:
        return ""
    from urllib.parse import urlencode

    return urlencode({key: _plain(value) for key, value in values.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else value


def media_type(headers: Mapping[str, str]) -> str:
    """What a body says that it is, without parameters; empty where it says nothing.

    >>> media_type({"content-type": "Application/JSON; charset=utf-8"})
    'application/json'
    """
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def is_json(kind: str) -> bool:
    """Whether a media type is a JSON one; a body that says nothing is taken for JSON.

    >>> is_json("application/vnd.api+json"), is_json(""), is_json("text/plain")
    (True, True, False)
    """
    return kind in ("", "application/json", "text/json") or kind.endswith("+json")


def bearer_token(headers: Mapping[str, str]) -> str | None:
    """The token of an `Authorization: Bearer` header.

    >>> bearer_token({"authorization": "Bearer abc"})
    'abc'
    """
    given = headers.get("authorization", "")
    if given[:7] == "Bearer ":
        return given[7:].strip() or None
    scheme, _, token = given.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def basic_secret(headers: Mapping[str, str], pick: Callable[[str, str], str]) -> str | None:
    """What `pick` takes of the user and password of an `Authorization: Basic` header."""
    scheme, _, coded = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    pair = _kept_user(coded) if len(coded) <= _SHORT else _user(coded)
    return pick(*pair) or None if pair else None


def _user(coded: str) -> tuple[str, str] | None:
    try:
        user, _, password = base64.b64decode(coded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return user, password


_kept_user = lru_cache(1024)(_user)
