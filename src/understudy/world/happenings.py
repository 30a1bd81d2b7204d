"""The finance system's events, and how its webhooks delivered them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from understudy.world.columns import constant, gather, integers, join, text
from understudy.world.people import Draws, People
from understudy.world.table import Table

__all__ = ["draw_events"]

_DAY = 86_400
_KEPT = 30
"""Days that the vendor keeps events."""


def draw_events(people: People, tables: dict[str, Table], seed: int) -> dict[str, Table]:
    """Events of the last 30 days in the order of their times, and one delivery for each."""
    charges, customers = tables["stripe.charges"], people.columns["customer_id"]
    parts = [
        _of(charges, customers, "charge", join("charge.", charges.columns["status"])),
        _of(tables["stripe.refunds"], customers, "refund", "charge.refunded"),
        _of(tables["stripe.disputes"], customers, "dispute", "charge.dispute.created"),
    ]
    created = np.concatenate([part[0] for part in parts])
    kept = np.flatnonzero(created > people.recipe.epoch - _KEPT * _DAY)
    order = kept[np.argsort(created[kept], kind="stable")]
    kinds, data = (pa.concat_arrays([part[at] for part in parts]) for at in (1, 2))
    who = np.concatenate([part[3] for part in parts])[order]
    draws = Draws(seed, "stripe.events", people.block)
    columns = {
        "id": draws.keys("evt_1", len(order), 23),
        "type": gather(kinds, order),
        "created": integers(created[order] + 1),
        "data:json": gather(data, order),
    }
    events = Table(columns, who)
    return {"stripe.events": events, "stripe.deliveries": _deliveries(events, people, seed)}


def _of(
    table: Table, customers: pa.Array, kind: str, happened: pa.Array | str
) -> tuple[npt.NDArray[np.int64], pa.Array, pa.Array, npt.NDArray[np.int64]]:
    columns = table.columns
    data = join(
        '{"object":{"id":"', columns["id"], f'","object":"{kind}","amount":',
        text(columns["amount"]), ',"currency":"', columns["currency"], '","customer":"',
        gather(customers, table.people), '"}}',
    )  # fmt: skip
    types = constant(happened, len(table)) if isinstance(happened, str) else happened
    return np.asarray(columns["created"]), types, data, table.people


def _deliveries(events: Table, people: People, seed: int) -> Table:
    draws = Draws(seed, "stripe.deliveries", people.block)
    sent = np.asarray(events.columns["created"]) + 1 + draws.below("delay", len(events), 5)
    columns = {
        "id": draws.keys("whd_1", len(events), 23),
        "event": events.columns["id"],
        "type": events.columns["type"],
        "attempt": integers(np.ones(len(events), dtype=np.int64)),
        "delivered_at": integers(sent),
    }
    return Table(columns, events.people)
