"""Agents that stop for a person: their interruptions go to the desk, and its decision goes back.

An integration that waits for approvals is resumed on the same thread of its own framework, as its
own back office would do it. The desk's reviewer decides from what people did.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from understudy.candidates.breakpoints import Breakpoint, approval_of_node
from understudy.candidates.desk import Approvals, Asked, Decision
from understudy.candidates.graph_thread import GraphThread, calls_at, interrupts_of
from understudy.candidates.interrupts import About, Question, Resume, question_of
from understudy.candidates.tool_door import Target
from understudy.candidates.toolbox import Toolbox

__all__ = ["Decision", "arun_graph", "run_agent", "run_graph"]

_MOST_ROUNDS = 25


def run_graph(
    graph: Any,
    given: Any,
    case: Any,
    systems: Toolbox,
    map: Mapping[str, Target],
    *,
    resume: Resume | None = None,
    about: About | None = None,
    leave: Callable[[Any], bool] | None = None,
    config: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """Invoke a LangGraph graph until nothing stops it any more; its last state.

    The graph needs a checkpointer; the thread is the case's own in this repeat of this run. `map`
    is that of `shadow_tools`; `config` and `options` (`context`, `interrupt_before` …) go to the
    graph each time.

    Interrupts of the human-in-the-loop middleware are understood, and requests as agent inboxes
    take them (`action_request`); what any other interrupt is resumed with says `resume`, by
    default whether the desk has approved it. `about` says which tool, with which arguments, such
    an interrupt is about; by default what it names itself, or the only call that waits there.
    Several at once are decided together, and each is answered by its own id. One that `leave`
    says is not for the desk, a question to the customer, ends it here: the state holds it under
    `__interrupt__`, and the graph is gone on with by `Command(resume=…)` as `given`.

    At a breakpoint (`interrupt_before`, `interrupt_after`) the calls that wait there are decided
    on: amended or answered where they are not approved. Where no calls wait, the nodes are; the
    state at the first that is refused is the last one then.
    """
    thread = GraphThread(graph, _config(config, case, systems), options, later=False)
    office = _Office(systems, map, Approvals(), about, resume, leave)
    return _at_once(_course(thread, given, office))


async def arun_graph(
    graph: Any,
    given: Any,
    case: Any,
    systems: Toolbox,
    map: Mapping[str, Target],
    *,
    resume: Resume | None = None,
    about: About | None = None,
    leave: Callable[[Any], bool] | None = None,
    config: Mapping[str, Any] | None = None,
    **options: Any,
) -> Any:
    """`run_graph` for graphs whose nodes and tools are coroutines."""
    thread = GraphThread(graph, _config(config, case, systems), options, later=True)
    office = _Office(systems, map, Approvals(), about, resume, leave)
    return await _course(thread, given, office)


async def run_agent(
    agent: Any,
    given: Any,
    systems: Toolbox,
    map: Mapping[str, Target],
    *,
    hear: Callable[[Any], Any] | None = None,
    **options: Any,
) -> Any:
    """Run an agent of OpenAI's Agents SDK until no tool waits for approval; its last result.

    `options` go to `Runner.run` each time; `map` is that of `shadow_tools`. The SDK lets nobody
    change a call: one that is approved otherwise is refused with the arguments that would do, and
    when the agent makes that call it is approved. With `hear`, a function or a coroutine function,
    it is run as a stream, and that hears each event.
    """
    result, approvals = await _ran(agent, given, hear, options), Approvals()
    for _ in range(_MOST_ROUNDS):
        if not result.interruptions:
            return result
        state = result.to_state()
        asked = [_call_of(item) for item in result.interruptions]
        _settle(state, result.interruptions, approvals.decided(systems, map, asked))
        with approvals.lent():
            result = await _ran(agent, state, hear, options)
    raise _without_end("agent")


async def _ran(
    agent: Any, given: Any, hear: Callable[[Any], Any] | None, options: Mapping[str, Any]
) -> Any:
    from agents import Runner

    if hear is None:
        return await Runner.run(agent, given, **options)
    result = Runner.run_streamed(agent, given, **options)
    async for event in result.stream_events():
        heard = hear(event)
        if inspect.isawaitable(heard):
            await heard
    return result


@dataclass(frozen=True, slots=True)
class _Office:
    """Who an integration of this case turns to, and what they have approved so far."""

    systems: Toolbox
    map: Mapping[str, Target]
    approvals: Approvals
    about: About | None = None
    resume: Resume | None = None
    leave: Callable[[Any], bool] | None = None

    def leaves(self, interrupts: Sequence[Any]) -> bool:
        """Whether one of these is somebody else's to answer."""
        return self.leave is not None and any(self.leave(each.value) for each in interrupts)

    def decided(self, asked: Sequence[Asked]) -> list[Decision]:
        return self.approvals.decided(self.systems, self.map, asked)

    def command(self, interrupts: Sequence[Any], snapshot: Any) -> Any:
        """What the graph goes on with after all of these."""
        from langgraph.types import Command

        questions = [self._question(each, snapshot) for each in interrupts]
        told = iter(self.decided([asked for each in questions for asked in each.asked]))
        answers = [each.answer([next(told) for _ in each.asked]) for each in questions]
        return Command(
            resume={each.id: answer for each, answer in zip(interrupts, answers, strict=True)}
        )

    def _question(self, interrupt: Any, snapshot: Any) -> Question:
        def at_hand() -> list[Asked]:
            found = calls_at(snapshot, interrupt.id)
            return found.asked() if found is not None else []

        return question_of(
            interrupt.value,
            getattr(interrupt, "response_schema", None),
            about=self.about,
            resume=self.resume,
            at_hand=at_hand,
        )

    async def pass_by(
        self, thread: GraphThread, stops: Sequence[Breakpoint]
    ) -> dict[str, str] | None:
        """Decide on all of these; the approvals of nodes, or None where the thread ends here."""
        told = iter(self.decided([asked for each in stops for asked in each.asked()]))
        decisions = [[next(told) for _ in each.asked()] for each in stops]
        if not all(stop.goes_on(each) for stop, each in zip(stops, decisions, strict=True)):
            return None
        nodes: dict[str, str] = {}
        for stop, each in zip(stops, decisions, strict=True):
            nodes |= stop.approvals(each)
            change = stop.update(each)
            if change is not None:
                await thread.update(stop, *change)
        return nodes


