"""What a run shows about each operation, and how far it may be trusted with it."""

from __future__ import annotations

from collections import Counter

from understudy.campaign.judgement import Judgement
from understudy.gate.binomial import upper_rate
from understudy.model.action import ActionClass, Effect
from understudy.model.finding import Finding, Severity
from understudy.model.verdict import ActionClassEvidence

__all__ = ["evidence_by_operation"]

# The rate of critical errors that a rung tolerates, from the strictest rung downwards.
_RUNGS = (
    (0.001, ActionClass.AUTOMATED),
    (0.01, ActionClass.APPROVAL_REQUIRED),
    (0.05, ActionClass.DRAFT_ONLY),
)


def evidence_by_operation(judgement: Judgement) -> tuple[ActionClassEvidence, ...]:
    """One line for each operation that the candidate proposed, the dearest first."""
    cases: Counter[str] = Counter()
    for each in judgement.judged:
        cases.update(
            {
                action.operation: 1
                for proposal in each.proposals
                for action in proposal.actions
                if action.effect is not Effect.READ
            }
        )
    found: dict[str, list[Finding]] = {}
    for finding in (one for each in judgement.judged for one in each.averaged()):
        found.setdefault(finding.operation or "", []).append(finding)
    lines = [_line(name, count, found.get(name, [])) for name, count in cases.items()]
    return tuple(sorted(lines, key=lambda line: (-line.error_cost, line.operation)))


def _line(operation: str, cases: int, findings: list[Finding]) -> ActionClassEvidence:
    critical = {one.case_id for one in findings if one.severity is Severity.CRITICAL}
    bound = upper_rate(min(len(critical), cases), cases)
    rung = next((rung for rate, rung in _RUNGS if bound <= rate), ActionClass.READ_ONLY)
    if critical:
        rung = ActionClass.READ_ONLY if rung is ActionClass.READ_ONLY else ActionClass.DRAFT_ONLY
    return ActionClassEvidence(
        operation=operation,
        cases=cases,
        error_cost=sum(one.cost_minor for one in findings),
        recommended_class=rung.value,
        evidence=f"{len(critical):,} critical in {cases:,} cases: at most {bound:.2%} (95 %)",
    )
