"""The one engine behind every door: `handle(Request) -> Response`, pure but for the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from understudy.model.errors import EvidenceError
from understudy.model.world import World
from understudy.systems.answers import Answers, Kept, Watch, address_of
from understudy.systems.capture import attempt, captured, describe
from understudy.systems.clock import VirtualClock
from understudy.systems.dispatch import Route
from understudy.systems.keyring import Keyring
from understudy.systems.laid_over import furnished
from understudy.systems.message import Request, Response
from understudy.systems.operation import Call, Operation, Refusal, Reply
from understudy.systems.overlay import Overlay
from understudy.systems.rendering import Renderings, compact, dumps
from understudy.systems.routes import mounted, operation_names
from understudy.systems.session import CaseSession, CoverageGap, Credentials
from understudy.systems.system import System
from understudy.systems.write_mode import WriteMode, mode_of, modes_by_name

if TYPE_CHECKING:
    from understudy.model.campaign import Fault
    from understudy.systems.faults import FaultPlan

__all__ = ["Engine", "current_case"]

current_case: ContextVar[str | None] = ContextVar("current_case", default=None)
"""The case that a call without a credential belongs to."""

_READS = ("GET", "HEAD", "OPTIONS")
_ROUTES_KEPT = 4_000
_PATH_KEPT = 300
_HOSTS_KEPT = 1_000
_NOBODY = (None, None)


class Engine:
    """Mocked systems over one world. The credential of a request names its case.

    `systems` maps a role to a system's name, as `{"finance": "stripe"}`; all four are mounted
    without it. `writes` maps operations, patterns of them or action classes to a `WriteMode`; what
    it does not name is observed. `faults` befall the calls that they match, drawn by `seed`.
    `handle` may be called from several threads; a case's calls follow each other.
    """

    def __init__(
        self,
        world: World,
        *,
        systems: Mapping[str, str | System] | None = None,
        seed: int = 0,
        writes: Mapping[str, str] | None = None,
        faults: Sequence[Fault] = (),
    ) -> None:
        self.seed = seed
        self.systems: dict[str, System] = mounted(systems)
        self.writes = modes_by_name(writes, operation_names(self.systems)) if writes else {}
        self.strays: list[CoverageGap] = []
        """Calls that could not be attributed to any open case."""
        self._hosts: dict[str, System | None] = {}
        self._routes: dict[tuple[str, str, str], tuple[Route | None, dict[str, str]]] = {}
        self._sessions: dict[str, CaseSession] = {}
        self._keyring = Keyring(self.systems, seed)
        self._shown = self._keyring.shown
        self._issuing = self._issue
        self._base_urls = {name: system.base_url for name, system in self.systems.items()}
        self.stage(world, faults)

    def stage(self, world: World, faults: Sequence[Fault] = ()) -> None:
        """Go on with another world and other faults; nothing of what was answered is kept.

        No case may be open: an open one has been shown the world before.
        """
        if self._sessions:
            raise ValueError(f"case `{next(iter(self._sessions))}` is open on the world before")
        self.world = furnished(world, [each.rows(world) for each in self.systems.values()])
        for system in self.systems.values():
            system.settle(self.world)
        self.faults = _plan(faults, self.seed, self.systems) if faults else None
        self._answers = Answers()
        self._renderings = Renderings()
        self.strays.clear()

    def serves(self, host: str) -> bool:
        """Whether one of the mounted systems lives at this host."""
        return self._system(host) is not None

    def open_case(self, case_id: str, *, now: datetime | None = None) -> CaseSession:
        """A fresh overlay with credentials of its own; `now` is the case's present.

        A world that knows its past is read as of `now`: nothing later is to be seen.
        """
        if case_id in self._sessions:
            raise ValueError(f"case `{case_id}` is open already")
        clock = VirtualClock(self.world.now if now is None else now)
        world = self.world if now is None else self.world.as_of(now)
        overlay = Overlay(world)
        # What was rendered of one moment must not be shown at another.
        kept = self._renderings if world is self.world else Renderings()
        session = CaseSession(case_id, overlay, clock, kept, self.seed, self._issuing)
        session.base_urls = self._base_urls
        self._sessions[case_id] = session
        return session

    def _issue(self, session: CaseSession) -> Credentials:
        # On demand: nobody can present a credential that nobody has read.
        given = self._keyring.made(session.case_id, "credential")
        if self._sessions.get(session.case_id) is session:
            self._keyring.bind(given, session)
        return given

    def open_worker(self, worker: str) -> Credentials:
        """Credentials that stay the same from case to case, for candidates with static keys.

        They are worth nothing until `assign` says which case the worker is at.
        """
        return self._keyring.open_worker(worker)

    def assign(self, worker: str, case_id: str | None) -> None:
        """From now on the worker's calls belong to this open case, or to none."""
        self._keyring.assign(worker, None if case_id is None else self._sessions[case_id])

    def session(self, case_id: str) -> CaseSession:
        """An open case."""
        return self._sessions[case_id]

    def close_case(self, case_id: str) -> None:
        """Let the case's credentials expire; its session keeps what it recorded."""
        self._keyring.forget(self._sessions.pop(case_id))

    def handle(self, request: Request) -> Response:
        """Answer one request; only hosts that the engine serves may be asked."""
        system = self._hosts.get(request.host) or self._system(request.host)
        if system is None:
            raise LookupError(f"no system is mounted at {request.host}")
        known, session = self._shown.get(request.headers.get("authorization"), _NOBODY)
        if known is not system or session is None:
            session = self._keyring.named(system, request)
            if session is None:
                return self._unauthorized(system, request)
        with session.lock:
            session.clock.calls += 1
            shared = session.overlay.world is self.world
            name = system.version_header
            version = request.headers.get(name, "") if name else ""
            kept = None
            if shared and request.method == "GET" and not request.body:
                kept = self._answers.get((request.host, request.path, request.query, version))
            if kept is not None and kept.saw.isdisjoint(session.overlay.wrote):
                session.reads[kept.operation] += 1
                response = Response(200, system.headers(session) + kept.headers, kept.body)
            else:
                response = self._served(system, session, request)
            stated = system.stated(request.headers) if version else ()
            return response.stating(stated) if stated else response

    def _system(self, host: str) -> System | None:
        if host in self._hosts:
            return self._hosts[host]
        name = host.lower().partition(":")[0]
        found = next((each for each in self.systems.values() if _lives_at(each, name)), None)
        if len(self._hosts) >= _HOSTS_KEPT:
            self._hosts.clear()
        self._hosts[host] = found
        return found

    def _served(self, system: System, session: CaseSession, request: Request) -> Response:
        route, path = self._route(system, request)
        if route is None:
            return self._unserved(system, session, request)
        call = Call(session, request, path, {}, None)
        try:
            system.decode(call)
        except Refusal as refusal:
            operation = route.operations[-1]
            if operation.writes:
                _record(session, operation.system, operation.name, request, refusal.reply.status)
            return system.response(session, refusal.reply)
        operation = route.pick(call)
        if self.faults is None:
            return self._carried_out(system, operation, call)
        return self.faults.befall(system, operation, call, self._carried_out)

    def _carried_out(self, system: System, operation: Operation, call: Call) -> Response:
        if operation.writes:
            return self._write(system, operation, call)
        return system.response(call.session, self._read(system, operation, call))

    def _route(self, system: System, request: Request) -> tuple[Route | None, dict[str, str]]:
        key = (system.name, request.method, request.path)
        known = self._routes.get(key)
        if known is None:
            segments = system.segments(request.path)
            route = system.dispatcher.find(request.method, segments)
            path = route.path(segments) if route else {}
            known = (route, path) if system.names_objects(path) else (None, {})
            if len(self._routes) >= _ROUTES_KEPT:
                self._routes.clear()
            if len(request.path) <= _PATH_KEPT:
                self._routes[key] = known
        return known

    def _read(self, system: System, operation: Operation, call: Call) -> Reply:
        session = call.session
        session.reads[operation.name] += 1
        mark = session.overlay.mark()
        try:
            if call.query or call.body:
                system.check(operation, call.body, call.query)
            reply = self._answered(system, operation, call)
        except Refusal as refusal:
            return refusal.reply
        if session.overlay.mark() != mark:
            session.overlay.rollback(mark)
            raise EvidenceError(f"`{operation.name}` is declared read-only but changed state")
        return reply

    def _answered(self, system: System, operation: Operation, call: Call) -> Reply:
        """A read carried out; its answer is kept where any other case would get the same."""
        request = call.request
        address = address_of(request, system.version_header)
        own = self.faults is not None or call.session.overlay.world is not self.world
        if own or request.body or request.method != "GET" or not system.keeps_answers:
            return operation.handler(call)
        # An object asked for by id is made quickly, and most only once: not worth the watching.
        if self._answers.get(address) or (call.path and not self._answers.asked_again(address)):
            return operation.handler(call)
        watch = Watch(call)
        reply = operation.handler(watch.call)
        if reply.status == 200 and watch.fits_others() and self._only(system, request):
            body, saw = _kept_body(reply.payload), watch.saw
            self._answers.keep(address, Kept(operation.name, reply.headers, body, saw))
            return Reply(reply.status, body, reply.headers)
        return reply

    def _only(self, system: System, request: Request) -> bool:
        """Whether no other operation could have been meant, whatever the case has done."""
        route, _ = self._route(system, request)
        return route is not None and len(route.operations) == 1

    def _write(self, system: System, operation: Operation, call: Call) -> Response:
        session, request = call.session, call.request
        key = request.headers.get("idempotency-key")
        saved = system.replayed(session, key, request) if key else None
        if isinstance(saved, Response):
            return saved
        facts = describe(operation, call)
        mode = mode_of(self.writes, operation.name, facts.action_class)
        mark = session.overlay.mark()
        try:
            if saved is not None:
                raise saved
            system.check(operation, call.body, call.query)
            reply = _tried(system, operation, call, mode)
        except Refusal as refusal:
            reply = refusal.reply
        if reply.status >= 400 or mode is WriteMode.QUEUE:
            session.overlay.rollback(mark, reply.left)
        session.did(captured(operation, call, facts, reply, mark), mark, reply.left)
        response = system.response(session, reply)
        if key and saved is None:
            system.save(session, key, request, response)
        return response

    def _unserved(self, system: System, session: CaseSession, request: Request) -> Response:
        methods = system.dispatcher.methods(system.segments(request.path))
        reason = "method" if methods else "route"
        session.gaps.append(system.gap(request, reason))
        refusal = system.unserved(request, methods)
        if request.method not in _READS:
            name = f"{system.name}.unserved"
            _record(session, system.name, name, request, refusal.reply.status)
        return system.response(session, refusal.reply)

    def _unauthorized(self, system: System, request: Request) -> Response:
        refusal = system.unauthorized(system.presented(request.headers))
        # Work that an ended case has left behind must not become the present one's.
        session = None if self._keyring.outlived(system, request) else self.present_session()
        if session is None:
            self.strays.append(system.gap(request, "credential"))
            return Response(refusal.reply.status, _JSON, dumps(refusal.reply.payload))
        with session.lock:
            session.gaps += self._keyring.strange(system, request)
            if request.method not in _READS:
                name = self._named(system, request)
                _record(session, system.name, name, request, refusal.reply.status)
            return system.response(session, refusal.reply)

    def present_session(self) -> CaseSession | None:
        """The case that a call without a credential belongs to: the current, or the only one."""
        named = current_case.get()
        if named is not None:
            return self._sessions.get(named)
        return self.only_session()

    def only_session(self) -> CaseSession | None:
        """The open case, where there is exactly one."""
        return next(iter(self._sessions.values())) if len(self._sessions) == 1 else None

    def is_open(self, session: CaseSession) -> bool:
        """Whether this very case is still being handled."""
        return self._sessions.get(session.case_id) is session

    def _named(self, system: System, request: Request) -> str:
        route, _ = self._route(system, request)
        return route.operations[-1].name if route else f"{system.name}.unserved"


def _plan(faults: Sequence[Fault], seed: int, systems: Mapping[str, System]) -> FaultPlan:
    # Imported here, because most engines have no faults and the campaign's types are heavy.
    from understudy.systems.faults import FaultPlan

    return FaultPlan(faults, seed, systems)


def _kept_body(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else compact(dumps(payload))


def _tried(system: System, operation: Operation, call: Call, mode: WriteMode) -> Reply:
    if mode is WriteMode.DENY:
        raise system.denied(operation)
    reply = operation.handler(call)
    if mode is WriteMode.QUEUE and reply.payload is not None:
        payload = system.pending(orjson.loads(dumps(reply.payload)))
        return Reply(reply.status, payload, reply.headers)
    return reply


_JSON = (("content-type", "application/json"),)


def _lives_at(system: System, host: str) -> bool:
    return host.endswith(system.host[1:]) if system.host.startswith("*.") else host == system.host


def _record(session: CaseSession, system: str, name: str, request: Request, status: int) -> None:
    session.actions.append(attempt(session, system, name, request, status))
