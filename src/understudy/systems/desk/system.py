"""The desk as a mounted system: escalations and approvals."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, unquote

from understudy.model.action import (
    APPROVAL_OPERATION,
    DESK,
    ESCALATION_OPERATION,
    ActionClass,
    Effect,
    Target,
)
from understudy.model.world import Row
from understudy.systems.message import Request
from understudy.systems.operation import Call, Operation, Refusal, Reply
from understudy.systems.schema import (
    INTEGER,
    OBJECT,
    STRING,
    TIME,
    any_of,
    constant,
    nullable,
    one_of,
    params,
    record,
    ref,
    says,
)
from understudy.systems.session import CaseSession, CoverageGap
from understudy.systems.system import System

__all__ = ["Desk"]

_ESCALATIONS, _APPROVALS = "desk.escalations", "desk.approvals"
_DECISION = "_decision"
_TOOLS = "/tools/"
_GIVEN = ("approved", "modified")


def _refused(status: int, message: str) -> Refusal:
    return Refusal(status, {"error": {"code": status, "message": message}})


def _text(call: Call, name: str, *, required: bool = True) -> str | None:
    value = call.fields.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, str) or not value.strip():
        raise _refused(422, f"`{name}` must be a text that is not empty")
    return value


def _escalate(call: Call) -> Reply:
    session = call.session
    row_id = f"esc_{session.letters('escalation', 24)}"
    row = {
        "id": row_id, "reason": _text(call, "reason"),
        "summary": _text(call, "summary", required=False), "status": "open",
        "created_at": session.clock.iso(),
    }  # fmt: skip
    session.overlay.put(_ESCALATIONS, row)
    return Reply(201, row, created=(_ESCALATIONS, row_id))


def _ask(call: Call) -> Reply:
    session = call.session
    action = call.fields.get("action")
    if not action or not isinstance(action, str | dict):
        raise _refused(422, "`action` must name what is to be approved")
    row_id = f"apr_{session.letters('approval', 24)}"
    row: Row = {
        "id": row_id, "action": action, "reason": _text(call, "reason", required=False),
        "status": "pending", "created_at": session.clock.iso(),
    }  # fmt: skip
    if session.reviewer is not None:
        row = {**row, _DECISION: dict(session.reviewer(session, row))}
    session.overlay.put(_APPROVALS, row)
    session.approvals[row_id] = _stands
    return Reply(201, _told(call.session, row), created=(_APPROVALS, row_id))


def _told(session: CaseSession, row: Row) -> Row:
    """An approval as it may be seen now: pending until the reviewer has had the time."""
    decided = dict(row.get(_DECISION) or {})
    decided.pop("after_seconds", None)
    shown = {name: value for name, value in row.items() if name != _DECISION}
    return {**shown, **decided} if decided and session.now >= _due(row) else shown


def _due(row: Row) -> datetime:
    """When its reviewer has decided."""
    seconds = (row.get(_DECISION) or {}).get("after_seconds", 0)
    return datetime.fromisoformat(row["created_at"]) + timedelta(seconds=seconds)


def _looked_at(session: CaseSession, row: Row) -> Row:
    """The approval as it is now; whoever finds it pending waits before looking again.

    Where that waiting is not seen, the case's clock goes on to the decision, which is what the
    next look finds, however soon it comes.
    """
    told = _told(session, row)
    if session.waits_elsewhere and _DECISION in row and told["status"] == "pending":
        session.clock.advance((_due(row) - session.now).total_seconds())
    return told


def _stands(session: CaseSession, approval: str) -> bool:
    """Whether an approval may be referred to: given, or waiting where nobody reviews.

    One of a call that only reads, or that names no call at all, is none of anything that is
    written.
    """
    row = session.overlay.get(_APPROVALS, approval)
    if row is None or _reads(row["action"]) or not _names(row["action"]):
        return False
    wanted = _GIVEN if _DECISION in row else ("pending",)
    return _told(session, row)["status"] in wanted


def _reads(action: Any) -> bool:
    return isinstance(action, dict) and action.get("effect") == Effect.READ


def _names(action: Any) -> bool:
    """Whether it says which call it is, in a text or by its operation, or which node of a graph."""
    return not isinstance(action, dict) or bool(action.get("operation") or action.get("node"))


def _get(table: str, label: str) -> Any:
    def handler(call: Call) -> Reply:
        row = call.session.overlay.get(table, call.path["id"])
        if row is None:
            raise _refused(404, f"no such {label}: {call.path['id']}")
        return Reply(200, _looked_at(call.session, row) if table == _APPROVALS else row)

    return handler


def _case(_: Call) -> Target:
    return Target(type="case")


_ERROR = record({"error": record({"code": INTEGER, "message": STRING})})
_ESCALATION = record(
    {
        "id": STRING, "reason": STRING, "summary": nullable(STRING), "status": constant("open"),
        "created_at": TIME,
    }
)  # fmt: skip
_APPROVAL = record(
    {
        "id": STRING, "action": any_of(STRING, OBJECT), "reason": nullable(STRING),
        "status": one_of("pending", "approved", "modified", "rejected", "escalated"),
        "created_at": TIME,
    }
)  # fmt: skip
_SHAPES = {"error": _ERROR, "escalation": _ESCALATION, "approval": _APPROVAL}


class Desk(System):
    """`desk.example.com`, JSON under a bearer token."""

    name = DESK
    host = "desk.example.com"
    shapes = _SHAPES
    operations = (
        Operation(
            name=ESCALATION_OPERATION,
            system=DESK,
            method="POST",
            template="/escalations",
            description="Hand the case to a person.",
            params=params(
                "reason",
                reason=says(STRING, "Why a person must decide."),
                summary=says(STRING, "What was found out so far."),
            ),
            handler=_escalate,
            answers={201: ref("escalation")},
            effect=Effect.SEND,
            action_class=ActionClass.AUTOMATED,
            target=_case,
        ),
        Operation(
            name="desk.escalations.get",
            system=DESK,
            method="GET",
            template="/escalations/{id}",
            description="Look at an escalation.",
            params=params("id", id=STRING),
            handler=_get(_ESCALATIONS, "escalation"),
            answers={200: ref("escalation")},
        ),
        Operation(
            name=APPROVAL_OPERATION,
            system=DESK,
            method="POST",
            template="/approvals",
            description="Ask a person to approve an action before it is taken.",
            params=params(
                "action",
                action=says(OBJECT, "The action: operation, target, amount."),
                reason=STRING,
            ),
            handler=_ask,
            answers={201: ref("approval")},
            effect=Effect.DRAFT,
            action_class=ActionClass.AUTOMATED,
            target=_case,
        ),
        Operation(
            name="desk.approvals.get",
            system=DESK,
            method="GET",
            template="/approvals/{id}",
            description="See what became of an approval: pending, approved, modified, rejected or "
            "escalated.",
            params=params("id", id=STRING),
            handler=_get(_APPROVALS, "approval"),
            answers={200: ref("approval")},
        ),
    )

    def gap(self, request: Request, reason: str) -> CoverageGap:
        """A program of its own tells here that it has called a tool that is mapped to nothing."""
        _, _, tool = request.path.partition(_TOOLS)
        if not tool or request.method != "GET":
            return super().gap(request, reason)
        because = dict(parse_qsl(request.query)).get("because", "")
        return CoverageGap(system="tools", method="CALL", path=unquote(tool), detail=because)

    def credentials(self, text: str) -> dict[str, str]:
        """A bearer token."""
        return {"token": f"dsk_{text[:40]}"}
