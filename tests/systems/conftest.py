"""A small world over all systems, an engine on it, and an open case."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import jsonschema
import pytest

from understudy.model.world import World
from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine
from understudy.systems.message import Request, Response
from understudy.systems.openapi import openapi
from understudy.systems.operation import Operation
from understudy.systems.routes import KNOWN
from understudy.systems.session import CaseSession

NOW = 1_790_000_000
BORN = "2026-01-05T08:00:00Z"


def _charge(number: int, **other: Any) -> dict[str, Any]:
    return {
        "id": f"ch_{number:04d}", "customer": "cus_ada", "amount": 5000 + number,
        "amount_refunded": 0, "currency": "eur", "status": "succeeded", "paid": True,
        "refunded": False, "captured": True, "created": 1_780_000_000 + number,
        "description": "Pro plan", "invoice": "in_open", "payment_intent": f"pi_{number:04d}",
        "disputed": False, **other,
    }  # fmt: skip


def _stripe() -> dict[str, dict[str, Any]]:
    charges = [_charge(n) for n in range(1000)]
    charges += [
        _charge(2000, status="failed", paid=False, customer="cus_bob"),
        _charge(2001, disputed=True, customer="cus_bob"),
        _charge(2002, currency="jpy", amount=700, customer="cus_bob"),
    ]
    intents = [
        {"id": c["payment_intent"], "customer": c["customer"], "amount": c["amount"],
         "currency": c["currency"], "status": "succeeded", "latest_charge": c["id"],
         "created": c["created"]}
        for c in charges[:3]
    ]  # fmt: skip
    intents.append(
        {"id": "pi_held", "customer": "cus_ada", "amount": 900, "currency": "eur",
         "status": "requires_capture", "created": 1}
    )  # fmt: skip
    invoice = {"customer": "cus_ada", "currency": "eur", "created": 1_780_000_000,
               "subscription": "sub_ada", "total": 10_000, "subtotal": 10_000}  # fmt: skip
    return {
        "customers": [
            {"id": "cus_ada", "email": "Ada@Example.com", "name": "Ada Byron", "created": 10,
             "currency": "eur", "balance": 0, "metadata": {"crm_contact_id": "101"},
             "address": {"city": "Graz"}},
            {"id": "cus_bob", "email": "bob@example.com", "name": "Bob", "created": 20},
        ],
        "charges": charges,
        "payment_intents": intents,
        "invoices": [
            {"id": "in_open", "status": "open", "number": "A-1", "amount_due": 10_000,
             "amount_paid": 0, "amount_remaining": 10_000, **invoice,
             "lines": [{"id": "il_1", "amount": 10_000, "description": "Seats"}]},
            {"id": "in_paid", "status": "paid", "number": "A-2", "amount_due": 10_000,
             "amount_paid": 10_000, "amount_remaining": 0, **invoice},
            {"id": "in_draft", "status": "draft", "amount_due": 10_000, "amount_remaining": 10_000,
             **invoice},
        ],
        "subscriptions": [
            {"id": "sub_ada", "customer": "cus_ada", "status": "active", "price": "price_pro",
             "quantity": 2, "currency": "eur", "created": 5, "current_period_start": NOW - 100,
             "current_period_end": NOW + 100, "cancel_at_period_end": False},
            {"id": "sub_old", "customer": "cus_ada", "status": "canceled", "price": "price_pro",
             "quantity": 1, "currency": "eur", "created": 4},
            {"id": "sub_paused", "customer": "cus_bob", "status": "paused", "price": "price_pro",
             "quantity": 1, "currency": "eur", "created": 3},
        ],
        "prices": [
            {"id": "price_pro", "product": "prod_1", "currency": "eur", "unit_amount": 4900,
             "recurring": {"interval": "month"}, "active": True, "created": 1},
            {"id": "price_basic", "product": "prod_1", "currency": "eur", "unit_amount": 1900,
             "recurring": {"interval": "month"}, "active": True, "created": 1},
        ],
        "products": [{"id": "prod_1", "name": "Suite", "active": True, "created": 1}],
        "disputes": [
            {"id": "dp_1", "charge": "ch_2001", "amount": 7001, "currency": "eur",
             "status": "needs_response", "reason": "fraudulent", "created": 7,
             "evidence_details": {"due_by": NOW + 999}},
        ],
        "events": [{"id": "evt_1", "type": "charge.succeeded", "created": 1,
                    "data": {"id": "ch_0001"}}],
    }  # fmt: skip


def _hubspot() -> dict[str, list[dict[str, Any]]]:
    times = {"createdAt": BORN, "updatedAt": BORN, "archived": False}
    contacts = [
        {"id": "101", "email": "ada@example.com", "firstname": "Ada", "phone": "+43 1", **times},
        {"id": "102", "email": "ada.byron@example.com", "firstname": "Ada", "city": "Graz",
         "favourite_colour": "blue", **times},
        {"id": "103", "email": "gone@example.com", "hs_merged_into": "101", **times,
         "archived": True},
    ]  # fmt: skip
    contacts += [
        {"id": str(1000 + n), "email": f"p{n}@example.com", "lastname": f"P{n}", **times}
        for n in range(1000)
    ]
    return {
        "contacts": contacts,
        "companies": [{"id": "201", "name": "Engines Ltd", "domain": "engines.example", **times}],
        "deals": [
            {"id": "301", "dealname": "Renewal", "amount": "1200.50", "deal_currency_code": "EUR",
             "dealstage": "contractsent", "pipeline": "default", **times},
        ],
        "notes": [],
        "tasks": [],
        "owners": [
            {"id": "51", "email": "eve@acme.example", "firstName": "Eve", "lastName": "Lund"},
        ],
        "associations": [
            {"id": "901", "from_type": "contacts", "from_id": "101", "to_type": "companies",
             "to_id": "201"},
            {"id": "902", "from_type": "deals", "from_id": "301", "to_type": "contacts",
             "to_id": "102"},
        ],
    }  # fmt: skip


def _zendesk() -> dict[str, list[dict[str, Any]]]:
    times = {"created_at": BORN, "updated_at": BORN}
    tickets = [
        {"id": str(n), "subject": f"Question {n}", "description": "Hello", "status": "open",
         "priority": "normal", "requester_id": "7001", "assignee_id": "7100", "tags": ["billing"],
         "via": {"channel": "email"}, **times}
        for n in range(1, 1001)
    ]  # fmt: skip
    tickets[1]["status"] = "closed"
    tickets[2] |= {"subject": "Refund please", "status": "pending", "requester_id": "7002"}
    return {
        "tickets": tickets,
        "users": [
            {"id": "7001", "name": "Ada Byron", "email": "ada@example.com", "role": "end-user",
             **times},
            {"id": "7002", "name": "Bob", "email": "bob@example.com", "role": "end-user", **times},
            {"id": "7100", "name": "Eve Lund", "email": "eve@acme.example", "role": "agent",
             **times},
        ],
        "organizations": [{"id": "7500", "name": "Engines Ltd", "created_at": BORN}],
        "comments": [
            {"id": "8001", "ticket_id": "1", "author_id": "7001", "body": "My card is 4242",
             "public": True, "created_at": BORN},
        ],
        "macros": [
            {"id": "9001", "title": "Close", "active": True,
             "actions": [{"field": "status", "value": "solved"},
                         {"field": "comment_value", "value": "Bye from #{{ticket.id}}"}]},
        ],
    }  # fmt: skip


@pytest.fixture(scope="session")
def world() -> World:
    """About three thousand rows over the three vendors; nobody changes them."""
    parts = {"stripe": _stripe(), "hubspot": _hubspot(), "zendesk": _zendesk()}
    tables = {
        f"{system}.{name}": {row["id"]: row for row in rows}
        for system, named in parts.items()
        for name, rows in named.items()
    }
    return World(tables, now=NOW)


@pytest.fixture
def world_of() -> Callable[..., World]:
    """A world of a few rows, by system and table."""

    def made(**parts: dict[str, list[dict[str, Any]]]) -> World:
        tables = {
            f"{system}.{name}": {row["id"]: row for row in rows}
            for system, named in parts.items()
            for name, rows in named.items()
        }
        return World(tables, now=NOW)

    return made


@pytest.fixture
def engine(world: World) -> Engine:
    """All systems over the world."""
    return Engine(world, seed=7)


class Shapes:
    """The documented shapes of all answers."""

    def __init__(self) -> None:
        self._documents = {name: openapi(name) for name in KNOWN}
        self._known: dict[tuple[str, int], Any] = {}

    def faults(self, operation: str, status: int, body: Any) -> list[str]:
        """In what an answer is not as it is documented."""
        key = (operation, status)
        if key not in self._known:
            self._known[key] = self._validator(find_operation(operation), status)
        validator = self._known[key]
        if validator is None:
            return [] if body is None else [f"{operation}: {status} has a body"]
        return [
            f"{operation}: {status}: {each.json_path}: {each.message[:200]}"
            for error in validator.iter_errors(body)
            for each in (error.context or [error])
        ]

    def _validator(self, operation: Operation, status: int) -> Any:
        refusal = {"$ref": "#/components/schemas/error"}
        undocumented: Any = {"not": {}}
        schema = refusal if status >= 400 else operation.answers.get(status, undocumented)
        components = self._documents[operation.system]["components"]
        whole = None if schema is None else {**schema, "components": components}
        return whole and jsonschema.Draft202012Validator(whole)


@pytest.fixture(scope="session")
def shapes() -> Shapes:
    """Says in what an answer is not as it is documented."""
    return Shapes()


@dataclass
class Caller:
    """Calls operations of one case and reads the answers, which must be as documented."""

    engine: Engine
    session: CaseSession
    shapes: Shapes | None = None

    def __call__(self, operation: str, **params: Any) -> tuple[int, Any]:
        """One operation by name: its status and its decoded body."""
        return self.read(self.send(operation, **params))

    def ok(self, operation: str, **params: Any) -> Any:
        """The payload of a call that succeeds."""
        status, body = self(operation, **params)
        assert status == 200, body
        return body

    def refused(self, operation: str, answered: int = 400, **params: Any) -> Any:
        """The error of a call that is refused, as an attempt and without an effect."""
        before = self.session.effect()
        status, body = self(operation, **params)
        assert (status, self.last.response_status) == (answered, answered), body
        assert self.session.effect() == before
        return body["error"]

    def send(
        self, operation: str, headers: dict[str, str] | None = None, **params: Any
    ) -> Response:
        """The same with further headers, and the answer as it is."""
        found = find_operation(operation)
        # As a client that writes its own requests: what no parameter names is sent as well.
        made = build_request(found, params, self.session.credentials, strict=False)
        answer = self.engine.handle(
            Request(
                made.method, made.host, made.path, made.query,
                {**made.headers, **(headers or {})}, made.body,
            )
        )  # fmt: skip
        if self.shapes is not None:
            assert self.shapes.faults(operation, *self.read(answer)) == []
        return answer

    def raw(self, system: str, method: str, path: str, body: bytes = b"", **headers: str) -> Any:
        """Any request with the case's credential: status and decoded body."""
        mounted = self.engine.systems[system]
        own = mounted.authorization(self.session.credentials[system])
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        host = mounted.base_url.partition("://")[2]
        path, _, query = path.partition("?")
        made = Request(method, host, path, query, {**own, **named}, body)
        return self.read(self.engine.handle(made))

    @staticmethod
    def read(response: Response) -> tuple[int, Any]:
        """Status and decoded body."""
        return response.status, json.loads(response.body) if response.body else None

    @property
    def last(self) -> Any:
        """The action captured last."""
        return self.session.actions[-1]


@pytest.fixture
def call(engine: Engine, shapes: Shapes) -> Iterator[Caller]:
    """One open case's caller."""
    yield Caller(engine, engine.open_case("case-1"), shapes)


@pytest.fixture
def caller_of(engine: Engine, shapes: Shapes) -> Callable[[str], Caller]:
    """A caller for any further case."""
    return lambda case_id: Caller(engine, engine.open_case(case_id), shapes)


@pytest.fixture
def make_caller() -> Callable[[Engine, str], Caller]:
    """A caller for a new case of any engine, whose faults may damage the answers."""
    return lambda engine, case_id: Caller(engine, engine.open_case(case_id))
