"""Whether a world holds together: references that lead somewhere, damage that is written down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

__all__ = ["REFERENCES", "Reference", "first_rows", "orphans", "references_of", "unexplained"]

REFERENCES: Mapping[str, Mapping[str, str]] = {
    "hubspot.companies": {"hubspot_owner_id": "hubspot.owners"},
    "hubspot.contacts": {"hubspot_owner_id": "hubspot.owners"},
    "hubspot.deals": {"hubspot_owner_id": "hubspot.owners"},
    "stripe.charges": {
        "customer": "stripe.customers", "invoice": "stripe.invoices",
        "payment_intent": "stripe.payment_intents",
    },
    "stripe.credit_notes": {"customer": "stripe.customers", "invoice": "stripe.invoices"},
    "stripe.deliveries": {"event": "stripe.events"},
    "stripe.disputes": {"charge": "stripe.charges", "payment_intent": "stripe.payment_intents"},
    "stripe.invoices": {
        "customer": "stripe.customers", "subscription": "stripe.subscriptions",
        "charge": "stripe.charges", "payment_intent": "stripe.payment_intents",
    },
    "stripe.payment_intents": {"customer": "stripe.customers", "latest_charge": "stripe.charges"},
    "stripe.prices": {"product": "stripe.products"},
    "stripe.refunds": {"charge": "stripe.charges", "payment_intent": "stripe.payment_intents"},
    "stripe.subscriptions": {"customer": "stripe.customers", "price": "stripe.prices"},
    "zendesk.comments": {"ticket_id": "zendesk.tickets", "author_id": "zendesk.users"},
    "zendesk.tickets": {
        "requester_id": "zendesk.users", "submitter_id": "zendesk.users",
        "assignee_id": "zendesk.users", "organization_id": "zendesk.organizations",
    },
    "zendesk.users": {"organization_id": "zendesk.organizations"},
}  # fmt: skip
"""The columns of each table that name an object of another one."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that names objects of another table: how many of its cells name one that is none."""

    table: str
    column: str
    target: str
    held: int
    orphans: int

    @property
    def name(self) -> str:
        """The table and column."""
        return f"{self.table}.{self.column}"


def references_of(side: Path, tables: Sequence[str]) -> Iterator[Reference]:
    """All references of these tables on one side of a world."""
    for table in tables:
        for column, target in REFERENCES.get(table, {}).items():
            yield _reference(side, table, column, target)


def _reference(side: Path, table: str, column: str, target: str) -> Reference:
    held = _column(side / f"{table}.parquet", column)
    filled = 0 if held is None else len(held) - held.null_count
    lost = orphans(side, table, column, target)
    return Reference(table, column, target, filled, lost)


def orphans(side: Path, table: str, column: str, target: str) -> int:
    """How many references of a table lead to no object of `target`."""
    held = _column(side / f"{table}.parquet", column)
    known = _column(side / f"{target}.parquet", "id")
    if held is None:
        return 0
    found = pc.is_in(held, value_set=known) if known is not None else pa.array([False] * len(held))
    return int(pc.sum(pc.and_(pc.is_valid(held), pc.invert(found))).as_py() or 0)


def unexplained(world: Path, table: str, rows: int) -> int:
    """How many cells of a table's first rows differ from the truth without a ledger entry.

    An entry without a column stands for the whole row.
    """
    truth = first_rows(world / "truth" / f"{table}.parquet", rows)
    dirty = first_rows(world / "dirty" / f"{table}.parquet", rows)
    shared = [name for name in truth.column_names if name in dirty.column_names and name != "id"]
    both = truth.select(["id", *shared]).join(
        dirty.select(["id", *shared]), keys="id", join_type="inner", right_suffix=" now"
    )
    ledger = pq.read_table(
        world / "ledger.parquet", columns=["id", "column"], filters=[("table", "=", table)]
    )
    whole = ledger.filter(pc.equal(ledger["column"], ""))["id"]
    touched = pc.is_in(both["id"], value_set=_one(whole))
    return sum(_differing(both, name, ledger, touched) for name in shared)


def _differing(both: pa.Table, name: str, ledger: pa.Table, touched: pa.ChunkedArray) -> int:
    before, now = both[name], both[f"{name} now"]
    same = pc.or_(
        pc.fill_null(pc.equal(before, now), False),
        pc.and_(pc.is_null(before), pc.is_null(now)),
    )
    told = ledger.filter(pc.equal(ledger["column"], name))["id"]
    known = pc.or_(touched, pc.is_in(both["id"], value_set=_one(told)))
    return int(pc.sum(pc.and_(pc.invert(same), pc.invert(known))).as_py() or 0)


def _one(values: pa.ChunkedArray) -> pa.Array:
    return pc.cast(values, pa.string()).combine_chunks()


def first_rows(file: Path, rows: int) -> pa.Table:
    """The first rows of a table, however many it has."""
    with pq.ParquetFile(file) as opened:
        first = next(opened.iter_batches(rows), None)
        return pa.Table.from_batches([first] if first is not None else [], opened.schema_arrow)


def _column(file: Path, name: str) -> pa.Array | None:
    if not file.exists() or name not in pq.read_schema(file).names:
        return None
    return pq.read_table(file, columns=[name])[name].combine_chunks()
