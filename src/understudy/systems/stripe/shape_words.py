"""Small pieces that the shapes of Stripe's objects are put together from."""

from __future__ import annotations

from typing import Any

from understudy.systems.schema import (
    BOOLEAN,
    STRING,
    WHOLE,
    any_of,
    array,
    constant,
    each,
    nullable,
    record,
    ref,
    texts,
)

__all__ = ["ADDRESS", "CURRENCY", "METADATA", "SOME_ID", "embedded", "expandable", "gone", "head"]

CURRENCY = {"type": "string", "pattern": "^[a-z]{3}$"}
METADATA = texts()
ADDRESS = nullable(record(each("city country line1 line2 postal_code state", nullable(STRING))))
SOME_ID = nullable({"type": "string", "minLength": 1})


def head(kind: str) -> dict[str, Any]:
    """What every object begins with."""
    return {
        "id": {"type": "string", "minLength": 1}, "object": constant(kind), "created": WHOLE,
        "livemode": BOOLEAN, "metadata": METADATA,
    }  # fmt: skip


def expandable(kind: str) -> dict[str, Any]:
    """An id or null, or the object itself; of a customer that was deleted what is left of it."""
    left = [ref(f"deleted_{kind}")] if kind == "customer" else []
    return any_of(SOME_ID, ref(kind), *left)


def gone(kind: str) -> dict[str, Any]:
    """What is left of an object that was deleted."""
    return record({"id": STRING, "object": constant(kind), "deleted": constant(True)})


def embedded(item: dict[str, Any]) -> dict[str, Any]:
    """A complete list inside an object."""
    return record(
        {
            "object": constant("list"), "data": array(item), "has_more": BOOLEAN, "url": STRING,
            "total_count": WHOLE,
        },
        optional="total_count",
    )  # fmt: skip
