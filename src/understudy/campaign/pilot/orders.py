"""What a person asks of the ladder: up with a signature, down at once, or the end of a pilot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from understudy.campaign.pilot.audit import signature_problems
from understudy.campaign.pilot.log import (
    DEMOTED,
    KILLED,
    PROMOTED,
    note_move,
    pilot_file,
    pilot_runs,
)
from understudy.campaign.pilot.sign_off import approvals_of
from understudy.campaign.pilot.states import ClassState, line_of, states_of
from understudy.campaign.runs.folder import RunFolder, find_run
from understudy.gate.ladder import Asked, ceiling_of, inherited, missing
from understudy.model.canonical import digest_file
from understudy.model.chain import read_chain
from understudy.model.document import load_document
from understudy.model.errors import ConfigurationError, EvidenceError, RecordingError, nearest
from understudy.model.gates import Gates
from understudy.model.pilot import Move, PilotRun, Rung

__all__ = ["Order", "demote", "kill", "promote"]


@dataclass(frozen=True, slots=True)
class Order:
    """What a person asks of a class: whose, which, by whom and why."""

    candidate: str
    operation: str
    by: str
    reason: str = ""


def promote(reports: Path, order: Order, run: str, to: str) -> Move:
    """Send a class one rung up; raises `EvidenceError` with everything that is missing for it."""
    state, folder = _state(reports, order), find_run(run, reports)
    judged = _judged(reports, folder)
    rung = _rung(to)
    gates = _gates_of(folder)
    line = line_of(judged, order.operation)
    asked = Asked(
        operation=order.operation,
        at=state.rung,
        to=rung,
        since=state.since,
        now=datetime.now(UTC),
        ceiling=ceiling_of(line, gates.ceilings) if line else Rung.FULL,
        killed=bool(state.killed),
        approvals=_approved(folder, reports),
        changed=inherited(Rung.FULL, judged.hashes, state.last.hashes)[1],
        unproved=state.unproved,
    )
    lacks = list(missing(asked, judged, line))
    if judged.candidate != order.candidate:
        lacks.insert(0, f"run {judged.run_id} is one of {judged.candidate}")
    if lacks:
        raise EvidenceError(
            f"{order.candidate} is not promoted for {order.operation}: {'; '.join(lacks)}",
            code="U506",
            hint="understudy pilot status tells what comes next",
        )
    return _moved(reports, PROMOTED, state, rung, order, judged)


def demote(reports: Path, order: Order, to: str) -> Move:
    """Send a class down; raises `ConfigurationError` where that is no way down."""
    state, rung = _state(reports, order), _rung(to)
    if rung >= state.rung:
        raise ConfigurationError(
            f"{order.operation} stands at {state.rung.label}, and {rung.label} is not below it",
            code="U489",
            where="--to",
        )
    return _moved(reports, DEMOTED, state, rung, order, state.last)


def kill(reports: Path, order: Order) -> Move:
    """End the pilot of a class, for this candidate as it is."""
    state = _state(reports, order)
    return _moved(reports, KILLED, state, Rung.OFFLINE, order, state.last)


def _moved(
    reports: Path, kind: str, state: ClassState, rung: Rung, order: Order, run: PilotRun
) -> Move:
    move = Move(
        candidate=state.candidate,
        operation=state.operation,
        before=state.rung.label,
        rung=rung.label,
        by=order.by,
        reason=order.reason,
        run_id=run.run_id,
        hashes=run.hashes,
    )
    note_move(reports, kind, move)
    return move


def _state(reports: Path, order: Order) -> ClassState:
    states = states_of(reports)
    own = [state for state in states if state.candidate == order.candidate]
    found = next((state for state in own if state.operation == order.operation), None)
    if found is not None:
        return found
    names = [state.operation for state in own] or [state.candidate for state in states]
    wrong = order.operation if own else order.candidate
    raise RecordingError(
        f"no run has shown anything of `{wrong}`{nearest(wrong, names)}",
        code="U491",
        hint=f"known: {', '.join(sorted(set(names))[:8])}" if names else "run a campaign first",
    )


def _judged(reports: Path, folder: RunFolder) -> PilotRun:
    """The run as the chain has it; a verdict that was written anew since is none of it."""
    run_id = folder.read_manifest().run_id
    runs = pilot_runs(read_chain(pilot_file(reports)))
    found = next((run for run in runs if run.run_id == run_id), None)
    if found is None or digest_file(folder.verdict) != found.verdict_digest:
        raise RecordingError(
            f"the verdict of `{folder.path}` is not the one that stands in {pilot_file(reports)}",
            code="U492",
            hint=f"understudy judge {folder.path}",
        )
    return found


def _gates_of(folder: RunFolder) -> Gates:
    return load_document(Path(folder.read_manifest().gates), Gates)


def _approved(folder: RunFolder, reports: Path) -> int:
    """How many people's last word on this verdict is an approval, each with a sound signature."""
    if signature_problems(folder, reports):
        return 0
    return sum(body["decision"] == "approve" for body in approvals_of(folder))


def _rung(name: str) -> Rung:
    known = [rung.label for rung in Rung]
    if name not in known:
        raise ConfigurationError(
            f"`{name}` is no rung{nearest(name, known)}",
            code="U489",
            where="--to",
            hint=f"one of {', '.join(known)}",
        )
    return Rung[name.upper()]
