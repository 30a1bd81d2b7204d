"""A judged run on its way to people."""

from __future__ import annotations

from pathlib import Path

from understudy.campaign.adjudication import catch_rates, weak_links
from understudy.campaign.decisions import DecisionFile
from understudy.campaign.likeness import likeness_of
from understudy.campaign.notes import notes_on
from understudy.campaign.run_files import RunFiles, open_run
from understudy.campaign.run_folder import RunFolder, find_run
from understudy.model.campaign import Economics
from understudy.model.cost import CostSummary
from understudy.model.errors import RecordingError
from understudy.model.finding import Finding
from understudy.model.line_file import Grouped, Single
from understudy.model.verdict import Verdict
from understudy.report.input import ReportInput
from understudy.report.terminal import terminal_summary
from understudy.report.write import write_report

__all__ = ["facts_of", "report_of", "report_run"]


def report_of(
    files: RunFiles, findings: tuple[Finding, ...], cost: CostSummary, verdict: Verdict
) -> str:
    """Write `report.html` and `report.md`; returns the summary for the terminal."""
    facts = _input(files, findings, cost, verdict)
    write_report(files.folder.path, facts, links=weak_links(files.evidence))
    return terminal_summary(facts, str(files.folder.path)) + notes_on(files, cost, verdict)


def facts_of(files: RunFiles) -> ReportInput:
    """What a judged run's reports are made from."""
    folder = files.folder
    _refuse_unjudged(folder)
    return _input(files, folder.read_findings(), folder.read_cost(), folder.read_verdict())


def report_run(run: str, reports: Path) -> str:
    """Write a run's reports again from its files; nothing is judged anew."""
    folder = find_run(run, reports)
    _refuse_unjudged(folder)
    return report_of(
        open_run(folder), folder.read_findings(), folder.read_cost(), folder.read_verdict()
    )


def _refuse_unjudged(folder: RunFolder) -> None:
    if not folder.verdict.is_file():
        raise RecordingError(
            f"run `{folder.path}` has no verdict yet",
            code="U448",
            hint=f"understudy judge {folder.path}, or go on with it: understudy run … --resume",
        )


def _input(
    files: RunFiles, findings: tuple[Finding, ...], cost: CostSummary, verdict: Verdict
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
        likeness=likeness_of(files),
        reviewers=catch_rates(DecisionFile.of(files.folder.path).read().all),
        drills=files.folder.read_drills(),
        monthly_cases=Economics.model_validate(files.manifest.economics).monthly_cases,
    )
