"""The folder of one run: which files it holds and how they are found again."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from understudy.model.cost import CostSummary
from understudy.model.drill import DrillReport
from understudy.model.errors import RecordingError
from understudy.model.finding import Finding
from understudy.model.jsonl import (
    read_json,
    read_lines,
    write_json,
    write_json_with,
    write_lines,
)
from understudy.model.manifest import RunManifest
from understudy.model.verdict import Verdict
from understudy.shadow.switch import STOP

__all__ = ["RunFolder", "find_run", "mint_run_id", "runs_in"]


@dataclass(frozen=True, slots=True)
class RunFolder:
    """`reports/<campaign>/<run-id>/`."""

    path: Path

    @property
    def findings(self) -> Path:
        """The priced differences."""
        return self.path / "findings.jsonl"

    @property
    def verdict(self) -> Path:
        """The verdict; written last, so where it is the run has been judged."""
        return self.path / "verdict.json"

    @property
    def drills(self) -> Path:
        """What the drills have shown; written where the campaign asks for any."""
        return self.path / "drills.json"

    @property
    def stop_file(self) -> Path:
        """The kill switch: its presence stops the run before the next case."""
        return self.path / STOP

    def write_manifest(self, manifest: RunManifest) -> None:
        """Write `manifest.json`, before the first case."""
        write_json(self.path / "manifest.json", manifest)

    def read_manifest(self) -> RunManifest:
        """Read `manifest.json`; raises `RecordingError` where this is no run."""
        return read_json(self.path / "manifest.json", RunManifest)

    def write_drills(self, drills: DrillReport | None) -> None:
        """Write `drills.json`, where there were any."""
        if drills is not None:
            write_json(self.drills, drills)

    def read_drills(self) -> DrillReport | None:
        """What drills have shown; None where none were done."""
        return read_json(self.drills, DrillReport) if self.drills.is_file() else None

    def discard_unless_begun(self) -> None:
        """Remove the folder of a run that ended before its first case; `latest` is never that."""
        if all(store.stat().st_size == 0 for store in self.path.glob("cases-*.jsonl")):
            shutil.rmtree(self.path)

    def write_judgement(
        self, findings: tuple[Finding, ...], cost: CostSummary, verdict: Verdict
    ) -> None:
        """Write findings, costs and the verdict, the verdict last."""
        self.write_differences(findings, cost)
        write_json(self.verdict, verdict)

    def write_differences(self, findings: tuple[Finding, ...], cost: CostSummary) -> None:
        """Write findings and costs."""
        write_lines(self.findings, findings)
        head = msgspec.structs.replace(cost, per_case=())
        write_json_with(self.path / "cost.json", head, "per_case", cost.per_case)

    def read_findings(self) -> tuple[Finding, ...]:
        """Read the priced differences."""
        return tuple(read_lines(self.findings, Finding))

    def read_cost(self) -> CostSummary:
        """Read `cost.json`."""
        return read_json(self.path / "cost.json", CostSummary)

    def read_verdict(self) -> Verdict:
        """Read `verdict.json`."""
        return read_json(self.verdict, Verdict)


def runs_in(reports: Path) -> list[RunFolder]:
    """Every run in the reports folder, the oldest first; worlds lie there too and are none."""
    manifests = (*reports.glob("*/*/manifest.json"), *reports.glob("*/manifest.json"))
    found = [path for path in manifests if _MARK in path.read_bytes()]
    return [RunFolder(path.parent) for path in sorted(found, key=_began)]


def mint_run_id(started_at: datetime, candidate: str, *facts: str) -> str:
    """A run's id: when it began, whose it is, and a few letters that tell twins apart."""
    salt = hashlib.blake2b("\0".join((started_at.isoformat(), *facts)).encode(), digest_size=2)
    return f"{started_at:%Y%m%dT%H%M%SZ}-{candidate}-{salt.hexdigest()}"


def find_run(name: str, reports: Path) -> RunFolder:
    """The run that a person names: a folder, a run id, or `latest` in the reports folder."""
    direct = Path(name)
    if (direct / "manifest.json").is_file():
        return RunFolder(direct)
    runs = runs_in(reports)
    matching = [run for run in runs if name in ("latest", run.path.name)]
    if not matching:
        known = ", ".join(run.path.name for run in runs[-3:])
        raise RecordingError(
            f"`{name}` is not a run",
            code="U441",
            hint=f"the last runs are: {known}" if known else f"there is no run in `{reports}` yet",
        )
    return matching[-1]


def _began(manifest: Path) -> str:
    """When a run began; one whose manifest cannot be read comes first, and hides no other."""
    try:
        return read_json(manifest, RunManifest).started_at
    except RecordingError:
        return ""


_MARK = b'"understudy/run/1"'
