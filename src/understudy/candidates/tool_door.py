"""The door for agents that do their work by tools of their own, whatever those would call.

`shadow_tools` gives the tools back with the same names, schemas and validation, and replaces what
lies below: a call becomes an operation of a mocked system, or a recorded answer. A tool that is
mapped to nothing is refused and told as a coverage gap.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import itertools
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from understudy.candidates.callable_tools import acting_as
from understudy.candidates.hand import Hand, hand_at_work, known_operations, serving_tools
from understudy.candidates.plain import plain
from understudy.candidates.recorded_tools import RecordedAnswers
from understudy.candidates.tool_kinds import lists_later, named, rebuilt
from understudy.candidates.toolbox import CallError, Toolbox
from understudy.model.canonical import digest
from understudy.model.errors import CandidateError, nearest
from understudy.systems.session import CoverageGap

__all__ = [
    "Foreseen",
    "Target",
    "ToolNotMapped",
    "assumed_by",
    "foreseen",
    "serving_tools",
    "shadow_tools",
]

Target = str | RecordedAnswers | Callable[..., Any]
_assumed: dict[tuple[int, str], tuple[Mapping[str, Any], dict[str, Any]]] = {}
"""By a map and the name of a tool shadowed with it, what the tool takes for arguments that are not
given; two agents may have different tools of one name. The map is held, so that its id stays its.
"""
_MOST_ASSUMED = 10_000


class ToolNotMapped(PermissionError):
    """A tool was called that is mapped to nothing, so what it would have done is unknown."""


def shadow_tools(tools: Iterable[Any], map: Mapping[str, Target]) -> list[Any]:
    """The tools of an agent, acting on the mocked systems of the case at hand.

    `tools` are LangChain tools, function tools and MCP servers of OpenAI's Agents SDK, MCP servers
    of one's own (each with all of its tools) or callables. `map` says by a tool's name what
    becomes of its calls:

    - an operation, `"stripe.refunds.create"`, which takes the tool's arguments as they are named
      (those that are None are left out), and answers as the system does, as JSON where the tool
    is annotated to return `str`;
    - a callable, `lambda systems, **arguments: …`, which is called with the case's systems and
      the tool's arguments and gives what the tool returns: for other names and other shapes;
    - `recorded(FILE)`, what the tool has answered to the same arguments. What was not recorded is
      refused as if the tool were not mapped.

    Arguments are validated by the tool itself before. A call of a tool that `map` does not name
    raises `ToolNotMapped` and is a coverage gap of the case. A call outside of a case raises it
    too, and is counted nowhere; a framework may make an answer to its model of it.
    Raises `CandidateError` where `map` names a tool that is not there, an operation that is none, a
    coroutine function or anything else, or an object is no tool.
    """
    given = list(tools)
    names = {n: named(tool) for n, tool in enumerate(given) if not lists_later(tool)}

    def listed(number: int, found: list[str]) -> None:
        names[number] = found
        if len(names) == len(given):
            _check_names(map, list(itertools.chain(*names.values())))

    if len(names) == len(given):
        _check_names(map, list(itertools.chain(*names.values())))
    for name, target in map.items():
        _check_target(name, target)
    return [
        rebuilt(tool, functools.partial(_shadow, map), functools.partial(listed, number))
        for number, tool in enumerate(given)
    ]


def _check_names(map: Mapping[str, Target], known: list[str]) -> None:
    """Refuse a name that no tool has."""
    unknown = [name for name in map if name not in known]
    if unknown:
        raise CandidateError(
            f"there is no tool `{unknown[0]}` to map{nearest(unknown[0], known)}",
            code="U214",
            hint=f"the tools are {', '.join(known) or 'none'}",
        )


def _check_target(name: str, target: Target) -> None:
    """Refuse what no call could be carried out by."""
    if not isinstance(target, str | RecordedAnswers) and not callable(target):
        raise CandidateError(
            f"the tool `{name}` is mapped to `{target!r:.60}`",
            code="U216",
            hint="map it to an operation's name, a function of `systems` and the tool's "
            "arguments, or `recorded(FILE)`",
        )
    _check_operation(name, target)
    if inspect.iscoroutinefunction(target):
        raise CandidateError(
            f"the tool `{name}` is mapped to a coroutine function",
            code="U216",
            hint="write it as a plain one: `systems.call` answers at once",
        )


def _check_operation(name: str, target: Target) -> None:
    """Refuse an operation that no mounted system has, where it is known which are mounted."""
    known = known_operations()
    if isinstance(target, str) and known and target not in known:
        raise CandidateError(
            f"the tool `{name}` is mapped to `{target}`, which is no operation"
            f"{nearest(target, known)}",
            code="U221",
            hint="understudy systems operations   lists them",
        )


def foreseen(map: Mapping[str, Target], name: str, arguments: Mapping[str, Any]) -> Foreseen:
    """The first write that a call of the tool `name` would be, without doing it.

    Reads on the way are made. A tool that writes nothing, or is not mapped, is told by itself.
    """
    systems = _Foreseeing(_at_hand(name).systems)
    target = map.get(name)
    told = {"operation": name, "arguments": _value(dict(arguments))}
    # What goes wrong on the way goes wrong again when the tool is called, and is told there.
    with contextlib.suppress(LookupError, TypeError, ValueError):
        try:
            if target is not None and not isinstance(target, RecordedAnswers):
                _carried_out(target, systems, {**assumed_by(map, name), **arguments})
        except _Foreseen as found:
            return Foreseen(found.operation, digest(found.params), found.action)
        except CallError:
            pass  # a read that is refused: nothing was written before it
        if target is not None:
            told["effect"] = "read"
    return Foreseen("", "", told)


def assumed_by(map: Mapping[str, Target], name: str) -> dict[str, Any]:
    """What the tool takes for arguments that are not given."""
    return _assumed.get((id(map), name), (map, {}))[1]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A write before it is done: its operation, the digest of its parameters, and the action."""

    operation: str
    params: str
    action: dict[str, Any]


