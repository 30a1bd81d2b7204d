"""MESS-1M, generation: contacts of twelve columns, beside peers and the gathers alone."""

from __future__ import annotations

from collections.abc import Callable

from tests.benchmarks import mess
from tests.benchmarks.mess_sides import peer
from tests.benchmarks.workload import Outcome, Ratio, Side, Workload

__all__ = ["WORKLOAD"]


def _ours(size: int) -> Callable[[], Outcome]:
    mess.one_thread()
    made = mess.recipe(size)
    mess.contacts(mess.recipe(1), 0)

    def work() -> Outcome:
        rows = sum(len(mess.contacts(made, number)) for number in range(made.blocks()))
        return Outcome(rows, {"columns": mess.WIDTH})

    return work


def _floor(size: int) -> Callable[[], Outcome]:
    mess.one_thread()
    made = mess.recipe(size)
    mess.floor(mess.recipe(1))
    return lambda: Outcome(mess.floor(made), {"columns": mess.WIDTH})


WORKLOAD = Workload(
    id="MESS-1M-GENERATE",
    title="contacts generated",
    unit="row",
    size=1_000_000,
    small=2_000,
    sides=(
        Side("understudy", _ours),
        Side("gather and entropy", _floor),
        peer("Faker", "faker", 5_000, "faker==40.54.0"),
        peer("Faker, all names alike", "unweighted", 20_000, "faker==40.54.0"),
        peer("Mimesis", "mimesis", 50_000, "mimesis==22.2.0"),
    ),
    goals=(
        Ratio("understudy", "Faker", 1_000),
        Ratio("understudy", "Faker, all names alike", 200),
        Ratio("understudy", "Mimesis", 50),
        Ratio("understudy", "gather and entropy", 0.5, gated=True),
    ),
)
