"""MEMORY: what a hundred thousand calls leave behind."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import w1
from tests.benchmarks.workload import Limit, Outcome, Side, Workload

from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine
from understudy.systems.session import CaseSession

__all__ = ["WORKLOAD"]

_TICKETS, _CALLS_PER_CASE = 5_000, 10


def _resident_mb() -> float:
    """The memory of this process that is in use now, in MB."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _grown(size: int, calls: Callable[[Engine, CaseSession, int], None]) -> Callable[[], Outcome]:
    """Ten calls per case; each case is closed and let go of, as a run does."""
    engine = Engine(w1.world(_TICKETS), seed=7)

    def play(first: int, cases: int) -> None:
        for number in range(first, first + cases):
            session = engine.open_case(f"case-{number}")
            calls(engine, session, number)
            engine.close_case(session.case_id)

    play(0, 20)

    def work() -> Outcome:
        gc.collect()
        before = _resident_mb()
        play(20, size // _CALLS_PER_CASE)
        gc.collect()
        return Outcome(size, {"calls": size}, facts={"grown_mb": _resident_mb() - before})

    return work


def _ask(engine: Engine, session: CaseSession, name: str, **given: object) -> None:
    answer = engine.handle(build_request(find_operation(name), given, session.credentials))
    assert answer.status == 200


def _reading(engine: Engine, session: CaseSession, number: int) -> None:
    """Objects, most of which no case has read before, and lists and searches over them."""
    for step in range(4):
        ticket = (number * 4 + step) % _TICKETS
        _ask(engine, session, "zendesk.tickets.get", id=str(100_000 + ticket))
    for step in range(3):
        _ask(engine, session, "stripe.invoices.retrieve", id=f"in_{(number * 3 + step) % 1500:05d}")
    customer = f"cus_{number % 500:05d}"
    _ask(engine, session, "stripe.charges.list", customer=customer, limit=1 + number % 90)
    query = f"email:'person{number}@example.com'"
    _ask(engine, session, "stripe.customers.search", query=query)
    _ask(engine, session, "zendesk.tickets.list", per_page=1 + number % 20, page=1 + number % 50)


def _writing(engine: Engine, session: CaseSession, number: int) -> None:
    """A refund in ten parts, as many actions, each under a key."""
    for _ in range(_CALLS_PER_CASE):
        charge = f"ch_{number % 1500:05d}"
        _ask(engine, session, "stripe.refunds.create", charge=charge, amount=1)


WORKLOAD = Workload(
    id="MEMORY",
    title="memory after a hundred thousand calls, ten per case, cases closed",
    unit="call",
    size=100_000,
    small=100,
    sides=(
        Side("reads", lambda size: _grown(size, _reading)),
        Side("writes", lambda size: _grown(size, _writing)),
    ),
    goals=(
        Limit("reads", "grown_mb", 50, gated=True),
        Limit("writes", "grown_mb", 50, gated=True),
    ),
)
