"""What changing a subscription within its period gives back and costs, line by line.

By the second, as docs.stripe.com/billing/subscriptions/prorations has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from understudy.model.world import Row
from understudy.systems.operation import Call
from understudy.systems.stripe.item_rows import Items
from understudy.systems.stripe.unit_prices import exact_cost, price_of

__all__ = ["PRORATIONS", "Line", "book", "prorations"]

PRORATIONS = ("create_prorations", "always_invoice", "none")
"""What may be asked for as `proration_behavior`; the first where nothing is."""
Line = dict[str, Any]


def prorations(call: Call, row: Row, before: Items, after: Items, at: int) -> Iterator[Line]:
    """The lines for the time from `at` on: first what is not used, then what remains."""
    start, end = (int(row.get(f"current_period_{name}") or at) for name in ("start", "end"))
    if end <= start or row.get("status") == "trialing":
        return
    left = (end - min(max(at, start), end)) / (end - start)
    old, new = ({each.get("id"): each for each in items} for items in (before, after))
    gone = [each for name, each in old.items() if _differs(each, new.get(name))]
    come = [each for each in after if _differs(each, old.get(each.get("id")))]
    for word, items, sign in (("Unused", gone, -1), ("Remaining", come, 1)):
        for item in items:
            price, count = price_of(call, item) or {}, int(item["quantity"])
            whole = exact_cost(price, count)
            if whole is not None:
                named = price.get("nickname") or item["price"] or price.get("product")
                yield {
                    "amount": round(sign * float(whole) * left),
                    "currency": price.get("currency"),
                    "quantity": count, "price": item["price"], "subscription": row["id"],
                    "subscription_item": item.get("id"), "proration": True,
                    "period": {"start": at, "end": end},
                    "description": f"{word} time on {count} x {named}",
                }  # fmt: skip


def _differs(one: Line, other: Line | None) -> bool:
    return other is None or (one["price"], one["quantity"]) != (other["price"], other["quantity"])


def book(call: Call, customer: Any, lines: Iterator[Line]) -> list[Row]:
    """Write the lines as items of the customer's next invoice."""
    session, now = call.session, call.session.clock.seconds
    return [
        session.overlay.put("stripe.invoiceitems", {
            "id": f"ii_1{session.letters('invoiceitem', 23)}", "customer": customer, "date": now,
            "created": now, "invoice": None, **line,
        })
        for line in lines
    ]  # fmt: skip
