"""Recorded traffic of any length: the smallest records that there are, and a desk's as it is.

A desk's answers have the fields that the vendors' references list for a ticket, a charge and a
contact, with names, addresses and phone numbers in them; headers are a browser's and a server's.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["desk_exchange", "har_entry", "small_exchange"]

_START = datetime(2026, 10, 1, tzinfo=UTC)
_SHOP = "https://acme.zendesk.com/api/v2"
_EVERY = 40
"""Of so many calls one is a write; the others are reads, as in a gateway's log."""
_CUSTOMERS = 5000
_WORDS = "please could you refund the invoice because we were charged twice and our accountant asks"
_UNSET = {
    "external_id": None, "organization_id": None, "forum_topic_id": None, "problem_id": None,
    "due_at": None, "has_incidents": False, "is_public": True, "allow_channelback": False,
    "allow_attachments": True, "from_messaging_channel": False, "collaborator_ids": [],
    "follower_ids": [], "email_cc_ids": [], "sharing_agreement_ids": [], "followup_ids": [],
    "satisfaction_rating": {"score": "unoffered"}, "custom_status_id": 5, "ticket_form_id": 3,
    "brand_id": 4, "group_id": 12, "assignee_id": 7,
}  # fmt: skip


def small_exchange(number: int) -> dict[str, Any]:
    """A ticket read, and now and then an update: no headers, and nobody's data."""
    ticket, at = number // 4, _at(number)
    written = number % _EVERY == 3
    body = {"ticket": {"status": "solved"}} if written else None
    shown = {
        "id": ticket, "subject": f"Question {ticket}", "description": "lorem ipsum " * 60,
        "status": "solved" if written else "open", "requester_id": 1000 + ticket % 500,
        "created_at": _at(0), "updated_at": at if written else _at(0),
        "tags": ["billing", "refund"], "custom_fields": [{"id": n, "value": n} for n in range(20)],
    }  # fmt: skip
    url = f"{_SHOP}/tickets/{ticket}.json"
    return _exchange(number, (url, body), {"ticket": shown}, {"content-type": "application/json"})


def desk_exchange(number: int) -> dict[str, Any]:
    """Six tickets, two charges and two contacts of ten, as the vendors answer."""
    kind, body = number % 10, None
    if kind < 6:
        solved = number % _EVERY == 3
        said = {"body": _words(number, 30), "public": True}
        body = {"ticket": {"status": "solved", "comment": said}} if solved else None
        url, answer = f"{_SHOP}/tickets/{number // 4}.json", _ticket(number, solved)
    elif kind < 8:
        answer = _charge(number)
        url = f"https://api.stripe.com/v1/charges/{answer['id']}"
    else:
        answer = _contact(number)
        url = f"https://api.hubapi.com/crm/v3/objects/contacts/{answer['id']}"
    one = _exchange(number, (url, body), answer, _answered(number))
    one["request"]["headers"] = {
        "Accept": "application/json", "Accept-Encoding": "gzip, deflate, br",
        "Authorization": "Basic YWdlbnRAYWNtZS5leGFtcGxlOnNlY3JldA==",
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari",
        "X-Requested-With": "XMLHttpRequest", "Referer": f"{_SHOP}/agent/tickets/{number // 4}",
    }  # fmt: skip
    return one


def har_entry(one: dict[str, Any]) -> dict[str, Any]:
    """The same exchange as a browser saves it."""
    request, response = one["request"], one["response"]
    posted = {"mimeType": "application/json", "text": json.dumps(request["body"])}
    text = json.dumps(response["body"])
    return {
        "startedDateTime": one["started_at"], "time": 12, "cache": {},
        "request": {
            "method": request["method"], "url": request["url"], "httpVersion": "HTTP/1.1",
            "cookies": [], "queryString": [], "headers": _pairs(request["headers"]),
            **({"postData": posted} if request["body"] else {}),
        },
        "response": {
            "status": 200, "statusText": "OK", "headers": _pairs(response["headers"]),
            "content": {"size": len(text), "mimeType": "application/json", "text": text},
        },
        "timings": {"send": 0, "wait": 12, "receive": 0},
    }  # fmt: skip


def _exchange(
    number: int, asked: tuple[str, Any], answer: dict[str, Any], headers: dict[str, str]
) -> dict[str, Any]:
    url, body = asked
    method = "PUT" if body else "GET"
    return {
        "started_at": _at(number), "actor": f"agent-{number % 7}",
        "request": {"method": method, "body": body, "headers": {}, "url": url},
        "response": {"status": 200, "headers": headers, "body": answer},
    }  # fmt: skip


