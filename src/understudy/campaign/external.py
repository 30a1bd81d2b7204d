"""How our judgement compares with the verdict that an imported log carries for itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from understudy.model.action import DESK
from understudy.model.finding import PROCESS_KINDS, Finding, Kind
from understudy.model.proposal import Proposal

__all__ = ["compare_with_log", "differs_in_effect"]

# Kinds that leave no trace in a system's state.
_WITHOUT_EFFECT = PROCESS_KINDS | {
    Kind.OVER_ESCALATION,
    Kind.UNDER_ESCALATION,
    Kind.WRONG_MESSAGE,
    Kind.UNAPPROVED,
    Kind.POLICY_VIOLATION,
    Kind.RUN_FAILURE,
}


def differs_in_effect(findings: Iterable[Finding]) -> bool:
    """Whether any finding says that the systems end in another state than people left them in."""
    return any(
        finding.kind not in _WITHOUT_EFFECT and finding.system != DESK for finding in findings
    )


def compare_with_log(
    proposals: Sequence[Proposal], findings: Mapping[str, Sequence[Finding]]
) -> dict[str, Any] | None:
    """Agreement on the end state with the log's own `state_match`; None where it has none.

    Our side is judged from actions alone: equal effect means that the accepted writes equal a
    baseline's. Each miss is listed with the difference that was seen, or with its absence.
    """
    recorded = [
        proposal
        for proposal in proposals
        if proposal.recorded is not None and proposal.recorded.state_match is not None
    ]
    if not recorded:
        return None
    misses = [_miss(proposal, findings.get(proposal.case_id, ())) for proposal in recorded]
    listed = [miss for miss in misses if miss is not None]
    agreeing = len(recorded) - len(listed)
    return {
        "measure": "state_match",
        "runs": len(recorded),
        "agreeing": agreeing,
        "share": round(agreeing / len(recorded), 4),
        "without_recorded_state": len(proposals) - len(recorded),
        "misses": listed,
    }


def _miss(proposal: Proposal, findings: Sequence[Finding]) -> dict[str, Any] | None:
    own = [finding for finding in findings if finding.repeat == proposal.repeat]
    judged_equal = not differs_in_effect(own)
    recorded_equal = bool(proposal.recorded and proposal.recorded.state_match)
    if judged_equal == recorded_equal:
        return None
    seen = [finding.explanation for finding in own if differs_in_effect([finding])]
    return {
        "case_id": proposal.case_id,
        "recorded": "equal state" if recorded_equal else "other state",
        "judged": "equal actions" if judged_equal else "other actions",
        "explanation": "; ".join(seen) or "the accepted writes equal the reference's",
    }
