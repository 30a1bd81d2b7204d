"""Everything that a report is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from understudy.gate.units import Registered
from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.cost import CostSummary
from understudy.model.decision import ReviewerRate
from understudy.model.drill import DrillReport
from understudy.model.finding import Finding
from understudy.model.gates import Gates
from understudy.model.manifest import RecordingManifest, RunManifest
from understudy.model.policy import Policy
from understudy.model.proposal import Proposal, Trace
from understudy.model.verdict import Verdict
from understudy.report.governance import Governance
from understudy.systems.verification import Verification

__all__ = ["ReportInput"]


@dataclass(frozen=True, slots=True)
class ReportInput:
    """One judged run. Cases, proposals, baselines and traces are held by case id.

    What a run does not have may be left empty: the report says what is missing and shows the rest.
    """

    verdict: Verdict
    cost: CostSummary
    findings: Sequence[Finding]
    manifest: RunManifest
    policy: Policy
    gates: Gates
    cases: Mapping[str, Case] = field(default_factory=dict)
    proposals: Mapping[str, Sequence[Proposal]] = field(default_factory=dict)
    baselines: Mapping[str, Sequence[Baseline]] = field(default_factory=dict)
    traces: Mapping[str, Trace] = field(default_factory=dict)
    recording: RecordingManifest | None = None
    likeness: Verification | None = None
    """How the mocks answered the recording's requests; None where they made it themselves."""
    drills: DrillReport | None = None
    """What the drills have shown; None where the campaign asks for none."""
    monthly_cases: int | None = None
    peeked: bool = False
    """Whether the run ended before its plan, so that its length may hang on what was seen."""
    reviewers: Sequence[ReviewerRate] = ()
    """What each person who reviewed has decided and seen."""
    rules_now: Mapping[str, str | None] = field(default_factory=dict)
    """The hashes of policy, gates and recording as they are now, where they can be told."""
    registered: Registered = field(default_factory=Registered)
    problems: Sequence[str] = ()
    """What of the run is missing or damaged."""
    governance: Governance = field(default_factory=Governance)

    def findings_by_case(self) -> dict[str, list[Finding]]:
        """The findings of each case that has any."""
        grouped: dict[str, list[Finding]] = {}
        for finding in self.findings:
            grouped.setdefault(finding.case_id, []).append(finding)
        return grouped