def _ticket(number: int, solved: bool) -> dict[str, Any]:
    ticket, customer = number // 4, number // 4 % _CUSTOMERS
    fields = [{"id": 360000000 + n, "value": f"v{n}" if n % 3 else None} for n in range(20)]
    asked = {"address": _mail(customer), "name": f"Ann Miller{customer}"}
    source = {"from": asked, "to": {"name": "Acme", "address": "help@acme.corp.com"}, "rel": None}
    return {"ticket": {
        "url": f"{_SHOP}/tickets/{ticket}.json", "id": ticket, **_UNSET,
        "via": {"channel": "email", "source": source}, "created_at": _at(0),
        "updated_at": _at(number) if solved else _at(0), "type": "question",
        "subject": _words(ticket, 5), "raw_subject": _words(ticket, 5),
        "description": _words(ticket, 90), "priority": "normal",
        "status": "solved" if solved else "open", "recipient": "help@acme.corp.com",
        "requester_id": 1000 + customer, "submitter_id": 1000 + customer,
        "tags": ["billing", "refund"], "custom_fields": fields, "fields": fields,
    }}  # fmt: skip


def _charge(number: int) -> dict[str, Any]:
    customer = number % _CUSTOMERS
    address = {"city": "Berlin", "country": "DE", "line1": f"Hauptstrasse {customer}",
               "line2": None, "postal_code": "10115", "state": None}  # fmt: skip
    card = {"brand": "visa", "country": "DE", "exp_month": 4, "exp_year": 2028, "last4": "4242",
            "fingerprint": "mToisGZ01V71BCos", "funding": "credit", "network": "visa",
            "checks": {"cvc_check": "pass", "address_postal_code_check": "pass"}}  # fmt: skip
    return {
        "id": f"ch_3P{number // 3:014d}", "object": "charge", "amount": 4900, "currency": "eur",
        "amount_captured": 4900, "amount_refunded": 0, "captured": True, "paid": True,
        "balance_transaction": f"txn_3P{number:014d}", "created": 1790000000 + number,
        "billing_details": {"address": address, "email": _mail(customer),
                            "name": f"Ann Miller{customer}", "phone": None},
        "customer": f"cus_{customer:014d}", "description": "Subscription", "disputed": False,
        "failure_code": None, "failure_message": None, "fraud_details": {}, "livemode": True,
        "invoice": f"in_1P{number:014d}", "metadata": {}, "payment_intent": f"pi_3P{number:014d}",
        "outcome": {"network_status": "approved_by_network", "risk_level": "normal",
                    "risk_score": 12, "seller_message": "Payment complete.", "type": "authorized"},
        "payment_method_details": {"card": card, "type": "card"}, "refunded": False,
        "receipt_email": _mail(customer), "status": "succeeded",
    }  # fmt: skip


def _contact(number: int) -> dict[str, Any]:
    customer = number % _CUSTOMERS
    return {
        "id": str(9000 + customer), "createdAt": _at(0), "updatedAt": _at(0), "archived": False,
        "properties": {
            "createdate": _at(0), "email": _mail(customer), "firstname": "Ann",
            "lastname": f"Miller{customer}", "hs_object_id": str(9000 + customer),
            "phone": f"+49 30 9018{customer:04d}", "company": f"Corp {customer % 50}",
            "lifecyclestage": "customer", "lastmodifieddate": _at(0),
        },
    }  # fmt: skip


def _answered(number: int) -> dict[str, str]:
    moment = _START + timedelta(seconds=number)
    return {
        "Date": moment.strftime("%a, %d %b %Y %H:%M:%S GMT"), "Connection": "keep-alive",
        "Content-Type": "application/json; charset=utf-8", "ETag": f'W/"{number * 7919:032x}"',
        "Cache-Control": "max-age=0, private, must-revalidate", "X-Rate-Limit": "700",
        "X-Rate-Limit-Remaining": str(number % 700), "X-Runtime": f"0.1{number % 99999:05d}",
        "X-Request-Id": f"{number:08x}-0000-4000-8000-{number:012x}",
        "Set-Cookie": f"_session={number * 31:032x}; path=/; secure; HttpOnly",
    }  # fmt: skip


def _pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _mail(customer: int) -> str:
    return f"customer{customer}@mail{customer % 50}.corp.com"


def _words(seed: int, count: int) -> str:
    return " ".join(random.Random(seed).choices(_WORDS.split(), k=count))


def _at(number: int) -> str:
    return (_START + timedelta(seconds=number)).isoformat()
