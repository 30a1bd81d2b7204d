"""Scenario suites in the pilot's history: a candidate comes to no rung before its suites hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import msgspec

from understudy.campaign.pilot.log import pilot_file
from understudy.campaign.runs.folder import find_run
from understudy.model.canonical import digest_file
from understudy.model.chain import Link, open_chain
from understudy.model.errors import RecordingError
from understudy.model.pilot import SuiteResult

__all__ = ["Suites", "enter_suites", "junit_result", "suites_in"]

SUITE = "suite"
_UNTRIED = (
    "no scenario suite of this very candidate was entered: pytest scenarios --understudy-pilot "
    "reports"
)


@dataclass(frozen=True, slots=True)
class Suites:
    """The last result of each suite, for each candidate that it was tried with."""

    results: Sequence[SuiteResult] = ()

    def of(self, candidate_hash: str | None) -> list[SuiteResult]:
        """Those of one candidate, as it is."""
        return [each for each in self.results if each.candidate_hash == candidate_hash]

    def told(self, candidate_hash: str | None) -> str:
        """What was entered for a candidate, in words."""
        return "; ".join(map(str, self.of(candidate_hash))) or "none entered"

    def missing(self, candidate_hash: str | None) -> str:
        """What a candidate's suites lack before it may go on; empty where nothing.

        >>> Suites().missing("abc").partition(":")[0]
        'no scenario suite of this very candidate was entered'
        """
        own = self.of(candidate_hash)
        if not own:
            return _UNTRIED
        return "; ".join(f"only {each}" for each in own if not each.green)


def suites_in(links: Iterable[Link]) -> Suites:
    """The suites that a pilot's chain has entered."""
    entered = [msgspec.convert(link.body, SuiteResult) for link in links if link.kind == SUITE]
    last = {(each.candidate_hash, each.suite): each for each in entered}
    return Suites([*last.values()])


def enter_suites(reports: Path, results: Iterable[SuiteResult]) -> None:
    """Enter what came of whole suites."""
    with open_chain(pilot_file(reports)) as chain:
        for each in results:
            chain.append(SUITE, msgspec.to_builtins(each), datetime.now(UTC))


def junit_result(file: Path, run: str, reports: Path, by: str) -> SuiteResult:
    """What a JUnit file of any test runner says, for the candidate of a run.

    Raises `RecordingError` where the file holds no tests or is none.
    """
    candidate = find_run(run, reports).read_manifest().hashes.get("candidate")
    try:
        # expat refuses what grows beyond measure, and fetches nothing.
        cases = list(ElementTree.parse(file).getroot().iter("testcase"))  # noqa: S314 - see above
    except (ElementTree.ParseError, OSError) as error:
        raise _unreadable(file, str(error)) from None
    if not cases or candidate is None:
        raise _unreadable(file, "no test stands in it")
    failed = sum(
        any(case.find(name) is not None for name in ("failure", "error", "skipped"))
        for case in cases
    )
    return SuiteResult(
        suite=file.name,
        digest=digest_file(file),
        candidate_hash=candidate,
        scenarios=len(cases),
        held=len(cases) - failed,
        by=by,
    )


def _unreadable(file: Path, why: str) -> RecordingError:
    return RecordingError(
        f"`{file}` is no JUnit file of a suite: {why}",
        code="U507",
        hint="have the test runner write one: pytest --junit-xml=suite.xml",
    )
