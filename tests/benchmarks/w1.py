"""The data of W1: 500 customers, 1,500 invoices and their charges, a ticket per case.

A case is one ticket about one invoice: four reads, a refund, and the ticket solved. The rule that
stands in for a candidate refunds what the invoice says was paid; in every fifth case people had
refunded another amount. So each side must find the same score, 0.975, or its result is void.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from understudy.model.world import World

__all__ = ["NOW", "Case", "Shop", "by_tools", "cases", "play", "world"]

NOW = 1_790_000_000
_CUSTOMERS, _INVOICES, _SEED, _PARTS = 500, 1_500, 7, 8
_BORN = "2026-01-05T08:00:00Z"
_WORDS = (
    "invoice",
    "refund",
    "charged",
    "twice",
    "please",
    "again",
    "account",
    "renewal",
    "regards",
)


@dataclass(frozen=True, slots=True)
class Case:
    """One case: what it is about, and the amount that people refunded, in minor units."""

    number: int
    customer: str
    invoice: str
    charge: str
    ticket: str
    expected: int


@dataclass(frozen=True, slots=True)
class Shop:
    """How a side makes the six calls: `get(url)` and `send(method, url, body, form)`.

    Both give the body of the answer as bytes.
    """

    get: Callable[[str], bytes]
    send: Callable[[str, str, bytes, bool], bytes]


def cases(count: int) -> list[Case]:
    """The first `count` cases, always the same."""
    return [_case(number) for number in range(count)]


def _case(number: int) -> Case:
    invoice = number * 7 % _INVOICES
    amount = _amount(invoice)
    return Case(
        number,
        f"cus_{invoice % _CUSTOMERS:05d}",
        f"in_{invoice:05d}",
        f"ch_{invoice:05d}",
        str(100_000 + number),
        amount - 100 if number % 5 == 0 else amount,
    )


def world(tickets: int) -> World:
    """The world that all sides answer from."""
    drawn = random.Random(_SEED)
    tables = {
        "stripe.customers": [_customer(n) for n in range(_CUSTOMERS)],
        "stripe.invoices": [_invoice(n) for n in range(_INVOICES)],
        "stripe.charges": [_charge(n) for n in range(_INVOICES)],
        "zendesk.users": [_user(n) for n in range(_CUSTOMERS)],
        "zendesk.tickets": [_ticket(each, drawn) for each in cases(tickets)],
        "hubspot.contacts": [_contact(n) for n in range(_CUSTOMERS)],
    }
    return World({name: {row["id"]: row for row in rows} for name, rows in tables.items()}, now=NOW)


def play(case: Case, shop: Shop) -> float:
    """The rule at work on one case: the share of its two actions' parts that people agree with."""
    stripe, zendesk = "https://api.stripe.com/v1", "https://acme.zendesk.com/api/v2"
    orjson.loads(shop.get(f"{stripe}/customers/{case.customer}"))
    listed = orjson.loads(shop.get(f"{stripe}/invoices?customer={case.customer}&limit=10"))
    invoice = orjson.loads(shop.get(f"{stripe}/invoices/{case.invoice}"))
    ticket = orjson.loads(shop.get(f"{zendesk}/tickets/{case.ticket}.json"))["ticket"]
    if case.invoice not in [each["id"] for each in listed["data"]]:
        raise ValueError(f"{case.invoice} is missing from the list")
    amount = invoice["amount_paid"]
    form = f"charge={case.charge}&amount={amount}".encode()
    refund = orjson.loads(shop.send("POST", f"{stripe}/refunds", form, True))
    solved = orjson.dumps({"ticket": {"status": "solved"}})
    url = f"{zendesk}/tickets/{ticket['id']}.json"
    done = orjson.loads(shop.send("PUT", url, solved, False))["ticket"]
    if refund["object"] != "refund" or done["status"] != "solved":
        raise ValueError("an action was not carried out")
    return (_PARTS - (amount != case.expected)) / _PARTS


def by_tools(case: Case, call: Callable[..., Any]) -> float:
    """The same rule with function tools: `call(operation, **parameters)` gives what is answered."""
    call("stripe.customers.retrieve", id=case.customer)
    listed = call("stripe.invoices.list", customer=case.customer, limit=10)
    invoice = call("stripe.invoices.retrieve", id=case.invoice)
    ticket = call("zendesk.tickets.get", id=case.ticket)["ticket"]
    if case.invoice not in [each["id"] for each in listed["data"]]:
        raise ValueError(f"{case.invoice} is missing from the list")
    amount = invoice["amount_paid"]
    refund = call("stripe.refunds.create", charge=case.charge, amount=amount)
    done = call("zendesk.tickets.update", id=str(ticket["id"]), status="solved")["ticket"]
    if refund["object"] != "refund" or done["status"] != "solved":
        raise ValueError("an action was not carried out")
    return (_PARTS - (amount != case.expected)) / _PARTS


def _amount(invoice: int) -> int:
    return 2_000 + invoice * 13 % 5_000


def _customer(number: int) -> dict[str, Any]:
    return {
        "id": f"cus_{number:05d}", "email": f"person{number}@example.com", "created": NOW - number,
        "name": f"Person {number}", "currency": "eur", "balance": 0,
        "metadata": {"crm_contact_id": str(10_000 + number)},
    }  # fmt: skip


def _invoice(number: int) -> dict[str, Any]:
    amount = _amount(number)
    return {
        "id": f"in_{number:05d}", "customer": f"cus_{number % _CUSTOMERS:05d}", "status": "paid",
        "currency": "eur", "created": NOW - 10_000 - number, "number": f"A-{number}",
        "amount_due": amount, "amount_paid": amount, "amount_remaining": 0, "total": amount,
        "subtotal": amount, "charge": f"ch_{number:05d}",
    }  # fmt: skip


def _charge(number: int) -> dict[str, Any]:
    return {
        "id": f"ch_{number:05d}", "customer": f"cus_{number % _CUSTOMERS:05d}", "paid": True,
        "amount": _amount(number), "amount_refunded": 0, "currency": "eur", "captured": True,
        "status": "succeeded", "refunded": False, "created": NOW - 10_000 - number,
        "invoice": f"in_{number:05d}", "disputed": False, "description": f"Invoice A-{number}",
    }  # fmt: skip


def _user(number: int) -> dict[str, Any]:
    return {
        "id": str(700_000 + number), "name": f"Person {number}", "role": "end-user",
        "email": f"person{number}@example.com", "created_at": _BORN, "updated_at": _BORN,
    }  # fmt: skip


def _ticket(case: Case, drawn: random.Random) -> dict[str, Any]:
    said = " ".join(drawn.choices(_WORDS, k=95))
    return {
        "id": case.ticket, "subject": f"About {case.invoice}", "description": said,
        "status": "open", "priority": "normal", "tags": ["billing"], "via": {"channel": "email"},
        "requester_id": str(700_000 + int(case.customer[4:])), "created_at": _BORN,
        "updated_at": _BORN,
    }  # fmt: skip


def _contact(number: int) -> dict[str, Any]:
    return {
        "id": str(10_000 + number), "email": f"person{number}@example.com",
        "firstname": "Person", "lastname": str(number), "phone": f"+43 1 {number:06d}",
        "createdAt": _BORN, "updatedAt": _BORN, "archived": False,
    }  # fmt: skip
