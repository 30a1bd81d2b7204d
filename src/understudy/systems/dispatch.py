"""From method and path to the operations that share them, by dictionary look-ups only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from urllib.parse import unquote

from understudy.systems.operation import Call, Operation

__all__ = ["Dispatcher", "Route"]


def _decoded(segment: str) -> str:
    return unquote(segment) if "%" in segment else segment


@dataclass(frozen=True, slots=True)
class Route:
    """All operations of one method and template, and where its parameters stand."""

    operations: tuple[Operation, ...]
    names: tuple[tuple[int, str], ...]

    def path(self, segments: list[str]) -> dict[str, str]:
        """The path parameters of one request."""
        return {name: _decoded(segments[index]) for index, name in self.names}

    def pick(self, call: Call) -> Operation:
        """The operation that the call means; the last one has no condition."""
        for operation in self.operations:
            if operation.when is None or operation.when(call):
                return operation
        return self.operations[-1]


@dataclass(frozen=True, slots=True)
class _Shape:
    """Templates whose fixed segments stand in the same places."""

    fixed: tuple[int, ...]
    take: Callable[[list[str]], Any]
    routes: dict[Any, Route]


class Dispatcher:
    """Finds routes; among the templates that fit, the one with most fixed segments wins."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._shapes: dict[tuple[str, int], list[_Shape]] = {}
        for (method, template), group in _grouped(operations).items():
            self._add(method, template.strip("/").split("/"), group)

    def find(self, method: str, segments: list[str]) -> Route | None:
        """The route of a request, or None."""
        for shape in self._shapes.get((method, len(segments)), ()):
            route = shape.routes.get(shape.take(segments))
            if route is not None:
                return route
        return None

    def methods(self, segments: list[str]) -> tuple[str, ...]:
        """The methods that the path is served under."""
        known = sorted({method for method, _ in self._shapes})
        return tuple(method for method in known if self.find(method, segments))

    def _add(self, method: str, parts: list[str], group: list[Operation]) -> None:
        fixed = tuple(i for i, part in enumerate(parts) if not part.startswith("{"))
        names = tuple((i, part[1:-1]) for i, part in enumerate(parts) if part.startswith("{"))
        shapes = self._shapes.setdefault((method, len(parts)), [])
        shape = next((shape for shape in shapes if shape.fixed == fixed), None)
        if shape is None:
            shape = _Shape(fixed, itemgetter(*fixed), {})
            shapes.append(shape)
            shapes.sort(key=lambda each: (-len(each.fixed), each.fixed))
        shape.routes[shape.take(parts)] = Route(tuple(group), names)


def _grouped(operations: Iterable[Operation]) -> Mapping[tuple[str, str], list[Operation]]:
    groups: dict[tuple[str, str], list[Operation]] = {}
    for operation in operations:
        groups.setdefault((operation.method, operation.template), []).append(operation)
    for (method, template), group in groups.items():
        group.sort(key=lambda operation: operation.when is None)
        if group[-1].when is not None or sum(each.when is None for each in group) != 1:
            raise ValueError(f"{method} {template} needs exactly one operation without `when`")
    return groups
