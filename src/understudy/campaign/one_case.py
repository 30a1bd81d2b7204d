"""One case on the terminal: people beside candidate, and the price of each difference."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from understudy.campaign.run_files import open_run
from understudy.campaign.run_folder import find_run
from understudy.model.action import Action
from understudy.model.baseline import Baseline
from understudy.model.case import Case
from understudy.model.errors import RecordingError, nearest
from understudy.model.finding import Finding
from understudy.model.money import Money
from understudy.model.printable import printable
from understudy.model.proposal import CaseRecord, Proposal

__all__ = ["describe_case"]

_WIDTH = 78
_PRINTED = 12


def describe_case(run: str, case_id: str, reports: Path) -> str:
    """One case of a run, whole; raises `RecordingError` where the run has no such case."""
    folder = find_run(run, reports)
    files = open_run(folder)
    records = {record.case_id: record for record in files.records}
    if case_id not in records:
        raise RecordingError(
            f"the run has no case `{case_id}`{nearest(case_id, records)}",
            code="U442",
            where=str(folder.path),
        )
    case = next(case for case in files.evidence.cases if case.case_id == case_id)
    findings = [finding for finding in folder.read_findings() if finding.case_id == case_id]
    currency = folder.read_cost().currency
    lines = [
        *_head(case, records[case_id]),
        *_people(files.evidence.baselines[case_id], findings),
        *_candidate(records[case_id]),
        *_differences(findings, currency),
    ]
    return "\n".join(printable(line) for line in lines)


def _head(case: Case, record: CaseRecord) -> list[str]:
    trigger = case.trigger
    return [
        f"{case.case_id}  {case.scenario}, {case.tier} customer, cluster {case.cluster_id}",
        f"trigger: {trigger.type} in {trigger.system}",
        *(f"  {turn.role}: {_short(turn.text)}" for turn in case.turns[:6]),
        f"outcome of the candidate: {record.proposal.outcome}{_time(record.proposal)}",
        "",
    ]


def _time(proposal: Proposal) -> str:
    if proposal.cycle_time_ms is None:
        return ""
    told = f" after {proposal.cycle_time_ms / 1000:,.1f} s"
    if proposal.wall_time_ms is None:
        return told
    return f"{told} of the case's time, {proposal.wall_time_ms / 1000:,.1f} s of ours"


def _people(baselines: Sequence[Baseline], findings: Sequence[Finding]) -> list[str]:
    matched = {finding.baseline_id for finding in findings}
    lines = ["PEOPLE"]
    for baseline in baselines:
        mark = " (compared with)" if baseline.baseline_id in matched else ""
        lines.append(f"  {baseline.baseline_id} by {baseline.actor or baseline.source}{mark}")
        lines += [f"    {_action(action)}" for action in baseline.actions] or ["    did nothing"]
    return [*lines, ""]


def _candidate(record: CaseRecord) -> list[str]:
    proposal = record.proposal
    lines = ["CANDIDATE (proposed, never executed)"]
    lines += [f"    {_action(action)}" for action in proposal.actions] or ["    did nothing"]
    if proposal.failure is not None:
        lines.append(f"    failed: {proposal.failure.reason}: {proposal.failure.detail}")
    lines += [
        f"    a planned fault did not act, {fault}: {count.idle}"
        for fault, count in record.faults.items()
        if count.idle is not None
    ]
    if record.trace.rationale:
        lines.append(f"    rationale: {_short(record.trace.rationale)}")
    printed = record.trace.printed.strip().splitlines()
    lines += [f"    printed: {_short(line)}" for line in printed[:_PRINTED]]
    if len(printed) > _PRINTED:
        lines.append(f"    … and {len(printed) - _PRINTED:,} more lines in the run's store")
    return [*lines, ""]


def _differences(findings: Sequence[Finding], currency: str) -> list[str]:
    if not findings:
        return ["NO DIFFERENCE"]
    lines = ["DIFFERENCES"]
    for finding in findings:
        cost = Money(finding.cost_minor, currency)
        lines.append(f"  {finding.kind} ({finding.severity}) {finding.operation or ''}: {cost}")
        lines += [f"    {finding.explanation}", f"    priced by {finding.rule}"]
    total = Money(sum(finding.cost_minor for finding in findings), currency)
    return [*lines, f"  in all {total}"]


def _action(action: Action) -> str:
    target = f" {action.target.type} {action.target.id}" if action.target else ""
    amount = ""
    if action.amount_minor is not None and action.currency:
        amount = f" {Money(action.amount_minor, action.currency.upper())}"
    refused = f" (refused with {action.response_status})" if action.refused else ""
    fields = ", ".join(f"{key}={value}" for key, value in action.fields.items())
    return _short(f"{action.operation}{target}{amount}{refused}  {fields}")


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else f"{line[: _WIDTH - 1]}…"
