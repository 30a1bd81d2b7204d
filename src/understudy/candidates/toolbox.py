"""What a Python candidate is handed beside the case: the systems' operations as functions."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson

from understudy.model.canonical import digest
from understudy.model.errors import nearest
from understudy.systems.calling import build_request
from understudy.systems.capture import describe
from understudy.systems.engine import Engine
from understudy.systems.message import Request, Response
from understudy.systems.operation import Call, Operation
from understudy.systems.session import CaseSession, CoverageGap

__all__ = ["CallError", "Toolbox", "approved", "looking"]

_APPROVAL = "x-approval-id"
_NOBODYS = "nobody's"
_approvals: ContextVar[_Approvals | None] = ContextVar("approvals", default=None)


class CallError(RuntimeError):
    """A system refused a call; `status` and `body` are its answer."""

    def __init__(self, operation: str, status: int, body: Any) -> None:
        super().__init__(f"{operation}: {status}: {body}")
        self.status = status
        self.body = body


@dataclass(frozen=True, slots=True)
class _Approvals:
    """Those that calls may refer to: each once, again only where a system has refused the call."""

    calls: dict[tuple[str, str], list[str]]
    otherwise: Callable[[], str | None] | None

    @contextlib.contextmanager
    def lent(self, call: tuple[str, str]) -> Iterator[dict[str, str]]:
        """The headers of a call; its approval is used up where nothing is raised within."""
        standing = self.calls.get(call, [])
        held = None
        # Taken before the call, so that another one at the same time finds it gone.
        with contextlib.suppress(IndexError):
            held = standing.pop(0)
        approval = held or (self.otherwise() if self.otherwise is not None else None)
        try:
            yield {} if approval is None else {_APPROVAL: approval}
        except BaseException:
            if held is not None:
                standing.insert(0, held)
            raise


@contextlib.contextmanager
def approved(
    calls: dict[tuple[str, str], list[str]], otherwise: Callable[[], str | None] | None = None
) -> Iterator[None]:
    """Within, calls that were approved refer to their approval.

    `calls` has the approvals' ids by operation and digest of its parameters; one that has been
    used is taken out of it. `otherwise` gives the approval of any other write.
    """
    token = _approvals.set(_Approvals(calls, otherwise))
    try:
        yield
    finally:
        _approvals.reset(token)


class Toolbox:
    """`systems.call("stripe.refunds.create", charge=…)` and `systems.tools()`."""

    look_every = 30.0
    """Seconds between two looks at a pending approval, in the case's own time."""

    def __init__(self, engine: Engine, session: CaseSession) -> None:
        self._engine = engine
        self._session = session

    def call(self, operation: str, /, **params: Any) -> Any:
        """Call one operation by name; its decoded answer, or `CallError` where it refuses."""
        found = self._find(operation)
        request = self._request(found, params)
        given = _approvals.get()
        if given is None or not found.writes:
            return _heard(operation, self._answered(request))
        with given.lent((operation, digest(params))) as more:
            headers = {**request.headers, **more}
            request = msgspec.structs.replace(request, headers=headers)
            return _heard(operation, self._answered(request))

    def foresee(self, operation: str, /, **params: Any) -> dict[str, Any]:
        """The action that a write would be, without doing it: operation, target, amount."""
        found = self._find(operation)
        system = self._engine.systems[found.system]
        request = self._request(found, params)
        segments = system.segments(request.path)
        route = system.dispatcher.find(request.method, segments)
        call = Call(
            self._session,
            request,
            route.path(segments) if route else {},
            system.query(request) if request.query else {},
            system.body(request) if request.body else None,
        )
        facts = describe(found, call)
        amount = facts.amount
        return {
            "operation": operation,
            "target": facts.target.id if facts.target else None,
            "amount": amount.minor if amount else None,
            "currency": amount.currency if amount else None,
            "fields": facts.gist,
        }

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

    def _request(self, operation: Operation, params: Mapping[str, Any]) -> Request:
        return build_request(operation, params, self._credentials, self._engine.systems)

    @property
    def _credentials(self) -> Mapping[str, Mapping[str, str]]:
        return self._session.credentials

    def _answered(self, request: Request) -> Response:
        return self._engine.handle(request)

    def tell(self, gap: CoverageGap) -> None:
        """Count a call that nothing stands behind as a gap of the case's coverage."""
        self._session.gaps.append(gap)

    @property
    def handling(self) -> str:
        """Names this handling of the case in all its turns: no other repeat and no other run."""
        return self._session.handling

    def writes(self, operation: str) -> bool:
        """Whether an operation changes anything."""
        return self._find(operation).writes

    def _find(self, name: str) -> Operation:
        for system in self._engine.systems.values():
            if name in system.by_name:
                return system.by_name[name]
        known = [each for system in self._engine.systems.values() for each in system.by_name]
        raise LookupError(f"there is no operation `{name}`{nearest(name, known)}")


def looking(engine: Engine, case: Any) -> Callable[..., Any]:
    """What reads the systems as they were when a case came in, without its being anybody's call.

    It takes an operation and its parameters, and gives None where the system refuses.
    """

    def look(operation: str, /, **params: Any) -> Any:
        session = engine.open_case(_NOBODYS, now=case.received_at)
        try:
            return Toolbox(engine, session).call(operation, **params)
        except (CallError, LookupError, ValueError):
            return None
        finally:
            engine.close_case(_NOBODYS)

    return look


def _heard(operation: str, answer: Response) -> Any:
    body = _decoded(answer)
    if answer.status >= 400:
        raise CallError(operation, answer.status, body)
    return body


def _decoded(answer: Response) -> Any:
    if not answer.body:
        return None
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return answer.body.decode("utf-8", "replace")
