"""What a recording holds, told on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from understudy.model.case import Case
from understudy.model.printable import printable
from understudy.traffic.recording import Recording
from understudy.traffic.survey import Survey, survey

__all__ = ["replay_lines", "survey_lines"]

_WAYS, _ORDERS = 20, 3


def survey_lines(recording: Recording) -> list[str]:
    """Calls by system, the workflow map, and duration, order and coverage."""
    found = survey(recording, recording.cases)
    return [printable(line) for line in (*_calls(found), *_map(found), "", *_replay(found))]


def replay_lines(recording: Recording, cases: Sequence[Case]) -> list[str]:
    """What a replay of these cases would be: how many, how long, in which order, how covered."""
    found = survey(recording, cases)
    customers = len({case.cluster_id for case in cases})
    head = f"{len(cases):,} of {len(recording.cases):,} cases, of {customers:,} customers"
    return [printable(line) for line in (head, *_replay(found))]


def _calls(found: Survey) -> Iterator[str]:
    yield ""
    yield f"{'system':<12}{'operation':<44}{'':<7}{'calls':>8}"
    for call, count in sorted(found.calls.items()):
        kind = "write" if call.writes else "read"
        yield f"{call.system[:11]:<12}{call.operation:<44}{kind:<7}{count:>8,}"
    for event, count in sorted(found.events.items()):
        yield f"{'events':<12}{event:<44}{'':<7}{count:>8,}"


def _map(found: Survey) -> Iterator[str]:
    """Which operations follow which trigger."""
    ways = sorted(found.ways.items(), key=lambda pair: (-pair[1].cases, pair[0]))
    for name, way in ways[:_WAYS]:
        yield ""
        yield f"{name}: {way.cases:,} cases"
        for operation, count in way.operations.most_common():
            yield f"  {operation:<44}{count:>8,}"
        for order, count in way.orders.most_common(_ORDERS):
            yield f"  {count:,} x {' > '.join(order) or 'nothing'}"
    if len(ways) > _WAYS:
        yield f"… and {len(ways) - _WAYS:,} more kinds of trigger"


def _replay(found: Survey) -> Iterator[str]:
    begin, end, duration = found.begin, found.end, found.duration
    if begin is None or end is None:
        yield "duration: no times, so no pacing"
    else:
        yield f"duration: {duration}, from {begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} UTC"
    told = f", {found.untimed:,} cases without a time" if found.untimed else ""
    late = f"{found.disordered:,} cases stand before an earlier one of their customer"
    yield f"order: {late if found.disordered else 'by time within each customer'}{told}"
    if found.coverage is None:
        yield "coverage: no calls are recorded"
        return
    yield f"coverage: {found.coverage:.1%} of the calls are served"
    for place, count in sorted(found.unserved.items()):
        yield f"  not served: {place}: {count:,}"
