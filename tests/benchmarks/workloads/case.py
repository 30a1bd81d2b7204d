"""CASE: what opening and closing a case costs."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks import w1
from tests.benchmarks.workload import Limit, Outcome, Side, Workload

from understudy.systems.engine import Engine

__all__ = ["WORKLOAD"]


def _opened(size: int) -> Callable[[], Outcome]:
    engine, names = Engine(w1.world(500), seed=7), [f"case-{n}" for n in range(size)]

    def work() -> Outcome:
        for name in names:
            engine.open_case(name)
        return Outcome(size, {"opened": size})

    return work


def _opened_and_closed(size: int) -> Callable[[], Outcome]:
    engine, names = Engine(w1.world(500), seed=7), [f"case-{n}" for n in range(size)]

    def work() -> Outcome:
        for name in names:
            engine.open_case(name)
            engine.close_case(name)
        return Outcome(size, {"opened": size})

    return work


WORKLOAD = Workload(
    id="CASE",
    title="cases opened on one engine",
    unit="case",
    size=20_000,
    small=50,
    sides=(Side("open", _opened), Side("open and close", _opened_and_closed)),
    goals=(Limit("open", "us_per_unit", 5), Limit("open and close", "us_per_unit", 5)),
)
