"""What a recording holds: calls by system and operation, which work follows which trigger, when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from understudy.model.case import Case
from understudy.model.interaction import Interaction
from understudy.systems.routes import mounted
from understudy.systems.system import System
from understudy.traffic.http.inbound import inbound_of
from understudy.traffic.http.marks import writes
from understudy.traffic.http.recognise import Recogniser, place_of_call
from understudy.traffic.recording import Recording

__all__ = ["Call", "Survey", "Way", "survey"]


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """One kind of call: the system, what was asked of it, and whether that changes anything."""

    system: str
    operation: str
    writes: bool


@dataclass(slots=True)
class Way:
    """What people did about one kind of trigger: how often each operation, and in which order."""

    cases: int = 0
    operations: Counter[str] = field(default_factory=Counter)
    orders: Counter[tuple[str, ...]] = field(default_factory=Counter)


@dataclass(slots=True)
class Survey:
    """A recording in counts. `unserved` are calls that no mocked system answers, by place."""

    calls: Counter[Call] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    unserved: Counter[str] = field(default_factory=Counter)
    ways: dict[str, Way] = field(default_factory=dict)
    begin: datetime | None = None
    end: datetime | None = None
    untimed: int = 0
    disordered: int = 0
    """Cases that stand before an earlier one of the same customer."""

    @property
    def duration(self) -> timedelta | None:
        """From the first trigger or call to the last, where any has a time."""
        return None if self.begin is None or self.end is None else self.end - self.begin

    @property
    def coverage(self) -> float | None:
        """The share of calls that are served; None where there are none."""
        total = sum(self.calls.values())
        return None if not total else 1 - sum(self.unserved.values()) / total


def survey(
    recording: Recording, cases: Sequence[Case], systems: Mapping[str, System] | None = None
) -> Survey:
    """Read a recording through once; memory does not grow with its calls."""
    known, found = systems or mounted(), Survey()
    recogniser = Recogniser()
    for one in recording.interactions():
        _count(one, found, known, recogniser)
        _time(found, one.started_at)
    last: dict[str, datetime] = {}
    for case in cases:
        _follow(found, case, recording)
        _time(found, case.received_at)
        if case.received_at is None:
            found.untimed += 1
            continue
        found.disordered += case.received_at < last.get(case.cluster_id, case.received_at)
        last[case.cluster_id] = case.received_at
    return found


def _count(
    one: Interaction, found: Survey, systems: Mapping[str, System], recogniser: Recogniser
) -> None:
    inbound = inbound_of(one)
    if inbound is not None:
        found.events[f"{inbound.system}: {inbound.type}"] += 1
        return
    operation = one.operation
    if operation is None:
        asked = one.request
        operation = recogniser.recognise(asked.method, asked.url, asked.body).operation
    served = operation is not None and one.system in systems
    place = place_of_call(one.request.method, one.request.url)
    found.calls[Call(one.system, operation or place, writes(one, systems))] += 1
    if not served:
        found.unserved[place] += 1


def _follow(found: Survey, case: Case, recording: Recording) -> None:
    way = found.ways.setdefault(f"{case.trigger.system} {case.trigger.type}", Way())
    way.cases += 1
    for baseline in recording.baselines_of(case.case_id):
        order = tuple(action.operation for action in baseline.actions)
        way.operations.update(order)
        way.orders[order] += 1


def _time(found: Survey, at: datetime | None) -> None:
    if at is None:
        return
    found.begin = at if found.begin is None else min(found.begin, at)
    found.end = at if found.end is None else max(found.end, at)
