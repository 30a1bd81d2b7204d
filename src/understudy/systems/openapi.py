"""The route table of one system as an OpenAPI 3.1 document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from understudy import __version__
from understudy.model.action import DESK
from understudy.systems.operation import Operation, Wire
from understudy.systems.routes import mounted
from understudy.systems.schema import OBJECT, any_of, ref
from understudy.systems.system import System

__all__ = ["openapi"]

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A parameter's place in a query or a body."""

    schema: Schema
    required: bool


def openapi(system: str | System) -> Schema:
    """The document of a system, given by its name or as it is mounted.

    Operations that share method and path are one OpenAPI operation with one body schema each, as
    the request decides which is meant; `x-operations` names them all with their classes.
    """
    served = system if isinstance(system, System) else _mounted(system)
    paths: dict[str, Schema] = {}
    for (template, method), group in _routes(served.operations).items():
        paths.setdefault(template, {})[method.lower()] = _described(served, group)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{served.name}, as understudy serves it",
            "version": __version__,
            "description": "The operations of a mocked system. Credentials name the case.",
        },
        "servers": [{"url": served.base_url}],
        "security": [{"credential": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(served.shapes.items())),
            "securitySchemes": {"credential": _security(served)},
        },
    }


def _mounted(name: str) -> System:
    systems = mounted({"one": name})
    return (
        systems[name] if name in systems else next(own for n, own in systems.items() if n != DESK)
    )


def _routes(operations: Iterable[Operation]) -> dict[tuple[str, str], list[Operation]]:
    groups: dict[tuple[str, str], list[Operation]] = {}
    for operation in operations:
        groups.setdefault((operation.template, operation.method), []).append(operation)
    for group in groups.values():
        # The one without a condition is what the route is called by.
        group.sort(key=lambda operation: operation.when is not None)
    return groups


def _described(system: System, group: list[Operation]) -> Schema:
    first = group[0]
    wires = [_placed(system, operation) for operation in group]
    made: Schema = {
        "operationId": first.name,
        "summary": first.description,
        "tags": [".".join(first.name.split(".")[1:-1]) or system.name],
        "parameters": [*_path_parameters(first), *_query_parameters(system, wires)],
        "responses": _responses(system, group),
        "x-operations": [_operation(operation) for operation in group],
    }
    bodies = [_shape(wire.body) for wire in wires if wire.body is not None]
    if bodies:
        made["requestBody"] = _request_body(system, first, bodies, len(bodies) == len(wires))
    return made


def _responses(system: System, group: list[Operation]) -> Schema:
    """What is answered by status; a refusal has the system's own shape, whatever its status."""
    shapes: dict[str, list[Any]] = {}
    for operation in group:
        for status, schema in operation.answers.items():
            known = shapes.setdefault(str(status), [])
            if schema not in known:
                known.append(schema)
    refusal = ref("error") if "error" in system.shapes else OBJECT
    answers = {status: _response(status, known) for status, known in sorted(shapes.items())}
    return {
        **(answers or {"2XX": _response("200", [{}])}),
        "default": {"description": "A refusal, in the vendor's own shape.", **_json(refusal)},
    }


def _response(status: str, schemas: list[Any]) -> Schema:
    made: Schema = {"description": HTTPStatus(int(status)).phrase}
    bodies = [schema for schema in schemas if schema is not None]
    return {**made, **_json(bodies[0] if len(bodies) == 1 else any_of(*bodies))} if bodies else made


def _json(schema: Schema) -> Schema:
    return {"content": {"application/json": {"schema": schema}}}


def _operation(operation: Operation) -> Schema:
    return {
        "name": operation.name,
        "description": operation.description,
        "action_class": str(operation.action_class),
        "effect": str(operation.effect),
        "reversible_by": operation.reversible_by,
        "customer_visible": operation.customer_visible,
    }


def _names(operation: Operation) -> list[str]:
    return [part[1:-1] for part in operation.template.split("/") if part.startswith("{")]


def _path_parameters(operation: Operation) -> list[Schema]:
    known: Mapping[str, Schema] = operation.params["properties"]
    return [
        {"name": name, "in": "path", "required": True, "schema": known.get(name, {})}
        for name in _names(operation)
    ]


def _placed(system: System, operation: Operation) -> Wire:
    """The operation's query and body with a leaf where each parameter stands."""
    required = operation.params["required"]
    leaves = {
        name: _Leaf(schema, name in required)
        for name, schema in operation.params["properties"].items()
        if name not in _names(operation)
    }
    if operation.wire is not None:
        return operation.wire(leaves)
    if operation.method == "GET" or not _has_body(system, operation.method):
        return Wire(query=leaves)
    return Wire(body=leaves or None)


def _has_body(system: System, method: str) -> bool:
    """Whether the system's clients send a body with this method."""
    return bool(system.encode(Wire(body={"a": "b"}), method)[1])


def _query_parameters(system: System, wires: list[Wire]) -> list[Schema]:
    leaves = {name: leaf for wire in wires for name, leaf in wire.query.items()}
    return [_query_parameter(system, name, leaf) for name, leaf in leaves.items()]


def _query_parameter(system: System, name: str, leaf: _Leaf) -> Schema:
    made: Schema = {
        "name": name, "in": "query", "required": leaf.required, "schema": leaf.schema,
    }  # fmt: skip
    kind = leaf.schema.get("type")
    if kind == "object":
        return {**made, "style": "deepObject", "explode": True}
    if kind != "array":
        return made
    query, _, _ = system.encode(Wire(query={name: ["a", "b"]}), "GET")
    if query.startswith(f"{name}["):
        return {**made, "name": f"{name}[]", "style": "form", "explode": True}
    return {**made, "style": "form", "explode": False}


def _request_body(
    system: System, operation: Operation, bodies: list[Schema], always: bool
) -> Schema:
    _, _, headers = system.encode(Wire(body={"a": "b"}), operation.method)
    kind = headers.get("content-type", "application/json")
    schema = bodies[0] if len(bodies) == 1 else {"anyOf": bodies}
    return {
        "required": always and all(body.get("required") for body in bodies),
        "content": {kind: {"schema": schema}},
    }


def _shape(value: Any) -> Schema:
    """The schema of a body with leaves in it; what is no leaf is as it stands."""
    if isinstance(value, _Leaf):
        return value.schema
    if not isinstance(value, dict):
        return {"const": value}
    made: Schema = {
        "type": "object",
        "properties": {name: _shape(item) for name, item in value.items()},
    }
    required = [name for name, item in value.items() if _is_required(item)]
    return {**made, "required": required} if required else made


def _is_required(value: Any) -> bool:
    if isinstance(value, _Leaf):
        return value.required
    return any(map(_is_required, value.values())) if isinstance(value, dict) else True


def _security(system: System) -> Schema:
    scheme, _, _ = system.authorization(system.credentials("a" * 86))["authorization"].partition(
        " "
    )
    return {"type": "http", "scheme": scheme.lower()}
