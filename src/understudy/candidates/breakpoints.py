"""Where a graph stops without an interrupt, before a node or after one, and what waits there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.candidates.desk import Asked, Decision

__all__ = ["Breakpoint", "WaitingCalls", "approval_of_node", "waiting_calls"]

_ASIDE = "Not done, because another call of the same step was not approved."


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """One stop: the calls of tools that wait there for their approval, or else the nodes."""

    config: Mapping[str, Any]
    """Where in the thread it is."""
    before: tuple[str, ...]
    """The nodes that have to wait."""
    after: tuple[str, ...]
    """Those that have just run."""
    calls: WaitingCalls | None

    def asked(self) -> list[Asked]:
        """What the desk is asked about."""
        if self.calls is not None:
            return self.calls.asked()
        side, nodes = ("before", self.before) if self.before else ("after", self.after)
        return [Asked(text=f"The graph stops {side} `{node}`.", node=node) for node in nodes]

    def goes_on(self, decisions: Sequence[Decision]) -> bool:
        """Whether it is resumed: refused calls are answered, but a refused node never runs."""
        return self.calls is not None or all(each.granted for each in decisions)

    def update(self, decisions: Sequence[Decision]) -> tuple[dict[str, Any], str | None] | None:
        """What changes in the state, and as the work of which node; None where nothing does."""
        if self.calls is None or all(each.granted for each in decisions):
            return None
        if all(each.granted or each.edited is not None for each in decisions):
            return self.calls.edited(decisions), next(iter(self.after), None)
        return self.calls.refused(decisions), next(iter(self.before), None)

    def approvals(self, decisions: Sequence[Decision]) -> dict[str, str]:
        """By each node that was approved as a whole, its approval."""
        if self.calls is not None:
            return {}
        return {node: each.approval for node, each in zip(self.before, decisions, strict=False)}


@dataclass(frozen=True, slots=True)
class WaitingCalls:
    """Calls that a message asks for and that nothing has answered yet."""

    place: str
    """The part of the state that the message stands in."""
    message: Any
    open: tuple[Mapping[str, Any], ...]

    def asked(self) -> list[Asked]:
        """Each for the desk."""
        return [Asked(call["name"], call["args"]) for call in self.open]

    def edited(self, decisions: Sequence[Decision]) -> dict[str, Any]:
        """The message anew, with the arguments that were approved."""
        new = {
            call["id"]: {**call, "args": dict(each.edited)}
            for call, each in zip(self.open, decisions, strict=True)
            if each.edited is not None
        }
        calls = [new.get(call["id"], call) for call in self.message.tool_calls]
        return {self.place: [self.message.model_copy(update={"tool_calls": calls})]}

    def refused(self, decisions: Sequence[Decision]) -> dict[str, Any]:
        """An answer to each call in place of its tool's."""
        from langchain_core.messages import ToolMessage

        return {
            self.place: [
                ToolMessage(
                    _ASIDE if each.granted else each.reason,
                    name=call["name"], tool_call_id=call["id"], status="error",
                )
                for call, each in zip(self.open, decisions, strict=True)
            ]
        }  # fmt: skip


def waiting_calls(values: Any) -> WaitingCalls | None:
    """The calls that the last message of a graph's state asks for, where nothing answers them."""
    for place, messages in values.items() if isinstance(values, Mapping) else ():
        found = _open_calls(messages) if isinstance(messages, list) else None
        if found is not None:
            return WaitingCalls(place, *found)
    return None


def _open_calls(messages: list[Any]) -> tuple[Any, tuple[Mapping[str, Any], ...]] | None:
    answered = set()
    for message in reversed(messages):
        answers = getattr(message, "tool_call_id", None)
        if answers is None:
            calls = getattr(message, "tool_calls", None) or ()
            open = tuple(call for call in calls if call["id"] not in answered)
            return (message, open) if open else None
        answered.add(answers)
    return None


def approval_of_node(nodes: Mapping[str, str]) -> str | None:
    """The approval of the node that is at work, of those that were approved as a whole."""
    from langgraph.config import get_config

    if not nodes:
        return None
    try:
        path = get_config()["configurable"].get("checkpoint_ns", "")
    except RuntimeError:
        return None
    at_work = [part.partition(":")[0] for part in path.split("|")]
    return next((nodes[name] for name in at_work if name in nodes), None)
