"""STATE: a case's effect on state, beside the hash of all state that others take it from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import orjson
from tests.benchmarks import w1
from tests.benchmarks.workload import Limit, Outcome, Ratio, Side, Workload

from understudy.model.world import World
from understudy.systems.calling import build_request, find_operation
from understudy.systems.engine import Engine
from understudy.systems.session import CaseSession

__all__ = ["WORKLOAD"]


def _written(tickets: int) -> CaseSession:
    """A case of W1 that has written."""
    engine = Engine(w1.world(tickets), seed=7)
    session = engine.open_case("case-0")
    for name, given in (
        ("stripe.refunds.create", {"charge": "ch_00007", "amount": 100}),
        ("zendesk.tickets.internal_note", {"id": "100000", "body": "Refunded"}),
    ):
        engine.handle(build_request(find_operation(name), given, session.credentials))
    return session


def _effect(tickets: int) -> Callable[[int], Callable[[], Outcome]]:
    def prepare(size: int) -> Callable[[], Outcome]:
        session = _written(tickets)

        def work() -> Outcome:
            for _ in range(size):
                changes = session.effect()
            return Outcome(size, {"rows": len(changes)})

        return work

    return prepare


def _hashed(size: int) -> Callable[[], Outcome]:
    """Every row before and after, as a benchmark that hashes its database does per case."""
    session = _written(10_000)
    rounds, world = max(1, size // 2_000), session.overlay.world

    def work() -> Outcome:
        for _ in range(rounds):
            changed = _digest(world, None) != _digest(world, session)
        assert changed
        return Outcome(rounds, {"rows": len(session.effect())})

    return work


def _digest(world: World, session: CaseSession | None) -> str:
    found = hashlib.sha256()
    for name in sorted(world.tables):
        rows = world.tables[name].values() if session is None else session.overlay.rows(name)
        for row in rows:
            found.update(orjson.dumps(row, option=orjson.OPT_SORT_KEYS))
    return found.hexdigest()


WORKLOAD = Workload(
    id="STATE",
    title="the effect of a case on state",
    unit="case",
    size=10_000,
    small=20,
    sides=(
        Side("diff, 1,000 tickets", _effect(1_000)),
        Side("diff, 100,000 tickets", _effect(100_000)),
        Side("hash of 10,000 tickets", _hashed),
    ),
    goals=(
        Ratio("diff, 1,000 tickets", "hash of 10,000 tickets", 1_000, gated=True),
        Ratio("diff, 100,000 tickets", "diff, 1,000 tickets", 0.8, gated=True),
        Limit("diff, 1,000 tickets", "us_per_unit", 100),
        Limit("diff, 100,000 tickets", "us_per_unit", 100),
    ),
)
