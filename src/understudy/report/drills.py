"""The drills as tables: the kill switch, undoing, and who gets a case when something fails."""

from __future__ import annotations

from collections.abc import Iterator

from understudy.model.drill import DrillReport, Fallback, KillSwitchDrill, Rollback
from understudy.report.business import Table
from understudy.report.input import ReportInput
from understudy.report.phrases import amount, counted

__all__ = ["drill_tables"]

_UNKNOWN = "unknown"


def drill_tables(facts: ReportInput) -> tuple[Table, ...]:
    """A table for each drill that was done, with what was left out below the last one."""
    drills = facts.drills
    return () if drills is None else tuple(_tables(drills, facts.cost.currency))


def _tables(drills: DrillReport, currency: str) -> Iterator[Table]:
    if drills.kill_switch is not None:
        yield _kill_switch(drills.kill_switch)
    if drills.rollback is not None:
        yield _rollback(drills.rollback, currency)
    if drills.fallbacks or drills.skipped:
        yield _fallbacks(drills)


def _kill_switch(drill: KillSwitchDrill) -> Table:
    rows = tuple((halt.case_id, f"{halt.accepted:,}", f"{halt.refused:,}") for halt in drill.halts)
    head = ("running case", "accepted after it was pressed", "refused")
    none = (("no case tried anything", "0", "0"),)
    return Table("Kill-switch drill", head, rows or none, tuple(_pressed(drill)))


def _pressed(drill: KillSwitchDrill) -> Iterator[str]:
    if not drill.pressed:
        yield (
            f"it was never pressed: it was to be after {drill.after_writes:,} accepted writes, and "
            f"the cases made {drill.writes:,}"
        )
        return
    held = "it held" if drill.held else "IT DID NOT HOLD"
    yield (
        f"{held}: pressed after {drill.after_writes:,} accepted writes, and a running case got "
        f"through at most {drill.most_accepted:,} further"
    )
    yield (
        f"{drill.refused:,} later actions were refused and counted; "
        f"{counted(drill.finished, 'case')} had come to an end, on {drill.workers:,} workers"
    )


def _rollback(drill: Rollback, currency: str) -> Table:
    rows = tuple(
        (
            each.operation,
            each.reason,
            f"{each.writes:,}",
            f"{each.cases:,}",
            amount(each.exposure_minor, currency),
            each.first_case,
        )
        for each in drill.stuck
    )
    none = (("nothing", "every write was undone", "0", "0", amount(0, currency), ""),)
    head = ("cannot be undone", "because", "writes", "cases", "exposure", "as in")
    return Table("Rollback drill", head, rows or none, tuple(_undone(drill, currency)))


def _undone(drill: Rollback, currency: str) -> Iterator[str]:
    yield (
        f"{drill.undone:,} of {drill.writes:,} accepted writes were undone, the last one of each "
        f"case first; {drill.emptied:,} of {counted(drill.cases, 'case')} left nothing behind"
    )
    yield f"what cannot be undone puts {amount(drill.exposure_minor, currency)} at stake"
    if drill.traces:
        yield (
            f"{counted(drill.traces, 'row')} of what was undone stay with the systems as deleted, "
            "archived or void, or cancel each other out"
        )
    if drill.unplayed:
        yield (
            f"{counted(drill.unplayed, 'case')} made writes that the systems here do not accept "
            "again; those were not undone"
        )


def _fallbacks(drills: DrillReport) -> Table:
    cases = max((each.cases for each in drills.fallbacks), default=0)
    notes = [f"each over {counted(cases, 'case')}; counts are of the cases that met it"]
    notes += [f"not rehearsed: {each}" for each in drills.skipped]
    notes += [
        f"{each.failing} {each.way}: {counted(each.unanswered, 'model call')} had no recorded "
        "answer, so what came of those cases says little"
        for each in drills.fallbacks
        if each.unanswered
    ]
    head = (
        "failing", "met", "to people", "handled", "dropped", "writes in doubt", "done twice",
        "time to people", "queue an hour",
    )  # fmt: skip
    rows = tuple(map(_fallback, drills.fallbacks)) or (("none", *[""] * 8),)
    return Table("Fallback drills", head, rows, tuple(notes))


def _fallback(each: Fallback) -> tuple[str, ...]:
    harmful = f", {each.harmful:,} harmful" if each.harmful else ""
    return (
        f"{each.failing} {each.way}",
        f"{each.struck:,} of {each.cases:,}",
        f"{each.to_people:,}",
        f"{each.acted:,}",
        f"{each.dropped:,}",
        f"{each.unsafe:,}",
        f"{each.duplicates:,}{harmful}",
        _waited(each),
        _queue(each),
    )


def _waited(each: Fallback) -> str:
    if each.median_seconds is None or each.longest_seconds is None:
        return ""
    return f"{each.median_seconds:,.1f} s, at most {each.longest_seconds:,.1f} s"


def _queue(each: Fallback) -> str:
    if each.queue_per_hour is None:
        return _UNKNOWN
    work = "" if each.people_hours is None else f", {each.people_hours:,.2f} hours of work"
    return f"{each.queue_per_hour:,.2f} cases{work}"
