"""A judged run on its way to people."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from understudy.campaign.judging.notes import notes_on
from understudy.campaign.judging.registered import registered_of
from understudy.campaign.pilot.audit import note_reported
from understudy.campaign.pilot.governance import governance_of
from understudy.campaign.recordings.likeness import likeness_of
from understudy.campaign.review.adjudication import catch_rates, weak_links
from understudy.campaign.review.decisions import DecisionFile
from understudy.campaign.runs.files import RunFiles, open_run
from understudy.campaign.runs.folder import RunFolder, find_run
from understudy.campaign.runs.salvage import salvage
from understudy.gate.units import Registered
from understudy.model.campaign import Economics
from understudy.model.cost import CostSummary
from understudy.model.errors import UnderstudyError
from understudy.model.finding import Finding
from understudy.model.gates import Population
from understudy.model.line_file import Grouped, Single
from understudy.model.manifest import RUN_SCHEMA
from understudy.model.verdict import VERDICT_SCHEMA, Verdict
from understudy.report.github import tell_runner
from understudy.report.governance import Governance
from understudy.report.input import ReportInput
from understudy.report.terminal import terminal_summary
from understudy.report.write import write_report

__all__ = ["facts_of", "report_of", "report_run", "run_facts"]


def report_of(
    files: RunFiles, findings: tuple[Finding, ...], cost: CostSummary, verdict: Verdict
) -> str:
    """Write the report's files; returns the summary for the terminal."""
    facts = _input(files, findings, cost, verdict)
    return _written(files, facts) + notes_on(files, cost, verdict)


def facts_of(files: RunFiles) -> ReportInput:
    """What a judged run's reports are made from."""
    folder = files.folder
    return _input(files, folder.read_findings(), folder.read_cost(), folder.read_verdict())


def report_run(run: str, reports: Path) -> str:
    """Write a run's reports again from its files; nothing is judged anew.

    Where a part is missing, damaged or of a newer form, the report says so and shows the rest.
    """
    files, facts = run_facts(find_run(run, reports), reports)
    if facts.problems:
        return _written(files, facts)
    return _written(files, facts) + notes_on(files, facts.cost, facts.verdict)


def run_facts(folder: RunFolder, reports: Path | None = None) -> tuple[RunFiles, ReportInput]:
    """What can be read of a run, whole or with what is missing named."""
    try:
        files = open_run(folder, reports)
        facts = facts_of(files)
        known = facts.verdict.schema, facts.manifest.schema
        if known == (VERDICT_SCHEMA, RUN_SCHEMA) and all(files.records):
            return files, facts
    except UnderstudyError:
        pass  # what is wrong is told below, part by part
    left = salvage(folder)
    facts = _input(left.files, left.findings, left.cost, left.verdict, whole=False)
    return left.files, replace(facts, problems=tuple(left.problems))


def _written(files: RunFiles, facts: ReportInput) -> str:
    write_report(files.folder.path, facts, links=weak_links(files.evidence))
    if not facts.problems:
        note_reported(files.folder, facts.governance, str(files.folder.path))
    tell_runner(facts, (files.folder.path / "report.md").read_text(encoding="utf-8"))
    return terminal_summary(facts, str(files.folder.path))


def _input(
    files: RunFiles,
    findings: tuple[Finding, ...],
    cost: CostSummary,
    verdict: Verdict,
    *,
    whole: bool = True,
) -> ReportInput:
    evidence = files.evidence
    cases = Grouped(evidence.cases, lambda case: case.case_id)
    records = Grouped(files.records, lambda record: record.case_id)
    return ReportInput(
        verdict=verdict,
        cost=cost,
        findings=findings,
        manifest=files.manifest,
        policy=files.rules.policy,
        gates=files.rules.gates,
        cases=Single(cases, lambda case: case),
        proposals=evidence.by_case,
        baselines=evidence.baselines,
        traces=Single(records, lambda record: record.trace),
        recording=files.imported,
        likeness=likeness_of(files) if whole else None,
        peeked=files.peeked,
        reviewers=catch_rates(DecisionFile.of(files.folder.path).read().all),
        drills=files.folder.read_drills(),
        registered=_registered(files, cost) if whole else Registered(),
        rules_now=files.rules.hashes | {"recording": files.imported.digest or None},
        governance=governance_of(files) if whole else Governance(),
        monthly_cases=Economics.model_validate(files.manifest.economics).monthly_cases,
    )


def _registered(files: RunFiles, cost: CostSummary) -> Registered:
    evidence, gates = files.evidence, files.rules.gates
    if gates.strata is None and gates.population is Population.FUTURE:
        return Registered()
    judged = {case.case_id for case in cost.per_case}
    unfit = {case.case_id for case in evidence.cases} - judged
    return registered_of(evidence.cases, files.part, gates, unfit)
