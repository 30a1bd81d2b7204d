"""The sample report that the project ships: a real small run, with equal bytes wherever it runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from understudy.campaign.demo import DemoRequest, demo_settings
from understudy.campaign.pipeline import run_campaign
from understudy.campaign.progress import Progress
from understudy.campaign.reporting import facts_of
from understudy.campaign.review.adjudication import weak_links
from understudy.campaign.runs.files import open_run
from understudy.campaign.runs.request import RunRequest
from understudy.model.canonical import digest
from understudy.model.cost import BusinessMetrics
from understudy.model.jsonl import write_json
from understudy.model.proposal import Trace
from understudy.model.verdict import WallEvidence
from understudy.report.input import ReportInput
from understudy.report.write import write_report

__all__ = ["write_sample"]

_NAME, _AT, _UNTIL = "sample", "2026-11-02T09:00:00+00:00", "2027-01-31"


def write_sample(out: Path, progress: Progress) -> Path:
    """Run the demo's hasty candidate on a small world, and report it; the page's path.

    What differs between machines and days is made equal: times, ids, paths, how strong this
    machine's wall is, and the hashes of the source.
    """
    with TemporaryDirectory() as scratch:
        request = DemoRequest(Path(scratch), customers=300, cases=150)
        asked = RunRequest(reports=request.reports, candidate="hasty")
        (finished,) = run_campaign(demo_settings(request), asked, progress)
        files = open_run(finished.folder)
        facts = _made_equal(facts_of(files))
        links = weak_links(files.evidence)
        out.mkdir(parents=True, exist_ok=True)
        write_json(out / "verdict.json", facts.verdict)
        page = write_report(out, facts, links=links, run=_NAME)
        (out / "summary.parquet").unlink()  # its bytes depend on the library that writes it
        return page


def _made_equal(facts: ReportInput) -> ReportInput:
    verdict, manifest = facts.verdict, facts.manifest
    mark = digest(_NAME)
    hashes = msgspec.structs.replace(verdict.hashes, harness=mark, candidate=mark)
    return replace(
        facts,
        verdict=msgspec.structs.replace(
            verdict,
            run_id=_NAME,
            expires=_UNTIL,
            hashes=hashes,
            candidate=msgspec.structs.replace(verdict.candidate, hash=mark),
            attempt=1,
            wall=WallEvidence(level="hook", self_test="passed"),
            not_covered=tuple(one for one in verdict.not_covered if not one.startswith("native")),
        ),
        manifest=msgspec.structs.replace(
            manifest,
            run_id=_NAME,
            started_at=_AT,
            harness_version="",
            recording=_NAME,
            hashes=manifest.hashes | {"candidate": mark, "harness": mark, "tools": mark},
        ),
        cost=msgspec.structs.replace(facts.cost, candidate=_timeless(facts.cost.candidate)),
        traces={name: _quiet(trace) for name, trace in facts.traces.items()},
    )


def _timeless(metrics: BusinessMetrics) -> BusinessMetrics:
    return msgspec.structs.replace(metrics, mean_wall_time_ms=None)


def _quiet(trace: Trace) -> Trace:
    return msgspec.structs.replace(trace, printed="")
