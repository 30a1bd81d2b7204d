"""Stripe as a mounted system: keys, form encoding, idempotency, error bodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.model.world import World
from understudy.systems.message import Request, Response
from understudy.systems.operation import Operation, Refusal, Reply, Wire, set_aside
from understudy.systems.session import CaseSession, SavedAnswer
from understudy.systems.stripe import (
    balance,
    charges,
    credit_notes,
    customers,
    disputes,
    events,
    intents,
    invoice_items,
    invoice_payments,
    invoices,
    payment_methods,
    previews,
    products,
    refunds,
    subscriptions,
)
from understudy.systems.stripe.errors import api_error, invalid, unknown
from understudy.systems.stripe.form import decode, encode
from understudy.systems.stripe.shapes import SHAPES
from understudy.systems.stripe.unsetting import refuse_empty
from understudy.systems.stripe.versions import CURRENT, HEADER, asked, older_asked
from understudy.systems.system import System, basic_secret, bearer_token, media_type

__all__ = ["Stripe"]

_FORM = "application/x-www-form-urlencoded"
_LONGEST_KEY = 255
_WORDS = frozenset(("create_preview", "search", "upcoming"))
_EMPTY_PART = (
    " If you are trying to list objects, remove the trailing slash. If you are trying to retrieve"
    " an object, make sure you passed a valid (non-empty) identifier in your code."
)
_STATED = (HEADER, CURRENT)
_NOTHING: dict[str, Any] = {}
_TEST_MODE, _LIVE_MODE = b'"livemode":false', b'"livemode":true'


class Stripe(System):
    """`api.stripe.com`, version 1 of the API."""

    name = "stripe"
    host = "api.stripe.com"
    in_lines = True
    keeps_answers = True
    version_header = HEADER
    operations = (
        *customers.OPERATIONS,
        *charges.OPERATIONS,
        *intents.OPERATIONS,
        *refunds.OPERATIONS,
        *disputes.OPERATIONS,
        *events.OPERATIONS,
        *set_aside(balance.OPERATIONS),
        *set_aside(payment_methods.OPERATIONS),
        *set_aside(products.OPERATIONS),
        *invoices.OPERATIONS,
        *set_aside(invoice_items.OPERATIONS),
        *set_aside(invoice_payments.OPERATIONS),
        *set_aside(previews.OPERATIONS),
        *credit_notes.OPERATIONS,
        *subscriptions.OPERATIONS,
    )
    shapes = SHAPES
    tables = frozenset((
        "account", "balance_transactions", "charges", "credit_notes",
        "customer_balance_transactions", "customers", "deliveries", "disputes", "events",
        "invoice_lines", "invoiceitems", "invoices", "payment_intents", "payment_methods",
        "payouts", "prices", "products", "refunds", "subscriptions",
    ))  # fmt: skip
    largest_body = 1_000_000

    live = False

    def settle(self, world: World) -> None:
        """The account's mode."""
        account = world.get("stripe.account", "account") or {}
        self.live = bool(account.get("livemode"))
        # A kept answer is given as it was made, and here each is changed on its way out.
        self.keeps_answers = not self.live

    def credentials(self, text: str) -> dict[str, str]:
        """A secret key of the account's mode."""
        return {"api_key": f"sk_{'live' if self.live else 'test'}_51{text[:64]}"}

    def response(self, session: CaseSession, reply: Reply) -> Response:
        """A reply, whose objects are of the account's mode."""
        made = super().response(session, reply)
        if not self.live:
            return made
        return Response(made.status, made.headers, made.body.replace(_TEST_MODE, _LIVE_MODE))

    def secret(self, credentials: Mapping[str, str]) -> str:
        """The secret key."""
        return credentials["api_key"]

    def presented(self, headers: Mapping[str, str]) -> str | None:
        """The key, as bearer token or as the user of basic authentication."""
        return bearer_token(headers) or basic_secret(headers, lambda user, _: user)

    def names_objects(self, path: Mapping[str, str]) -> bool:
        """`invoices/create_preview` is an operation of its own, and no invoice."""
        return not _WORDS.intersection(path.values())

    def segments(self, path: str) -> list[str]:
        """A path with an empty part is no path at all: an id is missing in it."""
        parts = path.removeprefix("/").split("/")
        return [path] if "" in parts else parts

    def query(self, request: Request) -> dict[str, Any]:
        """Nested like the form."""
        return decode(request.query) if request.query else {}

    def body(self, request: Request) -> Any:
        """The decoded form; anything else Stripe does not read."""
        if not request.body:
            return None
        if media_type(request.headers) not in ("", _FORM):
            raise invalid(
                "Invalid request (check that your POST content type is"
                " application/x-www-form-urlencoded). If you have questions, we can help at"
                " https://support.stripe.com/."
            )
        try:
            return decode(request.body.decode())
        except (UnicodeDecodeError, ValueError) as error:
            raise invalid("Invalid request body: not a form in UTF-8.") from error

    def encode(self, wire: Wire, method: str) -> tuple[str, bytes, dict[str, str]]:
        """A form in the body, or in the query where the method has no body.

        A null is a parameter that was left out, as models fill in what they do not need.
        """
        if method != "POST":
            return encode({**wire.query, **(wire.body or {})}), b"", {}
        return encode(wire.query), encode(wire.body or {}).encode(), {"content-type": _FORM}

    def headers(self, session: CaseSession) -> tuple[tuple[str, str], ...]:
        """Content type, version and a request id."""
        return (
            ("content-type", "application/json"),
            ("request-id", session.request_id("req_")),
            _STATED,
        )

    def version(self, headers: Mapping[str, str]) -> str:
        """An older version, whose objects look otherwise."""
        return older_asked(headers)

    def stated(self, headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """The version that was asked for, as long as it is one."""
        told = headers.get(HEADER, CURRENT)
        if told == CURRENT:
            return ()
        try:
            return ((HEADER, asked(headers)),)
        except Refusal:
            return ((HEADER, CURRENT),)

    def refusal(self, status: int, message: str) -> Refusal:
        """An `invalid_request_error`, or `api_error` from 500 on."""
        kind = "api_error" if status >= 500 else "invalid_request_error"
        return api_error(kind, message, status=status)

    def unauthorized(self, secret: str | None) -> Refusal:
        """Stripe shows the key's beginning and end."""
        if not secret:
            return self.refusal(
                401,
                "You did not provide an API key. You need to provide your API key in the"
                " Authorization header, using Bearer auth (e.g. 'Authorization: Bearer"
                " YOUR_SECRET_KEY').",
            )
        shown = f"{secret[:8]}{'*' * 16}{secret[-4:]}" if len(secret) > 16 else "*" * len(secret)
        return self.refusal(401, f"Invalid API Key provided: {shown}")

    def unserved(self, request: Request, methods: tuple[str, ...]) -> Refusal:
        """Stripe answers wrong paths and wrong methods alike."""
        del methods
        url = f"{request.method}: {request.path}"
        empty = "//" in request.path or request.path.endswith("/")
        return self.refusal(
            404,
            f"Unrecognized request URL ({url}).{_EMPTY_PART if empty else ''} Please see"
            " https://stripe.com/docs or we can help at https://support.stripe.com/.",
        )

    def denied(self, operation: Operation) -> Refusal:
        """A restricted key without the permission."""
        return self.refusal(
            403,
            "The provided key does not have the required permissions for this endpoint"
            f" ({operation.name}).",
        )

    def check(self, operation: Operation, body: Any, query: Mapping[str, Any]) -> None:
        """Unknown parameters are refused, and empty ones that cannot be unset."""
        known = operation.params["properties"]
        for name, value in (*query.items(), *(body or _NOTHING).items()):
            if name not in known and name not in operation.accepts:
                raise unknown(name)
            if not value or value.__class__ is not str:
                refuse_empty(operation, name, value)

    def replayed(
        self, session: CaseSession, key: str, request: Request
    ) -> Response | Refusal | None:
        """The saved answer of the key, or the refusal where the parameters differ."""
        if request.method != "POST":
            return None
        if len(key) > _LONGEST_KEY:
            return invalid(f"Idempotency keys can be up to {_LONGEST_KEY} characters long.")
        saved = session.saved.get((self.name, key))
        if saved is None:
            return None
        if saved.fingerprint != _fingerprint(request):
            return api_error(
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same parameters they were"
                f" first used with. Try using a key other than '{key}' if you meant to execute a"
                " different request.",
                status=400,
            )
        session.tell_again(saved.action)
        again = (("idempotent-replayed", "true"), ("original-request", _header(saved.response)))
        return Response(saved.response.status, saved.response.headers + again, saved.response.body)

    def save(self, session: CaseSession, key: str, request: Request, response: Response) -> None:
        """Answers are kept from the moment the operation ran; refused parameters are not."""
        ran = response.status < 400 or response.status >= 500
        if ran and request.method == "POST":
            place = len(session.actions) - 1
            saved = SavedAnswer(_fingerprint(request), response, place)
            session.saved[self.name, key] = saved


def _fingerprint(request: Request) -> tuple[str, str, bytes]:
    return request.method, request.path, request.body


def _header(response: Response) -> str:
    return next((value for name, value in response.headers if name == "request-id"), "")
