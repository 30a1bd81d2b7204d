"""A shadow run from the first case to the last, whatever the candidate does."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic

from understudy.candidates.needs import parse_need
from understudy.candidates.use import HttpUse, parse_use, stands_outside
from understudy.doors.self_test import SelfTest, self_test
from understudy.model.campaign import Isolation
from understudy.model.errors import RecordingError
from understudy.model.proposal import CaseRecord
from understudy.shadow.crew import Crew, Result
from understudy.shadow.environment import module_folders
from understudy.shadow.plan import ShadowPlan, ShadowReport
from understudy.shadow.protocol import Setup
from understudy.shadow.standing import StandingCrews
from understudy.shadow.store import CaseStore, Key
from understudy.shadow.switch import STOP
from understudy.shadow.tally import Tally

__all__ = ["OnRecord", "namespaced", "run_shadow", "setup_of"]

OnRecord = Callable[[CaseRecord], str | bool | None]
"""Takes a record; says why the run is to stop, where it is."""
_AHEAD = 64
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def run_shadow(
    plan: ShadowPlan, on_record: OnRecord, crews: StandingCrews | None = None
) -> ShadowReport:
    """Run every case that has no record yet; `on_record` gets all records in the plan's order.

    It is called once for each case, the stored ones of a resumed run included, as soon as every
    case before it is done, so what it decides does not depend on the number of workers. Where it
    returns something true the run stops, by the word that it returns. Nothing runs where the wall
    does not hold. `crews` keeps the processes for the next run; without it they are ended. Raises
    `CandidateError` where the candidate cannot be loaded, before the first case.
    """
    namespace = namespaced(plan)
    tested = (plan.tester or self_test)(namespace=namespace, thorough=False)
    run = _Run(plan, on_record, crews)
    try:
        if tested.passed:
            run.go(setup_of(plan, namespace=namespace))
    finally:
        run.store.close()
    return _report(run, tested)


def namespaced(plan: ShadowPlan) -> bool:
    """Whether a network namespace is entered, as long as the system permits one."""
    needs = [parse_need(need) for need in plan.candidate.needs]
    inside = all(host in _LOOPBACK for host, _ in needs)
    return plan.namespace and inside and not stands_outside(parse_use(plan.candidate.spec))


def _report(run: _Run, tested: SelfTest) -> ShadowReport:
    plan = run.plan
    return ShadowReport(
        self_test=tested,
        level=run.level or tested.level,
        planned=len(run.keys),
        run=run.ran,
        resumed=run.resumed,
        failures=run.tally.failures,
        network_attempts=run.tally.network,
        expected_attempts=run.tally.expected,
        process_attempts=run.tally.process,
        places=run.tally.places,
        stopped=run.stopped,
        halts=tuple(run.tally.halts),
        needs=plan.candidate.needs,
        model_traffic=plan.models.traffic() if plan.models else (),
        model_cost_minor=plan.models.meter.cost_minor if plan.models else 0,
        unanswered=plan.models.missing if plan.models else 0,
    )


def setup_of(plan: ShadowPlan, *, namespace: bool) -> Setup:
    """What a process is told of a plan before its first case."""
    return Setup(
        world=str(plan.world.resolve()) if plan.world else "",
        world_loader=plan.world_loader,
        use=plan.candidate.spec,
        systems=dict(plan.systems),
        seed=plan.seed,
        project=str(plan.project.resolve()),
        folders=tuple(module_folders(os.environ)),
        seconds=plan.candidate.timeout.total_seconds(),
        virtual_seconds=plan.candidate.longest_case.total_seconds(),
        memory=plan.candidate.memory,
        # A staged run has a process that may have been another's, and looks for no file.
        stop_file="" if plan.stage else str((plan.run_folder / STOP).resolve()),
        press_after=plan.press_after,
        most_calls=plan.candidate.limits.calls,
        most_bytes=plan.candidate.limits.bytes,
        namespace=namespace,
        serial=plan.candidate.isolation is Isolation.SERIAL,
        equipment=plan.equipment,
        paths=tuple(str(each.resolve()) for each in plan.paths),
        faults=tuple(fault.model_dump(mode="json") for fault in plan.faults),
        writes=dict(plan.writes),
        forwarded=namespace,
        reviewed=plan.decide is not None,
        env=dict(plan.candidate.env),
        expected=plan.candidate.expect_blocked,
        allow=tuple(parse_need(need) for need in plan.candidate.needs),
    )


@dataclass(slots=True)
class _Run:
    """Where a run stands."""

    plan: ShadowPlan
    on_record: OnRecord
    crews: StandingCrews | None
    store: CaseStore = field(init=False)
    keys: list[Key] = field(init=False)
    tally: Tally = field(default_factory=Tally)
    level: str | None = None
    ran: int = 0
    resumed: int = field(init=False)
    stopped: str | None = None
    _stop: str = field(init=False)
    """The file that stops the run."""
    _given: int = 0
    """Positions before this one have been handed to a worker or were done."""
    _begun: float = 0.0
    """When the first case was handed out, as the wall's clock counts."""
    _judged: int = 0
    """Positions before this one have been handed to the callback."""
    _fresh: dict[int, CaseRecord] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stop = str(self.plan.run_folder / STOP)
        self.keys = self.plan.orders()
        _refuse_twins(self.keys)
        self.store = _opened_store(self.plan)
        self.resumed = sum(key in self.store.done for key in self.keys)

    def go(self, setup: Setup) -> None:
        """Run to the end or until something stops it; the processes are dead afterwards."""
        try:
            self._hand_over()
            if self._judged < len(self.keys):
                self._go_on(setup)
        except _Stopped:
            return
        except KeyboardInterrupt:
            self.stopped = "interrupted"

    def _go_on(self, setup: Setup) -> None:
        crews = self.crews or StandingCrews()
        crew = crews.lend(setup, _size(self.plan, setup), self.tally.refused, self.plan)
        try:
            self._work(crew)
            if self.crews is None:
                self._hear_out(crew)
        except _Stopped:
            try:
                self._hear_out(crew)
            finally:
                crew.dismiss()
            raise
        except BaseException:
            crew.dismiss()
            raise
        finally:
            self.level = crew.level
        crews.take_back(setup, self.plan, crew)
        if self.crews is None:
            crews.dismiss()

    def _hear_out(self, crew: Crew) -> None:
        crew.hear_out()
        self._take_late(crew)

    def _take_late(self, crew: Crew) -> None:
        """Write down what came of cases after their answers."""
        for late in crew.late:
            self.store.append_late(late)
        crew.late.clear()

    def _work(self, crew: Crew) -> None:
        while self._judged < len(self.keys):
            if self.stopped is None:
                crew.man(len(self.keys) - self._judged)
            self._feed(crew)
            for result in crew.results(self.plan.order):
                self._take(result)
            self._take_late(crew)
            self._hand_over()
            if self.stopped and not crew.busy:
                return

    def _feed(self, crew: Crew) -> None:
        while not self._stopping() and (worker := crew.idle()) is not None:
            index = crew.again() if crew.owing else self._next()
            if index is None:
                return
            crew.give(worker, index, self.plan.order(index))

    def _next(self) -> int | None:
        while self._given < len(self.keys) and self.keys[self._given] in self.store.done:
            self._given += 1
        if self._given >= min(len(self.keys), self._judged + _AHEAD + 4 * self.plan.workers):
            return None
        self._begun = self._begun or monotonic()
        if not self.plan.due(self._given, monotonic() - self._begun):
            return None
        self._given += 1
        return self._given - 1

    def _stopping(self) -> bool:
        if self.stopped is None and os.path.exists(self._stop):  # noqa: PTH110 - asked for each case
            self.stopped = "kill_switch"
        return self.stopped is not None

    def _take(self, result: Result) -> None:
        models, record = self.plan.models, result.record
        if result.halt is not None:
            self.tally.halts.append(result.halt)
            self.stopped = self.stopped or "kill_switch"
            if result.halt.refused:
                # What came of it after the switch was pressed is nothing to judge it by.
                return
        if models is not None and (record.case_id, record.proposal.repeat) in models.starved:
            # What came of it says nothing about the candidate; a resumed run does it again.
            self.stopped = self.stopped or "budget"
            return
        if self.store.append(record):
            self.ran += 1
        self._fresh[result.index] = result.record

    def _hand_over(self) -> None:
        for record in self._next_records():
            self.tally.record(record)
            if why := self.on_record(record):
                self.stopped = self.stopped or ("asked" if why is True else str(why))
                raise _Stopped
            most = self.plan.most_blocked
            if most is not None and self.tally.network >= most:
                self.stopped = self.stopped or "egress"
                raise _Stopped

    def _next_records(self) -> Iterator[CaseRecord]:
        while self._judged < len(self.keys):
            index = self._judged
            record = self._fresh.pop(index, None)
            if record is None:
                stored = self.store.done.get(self.keys[index])
                if stored is None:
                    return
                record = stored.read()
            self._judged += 1
            yield record


class _Stopped(Exception):
    """The run ends here."""


def _size(plan: ShadowPlan, setup: Setup) -> int:
    # A service with one static key is one instance, whoever asks it: one case at a time. One that
    # is started has one port, and outside of a network of its own there is no second one of it.
    use = parse_use(setup.use)
    alone = isinstance(use, HttpUse) and (setup.serial or bool(use.command and not setup.namespace))
    return 1 if alone else max(1, plan.workers)


def _refuse_twins(keys: list[Key]) -> None:
    seen: set[Key] = set()
    for key in keys:
        if key in seen:
            raise RecordingError(f"case `{key[0]}` stands twice among the cases", code="U434")
        seen.add(key)


def _opened_store(plan: ShadowPlan) -> CaseStore:
    store = CaseStore(plan.run_folder, plan.shard, sync=plan.sync)
    if store.done and not plan.resume:
        store.close()
        raise RecordingError(
            f"`{plan.run_folder}` holds {len(store.done)} finished cases already",
            code="U433",
            hint=f"go on with it: understudy run … --resume {plan.run_folder.name}",
        )
    return store
