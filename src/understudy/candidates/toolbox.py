"""What a Python candidate is handed beside the case: the systems' operations as functions."""

from __future__ import annotations

from typing import Any

import orjson

from understudy.model.errors import nearest
from understudy.systems.calling import build_request
from understudy.systems.engine import Engine
from understudy.systems.message import Response
from understudy.systems.operation import Operation
from understudy.systems.session import CaseSession

__all__ = ["CallError", "Toolbox"]


class CallError(RuntimeError):
    """A system refused a call; `status` and `body` are its answer."""

    def __init__(self, operation: str, status: int, body: Any) -> None:
        super().__init__(f"{operation}: {status}: {body}")
        self.status = status
        self.body = body


class Toolbox:
    """`systems.call("stripe.refunds.create", charge=…)` and `systems.tools()`."""

    def __init__(self, engine: Engine, session: CaseSession) -> None:
        self._engine = engine
        self._session = session

    def call(self, operation: str, /, **params: Any) -> Any:
        """Call one operation by name; its decoded answer, or `CallError` where it refuses."""
        session = self._session
        systems = self._engine.systems
        request = build_request(self._find(operation), params, session.credentials, systems)
        answer = self._engine.handle(request)
        body = _decoded(answer)
        if answer.status >= 400:
            raise CallError(operation, answer.status, body)
        return body

    def tools(self) -> list[dict[str, Any]]:
        """Every operation as a tool: name, description and a JSON Schema of its parameters."""
        return [
            {
                "name": operation.name,
                "description": operation.description,
                "parameters": dict(operation.params),
            }
            for system in self._engine.systems.values()
            for operation in system.operations
        ]

    def _find(self, name: str) -> Operation:
        for system in self._engine.systems.values():
            if name in system.by_name:
                return system.by_name[name]
        known = [each for system in self._engine.systems.values() for each in system.by_name]
        raise LookupError(f"there is no operation `{name}`{nearest(name, known)}")


def _decoded(answer: Response) -> Any:
    if not answer.body:
        return None
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return answer.body.decode("utf-8", "replace")
