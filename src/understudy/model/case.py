"""One trigger with its context: the unit that is run, judged and counted."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import msgspec

__all__ = ["CUSTOMERS", "Case", "LinkConfidence", "Tier", "Trigger", "Turn"]

CUSTOMERS = ("customer", "user")
"""The roles under which recordings keep what customers say."""


class LinkConfidence(enum.StrEnum):
    """How surely the parts of a case that lie in different systems belong together."""

    EXPLICIT_ID = "explicit_id"
    METADATA = "metadata"
    CUSTOMER_AND_AMOUNT = "customer_and_amount"
    TIME_ONLY = "time_only"


class Tier(enum.StrEnum):
    """How much more an error costs with this customer; the factor stands in the policy."""

    STANDARD = "standard"
    PREMIUM = "premium"
    REGULATED = "regulated"


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """The inbound event that somebody had to answer."""

    system: str
    type: str
    payload: dict[str, Any] = msgspec.field(default_factory=dict)


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the conversation around a case."""

    role: str
    text: str
    at: datetime | None = None
    simulated: bool = False


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What the candidate is handed, and how the case is grouped when it is counted.

    `cluster_id` names the unit of evidence: cases of one cluster are averaged first. `segment`
    holds the values that reports and segment gates group by. `observed_systems` are the systems
    that the recording shows; others are not compared.
    """

    case_id: str
    scenario: str
    cluster_id: str
    trigger: Trigger
    segment: dict[str, str] = msgspec.field(default_factory=dict)
    received_at: datetime | None = None
    turns: tuple[Turn, ...] = ()
    world_ref: str | None = None
    observed_systems: tuple[str, ...] = ()
    link_confidence: LinkConfidence | None = None
    tier: str = Tier.STANDARD.value
    tags: tuple[str, ...] = ()

    @property
    def opening(self) -> tuple[Turn, ...]:
        """The conversation as far as it had gone when the case came in."""
        return self.turns[: self._answered_at()]

    @property
    def later(self) -> tuple[Turn, ...]:
        """What was said afterwards, from the first answer on; nobody knows it beforehand."""
        return self.turns[self._answered_at() :]

    def _answered_at(self) -> int:
        """Where the first turn stands with which somebody answered the event.

        That is one of somebody else than the customer, behind a customer's and behind the event.
        """
        asked = False
        for number, turn in enumerate(self.turns):
            if turn.role in CUSTOMERS:
                asked = True
            elif asked and (
                turn.at is None or self.received_at is None or turn.at > self.received_at
            ):
                return number
        return len(self.turns)
