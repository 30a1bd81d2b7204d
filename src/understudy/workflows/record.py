"""Let the staff handle all planned cases on the damaged world, and keep what they did."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import httpx

from understudy.doors.transports import installed
from understudy.model.action import Action
from understudy.model.baseline import Baseline, BaselineSource, Outcome
from understudy.model.case import Case, LinkConfidence, Trigger, Turn
from understudy.model.interaction import Interaction
from understudy.model.manifest import MADE_HERE
from understudy.model.world import World
from understudy.systems.engine import Engine
from understudy.systems.session import CaseSession
from understudy.traffic.recording import Provenance
from understudy.workflows.bench import Bench
from understudy.workflows.looking import look_around
from understudy.workflows.plan import CasePlan, PlannedCase
from understudy.workflows.recorder import Recorder
from understudy.workflows.staff import (
    Handling,
    decide,
    facts_as_typed,
    handlers,
    other_ways,
    seconds_for,
    seconds_to_read,
)
from understudy.workflows.steps import Work, perform

__all__ = ["Recorded", "provenance_of", "record"]

_SYSTEMS = ("stripe", "hubspot", "zendesk", "desk")
_LONGEST_WAIT = 6 * 3600


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the staff left behind."""

    cases: tuple[Case, ...]
    baselines: tuple[Baseline, ...]
    interactions: tuple[Interaction, ...]

    def __iter__(self) -> Iterator[tuple[object, ...]]:
        yield from (self.cases, self.baselines, self.interactions)


def provenance_of(recorded: Recorded) -> Provenance:
    """What the recording's manifest says of where it comes from."""
    count = len(recorded.interactions)
    return Provenance(format=MADE_HERE, records=count, kept=count, synthetic=True)


def record(
    world: World,
    plan: CasePlan,
    seed: int,
    progress: Callable[[int, int], None] = lambda *_: None,
) -> Recorded:
    """Handle every case of the plan through the systems' HTTP interface.

    `progress` is told how many cases of all are done. Each handling has an overlay of its own, so
    nobody sees what another one did; a part of the cases is handled twice, by two people who know
    nothing of each other.
    """
    engine, recorder = Engine(world, seed=seed), Recorder()
    names = [str(person["name"]) for person in plan.staff] or ["Support"]
    baselines: list[Baseline] = []
    with installed(engine), httpx.Client(event_hooks={"response": [recorder.heard]}) as client:
        for number, planned in enumerate(plan.cases, 1):
            rng = Random(f"staff/{seed}/{planned.case_id}")
            people = handlers(names, planned.recipe.double_handled, rng)
            desks = [_Shift(engine, client, recorder, person) for person in people]
            baselines += _handled(planned, desks, rng)
            progress(number, len(plan.cases))
    cases = tuple(_case(world, planned) for planned in plan.cases)
    return Recorded(cases, tuple(baselines), tuple(recorder.interactions))


@dataclass(frozen=True, slots=True)
class _Shift:
    """One person at work, on one handling of one case."""

    engine: Engine
    client: httpx.Client
    recorder: Recorder
    person: str

    def work(self, planned: PlannedCase, name: str, handling: Handling, rng: Random) -> CaseSession:
        """Do what the handling says; returns the closed case with what was captured."""
        waited = timedelta(seconds=rng.randint(60, _LONGEST_WAIT))
        session = self.engine.open_case(planned.case_id, now=planned.received_at + waited)
        actor = f"agent:{self.person}"
        self.recorder.turn_to(name, planned.ticket, actor, lambda: session.now)
        bench = Bench(self.client, session.credentials, session.base_urls)
        try:
            seen = look_around(bench, planned.facts)
            session.clock.advance(seconds_to_read(rng))
            facts = facts_as_typed({**planned.facts, **seen}, handling)
            work = Work(bench, facts, planned.recipe.texts, self.person, rng)
            for step in handling.steps:
                session.clock.advance(seconds_for(step.verb, rng))
                perform(work, step.verb, step.argument)
        finally:
            self.engine.close_case(planned.case_id)
        return session


def _handled(planned: PlannedCase, shifts: list[_Shift], rng: Random) -> Iterator[Baseline]:
    """What each person did, and what the policy calls as good where nobody happened to do it."""
    situation, slips = planned.situation, planned.recipe.slips
    work = [(shift, decide(situation, slips, rng), BaselineSource.HUMAN) for shift in shifts]
    untaken = other_ways(situation, [handling for _, handling, _ in work])
    work += [(shifts[0], handling, BaselineSource.ADJUDICATED) for handling in untaken]
    facts = tuple(fact.format(**planned.facts) for fact in situation.reply_facts)
    for number, (shift, handling, source) in enumerate(work, 1):
        name = f"{planned.case_id}/{number}"
        session = shift.work(planned, name, handling, rng)
        yield Baseline(
            case_id=planned.case_id,
            baseline_id=name,
            source=source,
            actor=f"agent:{shift.person}",
            weight=1 / len(work),
            outcome=_outcome(session.actions),
            cycle_time_ms=_milliseconds(planned.received_at, session.now),
            actions=tuple(session.actions),
            reply_facts=facts,
        )


def _outcome(actions: list[Action]) -> Outcome:
    if any(action.escalates for action in actions):
        return Outcome.ESCALATED
    return Outcome.ACTED if actions else Outcome.ABSTAINED


def _milliseconds(begin: datetime, end: datetime) -> int:
    return round((end - begin).total_seconds() * 1000)


def _case(world: World, planned: PlannedCase) -> Case:
    """The case as it came in, with the ticket as it reached the damaged world."""
    ticket = world.get("zendesk.tickets", planned.ticket) or {}
    trigger, mailed = planned.trigger, planned.situation.mailed
    if mailed:
        payload = {**trigger.payload, "subject": ticket.get("subject")}
        trigger = Trigger(system=trigger.system, type=trigger.type, payload=payload)
    text = str(ticket.get("description") or "")
    said = Turn(role="customer" if mailed else "system", text=text, at=planned.received_at)
    return Case(
        case_id=planned.case_id,
        scenario=planned.recipe.id,
        cluster_id=planned.cluster_id,
        trigger=trigger,
        segment=dict(planned.segment),
        received_at=planned.received_at,
        turns=(said,),
        observed_systems=_SYSTEMS,
        link_confidence=LinkConfidence.EXPLICIT_ID,
        tier=planned.tier,
        tags=planned.tags,
    )
