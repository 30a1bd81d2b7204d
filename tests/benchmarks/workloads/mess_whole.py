"""MESS-1M, end to end: generated, damaged, noted and written, beside the floor of it."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks import mess
from tests.benchmarks.workload import Limit, Outcome, Ratio, Side, Workload

__all__ = ["WORKLOAD"]


def _ours(size: int) -> Callable[[], Outcome]:
    mess.one_thread()
    mess.written(mess.recipe(1))
    made = mess.recipe(size)
    return lambda: Outcome(mess.written(made), {"columns": mess.WIDTH})


def _floor(size: int) -> Callable[[], Outcome]:
    mess.one_thread()
    rows = mess.block()
    made = mess.recipe(size)
    return lambda: Outcome(mess.floor(made, rows), {"columns": mess.WIDTH})


WORKLOAD = Workload(
    id="MESS-1M",
    title="contacts generated, damaged and written",
    unit="row",
    size=1_000_000,
    small=2_000,
    sides=(
        Side("understudy", _ours),
        Side("gather, entropy and Parquet", _floor),
        Side("understudy, 10M rows", _ours, size=10_000_000),
    ),
    goals=(
        Ratio("understudy", "gather, entropy and Parquet", 0.4, gated=True),
        Limit("understudy, 10M rows", "peak_mb", 400),
    ),
)
