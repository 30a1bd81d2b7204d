"""Stripe's export files of a history: lists of objects, and the events of what was done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from zlib import crc32

from understudy.model.world import Row, World
from understudy.systems.overlay import Overlay
from understudy.systems.stripe.objects import payload_of
from understudy.traffic.exports.vendor_history import Edit, History, Write

__all__ = ["stripe_files"]

_TABLES = (
    "customers", "products", "prices", "subscriptions", "invoices", "payment_intents", "charges",
    "refunds", "credit_notes", "disputes", "balance_transactions", "customer_balance_transactions",
)  # fmt: skip
_CHANGED = {
    "charges": "charge.updated", "customers": "customer.updated", "invoices": "invoice.updated",
    "subscriptions": "customer.subscription.updated", "disputes": "charge.dispute.updated",
    "payment_intents": "payment_intent.updated",
}  # fmt: skip
_NAMED = {
    ("stripe.refunds.create", "charges"): "charge.refunded",
    ("stripe.invoices.send", "invoices"): "invoice.sent",
    ("stripe.invoices.void", "invoices"): "invoice.voided",
    ("stripe.subscriptions.cancel", "subscriptions"): "customer.subscription.deleted",
}  # fmt: skip
_ASKED = "needs_response"
_MADE = {"refunds": "refund.created", "credit_notes": "credit_note.created"}


def stripe_files(history: History) -> dict[str, Iterable[Any]]:
    """The records of each file."""
    files: dict[str, Iterable[Any]] = {
        f"{table}-data.json": _objects(history, table) for table in _TABLES
    }
    files["events.ndjson"] = _events(history)
    return files


def _objects(history: History, table: str) -> Iterator[Any]:
    for row in history.table(f"stripe.{table}"):
        ended = _ended(row) if table == "subscriptions" else {}
        yield {**_shown(history.world, table, row), **ended}


def _ended(row: Row) -> dict[str, Any]:
    """When a subscription was cancelled: a world's old ones do not tell, and always were so."""
    if row.get("canceled_at"):
        return {}
    if row.get("status") == "canceled":
        return {"canceled_at": row["created"], "ended_at": row["created"]}
    return {"canceled_at": row["created"]} if row.get("cancel_at_period_end") else {}


def _shown(world: World, table: str, row: Row) -> dict[str, Any]:
    return {
        key: value
        for key, value in payload_of(Overlay(world), table, row, _VERSION).items()
        if key != _SECRET
    }


_SECRET = "client_secret"
# Of its older objects invoices name their charges, and charges their invoices.
_VERSION = "2024-06-20"


def _events(history: History) -> Iterator[Any]:
    """What the cases' people did, and what was made before them, which names no request."""
    for number, write in enumerate(history.writes):
        for edit in write.edits:
            if edit.table.startswith("stripe."):
                yield from _event(history.world, write, edit, f"{number:08d}")
    for table, kind in _MADE.items():
        for row in history.world.table(f"stripe.{table}").values():
            told = {"object": _shown(history.world, table, row)}
            yield _told(kind, row["id"], row["created"], told, None)
    for row in history.world.table("stripe.disputes").values():
        if row.get("status") != _ASKED:
            yield _decided(history.world, row)


def _decided(world: World, row: Row) -> dict[str, Any]:
    """The event of a dispute that was decided, or answered, before anybody's case."""
    now = _shown(world, "disputes", row)
    before = _shown(world, "disputes", {**row, "status": _ASKED})
    data = {"object": now, "previous_attributes": _before(before, now)}
    answered = row.get("status") == "under_review"
    kind = "charge.dispute.updated" if answered else "charge.dispute.closed"
    return _told(kind, row["id"], row["created"], data, None)


def _event(world: World, write: Write, edit: Edit, request: str) -> Iterator[Any]:
    """The event of one object's change; a balance's entries have none."""
    table = edit.table.removeprefix("stripe.")
    created = edit.before is None
    kind = _MADE.get(table) if created else _NAMED.get((write.action.operation, table))
    kind = kind or (None if created else _CHANGED.get(table))
    if kind is None or edit.after is None:
        return
    after = _shown(world, table, edit.after)
    data: dict[str, Any] = {"object": after}
    if edit.before is not None:
        data["previous_attributes"] = _before(_shown(world, table, edit.before), after)
    yield _told(kind, edit.id, int(write.at.timestamp()), data, f"req_{request}")


def _told(
    kind: str, row_id: str, created: int, data: dict[str, Any], request: str | None
) -> dict[str, Any]:
    return {
        "id": f"evt_{crc32(f'{request}/{row_id}'.encode()):010d}", "object": "event",
        "api_version": _VERSION, "created": created, "data": data,
        "livemode": False, "pending_webhooks": 0, "type": kind,
        "request": {"id": request, "idempotency_key": None},
    }  # fmt: skip


def _before(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The values before of what changed, nested as the object is."""
    found: dict[str, Any] = {}
    for name in after.keys() | before.keys():
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and "object" not in new:
            old = _before(old, new)
        found[name] = old
    return found
