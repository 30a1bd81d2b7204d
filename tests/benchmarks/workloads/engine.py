"""ENGINE: reads answered by the engine, beside bare dispatch to the same bytes."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks import w1
from tests.benchmarks.bare import BareDispatch
from tests.benchmarks.workload import Outcome, Ratio, Side, Workload

from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine
from understudy.systems.message import Request, Response
from understudy.systems.session import CaseSession

__all__ = ["WORKLOAD"]

_OBJECTS = 100
_READS = (
    ("stripe.customers.retrieve", lambda n: {"id": f"cus_{n:05d}"}),
    ("stripe.invoices.retrieve", lambda n: {"id": f"in_{n:05d}"}),
    ("stripe.charges.retrieve", lambda n: {"id": f"ch_{n:05d}"}),
    ("zendesk.tickets.get", lambda n: {"id": str(100_000 + n)}),
    ("hubspot.objects.get", lambda n: {"object_type": "contacts", "id": str(10_000 + n)}),
)


def _opened() -> tuple[Engine, CaseSession]:
    engine = Engine(w1.world(_OBJECTS * 2), seed=7)
    return engine, engine.open_case("case-0")


def _requests(session: CaseSession) -> list[Request]:
    return [
        build_request(find_operation(name), given(number), session.credentials)
        for number in range(_OBJECTS)
        for name, given in _READS
    ]


def _through(
    handle: Callable[[Request], Response], requests: list[Request], size: int
) -> Callable[[], Outcome]:
    asked = (requests * (size // len(requests) + 1))[:size]

    def work() -> Outcome:
        good = length = 0
        for request in asked:
            answer = handle(request)
            good += answer.status == 200
            length += len(answer.body)
        return Outcome(size, {"answered": good, "bytes": length})

    return work


def _bare(size: int) -> Callable[[], Outcome]:
    engine, session = _opened()
    requests = _requests(session)
    bodies = {(each.host, each.path): engine.handle(each).body for each in requests}
    return _through(BareDispatch(bodies).handle, requests, size)


def _engine(size: int) -> Callable[[], Outcome]:
    engine, session = _opened()
    return _through(engine.handle, _requests(session), size)


def _after_writes(size: int) -> Callable[[], Outcome]:
    """The case has refunded and answered something else before it reads."""
    engine, session = _opened()
    for name, given in (
        ("stripe.refunds.create", {"charge": f"ch_{_OBJECTS:05d}"}),
        ("zendesk.tickets.update", {"id": str(100_000 + _OBJECTS), "status": "solved"}),
    ):
        engine.handle(build_request(find_operation(name), given, session.credentials))
    return _through(engine.handle, _requests(session), size)


WORKLOAD = Workload(
    id="ENGINE",
    title="reads of single objects, answered by the engine alone",
    unit="read",
    size=200_000,
    small=600,
    sides=(
        Side("bare dispatch", _bare),
        Side("engine", _engine),
        Side("engine after writes", _after_writes),
    ),
    goals=(
        Ratio("engine", "bare dispatch", 0.5, gated=True),
        Ratio("engine after writes", "bare dispatch", 0.5, gated=True),
    ),
)
