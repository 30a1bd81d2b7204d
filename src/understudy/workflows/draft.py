"""A case while it is planned: what is known of it, and the rows that it adds to the world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from understudy.systems import mint
from understudy.workflows.accounts import Account, Lead, Row
from understudy.workflows.amounts import office_text, spoken_text
from understudy.workflows.recipe import Recipe, Situation

__all__ = ["DAY", "HOUR", "Draft", "iso"]

HOUR = 3600
DAY = 24 * HOUR


def iso(epoch: int) -> str:
    """Epoch seconds as HubSpot and Zendesk write them.

    >>> iso(0)
    '1970-01-01T00:00:00Z'
    """
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(slots=True)
class Draft:
    """One case in the making. `others` are customers of no case, for what a mail says of them."""

    number: int
    recipe: Recipe
    situation: Situation
    who: Account | Lead
    received: int
    rng: Random
    others: Sequence[Account]
    language: str = "en"
    facts: dict[str, Any] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    ticket_tags: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    requester: Row | None = None
    minted: int = 0

    @property
    def account(self) -> Account:
        """The customer; only leads have no account."""
        if not isinstance(self.who, Account):
            raise TypeError(f"situation `{self.situation.id}` is about a lead, who has no account")
        return self.who

    def add(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """A new row for the world."""
        made = dict(row)
        self.rows.setdefault(table, []).append(made)
        return made

    def added(self, table: str) -> Iterable[dict[str, Any]]:
        """The rows of a table that the case adds."""
        return self.rows.get(table, ())

    def key(self, prefix: str, length: int = 23) -> str:
        """A new id as Stripe writes them."""
        self.minted += 1
        return prefix + mint.letters(length, "workflow", self.number, self.minted)

    def digits(self, length: int) -> str:
        """A new id as HubSpot and Zendesk write them."""
        self.minted += 1
        return mint.digits(length, "workflow", self.number, self.minted)

    def spoken(self, minor: int, currency: str) -> str:
        """An amount as this customer writes it."""
        return spoken_text(minor, currency, self.language, self.rng)

    def name_charge(self, charge: Row, invoice: Row) -> None:
        """Make a charge and its invoice the ones that the case is about."""
        currency = str(charge["currency"]).upper()
        self.facts |= {
            "charge": charge["id"],
            "charge_amount": charge["amount"],
            "currency": currency,
            "amount": self.spoken(charge["amount"], currency),
            "amount_text": office_text(charge["amount"], currency),
            "paid_on": datetime.fromtimestamp(charge["created"], UTC).strftime("%Y-%m-%d"),
            "paid_at": charge["created"],
        }
        self.name_invoice(invoice)

    def name_invoice(self, invoice: Row) -> None:
        """Make an invoice the one that the case is about."""
        self.facts |= {
            "invoice": invoice["id"],
            "invoice_number": invoice["number"],
            "invoice_total": invoice["total"],
            "invoice_tax": invoice.get("tax") or 0,
            "currency": str(invoice["currency"]).upper(),
        }
