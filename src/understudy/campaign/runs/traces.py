"""A run's traces for other tools."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from pathlib import Path

from understudy.campaign.runs.files import open_run
from understudy.campaign.runs.folder import find_run
from understudy.model.errors import ConfigurationError
from understudy.model.finding import Finding
from understudy.model.jsonl import write_lines
from understudy.redact.key import RedactionKey
from understudy.redact.redactor import Redactor
from understudy.report.otlp import TraceHead, otlp_request

__all__ = ["export_traces"]


def export_traces(run: str, reports: Path, out: Path) -> str:
    """Write the traces of a run as OpenTelemetry JSON, a line a case, redacted as recordings are.

    Returns what was written, in a sentence. Raises `ConfigurationError` where `out` cannot be
    written.
    """
    folder = find_run(run, reports)
    files = open_run(folder)
    findings: defaultdict[tuple[str, int], list[Finding]] = defaultdict(list)
    if folder.verdict.is_file():
        for finding in folder.read_findings():
            findings[finding.case_id, finding.repeat].append(finding)
    manifest = files.manifest
    head = TraceHead(
        run_id=manifest.run_id,
        candidate=manifest.candidate,
        release=manifest.candidate_release,
        currency=files.rules.policy.currency,
    )
    redactor = Redactor(RedactionKey(), personal=not files.imported.synthetic)
    arrivals = {case.case_id: case.received_at for case in files.evidence.cases}
    started = datetime.fromisoformat(manifest.started_at)
    requests = (
        otlp_request(
            head,
            record,
            arrivals.get(record.case_id) or started,
            findings[record.case_id, record.proposal.repeat],
            redactor.redact_value,
        )
        for record in files.records
    )
    try:
        count = write_lines(out, requests)
    except OSError as error:
        raise ConfigurationError(
            f"`{out}` cannot be written: {error.strerror or error}",
            hint=f"understudy report {folder.path} --otlp traces.jsonl",
        ) from None
    return f"the traces of {count:,} cases: {out}"
