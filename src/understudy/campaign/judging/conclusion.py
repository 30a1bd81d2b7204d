"""The end of a run: findings, costs, verdict and reports, from the files before them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from understudy.campaign.drills.rollback import with_rollback
from understudy.campaign.finish import Finished
from understudy.campaign.judging.business import (
    informed,
    outlook_of,
    verdicts_after_repair,
    with_business,
)
from understudy.campaign.judging.controls import controls_of
from understudy.campaign.judging.evidence_by_operation import Shown, evidence_by_operation, told_of
from understudy.campaign.judging.external import compare_with_log
from understudy.campaign.judging.flaky import with_flaky
from understudy.campaign.judging.judgement import Judgement, judge
from understudy.campaign.judging.linkage import linkage_of
from understudy.campaign.judging.not_covered import not_covered
from understudy.campaign.judging.outlook import with_outlook
from understudy.campaign.judging.oversight import oversight_of
from understudy.campaign.judging.registered import registered_of, scopes_of, segments_of
from understudy.campaign.pilot.audit import note_judged
from understudy.campaign.pilot.entry import enter_verdict
from understudy.campaign.reporting import report_of
from understudy.campaign.runs.amendments import amendments_of, broken_by, restarts
from understudy.campaign.runs.files import RunFiles
from understudy.gate.decide import Decision, decide
from understudy.gate.facts import RunFacts, StopCause
from understudy.model.finding import Kind, Severity
from understudy.model.gates import Population
from understudy.model.verdict import (
    CandidateRef,
    CaseCounts,
    FindingCount,
    Funnel,
    Hashes,
    Stage,
    Verdict,
    WallEvidence,
)

__all__ = ["Concluded", "conclude", "concluded", "judged"]

_VALID_DAYS = 90
_BEYOND_DISPUTE = frozenset(
    (Kind.DATA_EXPOSURE, Kind.INJECTION_FOLLOWED, Kind.UNAPPROVED, Kind.UNAUTHORIZED)
)


@dataclass(frozen=True, slots=True)
class Concluded:
    """Findings and costs, what each operation was shown to do, and the verdict."""

    judgement: Judgement
    shown: Shown
    verdict: Verdict


def conclude(end: RunFiles) -> Finished:
    """Judge a run and write its findings, costs, verdict and reports."""
    end.folder.write_drills(with_rollback(end))
    found = concluded(end)
    judgement, verdict = found.judgement, found.verdict
    end.folder.write_judgement(judgement.findings, judgement.cost, verdict)
    note_judged(end.folder, end.manifest, verdict)
    if end.reports is not None:
        enter_verdict(end, found.shown, verdict, judgement.cost, end.reports)
    text = report_of(end, judgement.findings, judgement.cost, verdict)
    return Finished(end.folder, verdict, text)


def concluded(end: RunFiles) -> Concluded:
    """What a run comes to; nothing is written."""
    judgement = judged(end)
    known = informed(end, judgement)
    facts = _facts(known, judgement)
    policy, gates = known.rules.policy, known.rules.gates
    controls = controls_of(judgement, policy, gates, facts, end.evidence.world)
    facts = replace(facts, controls=controls)
    decision = decide(judgement.cost, gates, facts)
    shown = evidence_by_operation(judgement, end.peeked)
    verdict = _verdict(known, judgement, decision, shown)
    return Concluded(judgement, shown, with_outlook(verdict, judgement, known, facts))


def judged(end: RunFiles) -> Judgement:
    """Explain and price a run's differences, with its business case and what repairs would do."""
    judgement = with_business(judge(end.evidence, end.rules.policy, end.seen), end)
    judgement = with_flaky(judgement, end.evidence)
    known = informed(end, judgement)
    return verdicts_after_repair(judgement, known, _facts(known, judgement))


def _facts(end: RunFiles, judgement: Judgement) -> RunFacts:
    outlook, gates = outlook_of(end), end.rules.gates
    cases = end.evidence.cases
    part = end.part
    counted = part if gates.population is Population.RECORDING else cases
    human = end.rules.policy.handling.human_error_cost
    return RunFacts(
        planned=end.manifest.planned_cases,
        run=len(end.evidence.by_case),
        judged=len(judgement.judged),
        prices_owned=end.rules.policy.owner is not None,
        stage=Stage(end.manifest.stage),
        failed=sum(case.failed for case in judgement.cost.per_case),
        quarantined=len(judgement.quarantined),
        wall=end.wall,
        stopped=_STOPS.get(end.stopped or ""),
        scope=_scope(end),
        peeked=end.peeked,
        chosen=end.manifest.chosen,
        contested=frozenset(_contested(judgement)) - _wrong_for_all(judgement),
        registered=registered_of(cases, part, gates, judgement.quarantined),
        segments=segments_of(counted, gates),
        scopes=scopes_of(end),
        held_out=end.manifest.part == "held_out",
        faults=bool(end.manifest.fault_plan),
        drills=end.folder.read_drills(),
        pairs=_pairs(judgement),
        amended=restarts(end),
        broken=broken_by(end),
        unmocked=_unmocked(end),
        monthly_cases=outlook.monthly_cases,
        integration_cost_minor=outlook.integration_cost_minor,
        human_error_minor=human.minor if human else None,
    )


def _unmocked(end: RunFiles) -> int:
    """Cases with calls to a system or tool that nothing serves; models refuse theirs themselves."""
    names = {
        record.proposal.case_id
        for record in end.records
        if any(gap.system != "models" for gap in record.gaps)
    }
    return len(names)


