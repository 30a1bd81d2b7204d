"""What a source tells of the past: how objects looked, what changed, and what somebody did."""

from __future__ import annotations

import enum
from datetime import datetime, timedelta
from typing import Any

import msgspec

__all__ = [
    "TOUCHED",
    "UNKNOWN",
    "Change",
    "Deed",
    "Happening",
    "Maker",
    "Message",
    "Person",
    "Sighting",
    "Tie",
    "later",
    "place_of",
]

TOUCHED = ""
"""The field of a change that is known to have been, and to have changed no field that is kept."""
UNKNOWN = "\0unknown"
"""Stands for a value before that the source does not tell."""


class Maker(enum.StrEnum):
    """Who made a change; only what people did is ever a baseline."""

    PERSON = "person"
    CUSTOMER = "customer"
    AUTOMATION = "automation"
    INTEGRATION = "integration"
    UNTOLD = "untold"
    """The source does not say; taken as people's, and as weakly linked."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One object as a source showed it. Without `at` it is how the object looked at the end.

    `born` is when the object came to be, where that is known, and `by` whose doing that was: what
    staff did is there just after that moment, what came in from outside at the very moment.
    """

    table: str
    id: str
    row: dict[str, Any]
    at: datetime | None = None
    born: datetime | None = None
    by: str = ""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One field of one object that changed. `before` is `UNKNOWN` where it is not told.

    `derived` changes are worked out from other objects and give way to those that are told. A
    field `+name` says by how much a sum has grown.
    """

    table: str
    id: str
    field: str
    at: datetime
    after: Any
    before: Any = UNKNOWN
    by: str = ""
    derived: bool = False


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a system, and whether that is one of the company's own staff."""

    place: str
    staff: bool
    name: str = ""
    sure: bool = True
    """Whether the source says so; a ticket's requester is only likely to be a customer."""


class Tie(msgspec.Struct, frozen=True, kw_only=True):
    """Two names for the same customer; `sure` where an id says so, not only a shared e-mail."""

    one: str
    other: str
    sure: bool = True


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something that came in, or went out, on a conversation: what triggers and turns are made of.

    `entity` is the object that the conversation is about; `customer` names whose it is.
    """

    entity: str
    at: datetime
    author: str
    text: str
    system: str
    type: str
    customer: str = ""
    payload: dict[str, Any] = msgspec.field(default_factory=dict)
    named: tuple[str, ...] = ()
    """Ids of objects that the message, or its conversation's fields, name."""


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One write by somebody, as the request that a client would have sent for it.

    `key` is the same for every record that tells of the deed. `entity` is what it belongs to,
    `needs` are the objects that must be known for it to be played again, `made` is the object
    that it created. `before` holds the values before as the source tells them.
    """

    key: str
    at: datetime
    operation: str
    params: dict[str, Any]
    maker: Maker
    entity: str
    actor: str | None = None
    customer: str = ""
    needs: tuple[str, ...] = ()
    made: str | None = None
    named: tuple[str, ...] = ()
    amount: int | None = None
    currency: str | None = None
    whole: bool = False
    """Whether the amount is all that there was of the object in question."""
    before: dict[str, Any] | None = None
    concludes: bool = False
    request: str = ""
    """The request that the deed was part of, where the source names it."""
    silent: bool = False
    """Whether the source keeps back a part of the request, so that it cannot be played again."""
    hint: bool = False
    """Whether a better telling of the same deed may be found elsewhere."""

    @property
    def system(self) -> str:
        """The system that was written to."""
        return self.operation.partition(".")[0]


Happening = Sighting | Change | Tie | Message | Deed | Person
"""Anything that a record may tell."""


def place_of(table: str, row_id: Any) -> str:
    """One object's name among all: its table and id.

    >>> place_of("stripe.charges", "ch_1")
    'stripe.charges/ch_1'
    """
    return f"{table}/{row_id}"


def later(moment: datetime) -> datetime:
    """Just after a moment: what people did in a trigger's own second is not to be seen at it."""
    return moment + timedelta(microseconds=1)
