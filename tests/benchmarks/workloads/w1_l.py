"""W1-L: how large the record of a case is, beside what happened in it."""

from __future__ import annotations

from tests.benchmarks.w1_sides import ours, plain
from tests.benchmarks.workload import Limit, Side, Workload

__all__ = ["WORKLOAD"]

WORKLOAD = Workload(
    id="W1-L",
    title="the log of cases with every call and answer in it, beside their content",
    unit="case",
    size=2_000,
    small=10,
    sides=(Side("understudy", lambda size: ours(size, weighed=True)), Side("plain loop", plain)),
    goals=(Limit("understudy", "log_of_content", 1.15, gated=True),),
)
