"""One session of pytest over scenario suites, on its way into the pilot's history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from understudy.campaign.pilot.log import pilot_file
from understudy.campaign.pilot.suites import enter_suites
from understudy.campaign.projects.project import project_folder
from understudy.campaign.runs.identity import candidate_hash
from understudy.campaign.suites.scenarios import LoadedSuite, candidate_of
from understudy.model.canonical import digest_file
from understudy.model.pilot import SuiteResult

__all__ = ["SuiteSession", "suite_mark"]


def suite_mark(loaded: LoadedSuite, use: str | None, path: Path, root: Path) -> dict[str, Any]:
    """What a scenario's report carries, as plain data: its suite, and which candidate was tried."""
    tried = candidate_of(loaded, use)
    result = SuiteResult(
        suite=path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path),
        digest=digest_file(path),
        candidate_hash=candidate_hash(
            tried.spec, project_folder(tried.spec, loaded.folder), tried.env
        ),
        scenarios=len(loaded.scenarios),
        held=0,
    )
    told: dict[str, Any] = msgspec.to_builtins(result)
    return told


@dataclass(slots=True)
class SuiteSession:
    """Plugs into pytest: counts which scenarios held, and enters the suites that were run whole."""

    reports: Path
    outcomes: dict[SuiteResult, dict[str, bool]] = field(default_factory=dict)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take one phase of one scenario, from whichever process it comes."""
        mark: Mapping[str, Any] | None = getattr(report, "suite_mark", None)
        if mark is None:
            return
        held = self.outcomes.setdefault(msgspec.convert(mark, SuiteResult), {})
        passed = report.outcome == "passed" and not hasattr(report, "wasxfail")
        held[report.nodeid] = held.get(report.nodeid, True) and passed

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Enter the suites, and say so."""
        whole = [*self._results()]
        if whole:
            enter_suites(self.reports, whole)
        for each in whole:
            terminalreporter.write_line(f"entered in {pilot_file(self.reports)}: {each}")
        for mark, held in self.outcomes.items():
            if len(held) < mark.scenarios:
                terminalreporter.write_line(
                    f"not entered in {pilot_file(self.reports)}: {len(held):,} of "
                    f"{mark.scenarios:,} scenarios of {mark.suite} were run"
                )

    def _results(self) -> Iterator[SuiteResult]:
        for mark, held in self.outcomes.items():
            if len(held) == mark.scenarios:
                yield msgspec.structs.replace(mark, held=sum(held.values()))
