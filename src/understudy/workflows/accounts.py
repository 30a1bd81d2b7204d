"""The customers of a world as staff know them: who is who across the three systems."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Account", "Lead", "Rows", "accounts_of", "leads_of", "staff_of"]

Row = Mapping[str, Any]
_PEOPLE = "people"
_LANGUAGES = ("de", "en", "es", "fr")


class Rows(Protocol):
    """What is read and added to: the truth of a world."""

    def rows(self, name: str, /) -> Mapping[str, Row]:
        """The rows of a table by id."""

    def add_rows(self, name: str, rows: Sequence[Row], /) -> list[str]:
        """Add rows to a table."""


@dataclass(frozen=True, slots=True)
class Account:
    """One customer with its rows in all three systems; charges are paid ones, oldest first."""

    customer: Row
    contact: Row
    user: Row
    charges: tuple[Row, ...]
    invoices: Mapping[str, Row]
    subscriptions: tuple[Row, ...]
    language: str = "en"

    @property
    def id(self) -> str:
        """The finance system's id."""
        return str(self.customer["id"])

    @property
    def tier(self) -> str:
        """How much more an error costs with this customer."""
        return str(self.contact.get("tier") or "standard")

    @property
    def currency(self) -> str:
        """The currency that the customer pays in, in capitals."""
        return str(self.customer.get("currency") or "eur").upper()


@dataclass(frozen=True, slots=True)
class Lead:
    """Somebody in the CRM who has bought nothing."""

    contact: Row
    user: Row | None

    language = "en"


def accounts_of(truth: Rows, taken: Collection[str] = frozenset()) -> list[Account]:
    """All customers who write in and have an e-mail address that nobody else has, nor `taken`."""
    customers = _unique_emails(truth.rows("stripe.customers"), taken)
    contacts = truth.rows("hubspot.contacts")
    users = truth.rows("zendesk.users")
    charges = _grouped(truth.rows("stripe.charges"))
    invoices = _grouped(truth.rows("stripe.invoices"))
    subscriptions = _grouped(truth.rows("stripe.subscriptions"))
    return [
        Account(
            customer=customers[key],
            contact=contacts[person["contact_id"]],
            user=users[person["user_id"]],
            charges=tuple(sorted(filter(_sound, charges[key]), key=_created)),
            invoices={row["id"]: row for row in invoices[key]},
            subscriptions=tuple(subscriptions[key]),
            language=_language(person),
        )
        for person in truth.rows(_PEOPLE).values()
        if (key := person.get("customer_id")) in customers and person.get("user_id") in users
    ]


def leads_of(truth: Rows, taken: Collection[str] = frozenset()) -> list[Lead]:
    """Everybody in the CRM who has bought nothing and has an e-mail address of their own."""
    contacts = _unique_emails(truth.rows("hubspot.contacts"), taken)
    users = truth.rows("zendesk.users")
    return [
        Lead(contacts[person["contact_id"]], users.get(str(person.get("user_id"))))
        for person in truth.rows(_PEOPLE).values()
        if not person.get("customer_id") and person["contact_id"] in contacts
    ]


def staff_of(truth: Rows) -> list[Row]:
    """The support staff, in the order of their ids."""
    users = truth.rows("zendesk.users")
    return [users[key] for key in sorted(users) if users[key].get("role") in ("agent", "admin")]


def _language(person: Row) -> str:
    own = str(person.get("language"))
    return own if own in _LANGUAGES else "en"


def _sound(charge: Row) -> bool:
    """Whether the charge is one that a plain case can be about."""
    return bool(
        charge.get("status") == "succeeded"
        and charge.get("paid")
        and not charge.get("amount_refunded")
        and not charge.get("disputed")
        and charge.get("invoice")
    )


def _created(row: Row) -> int:
    return int(row["created"])


def _grouped(rows: Mapping[str, Row]) -> Mapping[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows.values():
        groups[str(row.get("customer"))].append(row)
    return groups


def _unique_emails(rows: Mapping[str, Row], taken: Collection[str]) -> dict[str, Row]:
    """The rows whose e-mail address nobody else has."""
    counts = Counter(row.get("email") for row in rows.values())
    counts.update(taken)
    return {key: row for key, row in rows.items() if counts[row.get("email")] == 1}
