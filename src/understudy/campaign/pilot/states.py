"""Where every class of actions of every candidate stands, as its history says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from understudy.campaign.pilot.log import DEMOTED, KILLED, moves_in, pilot_file, pilot_runs
from understudy.campaign.pilot.suites import Suites, suites_in
from understudy.gate.ladder import inherited
from understudy.model.chain import read_chain
from understudy.model.pilot import Move, OperationEvidence, PilotRun, Rung

__all__ = ["ClassState", "line_of", "states_of"]


@dataclass(frozen=True, slots=True)
class ClassState:
    """One operation of one candidate: its rung, since when, and what was spent on it there."""

    candidate: str
    operation: str
    rung: Rung
    since: datetime
    hashes: Mapping[str, str | None]
    last: PilotRun
    killed: str = ""
    runs: tuple[PilotRun, ...] = ()
    """The runs since it came to this rung."""
    note: str = ""
    """Why it went down last, where it did."""
    suites: str = ""
    """What was entered of its scenario suites, in words."""
    unproved: str = ""
    """What its suites lack; empty where nothing."""

    @property
    def evidence(self) -> OperationEvidence | None:
        """What the last run shows about it."""
        return line_of(self.last, self.operation)

    @property
    def cases(self) -> int:
        """Cases with this operation since it came to this rung."""
        lines = (line_of(run, self.operation) for run in self.runs)
        return sum(line.cases for line in lines if line is not None)

    @property
    def money_minor(self) -> int:
        """What the runs since then have cost in models and reviews."""
        return sum(run.money_minor for run in self.runs)


def states_of(reports: Path) -> list[ClassState]:
    """Every class that any run has shown, by candidate and operation."""
    links = read_chain(pilot_file(reports))
    suites = suites_in(links)
    return [_tried(state, suites) for state in _folded(pilot_runs(links), moves_in(links))]


def line_of(run: PilotRun, operation: str) -> OperationEvidence | None:
    """What a run shows about one operation, where it shows anything."""
    return next((line for line in run.evidence if line.operation == operation), None)


def _folded(runs: Sequence[PilotRun], moves: Sequence[tuple[str, Move]]) -> list[ClassState]:
    states: dict[tuple[str, str], ClassState] = {}
    for run in runs:
        for line in run.evidence:
            key = run.candidate, line.operation
            if key not in states:
                since = datetime.fromisoformat(run.at)
                states[key] = ClassState(*key, Rung.SHADOW, since, run.hashes, run)
            states[key] = replace(states[key], last=run)
    for kind, move in moves:
        key = move.candidate, move.operation
        if key in states:
            states[key] = _after(states[key], kind, move)
    found = [replace(state, runs=_since(state, runs)) for state in states.values()]
    return sorted((_as_it_is_now(state) for state in found), key=_by_name)


def _after(state: ClassState, kind: str, move: Move) -> ClassState:
    return replace(
        state,
        rung=Rung[move.rung.upper()],
        since=datetime.fromisoformat(move.at),
        hashes=move.hashes or state.hashes,
        killed=move.reason or "ended" if kind == KILLED else "",
        note=move.reason if kind == DEMOTED else "",
    )


def _as_it_is_now(state: ClassState) -> ClassState:
    """After a change of the candidate: no rung that its evidence does not carry, and no old end."""
    rung, changed = inherited(state.rung, state.hashes, state.last.hashes)
    if state.killed and changed in ("the model", "the candidate's code", "the prompt"):
        return replace(state, killed="", rung=Rung.SHADOW, note=f"{changed} has changed")
    if rung == state.rung:
        return state
    return replace(state, rung=rung, note=f"{changed} has changed")


def _tried(state: ClassState, suites: Suites) -> ClassState:
    """No class stands in the shadow whose candidate, as it is now, has no green suite."""
    now = state.last.hashes.get("candidate")
    lacks = suites.missing(now)
    rung = Rung.OFFLINE if lacks and state.rung is Rung.SHADOW else state.rung
    return replace(state, rung=rung, suites=suites.told(now), unproved=lacks)


def _since(state: ClassState, runs: Sequence[PilotRun]) -> tuple[PilotRun, ...]:
    return tuple(
        run
        for run in runs
        if run.candidate == state.candidate and datetime.fromisoformat(run.at) >= state.since
    )


def _by_name(state: ClassState) -> tuple[str, str]:
    return state.candidate, state.operation
