"""Disputes: what a bank asks back, and what is answered to it."""

from __future__ import annotations

from typing import Any

from understudy.model.action import ActionClass, Effect
from understudy.model.world import Row
from understudy.systems.operation import Call, Reply
from understudy.systems.schema import BOOLEAN, OBJECT, STRING, params
from understudy.systems.stripe import aims, fields
from understudy.systems.stripe.errors import invalid
from understudy.systems.stripe.payment_objects import EVIDENCE
from understudy.systems.stripe.reads import EXPAND, list_of, retrieve
from understudy.systems.stripe.writes import PAID, changed, write

__all__ = ["OPERATIONS"]

_ENHANCED = "enhanced_evidence"
_ANSWERABLE = ("needs_response", "warning_needs_response")


def _submits(call: Call) -> bool:
    return fields.is_true(fields.params(call), "submit")


def _submitting(call: Call) -> ActionClass | None:
    return ActionClass.APPROVAL_REQUIRED if _submits(call) else None


def _sending(call: Call) -> Effect | None:
    return Effect.SEND if _submits(call) else None


def _answerable(call: Call) -> Row:
    row = fields.require(call, "disputes", call.path["id"])
    if row.get("status") not in _ANSWERABLE:
        message = f"This dispute is {row.get('status')} and can no longer be answered."
        raise invalid(message)
    return row


def _evidence(given: dict[str, Any]) -> dict[str, Any] | None:
    own = fields.nested(given, "evidence", (*EVIDENCE, _ENHANCED))
    plain = {name: value for name, value in own.items() if name != _ENHANCED}
    texts: dict[str, Any] | None = fields.texts({"evidence": plain} if own else given, "evidence")
    return texts if texts is None or _ENHANCED not in own else {**texts, _ENHANCED: own[_ENHANCED]}


def _answer_dispute(call: Call) -> Reply:
    given = fields.params(call)
    about_it = "evidence" in given or "submit" in given
    row = _answerable(call) if about_it else fields.require(call, "disputes", call.path["id"])
    changes: dict[str, Any] = fields.merged_metadata(row, given)
    evidence = _evidence(given)
    if evidence is not None:
        changes["evidence"] = {**(row.get("evidence") or {}), **evidence}
    fields.boolean(given, "submit")
    if _submits(call):
        changes["status"] = "under_review"
        details = row.get("evidence_details") or {}
        changes["evidence_details"] = {**details, "submission_count": 1}
    return changed(call, "disputes", row, changes)


def _close_dispute(call: Call) -> Reply:
    return changed(call, "disputes", _answerable(call), {"status": "lost"})


OPERATIONS = (
    list_of("disputes", "dispute", ("charge", "payment_intent")),
    retrieve("disputes", "dispute"),
    write(
        "disputes.update", "/v1/disputes/{id}", "dispute",
        "Add evidence to a dispute; with submit=true it is sent to the bank for good.",
        _answer_dispute,
        params("id", id=STRING, evidence=OBJECT, submit=BOOLEAN, metadata=OBJECT, expand=EXPAND),
        amount=aims.column_amount("disputes", "amount"), effect=Effect.DRAFT,
        action_class=ActionClass.DRAFT_ONLY, escalate=_submitting, effect_of=_sending,
        reversible_by="stripe.disputes.update", accepts=frozenset(("intended_submission_method",)),
    ),
    write(
        "disputes.close", "/v1/disputes/{id}/close", "dispute",
        "Accept a dispute as lost. Cannot be undone.",
        _close_dispute,
        params("id", id=STRING, expand=EXPAND),
        amount=aims.column_amount("disputes", "amount"), destructive=True, **PAID,
    ),
)  # fmt: skip
