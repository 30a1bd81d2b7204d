"""MESS-1M, injection: seven kinds of damage with the ledger, beside tab_err."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks import mess
from tests.benchmarks.mess_sides import peer
from tests.benchmarks.workload import Outcome, Ratio, Side, Workload

__all__ = ["WORKLOAD"]


def _ours(size: int) -> Callable[[], Outcome]:
    mess.one_thread()
    made = mess.recipe(size)
    clean = [mess.contacts(made, number) for number in range(made.blocks())]
    mess.damaged(made, 0, mess.contacts(mess.recipe(1), 0))

    def work() -> Outcome:
        noted = 0
        for number, table in enumerate(clean):
            noted += sum(len(each) for each in mess.damaged(made, number, table).entries)
        return Outcome(size, {"columns": mess.WIDTH}, facts={"noted": noted})

    return work


WORKLOAD = Workload(
    id="MESS-1M-INJECT",
    title="contacts damaged in seven ways",
    unit="row",
    size=1_000_000,
    small=2_000,
    sides=(
        Side("understudy", _ours),
        peer("tab_err", "tab_err", None, "tab-err==0.2.1", reads=True),
    ),
    goals=(Ratio("understudy", "tab_err", 5),),
)
