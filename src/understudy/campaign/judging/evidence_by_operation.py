"""What a run shows about each operation, and how far it may be trusted with it."""

from __future__ import annotations

from dataclasses import dataclass, field

from understudy.campaign.judging.judgement import Judgement
from understudy.gate.binomial import upper_rate
from understudy.gate.ladder import apart_in
from understudy.model.action import ActionClass, Effect
from understudy.model.finding import Severity
from understudy.model.names import Names
from understudy.model.pilot import OperationEvidence
from understudy.model.verdict import ActionClassEvidence

__all__ = ["Shown", "evidence_by_operation", "told_of"]

Shown = tuple[OperationEvidence, ...]
"""A line for each operation, the dearest first."""

# The rate of critical errors that a rung tolerates, from the strictest rung downwards.
_RUNGS = (
    (0.001, ActionClass.AUTOMATED),
    (0.01, ActionClass.APPROVAL_REQUIRED),
    (0.05, ActionClass.DRAFT_ONLY),
)
_GONE = (Effect.PAY, Effect.DELETE, Effect.PUBLISH)


@dataclass(slots=True)
class _Tally:
    """One operation while cases are counted; clusters by their numbers, a byte each."""

    operation: str
    cases: int = 0
    error_cost_minor: int = 0
    irreversible: bool = False
    critical: set[str] = field(default_factory=set)
    clusters: bytearray = field(default_factory=bytearray)
    critical_clusters: set[int] = field(default_factory=set)

    def add(self, cluster: int) -> None:
        """One more case with it."""
        self.cases += 1
        self.clusters.extend(bytes(max(0, cluster + 1 - len(self.clusters))))
        self.clusters[cluster] = 1

    def line(self, peeked: bool) -> OperationEvidence:
        """What it comes to."""
        units = sum(self.clusters)
        events = min(len(self.critical_clusters), units)
        return OperationEvidence(
            operation=self.operation,
            cases=self.cases,
            critical=len(self.critical),
            units=units,
            critical_units=events,
            error_cost_minor=self.error_cost_minor,
            recommended_class=_recommended(upper_rate(events, units, peeked=peeked), events).value,
            irreversible=self.irreversible,
        )


def evidence_by_operation(judgement: Judgement, peeked: bool) -> Shown:
    """One line for each operation that the candidate proposed, the dearest first.

    What belongs together counts once; `peeked` where the run ended before its plan, so that what
    it shows must hold at every look.
    """
    names, found = Names(), dict[str, _Tally]()
    for each in judgement.judged:
        cluster = names.number(each.case.cluster_id)
        actions = [action for proposal in each.proposals for action in proposal.actions]
        for action in actions:
            if action.effect in _GONE and action.reversible_by is None:
                _tally(found, action.operation).irreversible = True
        writes = (action.operation for action in actions if action.effect is not Effect.READ)
        for operation in dict.fromkeys(writes):
            _tally(found, operation).add(cluster)
        for finding in each.averaged():
            own = _tally(found, finding.operation or "")
            own.error_cost_minor += finding.cost_minor
            if finding.severity is Severity.CRITICAL:
                own.critical.add(each.case.case_id)
                own.critical_clusters.add(cluster)
    lines = [tally.line(peeked) for tally in found.values() if tally.cases]
    return tuple(sorted(lines, key=lambda line: (-line.error_cost_minor, line.operation)))


def told_of(lines: Shown, peeked: bool) -> tuple[ActionClassEvidence, ...]:
    """The same as a verdict tells it."""
    return tuple(
        ActionClassEvidence(
            operation=line.operation,
            cases=line.cases,
            error_cost=line.error_cost_minor,
            recommended_class=line.recommended_class,
            evidence=_evidence(line, peeked),
        )
        for line in lines
    )


def _tally(found: dict[str, _Tally], operation: str) -> _Tally:
    return found.setdefault(operation, _Tally(operation))


def _recommended(bound: float, events: int) -> ActionClass:
    rung = next((rung for rate, rung in _RUNGS if bound <= rate), ActionClass.READ_ONLY)
    return ActionClass.DRAFT_ONLY if events and rung is not ActionClass.READ_ONLY else rung


def _evidence(line: OperationEvidence, peeked: bool) -> str:
    bound, apart = upper_rate(line.struck, line.apart, peeked=peeked), apart_in(line)
    early = ", at every look" if peeked else ""
    return f"{line.critical:,} critical in {line.cases:,} cases{apart}: at most {bound:.2%} " + (
        f"(95 %{early})"
    )
