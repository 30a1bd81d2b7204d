"""One run on the review desk: its page, what there is to decide, and what was decided."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from understudy.campaign.reporting import run_facts
from understudy.campaign.review.adjudication import weak_links
from understudy.campaign.review.decisions import DecisionFile, refusal
from understudy.campaign.review.seeding import seed_errors
from understudy.campaign.runs.folder import RunFolder
from understudy.model.decision import LINK, Decision, finding_key
from understudy.report.write import served_page

__all__ = ["ReviewDesk", "Unfit"]


class Unfit(ValueError):
    """A decision that cannot stand; the text says why."""


@dataclass(frozen=True, slots=True)
class _Laid:
    """What lies on the desk, as of one state of the run's files."""

    state: tuple[int, ...]
    page: bytes
    subjects: frozenset[tuple[str, str]]
    seeded: frozenset[tuple[str, str]]


@dataclass(slots=True)
class ReviewDesk:
    """Serves one run to any number of reviewers; `share` of the findings are seeded errors."""

    folder: RunFolder
    share: float
    _laid: _Laid | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def page(self) -> bytes:
        """The report with reviewing switched on."""
        return self._now().page

    def decisions(self) -> dict[str, Any]:
        """All decisions so far; which of them answer a seeded error is not told."""
        read = DecisionFile.of(self.folder.path).read()
        told = [msgspec.to_builtins(msgspec.structs.replace(one, seeded=False)) for one in read.all]
        return {"decisions": told, "damaged": list(read.damaged)}

    def decide(self, sent: bytes) -> dict[str, Any]:
        """Take down a decision; raises `Unfit` where it cannot stand."""
        try:
            given = msgspec.json.decode(sent, type=Decision)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unfit(f"this is no decision: {error}") from None
        if reason := refusal(given):
            raise Unfit(reason)
        subject, laid = (given.case_id, given.subject), self._now()
        if subject not in laid.subjects:
            raise Unfit("there is nothing of that name to decide in this run")
        file = DecisionFile.of(self.folder.path)
        seeded = subject in laid.seeded
        if given.undoes is not None:
            seeded = self._undone(given, file).seeded
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        decision = msgspec.structs.replace(given, at=at, seeded=seeded)
        return {"taken": file.append(decision), "at": at}

    @staticmethod
    def _undone(given: Decision, file: DecisionFile) -> Decision:
        for one in file.read().all:
            if one.decision_id == given.undoes and (one.reviewer, one.case_id, one.subject) == (
                given.reviewer,
                given.case_id,
                given.subject,
            ):
                return one
        raise Unfit("only a decision of one's own can be undone")

    def _now(self) -> _Laid:
        """What lies there, made anew where the run was judged in the meantime."""
        with self._lock:
            state = tuple(_changed(path) for path in (self.folder.findings, self.folder.verdict))
            if self._laid is None or self._laid.state != state:
                self._laid = _lay(self.folder, self.share, state)
            return self._laid


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


def _lay(folder: RunFolder, share: float, state: tuple[int, ...]) -> _Laid:
    files, facts = run_facts(folder)
    links = weak_links(files.evidence)
    told = DecisionFile.of(folder.path).read().all
    decided = {one.case_id for one in told if not one.seeded and one.subject != LINK}
    seeded = seed_errors(facts, share, decided)
    subjects = {(one.case_id, finding_key(one)) for one in seeded.facts.findings}
    subjects |= {(case_id, LINK) for case_id in links}
    subjects |= {(one.case_id, one.subject) for one in told}
    page = served_page(facts, seeded.facts, links)
    return _Laid(state, page.encode(), frozenset(subjects), seeded.keys)
