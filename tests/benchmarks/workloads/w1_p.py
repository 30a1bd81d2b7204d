"""W1-P: a whole run with one worker and with two, by the wall's clock.

It says something on a machine with two idle cores only.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import w1
from tests.benchmarks.workload import Outcome, Ratio, Side, Workload

from understudy.doors.self_test import self_test
from understudy.model.campaign import CandidateSpec
from understudy.model.case import Case, Trigger
from understudy.model.world import World
from understudy.shadow.plan import ShadowPlan
from understudy.shadow.runner import run_shadow

__all__ = ["WORKLOAD"]

_TICKETS = 2_000
_BOT = """
def handle(case, systems):
    about = case.trigger.payload
    systems.call("stripe.customers.retrieve", id=about["customer"])
    systems.call("stripe.invoices.list", customer=about["customer"], limit=10)
    amount = systems.call("stripe.invoices.retrieve", id=about["invoice"])["amount_paid"]
    systems.call("zendesk.tickets.get", id=about["ticket"])
    systems.call("stripe.refunds.create", charge=about["charge"], amount=amount)
    systems.call("zendesk.tickets.update", id=about["ticket"], status="solved")
"""


def load(path: Path) -> World:
    """The world of W1, for the processes of a run."""
    del path
    return w1.world(_TICKETS)


def _run(workers: int) -> Callable[[int], Callable[[], Outcome]]:
    def prepare(size: int) -> Callable[[], Outcome]:
        place = tempfile.TemporaryDirectory()
        folder = Path(place.name)
        (folder / "bot.py").write_text(_BOT, encoding="utf-8")
        # Where the processes of the run find this module.
        os.environ["PYTHONPATH"] = str(Path(__file__).parents[3])
        plan = _plan(folder, size, workers)

        def work() -> Outcome:
            done = []
            began = time.perf_counter()
            report = run_shadow(plan, lambda record: done.append(len(record.proposal.actions)))
            took = time.perf_counter() - began
            place.cleanup()
            assert report.run == size
            return Outcome(size, {"actions": sum(done)}, cpu=took)

        return work

    return prepare


def _plan(folder: Path, size: int, workers: int) -> ShadowPlan:
    tested = self_test(namespace=False)
    return ShadowPlan(
        world=folder,
        world_loader="tests.benchmarks.workloads.w1_p:load",
        cases=[_case(w1.cases(_TICKETS)[number % _TICKETS], number) for number in range(size)],
        candidate=CandidateSpec(name="rule", use="bot:handle"),
        systems={"finance": "stripe", "support": "zendesk"},
        run_folder=folder / "run",
        project=folder,
        workers=workers,
        namespace=False,
        tester=lambda **_: tested,
    )


def _case(case: w1.Case, number: int) -> Case:
    about = {"customer": case.customer, "invoice": case.invoice, "charge": case.charge,
             "ticket": case.ticket}  # fmt: skip
    name = f"case-{number}"
    trigger = Trigger(system="zendesk", type="ticket.created", payload=about)
    return Case(case_id=name, scenario="refund", cluster_id=name, trigger=trigger)


WORKLOAD = Workload(
    id="W1-P",
    title="a run of cases in sealed processes, seconds by the wall",
    unit="case",
    size=3_000,
    small=6,
    sides=(Side("one worker", _run(1)), Side("two workers", _run(2))),
    goals=(Ratio("two workers", "one worker", 1.5),),
)
