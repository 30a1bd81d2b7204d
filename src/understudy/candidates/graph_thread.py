"""One thread of a LangGraph graph: how it is gone on with, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from understudy.candidates.breakpoints import Breakpoint, WaitingCalls, waiting_calls

__all__ = ["GraphThread", "calls_at", "interrupts_of"]


@dataclass(frozen=True, slots=True)
class GraphThread:
    """A graph with the thread's config; `later` where the graph can only be awaited."""

    graph: Any
    config: Mapping[str, Any]
    options: Mapping[str, Any]
    """Handed to the graph at each step, as `context` and `durability` are."""
    later: bool

    async def invoke(self, given: Any) -> Any:
        """The state after the next step."""
        return await self._done("invoke", given, self.config, **self.options)

    async def snapshot(self) -> Any:
        """Where it stands, with the graphs inside; None where nothing keeps threads."""
        if getattr(self.graph, "checkpointer", True) in (None, False):
            return None
        return await self._done("get_state", self.config, subgraphs=True)

    async def update(self, place: Breakpoint, values: Any, node: str | None) -> None:
        """Change the state at a stop, as the work of that node."""
        await self._done("update_state", place.config, values, as_node=node)

    async def breakpoints(self, snapshot: Any) -> list[Breakpoint]:
        """The stops that no interrupt asks for; none where the thread is at its end."""
        leaves = list(_leaves(snapshot)) if snapshot is not None and snapshot.next else []
        return [await self._breakpoint(leaf, whole=leaf is snapshot) for leaf in leaves]

    async def _breakpoint(self, leaf: Any, *, whole: bool) -> Breakpoint:
        before, ran = tuple(dict.fromkeys(leaf.next)), ()
        if leaf.parent_config is not None:
            parent = await self._done("get_state", leaf.parent_config)
            ran = tuple(dict.fromkeys(parent.next))
        calls = waiting_calls(leaf.values)
        if whole and calls is None:
            guarded = self._guarded()
            before = tuple(node for node in before if "*" in guarded or node in guarded)
        return Breakpoint(leaf.config, before, ran, calls)

    def _guarded(self) -> Sequence[str]:
        """The nodes before which it stops."""
        given = self.options.get("interrupt_before")
        nodes = getattr(self.graph, "interrupt_before_nodes", "*") if given is None else given
        return [nodes] if isinstance(nodes, str) else list(nodes)

    async def _done(self, name: str, *args: Any, **options: Any) -> Any:
        found = getattr(self.graph, f"a{name}" if self.later else name)(*args, **options)
        return await found if self.later else found


def _leaves(snapshot: Any) -> Iterator[Any]:
    inner = [task.state for task in snapshot.tasks if getattr(task.state, "next", None)]
    if not inner:
        yield snapshot
    for each in inner:
        yield from _leaves(each)


def interrupts_of(state: Any, snapshot: Any) -> list[Any]:
    """What interrupts a graph, in the order in which it did."""
    told = state.get("__interrupt__") if isinstance(state, Mapping) else None
    if not told:
        told = getattr(state, "interrupts", None) or getattr(snapshot, "interrupts", None)
    return list(told or ())


def calls_at(snapshot: Any, interrupt: str) -> WaitingCalls | None:
    """The calls of tools that wait where this interrupt was raised."""
    for task in snapshot.tasks if snapshot is not None else ():
        if interrupt in [each.id for each in task.interrupts]:
            inner = getattr(task.state, "tasks", None)
            return calls_at(task.state, interrupt) if inner else waiting_calls(snapshot.values)
    return None
