"""The desk as an agent's back office uses it: calls are asked about, and decisions come back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from understudy.candidates.amending import amended
from understudy.candidates.tool_door import Foreseen, Target, foreseen
from understudy.candidates.toolbox import Toolbox, approved

__all__ = ["Approvals", "Asked", "Decision"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the desk is asked about: the call of a tool, or what is only told in words."""

    name: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    node: str = ""
    """The node of a graph that it is about, where it is about one."""

    def foreseen(self, map: Mapping[str, Target]) -> Foreseen:
        """The write that it would be; with words, a name that is no tool's says nothing."""
        words = {"asked": self.text[:2000]}
        if self.name and not self.text:
            return foreseen(map, self.name, self.arguments)
        if self.name in map:
            call = foreseen(map, self.name, self.arguments)
            return replace(call, action=call.action | words)
        about = {"node": self.node} if self.node else {}
        return Foreseen("", "", {"operation": "", **words, **about})


@dataclass(frozen=True, slots=True)
class Decision:
    """What the desk said of one call: `status` is approved, modified, rejected or escalated."""

    call: Foreseen
    approval: str
    status: str
    amount: int | None = None
    """What was approved instead, in minor units, where it was modified."""
    edited: Mapping[str, Any] | None = None
    """The tool's arguments that come to what was approved instead, where some do."""
    instead: Foreseen | None = None
    """The write that those would be."""

    @property
    def granted(self) -> bool:
        """Whether the call may go on as it was asked for."""
        return self.status == "approved"

    @property
    def reason(self) -> str:
        """What the agent is told of a call that may not."""
        if self.edited is not None:
            arguments = orjson.dumps(dict(self.edited), default=str).decode()
            return f"Not approved as asked; with the arguments {arguments} it is."
        if self.status == "modified":
            return f"Not approved as asked; {self.amount} (minor units) would be."
        return "A person takes this over." if self.status == "escalated" else "Not approved."


class Approvals:
    """What the desk has approved of an integration's calls, for the calls to refer to.

    A call that is approved already, and has not been made since, is not asked about again.
    """

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], list[str]] = {}

    def decided(
        self, systems: Toolbox, map: Mapping[str, Target], asked: Sequence[Asked]
    ) -> list[Decision]:
        """Ask the desk about all of these, and wait, in the case's own time, until it decides."""
        calls = [each.foreseen(map) for each in asked]
        spare = {key: list(ids) for key, ids in self._calls.items()}
        held = [ids.pop(0) if (ids := spare.get(_key(call))) else None for call in calls]
        rows = iter(_answered(systems, [c for c, id in zip(calls, held, strict=True) if not id]))
        decisions = [
            Decision(call, id, "approved") if id else _decision(map, each, call, next(rows))
            for each, call, id in zip(asked, calls, held, strict=True)
        ]
        self._keep([each for each, id in zip(decisions, held, strict=True) if not id])
        return decisions

    def lent(
        self, otherwise: Callable[[], str | None] | None = None
    ) -> contextlib.AbstractContextManager[None]:
        """Within, approved calls refer to their approval; `otherwise` gives that of others."""
        return approved(self._calls, otherwise)

    def _keep(self, decisions: Iterable[Decision]) -> None:
        for each in decisions:
            call = each.call if each.granted else each.instead
            if call is not None and call.operation:
                self._calls.setdefault(_key(call), []).append(each.approval)


def _key(call: Foreseen) -> tuple[str, str]:
    return call.operation, call.params


def _answered(systems: Toolbox, calls: Sequence[Foreseen]) -> list[Mapping[str, Any]]:
    """The desk's rows about these, each decided."""
    rows = [systems.call("desk.approvals.create", action=call.action) for call in calls]
    while any(row["status"] == "pending" for row in rows):
        time.sleep(systems.look_every)
        rows = [
            systems.call("desk.approvals.get", id=row["id"]) if row["status"] == "pending" else row
            for row in rows
        ]
    return rows


def _decision(
    map: Mapping[str, Target], asked: Asked, call: Foreseen, row: Mapping[str, Any]
) -> Decision:
    amount = (row.get("approved_action") or {}).get("amount")
    other = None
    if row["status"] == "modified" and amount is not None:
        other = amended(map, asked.name, asked.arguments, amount)
    edited, instead = other or (None, None)
    return Decision(call, row["id"], row["status"], amount, edited, instead)
