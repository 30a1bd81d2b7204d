"""One write to a system: by a person (baseline action) or by the candidate (proposed action)."""

from __future__ import annotations

import enum
from datetime import datetime
from typing import Any

import msgspec

from understudy.model.case import LinkConfidence

__all__ = [
    "APPROVAL_OPERATION",
    "DESK",
    "ESCALATION_OPERATION",
    "Action",
    "ActionClass",
    "AmountSource",
    "Effect",
    "Origin",
    "Target",
]

DESK = "desk"
ESCALATION_OPERATION = "desk.escalate"
APPROVAL_OPERATION = "desk.approvals.create"


class Effect(enum.StrEnum):
    """What a write does to the world."""

    READ = "read"
    DRAFT = "draft"
    WRITE = "write"
    SEND = "send"
    PAY = "pay"
    DELETE = "delete"
    PUBLISH = "publish"

    @property
    def grave(self) -> bool:
        """Whether the effect leaves the house or cannot simply be written back."""
        return self in (Effect.SEND, Effect.PAY, Effect.DELETE, Effect.PUBLISH)


class ActionClass(enum.StrEnum):
    """How much a person stands between the candidate and the effect."""

    READ_ONLY = "read_only"
    DRAFT_ONLY = "draft_only"
    APPROVAL_REQUIRED = "approval_required"
    AUTOMATED = "automated"


class AmountSource(enum.StrEnum):
    """Where an action's amount was taken from."""

    EXPLICIT = "explicit"
    DEFAULTED_FULL = "defaulted_full"
    """The request named no amount, which the vendor reads as all that remains."""
    DERIVED = "derived"


class Origin(enum.StrEnum):
    """How understudy came to know of an action; the ways are never merged silently."""

    CAPTURED = "captured"
    """The write reached a mocked system."""
    RETURNED = "returned"
    """The candidate named it in its answer."""
    RECORDED = "recorded"
    """It stands in an imported log."""
    UNANSWERED = "unanswered"
    """understudy handed the case over, because nobody could answer what the candidate asked."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The object that a write is about: a vendor's object type and its id."""

    type: str
    id: str | None = None


class Action(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One write to one system. Only `system` and `operation` are obligatory in imported logs.

    `amount_minor` is in minor units of `currency` and is the exposure: what is at stake.
    `response_status` is the HTTP status that the system answered; 400 and above means that the
    system refused, so the action is an attempt without effect. `before` and `after` hold the
    changed fields of the target.
    """

    system: str
    operation: str
    seq: int = 0
    at: datetime | None = None
    target: Target | None = None
    fields: dict[str, Any] = msgspec.field(default_factory=dict)
    amount_minor: int | None = None
    currency: str | None = None
    amount_source: AmountSource | None = None
    effect: Effect = Effect.WRITE
    action_class: ActionClass = ActionClass.APPROVAL_REQUIRED
    approval_ref: str | None = None
    idempotency_key: str | None = None
    response_status: int | None = None
    candidate_saw_response: bool = True
    reads_before: int | None = None
    """How much had been read in the case by then; None where that was not observed."""
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    reversible_by: str | None = None
    origin: Origin = Origin.CAPTURED
    link: LinkConfidence | None = None
    """How surely the action belongs to its case, where it is in another system than the trigger.

    What only the time links is for people to review, and has no price.
    """
    fault: str | None = None
    """The kinds of the faults that befell the call, joined by `+`; see `FaultKind`."""

    @property
    def refused(self) -> bool:
        """Whether the system refused the write, so that it is an attempt without effect."""
        return self.response_status is not None and self.response_status >= 400

    @property
    def doubtful(self) -> bool:
        """Whether nothing but the time says that the action belongs to its case."""
        return self.link is LinkConfidence.TIME_ONLY

    @property
    def escalates(self) -> bool:
        """Whether the action hands the case to a person."""
        return self.operation == ESCALATION_OPERATION

    @property
    def unanswered(self) -> bool:
        """Whether it does so because nobody could answer what was asked.

        That is never the candidate's own word, whatever the reason that it gives.
        """
        return self.escalates and self.origin is Origin.UNANSWERED