class _Foreseen(Exception):
    """The write at which foreseeing ends."""

    def __init__(self, operation: str, params: dict[str, Any], action: dict[str, Any]) -> None:
        super().__init__(operation)
        self.operation = operation
        self.params = params
        self.action = action


class _Foreseeing(Toolbox):
    """Systems that are read, and whose first write is told instead of done."""

    def __init__(self, systems: Toolbox) -> None:
        super().__init__(systems._engine, systems._session)
        self._systems = systems

    def call(self, operation: str, /, **params: Any) -> Any:
        if self.writes(operation):
            raise _Foreseen(operation, params, self._systems.foresee(operation, **params))
        return self._systems.call(operation, **params)


def _shadow(
    map: Mapping[str, Target], name: str, original: Callable[..., Any], aside: Container[str]
) -> Callable[..., Any]:
    """What is called in place of `original`; arguments named `aside` are the framework's.

    A function gets those of them that it names itself.
    """
    target, signature = map.get(name), inspect.signature(original)
    named_by_it = _parameters(target)
    tells_text = signature.return_annotation in (str, "str")
    defaults = {
        key: each.default
        for key, each in signature.parameters.items()
        if each.default is not each.empty and key not in aside
    }
    _assumed[id(map), name] = map, defaults
    if len(_assumed) > _MOST_ASSUMED:
        del _assumed[next(iter(_assumed))]

    def act(*args: Any, **kwargs: Any) -> Any:
        arguments = _arguments(signature, args, kwargs)
        kept = {k: v for k, v in arguments.items() if k not in aside or k in named_by_it}
        answer = _acted(target, name, kept)
        return orjson.dumps(answer).decode() if isinstance(target, str) and tells_text else answer

    return acting_as(original, act)


def _parameters(target: Target | None) -> Container[str]:
    """The arguments that a function names, but for the systems."""
    if not callable(target):
        return ()
    try:
        return list(inspect.signature(target).parameters)[1:]
    except ValueError:
        return ()


def _arguments(
    signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """What the original would have been given, its own defaults included."""
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    kinds = {name: each.kind for name, each in signature.parameters.items()}
    found: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        if kinds[name] is inspect.Parameter.VAR_KEYWORD:
            found.update(value)
        elif kinds[name] is not inspect.Parameter.VAR_POSITIONAL:
            found[name] = value
    return found


def _acted(target: Target | None, name: str, arguments: dict[str, Any]) -> Any:
    hand = _at_hand(name)
    if target is None:
        detail = f"it is mapped to nothing: shadow_tools(tools, {{'{name}': OPERATION}})"
        raise _refused(hand, name, detail)
    if isinstance(target, RecordedAnswers):
        given = {key: _value(each) for key, each in arguments.items()}
        try:
            return target.answer(hand.session, name, given)
        except LookupError as error:
            raise _refused(hand, name, str(error)) from None
    return _carried_out(target, hand.systems, arguments)


def _refused(hand: Hand, name: str, detail: str) -> ToolNotMapped:
    """A call that nothing stands behind: told as a gap of the case's coverage."""
    hand.systems.tell(CoverageGap(system="tools", method="CALL", path=name, detail=detail))
    return ToolNotMapped(f"the tool `{name}` is not available")


def _carried_out(
    target: str | Callable[..., Any], systems: Toolbox, arguments: dict[str, Any]
) -> Any:
    if callable(target):
        return target(systems, **arguments)
    given = {key: _value(each) for key, each in arguments.items() if each is not None}
    return systems.call(target, **given)


def _at_hand(name: str) -> Hand:
    found = hand_at_work()
    if found is None:
        raise ToolNotMapped(
            f"the tool `{name}` was called outside of a case; a program or service of its own says "
            "which it is at: `with working_on(case):`, from understudy.candidates.remote_case"
        )
    return found


def _value(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    return plain(dump(mode="json") if callable(dump) else value)
