"""What Stripe's answers look like: JSON Schemas of every object, written from use.

Ids may be replaced by the objects that they name, where a caller asks for that with `expand`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from understudy.systems.schema import (
    BOOLEAN,
    INTEGER,
    OBJECT,
    STRING,
    WHOLE,
    any_of,
    array,
    constant,
    nullable,
    record,
    ref,
)
from understudy.systems.stripe.billing_shapes import BILLING
from understudy.systems.stripe.customer_shapes import CUSTOMERS
from understudy.systems.stripe.payment_shapes import PAYMENTS

__all__ = ["SHAPES", "found", "one", "page"]

Answers = Mapping[int, Mapping[str, Any]]

_ERROR = record(
    {
        "error": record(
            {
                "type": {
                    "type": "string",
                    "enum": ["api_error", "card_error", "idempotency_error",
                             "invalid_request_error"],
                },
                "message": STRING, "code": STRING, "param": STRING, "doc_url": STRING,
                "decline_code": STRING, "charge": STRING, "payment_intent": OBJECT,
            },
            optional="code param doc_url decline_code charge payment_intent",
        )
    }
)  # fmt: skip
_EVENT = record(
    {
        "id": STRING, "object": constant("event"), "api_version": nullable(STRING),
        "context": nullable(STRING), "created": WHOLE, "data": record({"object": OBJECT}),
        "livemode": BOOLEAN, "pending_webhooks": WHOLE, "type": STRING,
        "request": nullable(
            record({"id": nullable(STRING), "idempotency_key": nullable(STRING)})
        ),
    }
)  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "error": _ERROR, "event": _EVENT, **BILLING, **CUSTOMERS, **PAYMENTS,
}  # fmt: skip


def one(kind: str, *others: str) -> Answers:
    """One object, of the kind or of one of the others."""
    return {200: any_of(ref(kind), *map(ref, others)) if others else ref(kind)}


def page(kind: str) -> Answers:
    """A page of a list."""
    return {
        200: record(
            {
                "object": constant("list"), "url": STRING, "has_more": BOOLEAN,
                "data": array(ref(kind)),
            }
        )
    }  # fmt: skip


def found(kind: str) -> Answers:
    """A page of what a search found."""
    return {
        200: record(
            {
                "object": constant("search_result"), "url": STRING, "has_more": BOOLEAN,
                "data": array(ref(kind)), "next_page": nullable(STRING), "total_count": INTEGER,
            },
            optional="total_count",
        )
    }  # fmt: skip
