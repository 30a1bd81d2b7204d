"""Vendors' export records as tests write them, and the way from files to a recording."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from understudy.redact.key import RedactionKey
from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine
from understudy.traffic.exports.importing import ExportOptions, import_exports
from understudy.traffic.exports.vendors import VENDORS
from understudy.traffic.recording import read_recording

KEY = RedactionKey(material=b"k" * 32)
CUSTOMER, AGENT, OTHER = 501, 601, 602
OPENED, SOLVED = "2026-07-01T10:00:00Z", "2026-07-01T11:00:00Z"


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def user(number: int, role: str, name: str, email: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "role": role, "name": name, "email": email, "organization_id": None,
            "created_at": "2026-01-01T00:00:00Z", **more}  # fmt: skip


def users() -> list[dict[str, Any]]:
    return [
        user(CUSTOMER, "end-user", "Ann Field", "ann@corp.com"),
        user(AGENT, "agent", "Sam Desk", "sam@us.com"),
        user(OTHER, "agent", "Lea Back", "lea@us.com"),
    ]


def ticket(number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": number, "subject": "Charged twice", "description": "I was charged 12.00 EUR twice",
        "status": "solved", "requester_id": CUSTOMER, "submitter_id": CUSTOMER,
        "assignee_id": AGENT, "tags": ["refunded"], "via": {"channel": "email"},
        "created_at": OPENED, "updated_at": SOLVED, **more,
    }  # fmt: skip


def audit(
    number: int, at: str, author: int, *events: dict[str, Any], channel: str = "web", on: int = 1
) -> dict[str, Any]:
    told = [{"id": number * 100 + i, **event} for i, event in enumerate(events)]
    return {"id": number, "ticket_id": on, "created_at": at, "author_id": author,
            "via": {"channel": channel}, "events": told}  # fmt: skip


def create(**fields: Any) -> list[dict[str, Any]]:
    return [{"type": "Create", "field_name": n, "value": v} for n, v in fields.items()]


def change(name: str, before: Any, after: Any, **more: Any) -> dict[str, Any]:
    return {"type": "Change", "field_name": name, "value": after, "previous_value": before, **more}


def comment(text: str, public: bool = True, **more: Any) -> dict[str, Any]:
    return {"type": "Comment", "body": text, "public": public, **more}


def audits() -> list[dict[str, Any]]:
    """A ticket from its first mail to its end: tagged by a trigger, answered, tagged, solved."""
    return [
        audit(1, OPENED, CUSTOMER, comment("I was charged 12.00 EUR twice"),
              *create(status="new", requester_id=str(CUSTOMER), subject="Charged twice", tags=[]),
              channel="email"),
        audit(2, "2026-07-01T10:30:00Z", AGENT, comment("We gave it back."),
              change("status", "new", "open"), change("assignee_id", None, str(AGENT))),
        audit(3, "2026-07-01T10:40:00Z", AGENT, change("tags", [], ["refunded"])),
        audit(4, SOLVED, AGENT, change("status", "open", "solved")),
    ]  # fmt: skip


def charge(**more: Any) -> dict[str, Any]:
    return {
        "id": "ch_1aaaaaaaaaaa", "object": "charge", "amount": 1200, "currency": "eur",
        "customer": "cus_1aaaaaaa", "status": "succeeded", "paid": True, "captured": True,
        "created": seconds("2026-06-20T00:00:00Z"), "amount_refunded": 0, "refunded": False,
        "livemode": True, "metadata": {}, **more,
    }  # fmt: skip


def refund(**more: Any) -> dict[str, Any]:
    return {
        "id": "re_1aaaaaaaaaaa", "object": "refund", "amount": 1200, "currency": "eur",
        "charge": "ch_1aaaaaaaaaaa", "created": seconds("2026-07-01T10:35:00Z"),
        "status": "succeeded", "reason": "duplicate", "metadata": {}, **more,
    }  # fmt: skip


def stripe_customer(**more: Any) -> dict[str, Any]:
    return {"id": "cus_1aaaaaaa", "object": "customer", "email": "ann@corp.com", "name": "Ann",
            "created": seconds("2026-01-01T00:00:00Z"), "livemode": True, "metadata": {},
            **more}  # fmt: skip


def event(kind: str, found: Any, before: Any = None, at: str = "2026-07-01T10:35:00Z",
          request: Any = ("req_1", None)) -> dict[str, Any]:  # fmt: skip
    data = {"object": found, **({} if before is None else {"previous_attributes": before})}
    named = {"id": request[0], "idempotency_key": request[1]} if request else None
    return {"id": f"evt_{kind}_{at}", "object": "event", "type": kind, "created": seconds(at),
            "livemode": True, "data": data, "request": named}  # fmt: skip


def refund_events(request: Any = ("req_1", None)) -> list[dict[str, Any]]:
    done = charge(amount_refunded=1200, refunded=True)
    before = {"amount_refunded": 0, "refunded": False}
    return [event("refund.created", refund(), request=request),
            event("charge.refunded", done, before, request=request)]  # fmt: skip


def entry(value: Any, at: str, source: str = "CRM_UI", who: int | None = 77) -> dict[str, Any]:
    user = {"updatedByUserId": who, "sourceId": f"userId:{who}"} if who else {"sourceId": "1"}
    return {"value": value, "timestamp": at, "sourceType": source, **user}


def contact(number: str = "9001", **histories: list[dict[str, Any]]) -> dict[str, Any]:
    """A contact with the histories of its properties, the newest entry first."""
    born = "2026-01-01T00:00:00Z"
    told = {"email": [entry("ann@corp.com", born, "IMPORT", None)], **histories}
    last = max(each["timestamp"] for history in told.values() for each in history)
    return {"id": number, "createdAt": born, "updatedAt": last, "archived": False,
            "properties": {n: h[0]["value"] for n, h in told.items()},
            "propertiesWithHistory": told}  # fmt: skip


def lines(path: Path, records: list[Any]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
    return path


def bring(folder: Path, *, synthetic: bool = True, **records: list[Any]) -> Any:
    """Import records by vendor; gives the report and the recording."""
    files = [(VENDORS[name], lines(folder / f"{name}.ndjson", found))
             for name, found in records.items()]  # fmt: skip
    options = ExportOptions(key=KEY, synthetic=synthetic)
    report = import_exports(files, folder / "recording", options)
    return report, read_recording(folder / "recording")


def ask(world: Any, at: datetime, operation: str, **params: Any) -> tuple[int, Any]:
    """What the systems' own API answers in a case that begins at a moment."""
    engine = Engine(world)
    session = engine.open_case("asking", now=at)
    request = build_request(find_operation(operation), params, session.credentials)
    response = engine.handle(request)
    return response.status, json.loads(response.body or b"null")
