"""A judged run on its way into the pilot's chain, and what it sends down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from understudy.campaign.judging.evidence_by_operation import Shown
from understudy.campaign.pilot.log import note_run
from understudy.campaign.pilot.states import ClassState, line_of, states_of
from understudy.campaign.runs.files import RunFiles
from understudy.gate.ladder import fallen_to, inherited
from understudy.model.canonical import digest_file
from understudy.model.cost import CostSummary
from understudy.model.pilot import Move, PilotRun
from understudy.model.verdict import Verdict

__all__ = ["enter_verdict"]


def enter_verdict(
    end: RunFiles, shown: Shown, verdict: Verdict, cost: CostSummary, reports: Path
) -> Sequence[Move]:
    """Enter a judged run in the pilot's chain, with what it has `shown` of each operation.

    Its money is what its models and approvals have cost. Returns what it sends down.
    """
    run = _as_run(end, shown, verdict, cost)
    moves = [
        move
        for state in states_of(reports)
        if state.candidate == run.candidate
        and not run.chosen
        and (move := _fall(state, run)) is not None
    ]
    note_run(reports, run, moves)
    return moves


def _spent(end: RunFiles, verdict: Verdict, cost: CostSummary) -> int:
    """What models really cost where that is known, else as the policy states it, and approvals."""
    policy, asked = end.rules.policy, verdict.oversight.asked if verdict.oversight else 0
    stated = policy.handling.model_cost.minor
    models = sum(
        stated if case.model_cost_minor is None else case.model_cost_minor for case in cost.per_case
    )
    rest = max(0, verdict.cases.run - len(cost.per_case))
    return models + stated * rest + policy.review.cost.minor * asked


def _as_run(end: RunFiles, shown: Shown, verdict: Verdict, cost: CostSummary) -> PilotRun:
    manifest, policy, seen = end.manifest, end.rules.policy, verdict.oversight
    return PilotRun(
        run_id=manifest.run_id,
        folder=str(end.folder.path),
        campaign=manifest.campaign,
        candidate=manifest.candidate,
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        hashes={**manifest.hashes, **end.rules.hashes},
        stage=verdict.stage,
        verdict=verdict.verdict.value,
        verdict_digest=digest_file(end.folder.verdict),
        attempt=verdict.attempt,
        cases=verdict.cases.judged,
        money_minor=_spent(end, verdict, cost),
        currency=policy.currency,
        prices_owned=verdict.prices_owned,
        chosen=manifest.chosen,
        peeked=end.peeked,
        held_out=manifest.part == "held_out",
        seeded=seen.seeded if seen else 0,
        least_caught=seen.interval[0] if seen and seen.interval else None,
        stuck=_stuck(end),
        evidence=shown,
    )


def _stuck(end: RunFiles) -> tuple[str, ...] | None:
    drills = end.folder.read_drills()
    if drills is None or drills.rollback is None:
        return None
    return tuple(sorted({each.operation for each in drills.rollback.stuck}))


def _fall(state: ClassState, run: PilotRun) -> Move | None:
    """What a run that is being entered sends down."""
    changed_to, changed = inherited(state.rung, state.hashes, run.hashes)
    line = line_of(run, state.operation)
    fall = fallen_to(changed_to, run, line) if line else None
    if fall is None and changed_to == state.rung:
        return None
    rung, reason = fall or (changed_to, f"{changed} has changed")
    return Move(
        candidate=state.candidate,
        operation=state.operation,
        before=state.rung.label,
        rung=rung.label,
        by="understudy",
        reason=reason,
        run_id=run.run_id,
        hashes=run.hashes,
    )
