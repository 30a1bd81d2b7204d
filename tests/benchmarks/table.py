"""Results as a table for people and as a file for machines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks import machine
from tests.benchmarks.measure import SLACK, Measured
from tests.benchmarks.workload import Limit, Ratio

__all__ = ["document", "lines", "missed"]


def lines(found: Measured) -> Iterator[str]:
    """One workload: a line per side, then a line per goal."""
    workload = found.workload
    yield f"{workload.id}  {workload.title}"
    yield f"  {'':<30}{'us CPU/' + workload.unit:>16}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}"
    for name in found.rounds:
        numbers = [found.median(name, each) for each in ("us_per_unit", "wall", "cpu", "peak_mb")]
        yield "  {:<30}{:>16.2f}{:>9.2f}{:>9.2f}{:>9.0f}".format(name, *numbers)
    yield from (f"  {name:<30}not measured: {why}" for name, why in found.missing.items())
    for name, rounds in found.rounds.items():
        facts = ", ".join(f"{fact} {value:,.0f}" for fact, value in rounds[-1]["facts"].items())
        yield from [f"  {name}: {facts}"] if facts else []
    needed = {
        need: None for side in workload.sides if side.name in found.rounds for need in side.needs
    }
    yield from [f"  peers: {', '.join(needed)}"] if needed else []
    yield from (f"  {_goal(found, goal)}" for goal in workload.goals)


def _goal(found: Measured, goal: Ratio | Limit) -> str:
    value, rounds = found.value(goal), found.each_round(goal)
    shown = "not measured"
    if value is not None:
        shown = f"{value:.2f}, {min(rounds):.2f} to {max(rounds):.2f}"
    word = {None: "", True: "  met", False: "  MISSED"}[found.met(goal)]
    return f"{goal.compared}: {shown} ({_wanted(goal)}){word}"


def _wanted(goal: Ratio | Limit) -> str:
    return f"at most {goal.most:g}" if isinstance(goal, Limit) else f"at least {goal.least:g}"


def missed(found: Measured) -> list[str]:
    """The gated goals that are not met even with the slack."""
    gated = [goal for goal in found.workload.goals if goal.gated]
    return [_goal(found, goal) for goal in gated if found.met(goal, SLACK) is False]


def document(all_found: list[Measured], load: float) -> dict[str, Any]:
    """Everything that was measured, each workload with the machine that it was measured on."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    where = {"machine": machine.describe(), "load_at_start": round(load, 2), "at": when}
    return {
        "version": 1,
        "workloads": {each.workload.id: {**_one(each), **where} for each in all_found},
    }


def _one(found: Measured) -> dict[str, Any]:
    return {
        "title": found.workload.title,
        "unit": found.workload.unit,
        "sides": found.rounds,
        "not_measured": found.missing,
        "goals": [_told(found, goal) for goal in found.workload.goals],
    }


def _told(found: Measured, goal: Ratio | Limit) -> dict[str, Any]:
    """A goal with its median, minimum and maximum over the rounds."""
    rounds = found.each_round(goal)
    return {
        "compared": goal.compared,
        "wanted": _wanted(goal),
        "value": found.value(goal),
        "least": min(rounds, default=None),
        "most": max(rounds, default=None),
        "rounds": len(rounds),
        "met": found.met(goal),
        "gated": goal.gated,
    }
