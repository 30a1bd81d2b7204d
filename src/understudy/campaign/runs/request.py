"""What is asked of a run on the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from understudy.campaign.runs.shard import Shard
from understudy.model.money import Money
from understudy.shadow.store import Sync

__all__ = ["RunRequest"]


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What the command line adds to a campaign file."""

    reports: Path
    candidate: str | None = None
    limit: int | None = None
    workers: int = 1
    resume: str | None = None
    case_id: str | None = None
    sample: float | None = None
    """The share of customers whose cases are run; it goes before the campaign's own."""
    speed: float | None = None
    """How many times as fast as recorded cases are handed out; None waits for nothing."""
    last_failed: bool = False
    """Only the cases that the last run of this candidate had something against."""
    budget: Money | None = None
    """The most that model calls may cost; it goes before the campaign's own."""
    shard: Shard | None = None
    """Run only this part of the cases, and give no verdict."""
    sync: Sync | None = None
    """When records are forced to the disk; None decides by how long a case takes."""
    held_out: bool = False
    """Run the held-out part of the recording, which this candidate may see once."""
    rehearsal: bool = False
    """A demonstration on built-in data: not an attempt on anybody's recording."""

    @property
    def history(self) -> Path | None:
        """Where the run is entered in the pilot's history; a rehearsal is in none."""
        return None if self.rehearsal else self.reports