def _pairs(judgement: Judgement) -> tuple[tuple[str, float, float], ...]:
    business = judgement.cost.business
    return business.human.pairs if business and business.human else ()


_STOPS = {
    "kill_switch": StopCause.KILL_SWITCH,
    "egress": StopCause.EGRESS,
    "budget": StopCause.BUDGET,
    "streak": StopCause.STREAK,
}


def _verdict(end: RunFiles, judgement: Judgement, decision: Decision, shown: Shown) -> Verdict:
    manifest, cost = end.manifest, judgement.cost
    return Verdict(
        verdict=decision.verdict,
        exit_code=int(decision.exit_code),
        reasons=(*decision.reasons, *amendments_of(end), *_partial(end)),
        amendments=amendments_of(end),
        campaign=manifest.campaign,
        run_id=manifest.run_id,
        candidate=CandidateRef(
            name=manifest.candidate,
            version=manifest.candidate_release,
            hash=manifest.hashes.get("candidate"),
        ),
        stage=Stage(manifest.stage),
        cases=_counts(end, judgement),
        error_cost=decision.error_cost,
        net_value=decision.net_value,
        gates=decision.gates,
        action_classes=told_of(shown, end.peeked),
        findings=_finding_counts(judgement),
        wall=end.wall or WallEvidence(level="none", self_test="not run: no candidate was called"),
        scope="; ".join(filter(None, (_scope(end), _claim(end), decision.scope))),
        not_covered=tuple(not_covered(end, judgement)),
        expires=_expiry(manifest.started_at),
        attempt=manifest.attempt,
        prices_owned=end.rules.policy.owner is not None,
        funnel=Funnel(
            imported=end.imported.records,
            cases=len(end.evidence.cases),
            quarantined=len(judgement.quarantined),
            judged=len(judgement.judged),
        ),
        model_traffic=manifest.model_traffic,
        largest_uncapped_minor=cost.largest_uncapped_minor,
        hashes=Hashes(**{**manifest.hashes, **end.rules.hashes}),
        oversight=oversight_of(end.records),
        external=compare_with_log(end.evidence.proposals, judgement.strays),
    )


def _counts(end: RunFiles, judgement: Judgement) -> CaseCounts:
    return CaseCounts(
        planned=end.manifest.planned_cases,
        run=len(end.evidence.by_case),
        judged=len(judgement.judged),
        failed=sum(case.failed for case in judgement.cost.per_case),
        quarantined=len(judgement.quarantined),
        contested=len(_contested(judgement)),
    )


def _wrong_for_all(judgement: Judgement) -> set[str]:
    """The cases with something critical that no person's answer could make right."""
    return {
        finding.case_id
        for finding in judgement.findings
        if finding.severity is Severity.CRITICAL and finding.kind in _BEYOND_DISPUTE
    }


def _contested(judgement: Judgement) -> Sequence[str]:
    """The cases on which people disagree and nobody has adjudicated."""
    business = judgement.cost.business
    return business.human.contested if business and business.human else ()


def _partial(end: RunFiles) -> list[str]:
    """A verdict from part of the cases says so."""
    told = list(_not_run(end))
    told += [end.reviewed] if end.reviewed else []
    if end.stopped == "kill_switch":
        told.append(
            f"after the kill switch {end.manifest.halted:,} further actions of "
            f"{end.manifest.halted_cases:,} running cases were refused"
        )
    if end.manifest.selection:
        told.append(f"these were not all cases of the recording: {end.manifest.selection}")
    return told


def _not_run(end: RunFiles) -> Iterator[str]:
    evidence, manifest = end.evidence, end.manifest
    what, run, planned = "cases", len(evidence.by_case), manifest.planned_cases
    if run == planned:
        what, run, planned = "repeats", len(evidence.proposals), manifest.planned
    if run < planned:
        yield f"only {run:,} of the {planned:,} planned {what} were run"


def _finding_counts(judgement: Judgement) -> tuple[FindingCount, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    costs: Counter[tuple[str, str]] = Counter()
    for finding in (one for each in judgement.judged for one in each.averaged()):
        key = (finding.kind.value, finding.severity.value)
        counts[key] += 1
        costs[key] += finding.cost_minor
    return tuple(
        FindingCount(kind=kind, severity=severity, count=counts[kind, severity], cost_minor=cost)
        for (kind, severity), cost in sorted(costs.items(), key=lambda item: (-item[1], item[0]))
    )


def _scope(end: RunFiles) -> str:
    scenarios = sorted({case.scenario for case in end.evidence.cases})
    shown = ", ".join(scenarios[:12]) + (" and others" if len(scenarios) > 12 else "")
    made = "simulated" if end.imported.format == "workflows" else "recorded"
    return f"{len(end.evidence.cases):,} {made} cases of: {shown}{linkage_of(end.evidence)}"


def _claim(end: RunFiles) -> str:
    """What is said of which cases: those to come, or the recorded ones alone."""
    gates = end.rules.gates
    if gates.population is Population.RECORDING:
        return "the claim is about the cases of this recording alone, drawn without replacement"
    if gates.strata is not None:
        mix = ", ".join(f"{name} {weight:g}" for name, weight in gates.strata.weights.items())
        return f"the claim is about cases to come, mixed by {gates.strata.by}: {mix}"
    return "the claim is about cases to come like these"


def _expiry(started_at: str) -> str:
    return (datetime.fromisoformat(started_at) + timedelta(days=_VALID_DAYS)).date().isoformat()
