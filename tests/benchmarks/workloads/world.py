"""WORLD: 100,000 customers with all their tables, true and dirty, and the ledger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks import mess
from tests.benchmarks.workload import Limit, Outcome, Side, Workload

from understudy.world.profile import load_profile
from understudy.world.recipe import load_recipe
from understudy.world.stream import build_world
from understudy.world.writer import Facts

__all__ = ["WORKLOAD"]


def _built(size: int) -> Callable[[], Outcome]:
    mess.one_thread()
    facts = Facts(1, load_recipe(customers=size), load_profile())

    def work() -> Outcome:
        with TemporaryDirectory() as name:
            made = build_world(Path(name) / "world", facts)
        tables = len(made.row_counts) if made else 0
        rows = sum(made.row_counts.values()) if made else 0
        return Outcome(size, {"tables": tables}, facts={"rows": rows})

    return work


WORKLOAD = Workload(
    id="WORLD",
    title="customers with all tables",
    unit="customer",
    size=100_000,
    small=200,
    sides=(Side("understudy", _built),),
    goals=(Limit("understudy", "peak_mb", 400),),
)
