"""Fallback drills: one thing fails in one way, and where the cases end up then."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from understudy.campaign.runs.files import RunFiles
from understudy.model.baseline import Outcome
from understudy.model.campaign import Economics, Fault, FaultKind, FaultMatch
from understudy.model.case import Case
from understudy.model.drill import Fallback
from understudy.model.finding import Finding, Kind
from understudy.model.proposal import CaseRecord

__all__ = ["Failing", "failings_of", "outcome_of"]

_MODELS = "models"
_SLOW_SECONDS = 60
_WAIT_SECONDS = 30
_HOURS_A_MONTH = 30 * 24
_DUPLICATES = (Kind.DUPLICATE_HARMFUL, Kind.DUPLICATE_BENIGN)


@dataclass(frozen=True, slots=True)
class _Way:
    """How something fails: the fault, its options, and how many calls of a case are spared."""

    name: str
    do: FaultKind
    options: dict[str, Any]
    after: int | None = None


_MODEL_WAYS = (
    _Way("down", FaultKind.STATUS, {"status": 503}),
    _Way("slow", FaultKind.LATENCY, {"seconds": _SLOW_SECONDS}),
    _Way("wrong", FaultKind.NONSENSE, {}),
    _Way("garbled", FaultKind.HALF_JSON, {}),
    _Way("cut off", FaultKind.TRUNCATE, {}),
)
_SYSTEM_WAYS = (
    _Way("down", FaultKind.STATUS, {"status": 503}),
    _Way("throttled", FaultKind.STATUS, {"status": 429, "retry_after": _WAIT_SECONDS}),
    _Way("down in mid-case", FaultKind.STATUS, {"status": 503}, after=1),
    _Way("half-answering in mid-case", FaultKind.HALF_JSON, {}, after=1),
)


@dataclass(frozen=True, slots=True)
class Failing:
    """One row of the matrix."""

    what: str
    way: str
    faults: tuple[Fault, ...]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.what}-{self.way}".replace(" ", "-")

    def __str__(self) -> str:
        """What fails and how."""
        return f"{self.what} {self.way}"


def failings_of(systems: Iterable[str], *, models: bool) -> list[Failing]:
    """The matrix: models where any are served, and each system, in every way that it may fail.

    >>> [str(each) for each in failings_of(["stripe"], models=False)]  # doctest: +ELLIPSIS
    ['stripe down', 'stripe throttled', 'stripe down in mid-case', 'stripe half-answering ...']
    """
    served = [(_MODELS, way) for way in _MODEL_WAYS] if models else []
    served += [(system, way) for system in systems for way in _SYSTEM_WAYS]
    return [Failing(what, way.name, (_fault(what, way),)) for what, way in served]


def _fault(what: str, way: _Way) -> Fault:
    match = FaultMatch(system=what, after=way.after)
    return Fault(match=match, do=way.do, options=way.options)


def outcome_of(
    failing: Failing,
    cases: Sequence[Case],
    records: Sequence[CaseRecord],
    findings: Iterable[Finding],
    run: RunFiles,
) -> Fallback:
    """What became of the cases that met the failing; `run` is the campaign's own.

    `findings` are those of the drill's cases.
    """
    struck = [one for one in records if any(count.acted for count in one.faults.values())]
    met = {one.case_id for one in struck}
    begun = {case.case_id: case for case in cases}
    people = [one for one in struck if _reached_people(one)]
    waits = [wait for one in people if (wait := _waited(one, begun[one.case_id])) is not None]
    kinds = Counter(one.kind for one in findings if one.case_id in met)
    acted = sum(_acted(one) for one in struck if one not in people)
    hourly = _queue(run, len(people), len(struck))
    return Fallback(
        failing=failing.what,
        way=failing.way,
        cases=len(records),
        struck=len(struck),
        to_people=len(people),
        acted=acted,
        dropped=len(struck) - len(people) - acted,
        unsafe=kinds[Kind.UNSAFE_AFTER_UNCERTAINTY],
        duplicates=sum(kinds[kind] for kind in _DUPLICATES),
        harmful=kinds[Kind.DUPLICATE_HARMFUL],
        median_seconds=statistics.median(waits) if waits else None,
        longest_seconds=max(waits, default=None),
        queue_per_hour=hourly,
        people_hours=_work(run, hourly),
    )


def _reached_people(record: CaseRecord) -> bool:
    """Whether the case lies in the human queue: handed over, and accepted there."""
    return any(action.escalates and not action.refused for action in record.proposal.actions)


def _acted(record: CaseRecord) -> bool:
    return record.proposal.outcome is Outcome.ACTED


def _waited(record: CaseRecord, case: Case) -> float | None:
    """Seconds from the event to the handover, as the systems count them."""
    handed = [a.at for a in record.proposal.actions if a.escalates and not a.refused and a.at]
    if handed and case.received_at is not None:
        return max(0.0, (handed[0] - case.received_at) / timedelta(seconds=1))
    took = record.proposal.cycle_time_ms
    return None if took is None else took / 1000


def _queue(run: RunFiles, people: int, struck: int) -> float | None:
    """Cases an hour that come in and are then handed to people."""
    coming = _coming_in(run)
    return None if coming is None or not struck else coming * people / struck


def _coming_in(run: RunFiles) -> float | None:
    """Cases an hour: as the campaign says, else as the recording shows."""
    monthly = Economics.model_validate(run.manifest.economics).monthly_cases
    if monthly is not None:
        return monthly / _HOURS_A_MONTH
    times = [case.received_at for case in run.evidence.cases if case.received_at is not None]
    if len(times) < 2 or min(times) == max(times):
        return None
    return (len(times) - 1) / ((max(times) - min(times)) / timedelta(hours=1))


def _work(run: RunFiles, hourly: float | None) -> float | None:
    """Hours of people's work that an hour's queue is, by how long they took for such cases."""
    known = [
        one.cycle_time_ms
        for case in run.evidence.cases
        for one in run.evidence.baselines.get(case.case_id, ())
        if one.cycle_time_ms is not None
    ]
    if hourly is None or not known:
        return None
    return hourly * statistics.fmean(known) / timedelta(hours=1).total_seconds() / 1000
