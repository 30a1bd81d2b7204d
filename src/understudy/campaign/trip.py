"""The automatic stop: so many critical findings, and the run ends before its next case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from understudy.campaign.replays import Replay
from understudy.campaign.two_views import view
from understudy.cost.price_list import PriceList
from understudy.model.case import Case
from understudy.model.finding import Severity
from understudy.model.limits import Stop
from understudy.model.line_file import Grouped, Single
from understudy.model.policy import Policy
from understudy.model.proposal import CaseRecord
from understudy.traffic.recording import Recording

__all__ = ["CriticalTrip"]


@dataclass(slots=True)
class CriticalTrip:
    """Counts critical findings while a run goes on, by the same two views as the verdict.

    Without a limit it never trips, and nothing is judged twice.
    """

    limits: Stop
    recording: Recording
    policy: Policy
    replay: Replay
    critical: int = 0
    streak: int = 0
    """How many cases in a row have had a critical finding, to the last one."""
    _cases: Mapping[str, Case] = field(init=False)
    _prices: PriceList = field(init=False)

    def __post_init__(self) -> None:
        by_id = Grouped(self.recording.cases, lambda case: case.case_id)
        self._cases = Single(by_id, lambda case: case)
        self._prices = PriceList.from_policy(self.policy)

    def trips(self, record: CaseRecord) -> str | None:
        """Which limit is reached with this record: `asked` or `streak`, where any is."""
        if self.limits.on_critical is None and self.limits.on_streak is None:
            return None
        case = self._cases[record.case_id]
        baselines = self.recording.baselines_of(record.case_id)
        told = view(case, record.proposal, baselines, self._prices, self.replay).explanation
        found = sum(one.severity is Severity.CRITICAL for one in told.findings)
        self.critical += found
        self.streak = self.streak + 1 if found else 0
        if self.limits.on_streak is not None and self.streak >= self.limits.on_streak:
            return "streak"
        most = self.limits.on_critical
        return "asked" if most is not None and self.critical >= most else None