async def _course(thread: GraphThread, given: Any, office: _Office) -> Any:
    """Go on with the thread until nothing stops it, or a node is refused."""
    state = await thread.invoke(given)
    for number in itertools.count():
        snapshot = await thread.snapshot()
        interrupts = interrupts_of(state, snapshot)
        stops = [] if interrupts else await thread.breakpoints(snapshot)
        if office.leaves(interrupts) or not (interrupts or stops):
            break
        if number == _MOST_ROUNDS:
            raise _without_end("graph")
        command = office.command(interrupts, snapshot) if interrupts else None
        nodes = await office.pass_by(thread, stops)
        if nodes is None:
            break
        with office.approvals.lent(functools.partial(approval_of_node, nodes)):
            state = await thread.invoke(command)
    return state


def _at_once(course: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine that waits for nothing comes to."""
    while True:
        try:
            course.send(None)
        except StopIteration as done:
            return done.value


def _config(given: Mapping[str, Any] | None, case: Any, systems: Toolbox) -> dict[str, Any]:
    own = dict(given or {})
    configurable = dict(own.get("configurable") or {})
    # A checkpointer outlives the case: another repeat must not go on with what this one said.
    thread = f"{configurable.get('thread_id', case.id)}-{systems.handling}"
    return {**own, "configurable": {**configurable, "thread_id": thread}}


def _without_end(what: str) -> RuntimeError:
    return RuntimeError(f"the {what} is interrupted after {_MOST_ROUNDS} decisions yet")


def _call_of(item: Any) -> Asked:
    """The call that waits for approval; its arguments are the model's, and may be no JSON."""
    text = getattr(item.raw_item, "arguments", None) or "{}"
    try:
        arguments = orjson.loads(text)
    except orjson.JSONDecodeError:
        arguments = None
    if not isinstance(arguments, dict):
        return Asked(text=f"{item.tool_name}: {text}")
    return Asked(item.tool_name or "", arguments)


def _settle(state: Any, items: Sequence[Any], decisions: Sequence[Decision]) -> None:
    for item, decision in zip(items, decisions, strict=True):
        if decision.granted:
            state.approve(item)
        else:
            state.reject(item, rejection_message=decision.reason)
